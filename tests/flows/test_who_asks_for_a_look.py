"""When a fresh look at AWS is asked for, and what one that does not come holds up."""

import logging
from threading import Event, Thread

import pytest

from tests.flows.scene import SMALL
from tests.stage import Stage
from workflows.aws import Home
from workflows.errors import UserError
from workflows.lookout import OLD, Lookout

#: Seconds after which something that waits counts as stuck.
LONG = 20.0


def nobody(stage: Stage, patience: float) -> bool:
    """Looks for a server that is not there. Gives whether a fresh look was asked for."""
    with pytest.raises(UserError):
        Lookout(stage.board, stage.clock, patience).find(lambda known: known.server_of("nobody"))
    return stage.board.take_wanted()


def test_who_does_not_wait_for_a_look_asks_for_one_only_where_the_last_is_old(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.board.take_wanted()
    assert [nobody(stage, patience=0), nobody(stage, patience=0.01)] == [False, True]
    stage.clock.forward(OLD + 1)
    assert nobody(stage, patience=0)
    stage.look()
    assert not nobody(stage, patience=0)


def test_what_workers_of_another_version_saw_is_as_good_as_not_seen_and_ends_nothing(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.board.put_inventory('{"of": "another version"}')
    lookout = Lookout(stage.board, stage.clock, patience=0)
    assert lookout.last() is None
    with pytest.raises(UserError, match="No worker has looked"):
        lookout.find(lambda known: known.server_of("orders-db"))
    said = [each.message for each in caplog.records if each.levelno == logging.WARNING]
    assert said == ["what the workers last saw was written by another version; update all processes"]
    stage.seed(disks=SMALL)
    assert lookout.find(lambda known: known.server_of("orders-db")) == "orders-db"


def test_an_aws_that_does_not_say_whose_account_it_is_holds_up_nobody_else(stage: Stage) -> None:
    home, asked, answers = Home("test", stage.lab.url), Event(), Event()

    def waits() -> None:
        asked.set()
        assert answers.wait(LONG)

    stage.lab.faults.before("GetCallerIdentity", waits)
    first = Thread(target=home.region, args=("us-east-1",), daemon=True)
    first.start()
    assert asked.wait(LONG)
    second = Thread(target=home.region, args=("us-east-1",), daemon=True)
    second.start()
    second.join(LONG)
    stuck = second.is_alive()
    answers.set()
    first.join(LONG)
    assert not stuck
    assert home.region("us-east-1") is home.region("us-east-1")
