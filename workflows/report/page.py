"""The report as one HTML page that needs nothing else: no script, no font, no address. It prints to A4."""

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from workflows.report.bars import bars_of
from workflows.report.document import Document, digest
from workflows.report.findings import CONSISTENCY
from workflows.words import count, duration, size

_HERE = Path(__file__).parent
#: What a reader could not see, or what could turn the order of what they see.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SIGNS = {"passed": "✓", "complete": "✓", "intact": "✓", "removed": "✓", "failed": "✗", "not carried out": "–"}  # noqa: RUF001


def page(document: Document, seal: str = "") -> str:
    """`seal` is the digest in the run's record, if it has one: the page says whether it is that of this report."""
    made = digest(document)
    return _template().render(
        it=document,
        bars=bars_of(document),
        digest=made,
        differs=bool(seal) and seal != made,
        sign=_SIGNS[document.verdict.word],
        consistency=CONSISTENCY,
        running_head=Markup(re.sub(r"[^A-Za-z0-9-]", "", document.run.id)),
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
    )


@cache
def _template() -> Template:
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.finalize = _shown
    made.filters |= {"duration": duration, "time": _time, "money": _money, "count": count, "size": size}
    return made.from_string((_HERE / "page.html").read_text(encoding="utf-8"))


def _shown(value: object) -> object:
    """Text as a reader can trust it; what is marked as ours stays."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _UNSEEN.sub(lambda found: f"\\x{ord(found[0]):02x}", value)
    return value


def _time(text: str | None) -> str:
    return f"{text[:10]} {text[11:19]} UTC" if text else "never"


def _money(amount: float) -> str:
    return f"${amount:,.2f}"
