"""The form behind `/dr drill`."""

from collections.abc import Mapping
from typing import Any

from handlers.forms.fields import Field, one_of, option
from handlers.forms.form import Form
from handlers.forms.questions import LATEST, picked, point, profile, reason
from handlers.forms.wording import NO, YES, rest

_CHOICES = (
    option("A copy beside it", NO, "The living server is left alone."),
    option("The server itself", YES, "Live: terminated after an approval, then restored."),
)
_LIVE = (
    ":warning: *A live drill terminates the server.* It is backed up and that is verified first; then an approver must "
    "approve it, by typing its name. Without that approval nothing is terminated. After it the server is away until it "
    "has been restored from the backup."
)
_COPY = (
    "A recovery point is restored beside the server, in isolation, compared, and removed again. Nothing happens to the "
    "server itself."
)


def _is_live(values: Mapping[str, Any]) -> bool:
    return picked(values, "live") == YES


def _questions(values: Mapping[str, Any], mark: str) -> list[Field]:
    live = _is_live(values)
    backs_up = live or picked(values, "point") == "fresh"
    own = [
        Field("live", "What is lost", one_of(_CHOICES, NO), needed=True, tells=True),
        *([] if live else [point(mark, tells=True)]),
        *([profile()] if backs_up else []),
        reason(),
    ]
    elsewhere = {"point", "profile"} | (set() if backs_up else {"accept_loss"})
    return [*own, *rest("drill", elsewhere | {each.name for each in own})]


def _meant(values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy is made of a point by naming that as what is drilled."""
    image = picked(values, "point")
    if not image.startswith("ami-"):
        return dict(values)
    return {**{name: value for name, value in values.items() if name != "point"}, "target": image}


DRILL = Form(
    verb="drill",
    title="Drill",
    questions=_questions,
    button=lambda values: "Start live drill" if _is_live(values) else "Start drill",
    says=lambda values, _: _LIVE if _is_live(values) else _COPY,
    meant=_meant,
    points={**LATEST, "random": "Any of them", "fresh": "One that is made first"},
)
