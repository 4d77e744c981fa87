"""A server with recovery points of some days, as backups leave them."""

from tests.flows.scene import SMALL
from tests.stage import Stage
from workflows.aws import tags
from workflows.keeping import Keeping

DAY = 86400.0
RULE = Keeping(keep="2 d 12 h", last=1)


def key(number: int) -> str:
    return f"B-{number:04}-0000000{number}"


def made_by(stage: Stage, source: str, number: int, proof: str) -> str:
    """A recovery point as a backup leaves it, a day before the next."""
    launch = stage.aws.templates.ensure("orders-db", key(number), {"InstanceType": "t3.small"})
    marks = {
        tags.INSTALLATION: "test", tags.SERVER: "orders-db", tags.RUN: key(number), tags.SOURCE: source,
        tags.FACTS: "ab" * 32, tags.LAUNCH: launch.mark, tags.PROOF: proof,
    }  # fmt: skip
    image = stage.aws.images.ensure(source, name=tags.image_name("orders-db", key(number)), marks=marks, reboot=False)
    stage.clock.forward(DAY)
    return image.id


def five_points(stage: Stage) -> list[str]:
    """From five days old to one. The second is proven, so the rule lets the first and the third go."""
    source = stage.seed(disks=SMALL)
    ids = [made_by(stage, source, number, "proven" if number == 2 else "complete") for number in range(1, 6)]
    stage.keeps(RULE)
    stage.look()
    return ids
