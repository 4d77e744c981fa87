"""AWS did what it was asked for, and the answer never came."""

from tests.flows.scene import ONCE, SMALL, Clean, Watch, asked_for, clean_drill, mark, once, since
from tests.stage import ASKING, Stage
from workflows.engine.run import Run, Status


def _drill_that_loses(stage: Stage, name: str, *actions: str) -> tuple[Run, Clean, Watch]:
    """A drill that loses the first answer to each of the actions, and the first one after the approval."""
    stage.seed(name, SMALL)
    then, watch = mark(stage), Watch(stage)
    for action in actions:
        stage.lab.faults.lose_answer(action)
    asked = stage.drive(stage.desk.start(stage.desk.drill(ASKING, name, accept_loss=False)), until=watch)
    assert asked.status is Status.ASKING, asked.problem
    stage.lab.faults.clear()
    for action in actions:
        stage.lab.faults.lose_answer(action)
    stage.approve(asked)
    stage.lab.faults.clear()
    return stage.store.read(asked.id), since(stage, then), watch


def test_the_lost_answer_of_any_change_in_a_drill_changes_nothing_twice(stage: Stage) -> None:
    clean = clean_drill(stage)
    assert {"CreateImage", "CreateLaunchTemplate", "SendCommand", "TerminateInstances"} < set(clean.changes)
    for number, action in enumerate(clean.changes):
        ended, done, _ = _drill_that_loses(stage, f"web-{number}", action)
        assert ended.status is Status.SUCCEEDED, (action, ended.problem)
        twice = done.effects - clean.effects
        assert set(twice) <= ({action} & {"CreateTags"}), (action, twice)  # the same tag twice is the same tag


def test_every_lost_look_is_told_as_unreachable_and_looked_again(stage: Stage) -> None:
    clean = clean_drill(stage)
    ended, done, watch = _drill_that_loses(stage, "orders-db", *clean.looks)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert done.effects == clean.effects
    assert all(each.startswith("unreachable: AWS gave no answer") for each in watch.troubles)
    assert any("unreachable" in each for each in watch.cards)


def test_the_lost_answer_of_any_change_in_a_backup_changes_nothing_twice(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    assert stage.backup().status is Status.SUCCEEDED
    then = mark(stage)
    assert stage.backup().status is Status.SUCCEEDED
    clean = since(stage, then)
    assert "CreateLaunchTemplateVersion" in clean.changes
    for action in clean.changes:
        stage.lab.faults.lose_answer(action)
        then = mark(stage)
        ended = stage.backup()
        assert ended.status is Status.SUCCEEDED, (action, ended.problem)
        assert set(since(stage, then).effects - clean.effects) <= {"CreateTags"}, action


def test_the_lost_answer_of_the_disaster_is_no_second_disaster(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.lab.faults.lose_answer("TerminateInstances")
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert once(stage) == ONCE
    assert len(asked_for(stage, "TerminateInstances")) == 1
    assert 0 < ended.values["report"]["rto_validated"] < 1800
