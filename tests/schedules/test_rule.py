"""When something is due: against a calculation of its own, over both days on which the clocks are changed."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest

from workflows.schedules.rule import read_rule

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
BEGIN, END = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (2026, 2027))


def days() -> list[date]:
    return [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]


def nth_of_its_kind(day: date) -> int:
    return (day.day - 1) // 7 + 1


#: A rule, and on which days at which time it comes, said without it.
DAILY: list[tuple[str, Callable[[date], bool], int, int]] = [
    ("every day at 02:30", lambda day: True, 2, 30),
    ("30 1 * * *", lambda day: True, 1, 30),
    ("every monday at 09:00", lambda day: day.weekday() == 0, 9, 0),
    ("0 3 * * 0", lambda day: day.weekday() == 6, 3, 0),
    ("15 2 * * 6-7", lambda day: day.weekday() >= 5, 2, 15),
    ("weekdays at 06:15", lambda day: day.weekday() < 5, 6, 15),
    ("first sunday of the month at 02:00", lambda day: day.weekday() == 6 and nth_of_its_kind(day) == 1, 2, 0),
    ("last sunday of the month at 02:30", lambda day: day.weekday() == 6 and (day + timedelta(7)).month != day.month,
     2, 30),
    ("last day of the month at 23:45", lambda day: (day + timedelta(1)).month != day.month, 23, 45),
    ("31st of the month at 4:00", lambda day: day.day == 31, 4, 0),
]  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("text", "fits", "hour", "minute"), DAILY, ids=[each[0] for each in DAILY])
def test_every_firing_of_a_year_is_accounted_for(
    text: str, fits: Callable[[date], bool], hour: int, minute: int, zone: str
) -> None:
    tz = ZoneInfo(zone)
    wanted = [
        datetime(day.year, day.month, day.day, hour, minute, tzinfo=tz).timestamp() for day in days() if fits(day)
    ]
    begin, end = (datetime(year, 1, 1, tzinfo=tz).timestamp() for year in (2026, 2027))
    assert list(takewhile(lambda at: at < end, read_rule(text, zone).firings(begin - 1))) == wanted


@pytest.mark.parametrize("zone", ZONES[:2])
@pytest.mark.parametrize(("text", "minutes", "hours"), [("every hour", {0}, 1), ("every 30 min", {0, 30}, 1)])
def test_what_goes_by_the_hour_comes_in_every_hour_that_passes(
    text: str, minutes: set[int], hours: int, zone: str
) -> None:
    tz, begin = ZoneInfo(zone), datetime(2026, 1, 1, tzinfo=UTC)
    quarters = (begin + timedelta(minutes=15 * number) for number in range(365 * 96))
    wanted = [each.timestamp() for each in quarters if each.astimezone(tz).minute in minutes]
    end = (begin + timedelta(days=365)).timestamp()
    assert list(takewhile(lambda at: at < end, read_rule(text, zone).firings(begin.timestamp() - 1))) == wanted


def test_asking_again_from_any_firing_gives_the_same_ones() -> None:
    for zone in ZONES:
        rule = read_rule("every day at 02:30", zone)
        at, found = BEGIN, []
        while (at := rule.next(at) or END) < END:
            found.append(at)
        whole = list(takewhile(lambda each: each < END, rule.firings(BEGIN)))
        assert found == whole


def test_cron_counts_days_from_sunday() -> None:
    for day, name in enumerate(
        ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    ):
        assert read_rule(f"0 3 * * {day}").fields == read_rule(f"every {name} at 03:00").fields
    assert read_rule("0 3 * * FRI-MON").fields[4] == "sun,mon,fri,sat"
    assert read_rule("0 3 * * */2").fields[4] == "sun,tue,thu,sat"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tomorrow", "Right are"),
        ("every day at 25:00", "from 00:00 to 23:59"),
        ("every 7 h", "1, 2, 3, 4, 6, 8, 12 hours do"),
        ("every 0 h", "does not divide"),
        ("every 25 min", "15, 20, 30 minutes do"),
        ("every 10 min", "more often than every 15 minutes"),
        ("* * * * *", "more often than every 15 minutes"),
        ("0 0 30 2 *", "never comes"),
        ("0 3 1 * 1", "either of them"),
        ("99 3 * * *", "no cron expression"),
        ("0 3 * * 8", "no day of the week"),
        ("0 3 * * 1/0", "no day of the week"),
        ("", "Right are"),
    ],
)
def test_what_is_no_rule_says_what_would_be(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_rule(text)


def test_a_zone_that_is_none_says_what_would_be() -> None:
    for zone in ("Europe/Bonn", "../etc/passwd", ""):
        with pytest.raises(ValueError, match="is no time zone"):
            read_rule("every day at 02:00", zone)
