"""The forms by their verbs, and the buttons that open them. Pure."""

from handlers.blocks import Block, section
from handlers.forms.backup import BACKUP
from handlers.forms.drill import DRILL
from handlers.forms.fields import words
from handlers.forms.form import FORM, Form
from handlers.forms.kept import Kept
from handlers.forms.restore import RESTORE
from handlers.forms.schedule import SCHEDULE
from handlers.forms.validate import VALIDATE

FORMS: dict[str, Form] = {each.verb: each for each in (BACKUP, DRILL, RESTORE, VALIDATE, SCHEDULE)}
_SAID = {
    "backup": "Back up…",
    "drill": "Drill…",
    "restore": "Restore…",
    "validate": "Validate…",
    "schedule": "Schedule…",
}


def button(verb: str, server: str = "") -> Block:
    """It opens a form; about one server, if its name is given."""
    made: Block = {"type": "button", "action_id": FORM + verb, "text": words(_SAID[verb], 75)}
    return {**made, "value": server} if server else made


def buttons() -> Block:
    """One for each form, for a message or a window."""
    return {"type": "actions", "block_id": "forms", "elements": [button(verb) for verb in FORMS]}


def chooser() -> Block:
    """The window that asks which form."""
    return {
        "type": "modal",
        "callback_id": "chooser",
        "private_metadata": Kept().text(),
        "title": words("Firedrill", 24),
        "close": words("Not now", 24),
        "blocks": [section("What is it to be? Nothing starts before you have filled in a form."), buttons()],
    }
