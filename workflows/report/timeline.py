"""The timeline of a run as a PNG picture: a bar for each step, with the time that it took."""

from workflows.report.bars import Bar, Bars, bars_of
from workflows.report.canvas import GREY, MARK, Canvas
from workflows.report.document import Document
from workflows.words import duration

WIDTH = 1120
_LEFT, _RIGHT, _HEAD, _ROW, _FOOT = 300, 100, 92, 26, 64
#: The figures that the heading has room for.
_TOLD = ("rto_running", "rto_validated", "rpo", "rpo_at_most")
_SPAN = WIDTH - _LEFT - _RIGHT


def timeline(document: Document) -> bytes:
    """WIDTH wide; as high as the run has steps."""
    drawn = bars_of(document)
    canvas = Canvas(WIDTH, size(len(drawn.bars))[1])
    _heading(canvas, document, drawn)
    _scale(canvas, drawn)
    for row, bar in enumerate(drawn.bars):
        _row(canvas, _HEAD + row * _ROW + _ROW / 2, bar)
    _legend(canvas, drawn)
    return canvas.png()


def size(steps: int) -> tuple[int, int]:
    """Of the picture of so many steps."""
    return WIDTH, _HEAD + max(1, steps) * _ROW + _FOOT


def _heading(canvas: Canvas, document: Document, drawn: Bars) -> None:
    run = document.run
    mark = "PRACTICE  " if run.practice else ""
    canvas.fitted(24, 28, f"{mark}{run.id}  {run.title}: {document.verdict.word}", WIDTH - 48, 20)
    figures = [
        f"{each.title} {duration(each.seconds)}"
        for each in document.measures
        if each.seconds is not None and each.name in _TOLD
    ]
    told = ",  ".join([f"{duration(drawn.seconds)} in all, from {_clock(run.asked_at)}", *figures])
    canvas.fitted(24, 56, told, WIDTH - 48, 14, GREY)


def _clock(time: str) -> str:
    return f"{time[:10]} {time[11:16]} UTC"


def _scale(canvas: Canvas, drawn: Bars) -> None:
    low = _HEAD + max(1, len(drawn.bars)) * _ROW
    for tick in drawn.ticks:
        x = _LEFT + tick.at * _SPAN
        canvas.line(x, _HEAD - 4, x, low + 4)
        canvas.text(x, low + 16, tick.label, 12, GREY, "mm")
    if drawn.lost is not None:
        x = _LEFT + drawn.lost * _SPAN
        canvas.line(x, _HEAD - 12, x, low + 4, MARK, 1.5)
        canvas.text(x + 5, _HEAD - 10, "loss", 12, MARK)


def _row(canvas: Canvas, y: float, bar: Bar) -> None:
    canvas.fitted(24, y, bar.title, _LEFT - 40)
    left, width = _LEFT + bar.left * _SPAN, max(2.0, bar.width * _SPAN)
    canvas.box(min(left, _LEFT + _SPAN - 2), y - 7, width, 14, bar.colour)
    canvas.text(WIDTH - 24, y, bar.lasted, 13, GREY, "rm")


def _legend(canvas: Canvas, drawn: Bars) -> None:
    x = float(_LEFT)
    for name, colour in drawn.kinds:
        canvas.box(x, canvas.height - 24, 12, 12, colour)
        canvas.text(x + 18, canvas.height - 18, name, 13, GREY)
        x += canvas.length(name, 13) + 42
