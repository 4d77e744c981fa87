"""A budget, what was measured against it, and what a benchmark comes back with. Pure."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

#: What a ratio is told in.
TIMES = "\N{MULTIPLICATION SIGN}"
#: A row of a drawing: what is measured, and the number.
Bar = tuple[str, float]


@dataclass(frozen=True)
class Budget:
    """One line of the table. `unit` stands behind the number; `least` turns "at most" into "at least"."""

    line: str
    limit: float
    unit: str
    least: bool = False

    @property
    def goal(self) -> str:
        return f"{'≥' if self.least else '≤'} {number(self.limit)} {self.unit}"

    def met(self, value: float) -> bool:
        return value >= self.limit if self.least else value <= self.limit


@dataclass(frozen=True)
class Measured:
    """A budget and the value that it is held to. `peers` are what a user would pick instead, with their figures;
    `why` is what is known of a miss."""

    budget: Budget
    value: float
    peers: str
    why: str = ""

    @property
    def met(self) -> bool:
        return self.budget.met(self.value)

    @property
    def shown(self) -> str:
        return f"{number(self.value)} {self.budget.unit}"


@dataclass(frozen=True)
class Bars:
    """A drawing of figures side by side, one a line; `limit` is drawn as a line across."""

    title: str
    unit: str
    rows: tuple[Bar, ...]
    limit: float | None = None


@dataclass(frozen=True)
class Curves:
    """A drawing of how something grows: both axes by powers of ten."""

    title: str
    across: str
    unit: str
    series: Mapping[str, tuple[tuple[float, float], ...]]


@dataclass(frozen=True)
class Outcome:
    """What one benchmark found. `figures` are the raw numbers, as JSON."""

    measured: tuple[Measured, ...]
    figures: Mapping[str, Any] = field(default_factory=dict)
    drawings: tuple[Bars | Curves, ...] = ()


class Benchmark(Protocol):
    """A module that measures."""

    TITLE: str
    BUDGETS: tuple[Budget, ...]

    def options(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, options: argparse.Namespace) -> Outcome: ...


def number(value: float) -> str:
    """Three figures that matter, and thousands apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}".removesuffix(".0") if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")


def quantile(values: Sequence[float], part: float) -> float:
    """The smallest value that so large a part of them does not exceed: 0.5 for the median, 0.99 …"""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-len(ordered) * part // 1) - 1))]
