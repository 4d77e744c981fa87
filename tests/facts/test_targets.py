"""What a profile aims at is read as people write it, and what is no aim is refused with its key."""

import tomllib

import pytest

from workflows.facts.tables import read_profiles
from workflows.facts.targets import Targets
from workflows.faults import Fault


def read(line: str) -> tuple[Targets | None, list[Fault]]:
    profiles, faults = read_profiles(tomllib.loads(f'[profiles.p]\npaths = ["/srv"]\n{line}\n')["profiles"])
    return (profiles.made["p"].targets if "p" in profiles.made else None), faults


@pytest.mark.parametrize(
    ("line", "targets"),
    [
        ("", Targets()),
        ('targets = {rto = "30 min", rpo = "24 h"}', Targets(1800, 86400)),
        ("targets = {rto = 90}", Targets(90)),
        ('targets = {rto = "1 h 30 min"}', Targets(5400)),
        ('targets = {rpo = "2d"}', Targets(None, 172800)),
        ('targets = {proof = "90 d"}', Targets(None, None, 7776000)),
        ("targets.rpo = 0.5", Targets(None, 0.5)),
    ],
)
def test_a_target_is_read_as_people_write_it(line: str, targets: Targets) -> None:
    assert read(line) == (targets, [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('targets = {rto = "soon"}', 'A target is written like "30 min"'),
        ('targets = {rto = "30 minutes"}', 'A target is written like "30 min"'),
        ('targets = {rto = "-5 min"}', 'A target is written like "30 min"'),
        ("targets = {rto = 0}", "The target rto must be more than 0 s"),
        ("targets = {rpo = nan}", "The target rpo must be more than 0 s"),
        ('targets = {rpo = "400 d"}', "at most a year"),
        ("targets = {rto = true}", ""),
        ("targets = {rte = 30}", "not permitted"),
    ],
)
def test_what_is_no_target_is_refused_when_it_is_read(line: str, said: str) -> None:
    targets, faults = read(line)
    assert targets is None
    assert said in faults[0].text
