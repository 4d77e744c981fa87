"""A Region in which nothing answers takes one look at a time of each kind, and so no more than a thread or two of a
worker: whoever waits for it holds up nobody who does not."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from practice.redis_server import free_port
from tests.flows.scene import SMALL
from tests.stage import Stage
from workflows.aws.calls import NOT_ASKED, Calls
from workflows.aws.clients import Clients
from workflows.aws.commands import Commands
from workflows.aws.shared import Shared
from workflows.aws.silence import LOST
from workflows.engine.run import Status
from workflows.errors import AwsRefused, HeldBack, Unreachable


class Dark:
    """An address that takes every call and answers none."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", free_port()))
        self._server.settimeout(20)
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.outcomes: list[str] = []
        self.clients = Clients(self.url)

    def calls(self, region: str = "eu-west-1") -> Calls:
        return Calls(region, clients=self.clients, observed=lambda verb, outcome, _: self.outcomes.append(outcome))

    def called(self) -> socket.socket:
        """The next call, which waits for its answer from now on."""
        return self._server.accept()[0]

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def dark(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dark]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    made = Dark()
    yield made
    made.close()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as pool:
        yield pool


def lose(dark: Dark, threads: ThreadPoolExecutor, *call: str, **params: Any) -> None:
    """One call whose answer is lost: a look, unless another is named."""
    asked = threads.submit(dark.calls(), *(call or ("ec2", "describe_images")), **params)
    dark.called().close()
    with pytest.raises(Unreachable, match="gave no answer"):
        asked.result()


def test_while_one_look_waits_for_a_dark_region_all_others_are_told_at_once(
    dark: Dark, threads: ThreadPoolExecutor
) -> None:
    for _ in range(LOST):
        lose(dark, threads)
    first = threads.submit(dark.calls(), "ec2", "describe_images")
    hangs = dark.called()
    for _ in range(20):
        with pytest.raises(Unreachable, match="gives no answer to DescribeImages in eu-west-1"):
            dark.calls()("ec2", "describe_images")
    assert not first.done()
    assert dark.outcomes == ["no answer"] * LOST + [NOT_ASKED] * 20
    hangs.close()
    with pytest.raises(Unreachable, match="gave no answer"):
        first.result()
    lose(dark, threads)


def test_what_is_not_dark_is_asked_by_as_many_as_like(dark: Dark, threads: ThreadPoolExecutor) -> None:
    image = "ami-0123456789abcdef0"
    for _ in range(LOST):
        lose(dark, threads)
        lose(dark, threads, "ssm", "list_command_invocations")
        lose(dark, threads, "ec2", "deregister_image", ImageId=image)
    asked = [threads.submit(dark.calls(), "ec2", "describe_images")]
    asked += [threads.submit(dark.calls("us-east-1"), "ec2", "describe_images") for _ in range(3)]
    asked += [threads.submit(dark.calls(), "ec2", "describe_instances") for _ in range(3)]
    asked += [threads.submit(dark.calls(), "ssm", "list_command_invocations") for _ in range(3)]
    asked += [threads.submit(dark.calls(), "ec2", "deregister_image", ImageId=image) for _ in range(3)]
    hanging = [dark.called() for _ in asked]
    assert not any(each.done() for each in asked)
    for each in hanging:
        each.close()


def test_whoever_lets_go_of_a_frozen_server_is_never_told_that_another_asks_already(
    dark: Dark, threads: ThreadPoolExecutor
) -> None:
    calls = dark.calls()

    def let_go() -> str:
        return Commands(calls, Shared(None, "eu-west-1")).ensure_sent(
            "i-0123456789abcdef0", "#!/bin/sh\n", "D-0001 thaws", 1_795_000_000
        )

    for _ in range(LOST):
        sent = threads.submit(let_go)
        dark.called().close()
        assert isinstance(sent.exception(), Unreachable)
    both = [threads.submit(let_go) for _ in range(2)]
    for hanging in [dark.called() for _ in both]:
        hanging.close()
    assert all(isinstance(each.exception(), Unreachable) for each in both)
    assert NOT_ASKED not in dark.outcomes


def test_fewer_lost_answers_keep_nobody_from_asking(dark: Dark, threads: ThreadPoolExecutor) -> None:
    for _ in range(LOST - 1):
        lose(dark, threads)
    asked = [threads.submit(dark.calls(), "ec2", "describe_images") for _ in range(3)]
    for each in [dark.called() for _ in asked]:
        each.close()
    assert sum(isinstance(each.exception(), Unreachable) for each in asked) == 3
    assert NOT_ASKED not in dark.outcomes


@pytest.mark.parametrize("never_sent", [HeldBack("no token is left for this look", 5), KeyboardInterrupt()])
def test_who_let_its_turn_at_a_dark_region_pass_leaves_it_to_the_next(
    dark: Dark, threads: ThreadPoolExecutor, never_sent: BaseException
) -> None:
    for _ in range(LOST):
        lose(dark, threads)

    def passes() -> None:
        with dark.clients.silence.asking(("eu-west-1", "describe_images")) as may:
            assert may
            raise never_sent

    for _ in range(2):
        with pytest.raises(type(never_sent)):
            passes()
    first = threads.submit(dark.calls(), "ec2", "describe_images")
    hangs = dark.called()
    with pytest.raises(Unreachable, match="gives no answer"):
        dark.calls()("ec2", "describe_images")
    hangs.close()
    assert first.exception()


def test_what_aws_answers_is_no_silence_whatever_it_says(stage: Stage) -> None:
    outcomes: list[str] = []
    calls = Calls("us-east-1", clients=stage.clients, observed=lambda verb, outcome, _: outcomes.append(outcome))
    stage.lab.faults.refuse("DescribeInstances", "InternalError", 500, times=LOST + 1)
    for _ in range(LOST + 1):
        with pytest.raises(Unreachable, match="answered"):
            calls("ec2", "describe_instances")
    with stage.clients.silence.asking(("us-east-1", "describe_instances")):
        assert calls("ec2", "describe_instances")["Reservations"] == []
    stage.lab.faults.lose_answer("DescribeInstances", times=LOST)
    for _ in range(LOST):
        with pytest.raises(Unreachable, match="no answer"):
            calls("ec2", "describe_instances")
    with pytest.raises(AwsRefused):
        calls("ec2", "describe_instances", InstanceIds=["i-0123456789abcdef0"])
    with stage.clients.silence.asking(("us-east-1", "describe_instances")):
        assert calls("ec2", "describe_instances")["Reservations"] == []


def test_the_first_answer_lets_all_ask_again(stage: Stage) -> None:
    calls = Calls("us-east-1", clients=stage.clients)
    stage.lab.faults.lose_answer("DescribeInstances", times=LOST)
    for _ in range(LOST):
        with pytest.raises(Unreachable, match="no answer"):
            calls("ec2", "describe_instances")
    assert calls("ec2", "describe_instances")["Reservations"] == []
    with stage.clients.silence.asking(("us-east-1", "describe_instances")) as may:
        assert may
        assert calls("ec2", "describe_instances")["Reservations"] == []


def test_a_run_in_a_region_that_went_dark_goes_on_when_it_answers_again(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.lab.faults.lose_answer("DescribeInstances", times=2 * LOST)
    assert stage.backup().status is Status.SUCCEEDED
    assert not stage.lab.faults.strikes("lose")
