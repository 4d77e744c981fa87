"""What a worker leaves for the bot once a minute: how fresh each server's backups are, from AWS and from the runs."""

from dataclasses import replace

from tests.stage import OPERATOR, Stage
from workflows import freshness
from workflows.engine.happened import NOWHERE
from workflows.engine.run import Status
from workflows.engine.watchbook import Watchbook
from workflows.facts.targets import Targets
from workflows.freshness import Freshness
from workflows.schedules.schedule import Schedule
from workflows.survey import Survey
from workflows.watch import Watch, warned_from_json


def surveyed(stage: Stage) -> dict[str, Freshness]:
    """Each server, as the bot reads it."""
    stage.clock.forward(1)
    watch = Watch(Watchbook(stage.store.redis), stage.calendar.all)
    Survey(
        stage.store, stage.board, stage.clock, stage.home, ("us-east-1",), stage.profile_for, stage.calendar, watch
    ).take()
    return {each.server: each for each in freshness.from_json(stage.board.freshness() or b"").servers}


def test_a_server_is_never_backed_up_then_backed_up_then_proven_by_a_drill_that_gives_its_rto(stage: Stage) -> None:
    stage.profiles["orders-db"] = replace(stage.profiles["orders-db"], targets=Targets(rpo=3600, proof=86400))
    source = stage.seed()
    first = surveyed(stage)["orders-db"]
    assert (first.instances, first.point_at, first.proven_at, first.drill) == ((source,), None, None, None)
    assert (first.rpo, first.proof, first.worst(stage.clock.now())) == (3600, 86400, "never")
    backup = stage.backup()
    second = surveyed(stage)["orders-db"]
    assert second.point == backup.values["point"]["image_id"]
    assert second.point_at is not None
    assert backup.created < second.point_at < stage.clock.now()
    assert (second.backup_standing(stage.clock.now()), second.proof_standing(stage.clock.now())) == ("ok", "never")
    drill = stage.approve(stage.drill())
    assert drill.status is Status.SUCCEEDED
    third = surveyed(stage)["orders-db"]
    assert third.drill is not None
    assert third.drill.rto is not None
    assert (third.drill.run, third.drill.passed, third.proven_by) == (drill.id, True, drill.id)
    assert third.worst(stage.clock.now()) == "ok"


def test_a_backup_that_grows_too_old_is_warned_of_until_the_next_one_is_complete(stage: Stage) -> None:
    stage.profiles["orders-db"] = replace(stage.profiles["orders-db"], targets=Targets(rpo=7200))
    stage.seed()
    stage.backup()
    surveyed(stage)
    for _ in range(3):
        stage.clock.forward(3500)
        surveyed(stage)
    stage.backup()
    surveyed(stage)
    warned = [warned_from_json(each) for each in Watchbook(stage.store.redis).untold().values()]
    told = sorted((change.until - each.at, change.level) for each in warned for change in each.changes)
    assert [level for _, level in told] == ["missed", "soon", "ok"]


def test_each_server_is_told_the_schedules_that_name_it_by_name_or_by_tag(stage: Stage) -> None:
    stage.seed("orders-db", tags={"Team": "orders"})
    stage.seed("wiki")
    named = Schedule("", "drill", "wiki", "every day at 03:00", "UTC", OPERATOR, "C0DROPS", 0.0)
    for target in ("wiki", "tag:Team=orders", "nobody"):
        stage.calendar.add(replace(named, target=target), NOWHERE)
    known = surveyed(stage)
    assert {name: each.schedules for name, each in known.items()} == {"orders-db": ("S-0002",), "wiki": ("S-0001",)}


def test_a_drill_too_long_ago_to_be_among_the_latest_runs_is_still_known(stage: Stage) -> None:
    stage.seed()
    drill = stage.approve(stage.drill())
    assert surveyed(stage)["orders-db"].drill is not None
    stage.store.redis.delete("dr:index")
    kept = surveyed(stage)["orders-db"].drill
    assert kept is not None
    assert kept.run == drill.id
