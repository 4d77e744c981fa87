"""The form behind `/dr schedule`: what recurs, when, and the next five times, in the reader's own zone."""

from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import Any
from zoneinfo import available_timezones

from handlers.blocks import Block
from handlers.forms.fields import MOST, Field, one_of, option, search, typed
from handlers.forms.form import Form
from handlers.forms.questions import LATEST, picked, point, profile, reason
from handlers.forms.wording import NO, YES, rest
from workflows.schedules.rule import EXAMPLES, read_rule
from workflows.words import when

_WHAT = (
    option("Drill", "drill", "A backup is restored and compared."),
    option("Backup", "backup", "Its facts are measured and an image is made."),
)
_LIVE = (
    option("A copy beside it", NO, "Nothing happens to the server itself."),
    option("The server itself", YES, "Live: each time it asks for an approval, then terminates and restores it."),
)
_SAYS = f"Announced before it begins, and it can be skipped or postponed then. Times are written as {EXAMPLES}."
#: How many firings are shown.
SHOWN = 5


def zones_matching(said: str) -> list[Block]:
    """Time zones with what has been typed in their name, those first whose place begins with it."""
    wanted = said.casefold().strip().replace(" ", "_")
    found = [each for each in _zones() if wanted in each.casefold()]
    found.sort(key=lambda each: not each.casefold().rpartition("/")[2].startswith(wanted))
    return [option(each, each) for each in found[:MOST]]


@cache
def _zones() -> tuple[str, ...]:
    """The places of the tz database, and UTC first."""
    return ("UTC", *sorted(each for each in available_timezones() if "/" in each and not each.startswith("Etc/")))


def _is_drill(values: Mapping[str, Any]) -> bool:
    return picked(values, "what") != "backup"


def _questions(values: Mapping[str, Any], mark: str) -> list[Field]:
    drill, live = _is_drill(values), picked(values, "live") == YES
    own = [
        Field("what", "What recurs", one_of(_WHAT, "drill"), needed=True, tells=True),
        *([Field("live", "What is lost", one_of(_LIVE, NO), needed=True, tells=True)] if drill else []),
        Field("at", "When", typed(100, "every monday at 09:00"), "Press Enter to see when it comes.", True, True),
        Field("zone", "Time zone", search("UTC"), "When the clocks change it stays that time of the day.", tells=True),
        *([] if live or not drill else [point(mark)]),
        profile(),
        reason(),
    ]  # fmt: skip
    return [*own, *rest("schedule", {"point", "live", *(each.name for each in own)})]


def _shows(values: Mapping[str, Any], now: float) -> str:
    """Slack writes each time as the reader's own clock has it, whatever the schedule's zone."""
    text, zone = picked(values, "at"), picked(values, "zone") or "UTC"
    if not text:
        return ""
    try:
        coming = list(islice(read_rule(text, zone).firings(now), SHOWN))
    except ValueError as error:
        return f":warning: {error}"
    return "\n".join(["In your own time it comes:", *(f"• {when(each)}" for each in coming)])


def _meant(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is not asked any more after a change is not meant."""
    kept = dict(values)
    if not _is_drill(values):
        kept.pop("live", None)
        kept.pop("point", None)
    return kept


SCHEDULE = Form(
    verb="schedule",
    title="Schedule",
    questions=_questions,
    button=lambda values: f"Schedule {'drills' if _is_drill(values) else 'backups'}",
    says=lambda _, __: _SAYS,
    shows=_shows,
    below="at",
    meant=_meant,
    points={**LATEST, "random": "Any of them", "fresh": "One that is made first"},
)
