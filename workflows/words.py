"""How times, sizes and names are said, in Slack's mrkdwn. Names that come from people or from AWS go through safe()."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime


def safe(name: str) -> str:
    """A name that can neither mention, link, nor end a piece of code. Control characters become spaces."""
    clean = "".join(char if char.isprintable() else " " for char in name)
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")


def cut(text: str, most: int) -> str:
    """At most `most` characters; what was cut is marked."""
    return text if len(text) <= most else text[: most - 1] + "…"


def plain(text: str, names: Mapping[str, str] | None = None) -> str:
    """Slack's mrkdwn as plain text; `names` are those of user ids."""
    known = names or {}
    text = re.sub(r"<!date\^\d+\^[^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<[@#!]([^|>]*)(?:\|([^>]*))?>", lambda found: f"@{found[2] or known.get(found[1], found[1])}", text)
    text = re.sub(r"(?<!\S):[a-z_]+:(?: |$)", "", text, flags=re.M)
    text = re.sub(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", r"\1", text).replace("```", "").replace("`", "")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def duration(seconds: float) -> str:
    """As people say it: `4 min 12 s`, `2 h 5 min`, `3 d 4 h`; under ten seconds with a tenth."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    for size, name, small, small_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {name}" + (f" {rest} {small_name}" if rest else "")
    return f"{whole} s"


def when(seconds: float) -> str:
    """A time that Slack shows in the reader's own zone; elsewhere UTC."""
    at = datetime.fromtimestamp(seconds, UTC)
    return f"<!date^{int(seconds)}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M} UTC>"


def count(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: int) -> str:
    """Bytes in the unit that people read: `12 bytes`, `3.4 MiB`, `120 GiB`."""
    value = float(number)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:,.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:,.1f} {unit}"
        value /= 1024
    raise AssertionError  # the loop always returns
