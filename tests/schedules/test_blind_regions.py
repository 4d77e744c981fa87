"""A schedule of many servers leaves none out in silence, and a Region that is dark does not stop the others."""

from typing import Any

from handlers.announcements import Outlook, announcement, replies
from handlers.grammar import parse
from tests.schedules.table import HERE, again, nightly, soonest, timetable
from tests.schedules.team import Team, shown
from tests.stage import ASKING, OPERATOR, Stage
from workflows import inventory
from workflows.desk import Desk
from workflows.engine.batches import Batches
from workflows.engine.run import Run
from workflows.inventory import Inventory, Sighting
from workflows.schedules.beginning import PATIENCE
from workflows.schedules.occurrence import Occurrence, State
from workflows.schedules.timetable import Timetable

WHY = "AWS does not answer in eu-west-1."


def _seen(stage: Stage, *, blind: bool) -> None:
    now, tags = stage.clock.now(), {"Env": "prod"}
    where = {"us-east-1": 4} if blind else {"us-east-1": 4, "eu-west-1": 2}
    found = tuple(
        Sighting(f"{region}-{n}", f"i-{region}-{n}", "running", region, now, tags)
        for region, number in where.items()
        for n in range(number)
    )
    dark = ((WHY,), ("eu-west-1",)) if blind else ((), ())
    known = Inventory(now, "0" * 12, ("us-east-1", "eu-west-1"), found, (), *dark)
    stage.board.put_inventory(inventory.to_json(known))


def _due(stage: Stage) -> Occurrence:
    """In that moment the look at one Region fails."""
    _seen(stage, blind=False)
    nightly(stage, target="tag:Env=prod")
    timetable(stage).tick()
    stage.clock.forward(3600)
    _seen(stage, blind=True)
    timetable(stage).tick()
    return again(stage, soonest(stage))


def test_a_look_that_failed_just_then_is_waited_for_and_nothing_is_left_out(stage: Stage) -> None:
    each = _due(stage)
    assert each.state is State.HELD
    assert f"eu-west-1 could not be looked at ({WHY[:-1]})" in each.why
    stage.clock.forward(60)
    _seen(stage, blind=False)
    timetable(stage).tick()
    begun = again(stage, each)
    assert (begun.state, len(begun.runs), begun.why) == (State.STARTED, 6, "")


def test_a_region_that_is_seen_again_while_it_is_planned_without_it_is_not_left_out(stage: Stage) -> None:
    each = _due(stage)

    class Desks(Desk):
        """At which a worker has looked anew when the runs are planned."""

        def backup(self, *given: Any, **more: Any) -> list[Run]:
            planned = super().backup(*given, **more)
            _seen(stage, blind=False)
            return planned

    stage.clock.forward(60)
    desk = Desks(stage.store, stage.board, stage.clock, stage.profile_for, patience=0.0)
    Timetable(stage.agenda, desk, stage.clock).tick()
    assert again(stage, each).state is State.HELD
    timetable(stage).tick()
    assert len(again(stage, each).runs) == 6


def test_whoever_decides_something_while_a_region_is_dark_is_answered_at_once(team: Team) -> None:
    stage = team.stage
    _seen(stage, blind=True)
    nightly(stage, target="tag:Env=prod")
    timetable(stage).tick()
    team.tell()
    assert "Not seen now" in shown(team.message())
    stage.calendar.skip(soonest(stage).id, OPERATOR, HERE)
    team.tell()
    assert "Skipped" in shown(team.message())


def test_a_region_that_stays_dark_is_left_out_by_name_and_the_others_begin(stage: Stage) -> None:
    each = _due(stage)
    stage.clock.forward(PATIENCE)
    timetable(stage).tick()
    begun = again(stage, each)
    assert (begun.state, len(begun.runs)) == (State.STARTED, 4)
    (reply,) = replies(begun, Outlook())
    batch = Batches(stage.store.redis, stage.clock).read(stage.store.read(begun.runs[0]).batch)
    assert batch is not None
    for told in (reply.text, str(announcement(begun, Outlook()).blocks), batch.unseen):
        assert f"eu-west-1 could not be looked at ({WHY[:-1]})" in told
    assert f"<@{OPERATOR.id}>" in reply.text


def test_an_announcement_says_which_region_is_not_seen_and_looks_again(team: Team) -> None:
    stage = team.stage
    _seen(stage, blind=True)
    nightly(stage, target="tag:Env=prod")
    for blind in (True, False):
        _seen(stage, blind=blind)
        timetable(stage).tick()
        team.tell()
        assert ("Not seen now" in shown(team.message())) is blind
        stage.clock.forward(31)


def test_a_look_at_aws_names_the_regions_that_it_could_not_see(stage: Stage) -> None:
    stage.seed(tags={"Env": "prod"})
    known = inventory.taken(stage.home, ["us-east-1", "xx-dark-1"], stage.clock.now())
    assert ([each.region for each in known.living("tag:Env=prod")], known.blind) == (["us-east-1"], ("xx-dark-1",))
    assert known.unseen("tag:Env=prod").startswith(f"xx-dark-1 could not be looked at ({known.troubles[0][:20]}")
    assert known.unseen("orders-db") == ""


def test_whoever_asks_for_it_by_hand_is_told_too_what_was_not_seen(stage: Stage) -> None:
    _seen(stage, blind=True)
    for typed, begun in (("backup tag:Env=prod --dry-run", 0), ("backup tag:Env=prod", 4)):
        told, runs = stage.answers.to(parse(typed), ASKING)
        assert len(runs) == begun
        assert f"eu-west-1 could not be looked at ({WHY[:-1]}), so it is not known which servers" in told
    batch = Batches(stage.store.redis, stage.clock).read(runs[0].batch)
    assert batch
    assert "eu-west-1" in batch.unseen
    assert "could not be looked at" not in stage.answers.to(parse("backup us-east-1-0 --dry-run"), ASKING)[0]
