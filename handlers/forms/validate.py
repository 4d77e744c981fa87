"""The form behind `/dr validate`."""

from collections.abc import Mapping
from typing import Any

from handlers.forms.fields import Field
from handlers.forms.form import Form
from handlers.forms.questions import LATEST, PROVEN, point, reason
from handlers.forms.wording import rest

_SAYS = "The server's facts are measured now, and compared with those of a recovery point. Nothing is changed."


def _questions(_values: Mapping[str, Any], mark: str) -> list[Field]:
    own = [point(mark, "against"), reason()]
    return [*own, *rest("validate", {each.name for each in own})]


VALIDATE = Form(
    verb="validate",
    title="Validate a server",
    questions=_questions,
    button=lambda _: "Validate",
    says=lambda _, __: _SAYS,
    points={**LATEST, **PROVEN},
    point="against",
)
