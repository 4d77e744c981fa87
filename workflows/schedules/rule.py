"""When something is due: plain words or a cron expression, in a time zone. APScheduler's triggers do the arithmetic.

What cron means is cron's: Sunday is 0 and 7 (APScheduler counts from Monday), and what is due at a time of the day is
due once on the day on which the clocks go back. On the day on which they go forward, a time that does not exist comes
as much later as the clocks were moved. What is due every so many hours or minutes goes by the hours that really pass.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

#: Seconds. What comes more often is no schedule for a backup.
CLOSEST = 15 * 60
#: How many firings are looked at to know how close they come.
_LOOKED_AT = 200

EXAMPLES = "`every monday at 09:00`, `first sunday of the month at 03:00`, `every 12 h` or `0 3 * * 1`"

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY = r"(?:sun|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?)(?:day)?s?"
_NTH = {"first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "last": "last",
        "1st": "1st", "2nd": "2nd", "3rd": "3rd", "4th": "4th"}  # fmt: skip
_AT = r"(?: at (?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?)"
_EVERY_DAY = re.compile(rf"(?:every day|daily){_AT}")
_WEEKDAYS = re.compile(rf"(?:every )?(?P<group>weekdays?|weekends?){_AT}")
_ON_DAYS = re.compile(rf"(?:every )?(?P<days>{_DAY}(?:(?:, ?| and |, and ){_DAY})*){_AT}")
_NTH_DAY = re.compile(
    rf"(?:the |every )?(?P<nth>{'|'.join(_NTH)}) (?P<day>{_DAY}|day) (?:of|in) (?:the|every|each) month{_AT}"
)
_DATE = re.compile(rf"(?:on )?(?:the )?(?P<date>\d{{1,2}})(?:st|nd|rd|th) of (?:the|every|each) month{_AT}")
_SPAN = re.compile(r"every (?:(?P<number>\d{1,3}) ?)?(?P<unit>h|hours?|min|minutes?)")


class UnknownZone(ValueError):
    """What is no time zone of the tz database."""


@dataclass(frozen=True)
class Rule:
    """`text` as a person wrote it; `fields` are APScheduler's: minute, hour, day, month, day of the week."""

    text: str
    fields: tuple[str, str, str, str, str]
    zone: str

    def firings(self, after: float) -> Iterator[float]:
        """All that are later than `after`, in order, each once. Seconds since the epoch."""
        tz = ZoneInfo(self.zone)
        now, prior = datetime.fromtimestamp(after + 1e-6, tz), after
        while (fire := self._trigger.get_next_fire_time(None, now)) is not None:
            at = fire.timestamp()
            # Counted on the clock of the world: a sum on the wall's forgets which of two same hours it was.
            now = datetime.fromtimestamp(max(at, prior) + 1, tz)
            if at > prior and not self._said_before(fire):
                prior = at
                yield at

    def next(self, after: float) -> float | None:
        """The first that is later than `after`; None where none ever comes."""
        return next(self.firings(after), None)

    def _said_before(self, fire: datetime) -> bool:
        """On the day on which the clocks go back a time of the day comes twice, and is meant once."""
        return bool(fire.fold) and not self.hourly

    @property
    def hourly(self) -> bool:
        """Whether it goes by the hours that pass, and not by a time of the day."""
        return self.fields[1].startswith("*")

    @cached_property
    def _trigger(self) -> CronTrigger:
        minute, hour, day, month, weekday = self.fields
        return CronTrigger(
            minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, timezone=ZoneInfo(self.zone)
        )


@lru_cache(maxsize=1000)
def read_rule(text: str, zone: str = "UTC") -> Rule:
    """Plain words or the five fields of cron. ValueError, in plain text, for what is neither, comes never, or comes too
    often."""
    zone_of(zone)
    words = " ".join(text.strip().lower().split())
    fields = _fields(words)
    rule = Rule(text.strip(), fields, zone)
    try:
        first = list(islice(rule.firings(_SOME_MONDAY), _LOOKED_AT))
    except ValueError as error:
        raise ValueError(f"{_quoted(text)} is no cron expression: {error}. Right are {EXAMPLES}.") from None
    if not first:
        raise ValueError(f"{_quoted(text)} never comes: there is no such day.")
    if any(later - earlier < CLOSEST for earlier, later in pairwise(first)):
        raise ValueError(f"{_quoted(text)} comes more often than every {CLOSEST // 60} minutes.")
    return rule


def zone_of(name: str) -> ZoneInfo:
    """Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(
            f"{_quoted(name)} is no time zone. Right are `Europe/Berlin`, `America/New_York` or `UTC`."
        ) from None


# 2024, a leap year: what comes on 29 February comes.
_SOME_MONDAY = datetime(2024, 1, 1, tzinfo=UTC).timestamp()


def _fields(words: str) -> tuple[str, str, str, str, str]:
    parts = words.split(" ")
    if len(parts) == 5 and re.match(r"[\d*]", parts[0]):
        return _cron(parts)
    for pattern, read in _WORDS:
        found = pattern.fullmatch(words)
        if found:
            return read(found)
    raise ValueError(f"{_quoted(words)} is not a time that recurs. Right are {EXAMPLES}.")


def _cron(parts: list[str]) -> tuple[str, str, str, str, str]:
    minute, hour, day, month, weekday = (re.sub(r"^\?$", "*", part) for part in parts)
    if day != "*" and weekday != "*":
        raise ValueError(
            "To cron, a day of the month and a day of the week together mean either of them. Write it in words "
            "(`first monday of the month at 03:00`), or make two schedules."
        )
    return minute, hour, day, month, _weekdays(weekday)


def _weekdays(text: str) -> str:
    """Cron's days of the week by name, since the two count them differently."""
    if text == "*":
        return text
    days: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        low, high = (0, 6) if span == "*" else (_weekday(first), _weekday(last or first))
        high = 6 if step and not dash and span != "*" else high
        if dash and high < low:
            high += 7
        if step and not re.fullmatch("[1-7]", step):
            raise ValueError(f"`{part}` is no day of the week.")
        days |= {each % 7 for each in range(low, high + 1, int(step or 1))}
    return ",".join(_DAYS[each] for each in sorted(days))


def _weekday(text: str) -> int:
    if re.fullmatch("[0-7]", text):
        return int(text)
    if text[:3] in _DAYS:
        return _DAYS.index(text[:3])
    raise ValueError(f"{_quoted(text)} is no day of the week.")


def _time(found: re.Match[str]) -> tuple[str, str]:
    """Minute and hour."""
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if hour > 23 or minute > 59:
        raise ValueError(f"There is no such time of the day in {_quoted(found[0])}: it goes from 00:00 to 23:59.")
    return str(minute), str(hour)


def _on_days(found: re.Match[str]) -> tuple[str, str, str, str, str]:
    names = re.findall(_DAY, found["days"])
    days = sorted({_DAYS.index(name[:3]) for name in names})
    return (*_time(found), "*", "*", ",".join(_DAYS[each] for each in days))


def _nth_day(found: re.Match[str]) -> tuple[str, str, str, str, str]:
    nth = _NTH[found["nth"]]
    if found["day"] != "day":
        return (*_time(found), f"{nth} {found['day'][:3]}", "*", "*")
    return (*_time(found), nth if nth == "last" else nth[0], "*", "*")


def _span(found: re.Match[str]) -> tuple[str, str, str, str, str]:
    number, hours = int(found["number"] or 1), found["unit"].startswith("h")
    whole = 24 if hours else 60
    if not number or whole % number:
        unit = "hours" if hours else "minutes"
        fits = ", ".join(str(each) for each in range(1, whole) if whole % each == 0 and (hours or each * 60 >= CLOSEST))
        raise ValueError(f"{_quoted(found[0])} does not divide a {'day' if hours else 'hour'}: {fits} {unit} do.")
    if hours:
        return ("0", "*" if number == 1 else f"*/{number}", "*", "*", "*")
    return (f"*/{number}", "*", "*", "*", "*")


_WORDS = (
    (_EVERY_DAY, lambda found: (*_time(found), "*", "*", "*")),
    (_WEEKDAYS, lambda found: (*_time(found), "*", "*", "sat,sun" if "end" in found["group"] else "mon-fri")),
    (_NTH_DAY, _nth_day),
    (_ON_DAYS, _on_days),
    (_DATE, lambda found: (*_time(found), found["date"], "*", "*")),
    (_SPAN, _span),
)


def _quoted(text: str) -> str:
    return f"`{text[:60].replace('`', ' ')}`"
