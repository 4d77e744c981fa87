"""Systems Manager: scripts really run on the disks, for the agents that are there."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from practice.cloud.sandbox import bwrap_works
from tests.clock import HandClock
from tests.practice.cloud_lab import Cloud, code


@pytest.fixture
def cloud(tmp_path: Path, clock: HandClock) -> Iterator[Cloud]:
    with Cloud(tmp_path, clock) as made:
        yield made


def test_a_script_really_runs_on_the_tree_of_the_server(cloud: Cloud) -> None:
    source = cloud.server()
    result = cloud.run(source, 'cd "${DR_ROOT:-}/"', "cat etc/orders.conf", "echo new >./srv/new; echo bad >&2; exit 3")
    assert (result["Status"], result["ResponseCode"]) == ("Failed", 3)
    assert result["StandardOutputContent"] == "port = 5432\n"
    assert result["StandardErrorContent"] == "bad\nfailed to run commands: exit status 3"
    assert (cloud.lab.tree(source) / "srv/new").read_text() == "new\n"


def test_a_script_sees_nothing_of_our_environment_and_no_input(cloud: Cloud) -> None:
    source = cloud.server()
    result = cloud.run(source, "env | sed 's/=.*//' | sort | tr '\\n' ' '; cat; pwd")
    names = set(result["StandardOutputContent"].splitlines()[0].split(" ")[:-1])
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {"PATH", "LANG", "HOME", "DR_ROOT"}
    assert result["StandardOutputContent"].endswith(f"{cloud.lab.tree(source)}\n")


def test_an_invocation_is_unknown_then_pending_then_in_progress_then_done(cloud: Cloud) -> None:
    source = cloud.server()
    command = cloud.send(source, "echo done")
    with pytest.raises(ClientError) as refused:
        cloud.result(command, source)
    assert code(refused.value) == "InvocationDoesNotExist"
    seen = []
    for _ in range(4):
        cloud.clock.forward(1)
        result = cloud.result(command, source)
        seen.append((result["Status"], result["ResponseCode"], result["StandardOutputContent"]))
    assert seen == [("Pending", -1, ""), ("InProgress", -1, ""), ("InProgress", -1, ""), ("Success", 0, "done\n")]
    listed = cloud.ssm.list_command_invocations(CommandId=command, Details=True)["CommandInvocations"]
    assert [(each["InstanceId"], each["CommandPlugins"][0]["Output"]) for each in listed] == [(source, "done\n")]


def test_the_agent_comes_online_some_time_after_the_boot_and_goes_with_the_machine(cloud: Cloud) -> None:
    source = cloud.server()
    image = cloud.image(source)
    profile = {"Arn": cloud.instance(source)["IamInstanceProfile"]["Arn"]}
    restored = cloud.ec2.run_instances(ImageId=image, IamInstanceProfile=profile, MinCount=1, MaxCount=1)
    instance = restored["Instances"][0]["InstanceId"]

    def ping() -> list[str]:
        filters = [{"Key": "InstanceIds", "Values": [instance]}]
        found = cloud.ssm.describe_instance_information(Filters=filters)["InstanceInformationList"]
        return [each["PingStatus"] for each in found]

    assert ping() == []
    cloud.clock.forward(29)
    assert ping() == []
    with pytest.raises(ClientError) as refused:
        cloud.send(instance, "true")
    assert code(refused.value) == "InvalidInstanceId"
    cloud.clock.forward(1)
    assert ping() == ["Online"]
    cloud.ec2.stop_instances(InstanceIds=[instance])
    assert ping() == ["ConnectionLost"]
    cloud.ec2.terminate_instances(InstanceIds=[instance])
    assert ping() == []
    with pytest.raises(ClientError) as refused:
        cloud.send(instance, "true")
    assert code(refused.value) == "InvalidInstanceId"


def test_an_instance_without_a_profile_never_comes_online(cloud: Cloud) -> None:
    restored = cloud.launch(cloud.image(cloud.server(profile=False)))
    cloud.clock.forward(10_000)
    assert cloud.ssm.describe_instance_information()["InstanceInformationList"] == []
    with pytest.raises(ClientError):
        cloud.send(restored, "true")


def test_agents_come_in_pages(cloud: Cloud) -> None:
    for number in range(12):
        cloud.server(f"web-{number}")
    pages = list(cloud.ssm.get_paginator("describe_instance_information").paginate())
    assert [len(page["InstanceInformationList"]) for page in pages] == [10, 2]


def test_an_unknown_document_and_a_script_that_is_too_long_are_refused(cloud: Cloud) -> None:
    source = cloud.server()
    with pytest.raises(ClientError) as refused:
        cloud.ssm.send_command(InstanceIds=[source], DocumentName="AWS-RunNonsense")
    assert code(refused.value) == "InvalidDocument"
    with pytest.raises(ClientError) as refused:
        cloud.send(source, "#" * (64 * 1024 + 1))
    assert code(refused.value) == "MaxDocumentSizeExceeded"
    long = cloud.run(source, ":" + " " * 60_000, "echo end")
    assert long["StandardOutputContent"] == "end\n"
    assert len(cloud.made("SendCommand")) == 1


def test_output_is_cut_where_aws_cuts_it(cloud: Cloud) -> None:
    result = cloud.run(cloud.server(), "yes | head -c 100000; yes | head -c 100000 >&2")
    assert (len(result["StandardOutputContent"]), len(result["StandardErrorContent"])) == (24_000, 8_000)


def test_a_script_over_its_time_is_killed_with_everything_that_it_started(cloud: Cloud) -> None:
    source = cloud.server()
    mark = f"sleep 4711.{os.getpid()}"
    result = cloud.run(source, f"{mark} & echo begun; {mark}", executionTimeout=["1"])
    assert (result["Status"], result["ResponseCode"]) == ("TimedOut", -1)
    assert result["StandardOutputContent"] == "begun\n"
    running = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            running.append(Path("/proc", name, "cmdline").read_bytes().replace(b"\0", b" ").decode().strip())
    assert mark not in running


def test_without_isolation_only_known_scripts_run(tmp_path: Path, clock: HandClock) -> None:
    with Cloud(tmp_path, clock, accepts=False) as strict:
        source = strict.server()
        with pytest.raises(ClientError) as refused:
            strict.send(source, "echo hello >srv/new")
        assert code(refused.value) == "AccessDeniedException"
        assert not (strict.lab.tree(source) / "srv/new").exists()
        assert strict.lab.effects == []


@pytest.mark.skipif(not bwrap_works(), reason="bwrap cannot make namespaces here")
def test_in_isolation_the_tree_is_the_root_and_any_script_may_run(tmp_path: Path, clock: HandClock) -> None:
    with Cloud(tmp_path, clock, sandbox=True, accepts=False) as isolated:
        source = isolated.server()
        secret = tmp_path / "secret"
        secret.write_text("of the host")
        result = isolated.run(
            source, f'cat "${{DR_ROOT:-}}/data/orders/2.csv"; echo 3 >/data/orders/3.csv; cat {secret}'
        )
        assert result["StandardOutputContent"] == "2\n"
        assert "No such file" in result["StandardErrorContent"]
        assert (isolated.lab.tree(source) / "data/orders/3.csv").read_text() == "3\n"
        assert not (isolated.lab.tree(source) / "usr").exists()


def test_the_end_of_the_machine_is_the_end_of_its_scripts(cloud: Cloud) -> None:
    source = cloud.server()
    sent: list[str] = []
    thread = threading.Thread(target=lambda: sent.append(cloud.send(source, "echo x >srv/begun; sleep 60")))
    thread.start()
    while thread.is_alive() and not (cloud.lab.tree(source) / "srv/begun").exists():
        pass
    cloud.ec2.terminate_instances(InstanceIds=[source])
    thread.join(5)
    assert sent
    cloud.clock.forward(4)
    assert cloud.result(sent[0], source)["Status"] == "Failed"
    assert not cloud.lab.tree(source).exists()


def test_what_has_a_session_of_its_own_outlives_its_script_and_ends_with_the_machine(cloud: Cloud) -> None:
    source = cloud.server()
    left = 'setsid sh -c \'echo $$ >"$DR_ROOT/tmp/new"; mv "$DR_ROOT/tmp/new" "$DR_ROOT/tmp/pid"; exec sleep 600\''
    wait = 'until [ -e "$DR_ROOT/tmp/pid" ]; do sleep 0.05; done'
    cloud.run(source, f"{left} </dev/null >/dev/null 2>&1 &", "sleep 600 &", wait)
    process = Path("/proc", (cloud.lab.tree(source) / "tmp/pid").read_text().strip())
    assert process.exists()
    assert cloud.lab.effects[-1].call == "SendCommand"
    cloud.ec2.terminate_instances(InstanceIds=[source])
    assert not process.exists() or "Z" in (process / "stat").read_text().split(")")[1]


@pytest.mark.skipif(not bwrap_works(), reason="bwrap does not work on this machine")
def test_what_outlives_its_script_in_a_namespace_of_its_own_ends_with_the_machine(
    tmp_path: Path, clock: HandClock
) -> None:
    with Cloud(tmp_path, clock, sandbox=True) as cloud:
        source = cloud.server()
        beat = "while sleep 0.05; do date +%s.%N >/tmp/new; mv /tmp/new /tmp/beat; done"
        cloud.run(source, f"setsid sh -c '{beat}' </dev/null >/dev/null 2>&1 &", "until [ -e /tmp/beat ]; do :; done")
        file = cloud.lab.tree(source) / "tmp/beat"
        before = file.read_text()
        until(lambda: file.read_text() != before)
        cloud.lab.stop()
        until(lambda: not any(_bears(each, cloud.lab.tree(source)) for each in Path("/proc").glob("[0-9]*/environ")))


def until(look: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not look():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def _bears(environment: Path, tree: Path) -> bool:
    with contextlib.suppress(OSError):
        return str(tree).encode() in environment.read_bytes() and "Z" not in (environment.parent / "stat").read_text()
    return False
