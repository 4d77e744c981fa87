"""Images that people copy in the console, tags and name and all, beside the recovery points that they are copies of."""

from dataclasses import replace

import pytest

from handlers import cards
from handlers.grammar import parse
from handlers.point_lines import listed
from tests.flows.old_points import five_points, key
from tests.flows.scene import SMALL, shown
from tests.flows.test_the_survey import surveyed
from tests.stage import ASKING, Stage
from workflows.aws import Home, tags
from workflows.aws.calls import Calls
from workflows.aws.images import Image
from workflows.engine.run import Status
from workflows.errors import NotSafe, UserError
from workflows.points import point_of
from workflows.report.reading import document_of
from workflows.steps.isolation import choose_point


def copied(stage: Stage, image_id: str) -> str:
    """Somebody copies it in the console, with its tags, long after it was made."""
    stage.clock.forward(3600)
    raw = Calls("us-east-1", stage.lab.url, clients=stage.clients)
    copy = raw("ec2", "copy_image", SourceImageId=image_id, SourceRegion="us-east-1", Name="orders", CopyImageTags=True)
    stage.clock.forward(3600)
    stage.look()
    return str(copy["ImageId"])


def test_a_copy_of_an_old_point_is_never_taken_for_the_newest(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    older, newer = (stage.backup().values["point"]["image_id"] for _ in range(2))
    copy = copied(stage, older)
    assert surveyed(stage)["orders-db"].point == newer
    assert {choose_point.call(stage.aws, "orders-db", "random", f"D-{n}").image_id for n in range(30)} == {older, newer}
    assert choose_point.call(stage.aws, "orders-db", "latest", "D-1").image_id == newer
    stage.lose(source)
    stage.look()
    for asked in ({}, {"as_of": stage.clock.now()}):
        assert stage.desk.restore(ASKING, "orders-db", **asked).values["image_id"] == newer  # type: ignore[arg-type]
    told = listed(stage.desk.points("orders-db"), stage.clock.now())
    assert [line.split("`")[1] for line in told.split("\n") if "•" in line] == [copy, newer, older]
    assert told.count("*a copy*") == 1


def test_a_copy_that_is_named_is_restored_and_nothing_is_said_of_its_age(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    older = stage.backup().values["point"]["image_id"]
    copy = copied(stage, older)
    stage.aws.removals.ensure_deregistered(older, stage.aws.images.get(older).tags["firedrill:run"], hold=lambda: None)
    stage.lose(source)
    stage.look()
    with pytest.raises(UserError, match="no complete recovery point") as refused:
        stage.desk.restore(ASKING, "orders-db")
    assert "A copy is restored only by its image id" in refused.value.hint
    plan, _ = stage.answers.to(parse(f"restore {copy} --dry-run"), ASKING)
    assert "it is a copy" in plan
    answer, _ = stage.answers.to(parse(f"restore {copy}"), ASKING)
    assert "it is a copy" in answer
    ended = stage.drive(stage.store.open_runs()[0])
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert "it is a copy" in shown(ended)
    assert (ended.values["report"]["rpo"], ended.values["report"]["rpo_at_most"]) == (None, None)
    assert "RPO" not in cards.sentence(ended)
    assert any(each.startswith("How old the content is") for each in document_of(ended).not_measured)


@pytest.mark.parametrize(
    ("shows", "copied", "as_made"),
    [
        ({}, False, True),
        ({"source": ""}, True, False),
        ({"source": "", "made_of": ""}, False, False),
        ({"source": "", "made_of": "", "name": "orders"}, True, False),
        ({"source": "i-0bbbbbbbbbbbbbbbb"}, True, False),
        ({"name": "renamed since"}, False, False),
    ],
)
def test_what_aws_is_silent_about_is_restored_and_never_removed(
    shows: dict[str, str], copied: bool, as_made: bool
) -> None:
    made = Image(
        "ami-0aaaaaaaaaaaaaaaa", tags.image_name("orders-db", key(1)), "available", 0.0,
        {tags.SERVER: "orders-db", tags.RUN: key(1), tags.SOURCE: "i-0aaaaaaaaaaaaaaaa"}, {},
        source="i-0aaaaaaaaaaaaaaaa", made_of="ami-0cccccccccccccccc",
    )  # fmt: skip
    seen = point_of(replace(made, **shows), "us-east-1")  # type: ignore[arg-type]
    assert (seen.copied, seen.as_made) == (copied, as_made)


def test_a_copy_in_another_region_under_the_same_name_is_not_ours_to_remove(stage: Stage) -> None:
    first, *_ = five_points(stage)
    own = stage.aws.images.get(first)
    there = Home("test", stage.lab.url, clients=stage.clients).region("eu-west-1")
    raw = Calls("eu-west-1", stage.lab.url, clients=stage.clients)
    raw("ec2", "copy_image", SourceImageId=first, SourceRegion="us-east-1", Name=own.name, CopyImageTags=True)
    (copy,) = there.images.of("orders-db")
    assert (copy.name, copy.tags, copy.source) == (own.name, own.tags, "")
    assert (point_of(own, "us-east-1").as_made, point_of(copy, "eu-west-1").as_made) == (True, False)
    with pytest.raises(NotSafe, match="was not made by this installation"):
        there.removals.ensure_deregistered(copy.id, key(1), hold=lambda: None)
    assert there.images.of("orders-db") == [copy]
