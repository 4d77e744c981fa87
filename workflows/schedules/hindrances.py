"""What AWS itself says against beginning scheduled work now: closed Change Calendars, and alarms that are in alarm."""

import logging
import re
from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from workflows.aws import Home
from workflows.aws.changes import Changes
from workflows.engine.clock import Clock
from workflows.errors import FiredrillError
from workflows.words import safe

log = logging.getLogger(__name__)

#: Seconds for which an answer holds: what is held is looked at every second.
HOLDS = 30.0
_ARN = re.compile(r"arn:aws[a-z-]*:ssm:([a-z0-9-]+):\d{12}:document/[A-Za-z0-9_.-]{3,128}")

#: The Region → what speaks against it there, in a sentence, empty where nothing does.
Hindrance = Callable[[str], str]


def nothing_hinders(_: str) -> str:
    return ""


class HindrancesTable(BaseModel):
    """`[hold]`: Change Calendars by name (looked up in the server's Region) or ARN, and CloudWatch alarms by name.
    `backups` go on all the same, unless it says otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calendars: tuple[Annotated[str, Field(pattern=rf"^(?:[A-Za-z0-9_.-]{{3,128}}|{_ARN.pattern})$")], ...] = ()
    alarms: tuple[Annotated[str, Field(min_length=1, max_length=255)], ...] = ()
    backups: bool = True


class Hindrances:
    """Asks AWS at most every half a minute for each Region. What cannot be asked holds the work: nobody knows then."""

    def __init__(self, home: Home, calendars: Sequence[str], alarms: Sequence[str], clock: Clock) -> None:
        self._home = home
        self._calendars = calendars
        self._alarms = alarms
        self._clock = clock
        self._said: dict[str, tuple[float, str]] = {}

    def __call__(self, region: str) -> str:
        at, said = self._said.get(region, (float("-inf"), ""))
        if not at <= self._clock.now() < at + HOLDS:
            said = self._asked(region)
            self._said[region] = self._clock.now(), said  # after the asking: a Region that is dark takes half a minute
        return said

    def _asked(self, region: str) -> str:
        try:
            return self._closed(region) or self._in_alarm(region)
        except FiredrillError as error:
            log.warning("region=%s whether this is a time for changes is not known: %s", region, error.text)
            return f"whether this is a time for changes cannot be asked ({error.text})"

    def _closed(self, region: str) -> str:
        for name in self._calendars:
            found = _ARN.fullmatch(name)
            state = self._changes(found[1] if found else region).calendar(name)
            if not state.open:
                until = f" until {safe(state.until)}" if state.until else ""
                return f"the change calendar `{safe(name)}` is closed{until}"
        return ""

    def _in_alarm(self, region: str) -> str:
        states = self._changes(region).alarms(self._alarms) if self._alarms else {}
        for name in self._alarms:
            if name not in states:
                return f"there is no alarm `{safe(name)}` in {region}, so nobody knows"
            if states[name] == "ALARM":
                return f"the alarm `{safe(name)}` is in alarm"
        return ""

    def _changes(self, region: str) -> Changes:
        return self._home.region(region).changes
