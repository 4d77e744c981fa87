"""What must never happen, 2 and 3: something that this installation did not make is touched; a crash or a lost answer
makes a second image, instance or termination."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.flows.scene import ONCE, SMALL, Clean, Died, clean_drill, cloud, dying, made, mark, once, since, work, worker
from tests.stage import APPROVER, ASKING, Stage
from workflows.aws import tags
from workflows.engine.run import Run, Status
from workflows.errors import Busy, RunFailed, UserError


def _foreign(stage: Stage, source: str) -> str:
    """An AMI of the same server, made by another installation."""
    marks = {"firedrill:installation": "theirs", "firedrill:server": "orders-db", "firedrill:proof": "proven"}
    given = [{"Key": key, "Value": value} for key, value in marks.items()]
    specification = [{"ResourceType": "image", "Tags": given}]
    answer = cloud(stage)(
        "ec2", "create_image", InstanceId=source, Name="theirs", NoReboot=True, TagSpecifications=specification
    )
    stage.clock.forward(120)
    return str(answer["ImageId"])


def test_a_drill_changes_nothing_but_its_source_and_what_it_made(stage: Stage) -> None:
    source, other = stage.seed(disks=SMALL), stage.seed("billing", SMALL)
    foreign = _foreign(stage, source)
    before = stage.aws.images.get(foreign)
    then = len(stage.lab.effects)
    ended = stage.approve(stage.drill())
    assert ended.status is Status.SUCCEEDED, ended.problem
    own = {source, ended.values["replacement_id"], ended.values["asked"]["image_id"]}
    own |= set(stage.aws.images.get(ended.values["asked"]["image_id"]).snapshots.values())
    own |= {ended.values["launch"].partition(":")[0]} | set(made(stage, "SendCommand"))
    assert {each.id for each in stage.lab.effects[then:]} == own
    assert stage.aws.images.get(foreign) == before
    assert stage.aws.instances.get(other).state == "running"
    assert [point.image_id for point in stage.desk.points("orders-db")] == []
    stage.look()
    assert [point.image_id for point in stage.desk.points("orders-db")] == [ended.values["asked"]["image_id"]]


def test_an_image_of_another_installation_is_neither_restored_nor_tagged(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    foreign = _foreign(stage, source)
    own = stage.backup()
    stage.lose(source)
    stage.clock.forward(60)
    stage.look()
    with pytest.raises(UserError, match="this installation made"):
        stage.desk.restore(ASKING, foreign)
    with pytest.raises(UserError, match="not a recovery point"):
        stage.desk.restore(ASKING, "orders-db", point=foreign)
    with pytest.raises(RunFailed, match="left alone"):
        stage.aws.images.tag(stage.aws.images.get(foreign), {"firedrill:proof": "complete"}, hold=stage.clock.now)
    planned = stage.desk.restore(ASKING, "orders-db")
    assert planned.values["image_id"] == own.values["asked"]["image_id"]
    planned.values["image_id"] = foreign
    failed = stage.drive(stage.desk.start(planned))
    assert failed.status is Status.FAILED
    assert failed.problem is not None
    assert "was not made by this installation" in failed.problem.text
    assert made(stage, "RunInstances") == []


def test_an_image_that_bears_the_runs_name_and_is_not_the_runs_is_not_adopted(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    planned = stage.desk.start(stage.desk.drill(ASKING, "orders-db", accept_loss=False))
    name = f"firedrill {planned.key} orders-db"

    def made_by_hand() -> None:
        cloud(stage)("ec2", "create_image", InstanceId=source, Name=name, NoReboot=True)

    stage.lab.faults.before("CreateImage", made_by_hand)
    failed = stage.drive(planned)
    assert failed.status is Status.FAILED
    assert failed.problem is not None
    assert "which this run did not make" in failed.problem.text


def test_a_second_run_on_a_server_is_refused_until_the_first_has_ended(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    starts: list[Callable[[], Run]] = [stage.drill, stage.backup, partial(stage.drill, asked.values["instance_id"])]
    for start in starts:
        with pytest.raises(Busy, match=asked.id):
            start()
    stage.look()
    copy = stage.desk.restore(ASKING, "orders-db", beside=True)
    with pytest.raises(Busy, match=asked.id):
        stage.desk.start(copy)
    assert [run.id for run in stage.store.latest(10)] == [asked.id]
    stage.desk.answer(asked.id, APPROVER, False)
    stage.clock.forward(1)
    stage.step()
    assert stage.backup().status is Status.SUCCEEDED


def test_a_run_by_name_and_a_run_by_id_are_of_the_same_server(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    asked = stage.drill(source)
    with pytest.raises(Busy, match=asked.id):
        stage.drill("orders-db")


def test_an_image_that_an_earlier_try_made_between_the_look_and_the_call_is_adopted(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    run = stage.desk.start(stage.desk.drill(ASKING, "orders-db", accept_loss=False))
    earlier: list[str] = []

    def arrives() -> None:
        """The earlier try's own call, late; sent as it was, so that it bears all of the run's tags."""
        known = stage.store.read(run.id).values
        marks = {
            tags.INSTALLATION: "test", tags.SERVER: "orders-db", tags.RUN: run.key, tags.SOURCE: source,
            tags.CONSISTENCY: "crash-consistent", tags.FACTS: known["facts"]["digest"], tags.LAUNCH: known["launch"],
            tags.PROOF: "created",
        }  # fmt: skip
        earlier.append(
            stage.aws.images.ensure(source, name=tags.image_name("orders-db", run.key), marks=marks, reboot=False).id
        )

    stage.lab.faults.before("CreateImage", arrives)
    asked = stage.drive(run)
    assert asked.status is Status.ASKING, asked.problem
    assert [asked.values["asked"]["image_id"]] == earlier == made(stage, "CreateImage")


# ── workers that die or freeze ───────────────────────────────────────────────────────────────────────────


def test_a_worker_that_dies_in_any_step_leaves_one_of_everything(stage: Stage) -> None:
    clean = clean_drill(stage)
    stage.seed(disks=SMALL)
    then = mark(stage)
    run = stage.desk.start(stage.desk.drill(ASKING, "orders-db", accept_loss=False))
    died = [each.name for each in run.steps if _dies_in(stage, run, each.name)]
    assert stage.store.read(run.id).status is Status.SUCCEEDED
    assert [each.name for each in run.steps if each.name not in died] == ["report", "verdict"]  # they ask AWS nothing
    assert since(stage, then).effects == clean.effects


def _dies_in(stage: Stage, run: Run, step: str) -> bool:
    """Drive the run on until a worker dies in the step, approving what is asked on the way."""
    engine = dying(stage, step)
    try:
        if work(stage, engine, run.id).status is Status.ASKING:
            stage.desk.answer(run.id, APPROVER, True)
            stage.clock.forward(1)
            work(stage, engine, run.id)
    except Died:
        return True
    return False


def _taken_over(stage: Stage, name: str, action: str, late: bool) -> tuple[Run, Clean, list[str]]:
    """A drill whose worker freezes in `action`, before or after AWS has carried it out, for as long as another worker
    needs to bring the run to its question or its end."""
    stage.seed(name, SMALL)
    then = mark(stage)
    other, seen = worker(stage), []
    run = stage.desk.start(stage.desk.drill(ASKING, name, accept_loss=False))

    def take_over() -> None:
        if stage.store.read(run.id).step.name in ("rehearse_calls", "approve_terminate"):
            stage.lab.faults.before(action, take_over)  # a rehearsal makes nothing: wait for the call itself
            return
        seen.append(work(stage, other, run.id).status.value)

    (stage.lab.faults.before if late else stage.lab.faults.after)(action, take_over)
    asked = stage.drive(run)
    assert asked.status is Status.ASKING, asked.problem
    return stage.approve(asked), since(stage, then), seen


@pytest.mark.parametrize("late", [True, False], ids=["its call arrives late", "its answer arrives late"])
def test_a_frozen_worker_makes_nothing_twice_and_writes_nothing(stage: Stage, late: bool) -> None:
    clean = clean_drill(stage)
    for number, action in enumerate(clean.changes):
        ended, done, seen = _taken_over(stage, f"web-{number}", action, late)
        assert seen in (["asking"], ["succeeded"]), action
        assert ended.status is Status.SUCCEEDED, (action, ended.problem)
        twice = done.effects - clean.effects
        assert set(twice) <= ({action} & {"SendCommand", "CreateTags"}), (action, twice)


def test_a_frozen_workers_late_image_is_no_second_image_and_its_record_is_refused(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.seed(disks=SMALL)
    kept: list[Run] = []
    run = stage.desk.start(stage.desk.drill(ASKING, "orders-db", accept_loss=False))
    stage.lab.faults.before("CreateImage", lambda: kept.append(work(stage, worker(stage), run.id)))
    asked = stage.drive(run)
    assert kept == [asked]
    assert "another worker has taken over" in caplog.text
    assert [each.outcome for each in stage.lab.calls if each.action == "CreateImage"] == [
        "ok",
        "InvalidAMIName.Duplicate",
    ]
    assert stage.approve(asked).status is Status.SUCCEEDED
    assert once(stage) == ONCE
