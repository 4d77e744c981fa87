"""The form behind `/dr backup`."""

from collections.abc import Mapping
from typing import Any

from handlers.forms.fields import Field, one_of, option
from handlers.forms.form import Form
from handlers.forms.questions import profile, reason
from handlers.forms.wording import NO, YES, rest

_CHOICES = (
    option("Leave it running", YES, "File systems stand still where its profile says so."),
    option("Reboot it", NO, "The file systems are consistent; the server is away for minutes."),
)


def _questions(_values: Mapping[str, Any], _mark: str) -> list[Field]:
    own = [Field("no_reboot", "While the image is made", one_of(_CHOICES, YES), needed=True), profile(), reason()]
    return [*own, *rest("backup", {each.name for each in own})]


BACKUP = Form(verb="backup", title="Back up a server", questions=_questions, button=lambda _: "Back up")
