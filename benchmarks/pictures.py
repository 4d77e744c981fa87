"""Figures as pictures: bars side by side, and curves over powers of ten."""

import math
from itertools import pairwise

from benchmarks.budgets import Bars, Curves, number
from workflows.report.canvas import GREY, INK, MARK, Canvas

_WIDTH, _TOP, _ROW, _LEFT = 900, 60, 34, 290
OURS, OTHERS = "#2f5d8a", "#b5b8bf"
_SERIES = ("#2f5d8a", "#c9a227", "#7a1f1f", "#4b8b3b", "#6b5b95")


def drawn(drawing: Bars | Curves) -> bytes:
    """As PNG."""
    return _bars(drawing) if isinstance(drawing, Bars) else _curves(drawing)


def _bars(drawing: Bars) -> bytes:
    """Ours come in one colour, what it is measured beside in grey; a value far beyond the others is cut."""
    canvas = Canvas(_WIDTH, _TOP + _ROW * len(drawing.rows) + 30)
    canvas.text(20, 26, drawing.title, 17)
    room = _WIDTH - _LEFT - 130
    ordered = sorted((value for _, value in drawing.rows), reverse=True)
    most = max(ordered[0], drawing.limit or 0) or 1
    if len(ordered) > 2 and most > 5 * ordered[1] and not drawing.limit:
        most = 2 * ordered[1]
    for at, (name, value) in enumerate(drawing.rows):
        y = _TOP + _ROW * at
        canvas.fitted(20, y + 11, name, _LEFT - 30, 14)
        wide = room * min(1.0, value / most)
        canvas.box(_LEFT, y, max(1.0, wide), 22, OURS if name.startswith("Firedrill") else OTHERS)
        more = " …" if value > most else ""
        canvas.text(_LEFT + wide + 8, y + 11, f"{number(value)} {drawing.unit}{more}", 13)
    if drawing.limit:
        x = _LEFT + room * drawing.limit / most
        canvas.line(x, _TOP - 8, x, _TOP + _ROW * len(drawing.rows), MARK, 2)
        canvas.text(x, _TOP + _ROW * len(drawing.rows) + 12, f"budget {number(drawing.limit)}", 12, MARK, "mm")
    return canvas.png()


def _curves(drawing: Curves) -> bytes:
    high, left, top, right, bottom = 460, 90, 70, _WIDTH - 220, 410
    canvas = Canvas(_WIDTH, high)
    canvas.text(20, 26, drawing.title, 17)
    points = [point for line in drawing.series.values() for point in line]
    xs, ys = _decades([x for x, _ in points]), _decades([y for _, y in points])
    for power in range(xs[0], xs[1] + 1):
        x = _at(10.0**power, xs, left, right)
        canvas.line(x, top, x, bottom)
        canvas.text(x, bottom + 16, f"{10**power:,}" if power >= 0 else f"{10.0**power:g}", 12, GREY, "mm")
    for power in range(ys[0], ys[1] + 1):
        y = _at(10.0**power, ys, bottom, top)
        canvas.line(left, y, right, y)
        canvas.text(left - 8, y, f"{10.0**power:,g}", 12, GREY, "rm")
    canvas.text((left + right) / 2, bottom + 36, drawing.across, 13, INK, "mm")
    canvas.text(left, top - 14, drawing.unit, 13)
    for at, (name, line) in enumerate(drawing.series.items()):
        colour = _SERIES[at % len(_SERIES)]
        spots = [(_at(x, xs, left, right), _at(y, ys, bottom, top)) for x, y in line if y > 0]
        for one, two in pairwise(spots):
            canvas.line(*one, *two, colour, 2)
        for x, y in spots:
            canvas.dot(x, y, 4, colour)
        canvas.dot(right + 24, top + 10 + 24 * at, 5, colour)
        canvas.fitted(right + 36, top + 10 + 24 * at, name, 180, 13)
    return canvas.png()


def _decades(values: list[float]) -> tuple[int, int]:
    """The powers of ten below and above all of them."""
    above = [each for each in values if each > 0] or [1.0]
    low, high = math.floor(math.log10(min(above))), math.ceil(math.log10(max(above)))
    return low, max(high, low + 1)


def _at(value: float, powers: tuple[int, int], begin: float, end: float) -> float:
    return begin + (end - begin) * (math.log10(value) - powers[0]) / (powers[1] - powers[0])
