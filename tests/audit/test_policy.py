"""A policy that is another than before is told, with what it was; the same one is told once, by whichever process."""

import redis

from tests.audit.chain import ADA, chainer, exported
from tests.clock import HandClock
from workflows import audit
from workflows.engine.happened import Place
from workflows.engine.trail import Trail


def test_a_change_of_policy_is_told_with_before_and_after_and_the_same_policy_only_once(
    redis_client: redis.Redis, clock: HandClock
) -> None:
    trail = Trail(redis_client, clock)
    rules = {"operators": "U1 U2", "approvers": "U2", "minutes": "30.0"}
    assert trail.note_policy(rules, ADA, Place(via="bot"))
    assert not trail.note_policy(dict(reversed(rules.items())), ADA, Place(via="bot"))
    assert trail.note_policy({**rules, "approvers": "U1 U2"}, ADA, Place(via="shell"))
    assert not Trail(redis_client, clock).note_policy({**rules, "approvers": "U1 U2"}, ADA, Place(via="bot"))
    first, second = [audit.read(line[:-1]) or {} for line in exported(chainer(redis_client, clock))[:-1]]
    assert (first["kind"], first["before"], first["after"]) == ("policy", {}, rules)
    assert (second["before"], second["after"]) == ({"approvers": "U2"}, {"approvers": "U1 U2"})
    assert (second["actor"]["id"], second["via"]) == ("U1", "shell")
