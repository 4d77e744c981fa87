"""Images that people copy in the console, tags and name and all, beside the recovery points that they are copies of."""

import pytest

from tests.flows.old_points import five_points, key
from tests.stage import Stage
from workflows.aws import Home
from workflows.aws.calls import Calls
from workflows.errors import NotSafe
from workflows.points import point_of


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
