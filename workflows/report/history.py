"""How long restores of one server took, run by run, and how much would have been lost: a PNG picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workflows.engine.run import LastTime, Run, Target
from workflows.report.canvas import GREY, INK, MARK, RULE, Canvas
from workflows.report.document import Document, Measure
from workflows.report.reading import COMPARES, document_of
from workflows.words import duration

#: How many of the latest runs are looked through for a server's.
LOOKED_AT = 500
WIDTH, HEIGHT = 1120, 580
#: How many runs one picture shows: the latest.
MOST = 24
_LEFT, _RIGHT, _PANEL, _GAP, _HEAD = 110, 40, 190, 64, 84
_SPAN = WIDTH - _LEFT - _RIGHT
_DONE, _FAILED = "#2f5d8a", "#c2410c"


@dataclass(frozen=True)
class Entry:
    """One restore or drill that came to figures. Seconds; `rpo` is None where nothing was lost on purpose."""

    run: str
    day: str
    passed: bool
    rto: float
    rpo: float | None
    rto_target: float | None = None
    rpo_target: float | None = None


def entry_of(document: Document) -> Entry | None:
    """None for a run that has no RTO."""
    known = {each.name: each for each in document.measures}
    rto, rpo = known.get("rto_validated"), known.get("rpo") or known.get("rpo_at_most")
    if rto is None or rto.seconds is None:
        return None
    run = document.run
    day = (run.ended_at or run.asked_at)[:10]
    passed = document.verdict.word == "passed"
    return Entry(run.id, day, passed, rto.seconds, rpo.seconds if rpo else None, _target(rto), _target(rpo))


def last_time(runs: Iterable[Run], target: Target) -> LastTime | None:
    """How long it took to bring a server back in the newest of `runs`, the newest first, that did so."""
    for run in runs:
        if run.target == target and run.runbook in COMPARES and not run.status.open:
            entry = entry_of(document_of(run))
            if entry is not None:
                return LastTime(run.id, entry.rto)
    return None


def history(server: str, entries: Sequence[Entry], practice: bool = False) -> bytes:
    """The latest entries, the oldest on the left."""
    shown = list(entries)[-MOST:]
    canvas = Canvas(WIDTH, HEIGHT)
    mark = "PRACTICE  " if practice else ""
    canvas.fitted(
        24, 28, f"{mark}{server}: RTO and RPO of {len(shown)} restore{'s' * (len(shown) != 1)}", WIDTH - 48, 20
    )
    canvas.dot(30, 56, 5, _DONE)
    canvas.text(44, 56, "the same facts", 13, GREY)
    canvas.dot(160, 56, 5, _FAILED, filled=False)
    canvas.text(174, 56, "the facts differed", 13, GREY)
    rto = [(each, each.rto) for each in shown]
    rpo = [(each, each.rpo) for each in shown if each.rpo is not None]
    targets = _last(each.rto_target for each in shown), _last(each.rpo_target for each in shown)
    _panel(canvas, _HEAD, "RTO (validated)", shown, rto, targets[0])
    _panel(canvas, _HEAD + _PANEL + _GAP, "RPO", shown, rpo, targets[1])
    return canvas.png()


def _panel(
    canvas: Canvas, top: float, title: str, shown: Sequence[Entry], points: Sequence[tuple[Entry, float]],
    target: float | None,
) -> None:  # fmt: skip
    low, high = top + _PANEL, max([value for _, value in points] + [target or 0.0, 1.0]) * 1.15
    canvas.text(24, top + 8, title, 14)
    for part in range(5):
        y = low - part / 4 * (_PANEL - 24)
        canvas.line(_LEFT, y, WIDTH - _RIGHT, y)
        canvas.text(_LEFT - 10, y, duration(high * part / 4) if part else "0", 12, GREY, "rm")
    if target is not None:
        y = low - target / high * (_PANEL - 24)
        canvas.line(_LEFT, y, WIDTH - _RIGHT, y, MARK, 2)
        canvas.text(WIDTH - _RIGHT, y - 9, f"target {duration(target)}", 12, MARK, "rm")
    if not points:
        canvas.text(_LEFT + 16, low - 24, "Nothing was lost on purpose in these runs.", 14, GREY)
    at = {id(each): _LEFT + (number + 0.5) / len(shown) * _SPAN for number, each in enumerate(shown)}
    for each, value in points:
        _point(canvas, at[id(each)], low - value / high * (_PANEL - 24), low, each, value, len(shown))
    for number, each in enumerate(shown):
        if number % max(1, len(shown) // 8) == 0:
            canvas.text(at[id(each)], low + 14, each.run, 12, INK, "mm")
            canvas.text(at[id(each)], low + 29, each.day, 11, GREY, "mm")


def _point(canvas: Canvas, x: float, y: float, low: float, entry: Entry, value: float, among: int) -> None:
    canvas.line(x, y, x, low, RULE, 2)
    canvas.dot(x, y, 6, _DONE if entry.passed else _FAILED, filled=entry.passed)
    if among <= 12:
        canvas.text(x, y - 15, duration(value), 12, INK, "mm")


def _target(measure: Measure | None) -> float | None:
    return measure.target if measure else None


def _last(values: Iterable[float | None]) -> float | None:
    """The target that holds now: that of the latest run which has one."""
    return next((each for each in reversed(list(values)) if each is not None), None)
