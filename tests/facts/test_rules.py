import tomllib

import pytest

from workflows.facts.profile import Profile
from workflows.facts.rules import CAUSES
from workflows.facts.tables import read_profiles


def read(lines: str) -> tuple[Profile | None, list[str]]:
    profiles, faults = read_profiles(tomllib.loads(f'[profiles.p]\npaths = ["/srv"]\n{lines}\n')["profiles"])
    return profiles.made.get("p"), [fault.text for fault in faults]


def test_without_a_word_all_content_is_read_nothing_may_drift_and_all_but_drift_fails() -> None:
    profile, faults = read("")
    assert faults == []
    assert profile == Profile("p", ("/srv",))
    assert profile.rules.sample == 100
    assert set(profile.rules.fails) == set(CAUSES) - {"drifted"}


@pytest.mark.parametrize(
    ("lines", "name", "value"),
    [
        ('sample = "10 %"', "sample", 10.0),
        ('sample = "0.5%"', "sample", 0.5),
        ("sample = 25", "sample", 25.0),
        ('most_bytes = "1.5 GiB"', "most_bytes", 3 << 29),
        ('most_bytes = "2 tib"', "most_bytes", 2 << 40),
        ("most_bytes = 4096", "most_bytes", 4096),
        ("most_files = 1000", "most_files", 1000),
        ("most_seconds = 60", "most_seconds", 60),
        ('may_drift = ["/var/log/**", "/srv/*.pid", "/var/log/**"]', "may_drift", ("/var/log/**", "/srv/*.pid")),
        ('fails = ["missing", "unreadable", "corrupt"]', "fails", ("corrupt", "missing", "unreadable")),
    ],
)
def test_a_rule_is_read_as_people_write_it(lines: str, name: str, value: object) -> None:
    profile, faults = read(lines)
    assert faults == []
    assert profile is not None
    assert getattr(profile.rules, name) == value


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ('sample = "ten"', 'written like "10 %"'),
        ("sample = 0", "between 0.01 % and 100 %"),
        ('sample = "101 %"', "between 0.01 % and 100 %"),
        ('most_bytes = "2 parsecs"', 'written like "200 GiB"'),
        ("most_bytes = 0", "at least 1"),
        ("most_files = -1", "at least 1"),
        ("most_seconds = 4000", "AWS ends the script after an hour"),
        ('may_drift = ["var/log"]', "must begin with /"),
        ('may_drift = ["/**"]', "fits everything"),
        ('may_drift = ["/{{ssm:x}}"]', "no name may hold"),
        ('may_drift = ["/a\\nb"]', "control character"),
        ('fails = ["missing"]', "corrupt and unreadable: that is never waved through"),
        ('fails = ["corrupt", "unreadable", "moon"]', "but not 'moon'"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_the_reason(lines: str, why: str) -> None:
    profile, faults = read(lines)
    assert profile is None
    [text] = faults
    assert why in text
    assert text.isprintable()
