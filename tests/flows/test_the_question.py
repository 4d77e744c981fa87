"""What an approver has before their eyes: in the card, and in the window in which the name is typed."""

import pytest

from handlers.cards import card
from handlers.grammar import parse
from handlers.requests import Decide
from handlers.windows import Kept, window
from practice.cloud import Disk
from practice.workspace.blocks import check_blocks
from tests.flows.old_points import RULE, made_by
from tests.flows.scene import SMALL, cloud, shown
from tests.stage import APPROVER, ASKING, Stage
from workflows.engine.run import Question, Run, Status
from workflows.words import plain


def _asked(run: Run) -> Question:
    assert run.question is not None
    return run.question


def test_the_question_names_what_is_lost_what_stays_the_proof_what_follows_and_who_asks(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    call = cloud(stage)
    allocated = call("ec2", "allocate_address", Domain="vpc")
    call("ec2", "associate_address", AllocationId=allocated["AllocationId"], InstanceId=source)
    call("ec2", "modify_instance_attribute", InstanceId=source, BlockDeviceMappings=[
        {"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": False}}
    ])  # fmt: skip
    seen = stage.aws.instances.get(source)
    run = stage.drill()
    said = {label: plain(value) for label, value in _asked(run).items}
    root, data = sorted(seen.disks, key=lambda disk: disk.device != "/dev/xvda")
    assert said["Instance"].startswith(f"{source} (t3.small), orders-db, launched ")
    assert said["Its volumes"].splitlines() == [
        f"{root.volume_id} /dev/xvda, 8 GiB: is deleted", f"{data.volume_id} /dev/sdf, 20 GiB: stays, detached"
    ]  # fmt: skip
    assert said["Its addresses"].splitlines() == [
        f"{allocated['PublicIp']} stays yours, and points nowhere",
        *(f"{each} is lost: AWS gives the next instance another" for each in seen.own_ips),
    ]
    assert seen.own_ips
    assert f"{run.values['point']['image_id']} is available with 2 completed snapshots, requested " in said["Proof"]
    assert said["Proof"].endswith(" before this question")
    assert said["Facts"].startswith("3 files, ")
    assert said["Then"].endswith("how long that takes here is not known yet, as it was never done")
    assert said["Asked by"] == "@U0OPERATOR"


def test_the_second_time_the_question_says_how_long_it_took_the_last_time(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    first = stage.approve(stage.drill())
    assert first.status is Status.SUCCEEDED, first.problem
    stage.look()
    said = dict(_asked(stage.drill()).items)
    assert said["Then"].endswith(f"the last time (`{first.id}`)")
    assert "that took " in said["Then"]


def test_card_and_window_show_the_same_question_with_its_end_and_who_has_approved(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.needs(2)
    run = stage.drill()
    told = stage.desk.answer(run.id, APPROVER, True)
    assert told.startswith(f"You approved `{run.id}`. 1 more approval is needed; ")
    stage.clock.forward(1)
    stage.step()
    half = stage.store.read(run.id)
    opened = window(half, _asked(half), Decide(half.id, approved=True), Kept(half.id, _asked(half).id, "C0DROPS", ""))
    for blocks in (card(half).blocks, opened["blocks"]):
        text = str(blocks)
        assert "*Approvals:* 1 of 2: <@U0APPROVER>" in text
        assert "The question expires <!date^" in text
        assert all(value.split("\n")[0] in text for _, value in _asked(half).items)
    assert check_blocks(opened["blocks"], "modal") == opened["blocks"]


@pytest.mark.parametrize(("volumes", "points", "most"), [(28, 12, 9), (60, 12, 4)])
def test_points_of_many_volumes_are_asked_about_as_far_as_slack_has_room_and_the_rest_is_told(
    stage: Stage, volumes: int, points: int, most: int
) -> None:
    more = [Disk(f"/dev/xvd{chr(98 + number // 26)}{chr(97 + number % 26)}", 1, "") for number in range(volumes - 1)]
    source = stage.seed(disks=(*SMALL[:1], *more))
    ids = [made_by(stage, source, number, "complete") for number in range(1, points + 1)]
    stage.keeps(RULE)
    stage.look()
    run = stage.drive(stage.answers.to(parse("prune"), ASKING)[1][0])
    named = [each for each in ids if f"`{each}`" in dict(_asked(run).items)]
    assert named == ids[: len(named)]
    assert 1 <= len(named) <= most
    assert f"{points - 2 - len(named)} more would go" in str(run.question)
    check_blocks(card(run).blocks, "message")
    snapshots = [snapshot for each in named for snapshot in stage.aws.images.get(each).snapshots.values()]
    assert len(snapshots) == volumes * len(named)
    assert all(f"`{each}` (" in shown(run) for each in snapshots)
