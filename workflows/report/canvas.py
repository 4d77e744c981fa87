"""A small picture in the making: text, lines and boxes in one hand, on Pillow, with the font that Pillow brings."""

import io

from PIL import Image, ImageDraw, ImageFont

INK, GREY, RULE, PAPER, MARK = "#1b1b1f", "#5c5f66", "#d9dbe0", "#ffffff", "#7a1f1f"
#: Drawn larger and made smaller: so edges and letters are smooth.
_SCALE = 2


class Canvas:
    """Lengths are pixels of the finished picture."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._image = Image.new("RGB", (width * _SCALE, height * _SCALE), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def text(self, x: float, y: float, text: str, size: int = 14, colour: str = INK, anchor: str = "lm") -> None:
        """`anchor` is Pillow's: l, m or r and a, m or s."""
        self._draw.text((x * _SCALE, y * _SCALE), drawable(text), fill=colour, font=_font(size), anchor=anchor)

    def fitted(self, x: float, y: float, text: str, room: float, size: int = 14, colour: str = INK) -> None:
        """Text from x on that is cut, and says so, where it is longer than `room`."""
        shown = drawable(text)
        while len(shown) > 1 and self.length(shown, size) > room:
            shown = f"{shown[:-2]}…" if shown.endswith("…") else f"{shown[:-1]}…"
        self.text(x, y, shown, size, colour)

    def length(self, text: str, size: int = 14) -> float:
        return float(self._draw.textlength(drawable(text), font=_font(size))) / _SCALE

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        self._draw.rectangle([n * _SCALE for n in (x, y, x + width, y + height)], fill=colour)

    def line(self, x: float, y: float, to_x: float, to_y: float, colour: str = RULE, width: float = 1) -> None:
        ends = [n * _SCALE for n in (x, y, to_x, to_y)]
        self._draw.line(ends, fill=colour, width=max(1, round(width * _SCALE)))

    def dot(self, x: float, y: float, radius: float, colour: str, filled: bool = True) -> None:
        box = [n * _SCALE for n in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(box, fill=colour if filled else PAPER, outline=colour, width=2 * _SCALE)

    def png(self) -> bytes:
        """Few colours, so few bytes."""
        small = self._image.resize((self.width, self.height), Image.Resampling.LANCZOS)
        held = io.BytesIO()
        small.quantize(128, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            held, "PNG", optimize=True
        )
        return held.getvalue()


def drawable(text: str) -> str:
    """What the font can show: Latin letters; a question mark for the rest."""
    return "".join(
        each if 31 < ord(each) < 127 or 160 < ord(each) < 256 or each in "…\u2013\u2014" else "?" for each in text
    )


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * _SCALE)
