"""Requests that name something wrong: the answer says what was wrong and what is right, and nothing is started."""

from collections.abc import Callable

import pytest

from tests.flows.scene import SMALL, cloud
from tests.stage import APPROVER, ASKING, Stage
from workflows.errors import UserError

Ask = Callable[[Stage, str], object]


def _backup(stage: Stage, target: str) -> object:
    return stage.desk.backup(ASKING, target, reboot=False, accept_loss=False)


def _drill(stage: Stage, target: str) -> object:
    return stage.desk.drill(ASKING, target, accept_loss=False)


def _restore(stage: Stage, target: str) -> object:
    return stage.desk.restore(ASKING, target)


def _refused(stage: Stage, ask: Ask, target: str) -> UserError:
    """The answer. Nothing was started, nothing was asked of the cloud but to look."""
    runs, effects = stage.store.latest(10), len(stage.lab.effects)
    with pytest.raises(UserError) as refused:
        ask(stage, target)
    assert refused.value.text
    assert refused.value.hint
    assert stage.store.latest(10) == runs
    assert len(stage.lab.effects) == effects
    return refused.value


EVERY = pytest.mark.parametrize("ask", [_backup, _drill, _restore])


@EVERY
def test_an_unknown_server_is_named_with_what_is_alike(stage: Stage, ask: Ask) -> None:
    stage.seed(disks=SMALL)
    answer = _refused(stage, ask, "order-db")
    assert "No server is called *order-db* in us-east-1 of account 000000000000" in answer.text
    assert "Did you mean `orders-db`?" in answer.text
    assert "tag:Key=Value" in answer.hint
    assert "Did you mean" not in _refused(stage, ask, "zzz").text


@EVERY
def test_an_unknown_instance_is_named_with_where_it_was_looked_for(stage: Stage, ask: Ask) -> None:
    stage.seed(disks=SMALL)
    answer = _refused(stage, ask, "i-0123456789abcdef0")
    assert "`i-0123456789abcdef0` in us-east-1 of account" in answer.text
    assert "another Region" in answer.hint


@pytest.mark.parametrize("ask", [_backup, _drill])
def test_two_servers_of_one_name_must_be_told_apart_by_id(stage: Stage, ask: Ask) -> None:
    ids = {stage.seed(disks=SMALL), stage.seed(disks=SMALL)}
    answer = _refused(stage, ask, "orders-db")
    assert "2 instances are called *orders-db*" in answer.text
    assert all(each in answer.text for each in ids)
    assert "by its id" in answer.hint


@pytest.mark.parametrize("ask", [_backup, _drill])
def test_a_terminated_server_without_a_recovery_point_is_told_to_be_gone(stage: Stage, ask: Ask) -> None:
    source = stage.seed(disks=SMALL)
    stage.lose(source)
    stage.look()
    for target in ("orders-db", source):
        answer = _refused(stage, ask, target)
        assert "`shutting-down`" in answer.text
        assert "No recovery point of it is known" in answer.hint


@pytest.mark.parametrize("ask", [_backup, _drill])
def test_a_terminated_server_that_has_a_recovery_point_is_told_how_it_comes_back(stage: Stage, ask: Ask) -> None:
    source = stage.seed(disks=SMALL)
    stage.backup()
    stage.lose(source)
    stage.look()
    for target in ("orders-db", source):
        assert "/dr restore orders-db" in _refused(stage, ask, target).hint


@pytest.mark.parametrize("ask", [_backup, _drill])
def test_the_id_of_a_lost_instance_is_answered_with_the_one_that_took_its_place(stage: Stage, ask: Ask) -> None:
    source = stage.seed(disks=SMALL)
    ended = stage.approve(stage.drill())
    stage.look()
    answer = _refused(stage, ask, source)
    assert f"`{source}` is `terminated`: *orders-db* is `{ended.values['replacement_id']}` now." in answer.text
    assert "/dr backup orders-db" in answer.hint


def test_a_restore_of_a_living_server_and_of_one_without_a_point_is_refused(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    assert "is alive" in _refused(stage, _restore, "orders-db").text
    stage.lose(source)
    stage.look()
    answer = _refused(stage, _restore, "orders-db")
    assert "has no recovery point" in answer.text
    assert "/dr backup orders-db" in answer.hint


def test_a_wrong_region_an_unknown_image_and_a_point_of_another_server_are_refused(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.seed("billing", SMALL)
    stage.seed("fresh-db", SMALL)
    other = stage.backup("billing").values["asked"]["image_id"]
    stage.backup()
    where = _refused(stage, lambda s, t: s.desk.restore(ASKING, t, region="eu-west-1", beside=True), "orders-db")
    assert "does not work in `eu-west-1`" in where.text
    assert "`us-east-1`" in where.hint
    theirs = _refused(stage, lambda s, t: s.desk.restore(ASKING, t, point=other, beside=True), "fresh-db")
    assert "is not a recovery point of *fresh-db*" in theirs.text
    unknown = _refused(stage, _restore, "ami-0123456789abcdef0")
    assert "this installation made" in unknown.text
    theirs = _refused(stage, lambda s, t: s.desk.restore(ASKING, t, point=other, beside=True), "orders-db")
    assert "is not a recovery point of *orders-db*" in theirs.text
    early = _refused(stage, lambda s, t: s.desk.restore(ASKING, t, as_of=1.0, beside=True), "orders-db")
    assert "has no complete recovery point as of" in early.text
    proven = _refused(stage, lambda s, t: s.desk.restore(ASKING, t, point="proven", beside=True), "orders-db")
    assert "has no proven recovery point" in proven.text


def test_an_image_that_is_gone_or_only_created_is_not_restored(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    gone = stage.backup().values["asked"]["image_id"]
    cloud(stage)("ec2", "deregister_image", ImageId=gone)
    stage.lab.faults.fail_image()
    failed = stage.backup().values["asked"]["image_id"]
    stage.look()
    assert "this installation made" in _refused(stage, _restore, gone).text

    def beside(stage: Stage, target: str) -> object:
        return stage.desk.restore(ASKING, target, beside=True)

    answer = _refused(stage, beside, failed)
    assert f"`{failed}` cannot be restored: its image is `failed`" in answer.text


@EVERY
def test_a_malformed_tag_is_answered_with_an_example(stage: Stage, ask: Ask) -> None:
    stage.seed(disks=SMALL, tags={"Environment": "production"})
    for target in ("tag:", "tag:Environment", "tag:=production"):
        answer = _refused(stage, ask, target)
        assert f"`{target}` is not a tag" in answer.text
        assert "tag:Environment=production" in answer.hint


def test_a_tag_of_several_servers_is_backed_up_and_neither_drilled_nor_restored(stage: Stage) -> None:
    for name in ("orders-db", "billing"):
        stage.seed(name, SMALL, tags={"Environment": "production"})
    drill = _refused(stage, _drill, "tag:Environment=production")
    assert "names 2 servers" in drill.text
    assert "orders-db" in drill.text
    assert "billing" in drill.text
    assert "names 2 servers" in _refused(stage, _restore, "tag:Environment=production").text
    nobody = _refused(stage, _backup, "tag:Environment=test")
    assert "`Environment` = `test`" in nobody.text
    planned = stage.desk.backup(ASKING, "tag:Environment=production", reboot=False, accept_loss=False)
    assert {each.target.server for each in planned} == {"orders-db", "billing"}


def test_names_that_would_format_or_mention_are_shown_as_they_are(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    answer = _refused(stage, _backup, "<!channel>`*x*")
    assert "<!channel>" not in answer.text
    assert "&lt;!channel&gt;" in answer.text


def test_an_unknown_run_is_told_so_by_every_move(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    moves: list[Callable[[str], object]] = [
        lambda run: stage.desk.answer(run, APPROVER, True),
        lambda run: stage.desk.cancel(run, APPROVER),
        lambda run: stage.desk.retry(run, APPROVER),
        stage.store.read,
    ]
    for move in moves:
        with pytest.raises(UserError, match="There is no run `D-9999`") as refused:
            move("D-9999")
        assert "/dr runs" in refused.value.hint


def test_without_any_worker_the_answer_says_so(stage: Stage) -> None:
    stage.lab.add_server("orders-db", SMALL)
    answer = _refused(stage, _backup, "orders-db")
    assert "No worker has looked at AWS yet" in answer.text
    assert "firedrill worker" in answer.hint
