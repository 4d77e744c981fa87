"""The form behind `/dr restore`."""

from collections.abc import Mapping
from typing import Any

from handlers.forms.fields import Field, one_of, option
from handlers.forms.form import Form
from handlers.forms.questions import PROVEN, UNDOUBTED, point, reason
from handlers.forms.wording import NO, YES, rest

_CHOICES = (
    option("In its place", NO, "The server is gone, and comes back under its name."),
    option("Beside it", YES, "A copy under another name; the living server is left alone."),
)


def _questions(_values: Mapping[str, Any], mark: str) -> list[Field]:
    own = [point(mark, usual=UNDOUBTED), Field("beside", "Launch it", one_of(_CHOICES, NO), needed=True), reason()]
    return [*own, *rest("restore", {each.name for each in own})]


RESTORE = Form(
    verb="restore",
    title="Restore a server",
    questions=_questions,
    button=lambda _: "Restore",
    points={**UNDOUBTED, **PROVEN},
    shown=frozenset({"point", "beside", "reason", "dry_run"}),
)
