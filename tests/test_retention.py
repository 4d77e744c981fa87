"""Which recovery points a rule lets go, without a cloud."""

import random
from dataclasses import replace

import pytest

from tests.report.records import POINT
from workflows.aws import tags
from workflows.aws.images import Image
from workflows.errors import UserError
from workflows.facts.profile import Profile
from workflows.facts.tables import read_profiles
from workflows.keeping import EVERYTHING_STAYS, Keeping
from workflows.points import Point, point_of
from workflows.retention import guarded, rule_of, sorted_out

DAY = 86400.0
NOW = 100 * DAY


def point(number: int, age: float = 0, **more: object) -> Point:
    key = f"B-{number:04}-0000000{number}"
    own = Point(**{**POINT, "image_id": f"ami-{number}", "run_key": key})  # type: ignore[arg-type]
    made = replace(own, requested=NOW - age * DAY, as_made=True, snapshots=())
    return replace(made, **more)  # type: ignore[arg-type]


def going(*points: Point, rule: Keeping) -> list[str]:
    return [each.image_id for each in sorted_out(points, rule, NOW).going]


def test_what_is_older_than_the_rule_and_not_among_the_last_usable_ones_goes_the_oldest_first() -> None:
    points = [point(1, 1), point(2, 2), point(3, 40), point(4, 50), point(5, 60, state="failed"), point(6, 70)]
    assert going(*points, rule=Keeping(keep="30 d")) == ["ami-6", "ami-5", "ami-4", "ami-3"]
    assert going(*points, rule=Keeping(keep="30 d", last=4)) == ["ami-6", "ami-5"]
    assert going(*points, rule=Keeping(last=1)) == ["ami-6", "ami-5", "ami-4", "ami-3", "ami-2"]
    assert going(*points, rule=EVERYTHING_STAYS) == []


def test_a_tag_that_says_nothing_keeps_its_point_like_any_other_word() -> None:
    marks = {tags.KEEP: "", tags.SERVER: "orders-db", tags.RUN: "B-0001-00000001"}
    old = point_of(Image("ami-1", "", "available", NOW - 90 * DAY, marks, {}), "us-east-1")
    kept = point(1, 90, keep=old.keep)
    assert (
        sorted_out([kept, point(2)], Keeping(keep="30 d"), NOW).stays["ami-1"]
        == "its tag `firedrill:keep` says `(empty)`"
    )


def test_a_copy_that_somebody_made_of_a_point_guards_none_of_the_real_ones() -> None:
    old, newer = point(1, 90, proof="proven"), point(2, 60, proof="proven")
    copy = replace(old, image_id="ami-9", requested=NOW, as_made=False)
    found = sorted_out([old, newer, copy], Keeping(keep="30 d", last=1), NOW)
    assert [each.image_id for each in found.going] == ["ami-1"]
    assert found.stays["ami-2"] == "it is the last proven one"
    assert "it is a copy" in found.stays["ami-9"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"keep": "forever"}, "its tag `firedrill:keep` says `forever`"),
        ({"keep": "60 d"}, "its tag `firedrill:keep` says `60 d`"),
        ({"state": "pending"}, "its image is `pending`"),
        ({"state": "disabled"}, "its image is `disabled`"),
        ({"as_made": False}, "it is a copy, or its tags are not those"),
        ({"snapshots": (("/dev/sdf", "snap-1"),) * 61}, "it has more than 60 snapshots"),
        ({"requested": 0.0}, "AWS does not say how old it is"),
    ],
)
def test_a_point_that_is_odd_or_that_somebody_wants_to_keep_stays(more: dict[str, object], why: str) -> None:
    points = [point(1), replace(point(2, 50), **more)]  # type: ignore[arg-type]
    assert sorted_out(points, Keeping(keep="30 d"), NOW).stays["ami-2"].startswith(why)
    assert going(point(1), point(2, 50), rule=Keeping(keep="30 d")) == ["ami-2"]


def test_a_points_own_tag_may_let_it_go_before_the_rule_would() -> None:
    assert going(point(1), point(2, 5, keep="3 d"), rule=EVERYTHING_STAYS) == ["ami-2"]


def test_whatever_the_rule_the_newest_the_last_complete_and_the_last_proven_point_stay() -> None:
    rng = random.Random(5)
    for _ in range(500):
        points = [_point(rng, number) for number in range(rng.randrange(1, 12))]
        rule = Keeping(keep=rng.choice(["", "1 h", "2 d"]), last=rng.randrange(3))
        found = sorted_out(points, rule, NOW)
        stay = [each for each in points if each.image_id in found.stays]
        for fits in (bool, usable, proven, proven_and_usable):
            best = max((each for each in points if fits(each)), key=lambda each: each.requested, default=None)
            assert best is None or best in stay
        assert len(found.going) + len(stay) == len(points)
        assert not set(guarded(sorted(points, key=lambda each: -each.requested))) & {p.image_id for p in found.going}


def usable(point: Point) -> bool:
    return point.usable


def proven(point: Point) -> bool:
    return point.proof == "proven"


def proven_and_usable(point: Point) -> bool:
    return point.proof == "proven" and point.usable and not point.differed_in


def _point(rng: random.Random, number: int) -> Point:
    return point(
        number, rng.uniform(0, 30), state=rng.choice(["available", "available", "failed", "pending"]),
        proof=rng.choice(["created", "complete", "proven"]), facts=rng.choice(["ab" * 32, ""]),
        differed_in=rng.choice(["", "", "D-1"]), keep=rng.choice(["", "", "1 h", "forever"]),
    )  # fmt: skip


def test_a_profiles_own_rule_takes_the_place_of_the_files_and_a_doubt_keeps_everything() -> None:
    profiles, faults = read_profiles({
        "orders": {"servers": ["orders-db"], "paths": ["/srv"], "retention": {"keep": "90 d"}},
        "odd": {"paths": ["/srv"], "retention": {"keep": "soon"}}, "more": {"paths": ["/srv"], "retention": {"all": 1}},
    })  # fmt: skip
    assert [each.at[1] for each in faults] == ["odd", "more"]
    usual = Keeping(keep="30 d", last=3)
    assert rule_of("orders-db", {}, profiles.choose, usual) == Keeping(keep="90 d")
    assert rule_of("web", {"Name": "web"}, profiles.choose, usual) == usual
    assert rule_of("web", {}, profiles.choose, usual) == EVERYTHING_STAYS, "its tags might have chosen a profile"

    def unsure(*_: object) -> Profile:
        raise UserError("Two profiles fit.")

    assert rule_of("web", {}, unsure, usual) == EVERYTHING_STAYS
