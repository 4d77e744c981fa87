"""A run's time as bars, one a step, for whoever draws them: the page as SVG, the picture as PNG. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workflows.report.document import Document, Step
from workflows.words import duration

Kind = Literal["work", "person", "disaster", "failed"]

#: What a kind is called below the drawing, and its colour: told apart by lightness too, and always beside words.
KINDS: dict[Kind, tuple[str, str]] = {
    "work": ("work", "#2f5d8a"),
    "person": ("waiting for a person", "#c9a227"),
    "disaster": ("the disaster", "#7a1f1f"),
    "failed": ("failed", "#c2410c"),
}


@dataclass(frozen=True)
class Bar:
    """`left` and `width` are fractions of the whole; `begins` is seconds since the run was asked for."""

    title: str
    left: float
    width: float
    begins: float
    seconds: float
    kind: Kind

    @property
    def colour(self) -> str:
        return KINDS[self.kind][1]

    @property
    def lasted(self) -> str:
        return duration(self.seconds)


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Bars:
    """`lost` is where the disaster began, as a fraction; None where nothing was lost on purpose."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    seconds: float
    lost: float | None

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """The name and colour of each kind that occurs."""
        return [told for kind, told in KINDS.items() if any(bar.kind == kind for bar in self.bars)]


def bars_of(document: Document) -> Bars:
    """The steps that began, in their order."""
    begun = [each for each in document.steps if each.started_at and each.ended_at]
    start = _seconds(document.run.asked_at)
    whole = max([_seconds(each.ended_at or "") - start for each in begun] + [0.001])
    bars = tuple(_bar(each, start, whole) for each in begun)
    lost = next((bar.left for bar in bars if bar.kind == "disaster"), None)
    ticks = tuple(Tick(at / 4, duration(whole * at / 4) if at else "0") for at in range(5))
    return Bars(bars, ticks, whole, lost)


def _bar(step: Step, start: float, whole: float) -> Bar:
    begins = max(0.0, _seconds(step.started_at or "") - start)
    seconds = max(0.0, step.seconds or 0.0)
    return Bar(step.title, min(1.0, begins / whole), min(1.0, seconds / whole), begins, seconds, _kind(step))


def _kind(step: Step) -> Kind:
    if step.state == "failed":
        return "failed"
    if step.name == "terminate_source":
        return "disaster"
    return "person" if step.name.startswith("approve_") else "work"


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
