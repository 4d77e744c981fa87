"""The console over HTTP: who may use it, and that each of its deeds is one in the lab, in Slack or to a process."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from slack_sdk.errors import SlackApiError

from practice.console.slack_faults import Absence
from practice.workspace import Workspace
from practice.world import MANIFEST, World
from tests.practice.console_world import DELAYS, LONG, client, living, on, post, refused, request, state
from tests.practice.test_console_start import LIVE
from tests.practice.workspace_apps import client_of
from workflows.facts.script import read_recorded, record_script

FILE = "/srv/wiki/LocalSettings.php"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world that was opened in a shell with live credentials in it."""
    with pytest.MonkeyPatch.context() as shell:
        for name, value in LIVE.items():
            shell.setenv(name, value)
        with World(tmp_path_factory.mktemp("world"), DELAYS) as world:
            yield world


@pytest.fixture
def world(opened: World) -> Iterator[World]:
    """Nothing is wrong at first."""
    yield opened
    post(opened, "clear")
    opened.wait_reachable(LONG)


def test_live_credentials_of_the_shell_reach_no_process(world: World) -> None:
    assert set(LIVE) <= set(os.environ)
    for name in ("bot", "worker", "shell"):
        given = world.environment(name)
        assert not set(given.values()) & set(LIVE.values())
        assert "AWS_SESSION_TOKEN" not in given


@pytest.mark.parametrize("path", ["/world/cloud", "/world/state"])
def test_nothing_is_told_without_the_key(world: World, path: str) -> None:
    assert request(world, path)[0] == 200
    assert request(world, path, key="")[0] == 403
    assert request(world, path, key="guessed")[0] == 403
    assert request(world, path, Origin="https://evil.example")[0] == 403


@pytest.mark.parametrize("deed", ["begin", "end", "clear", "finish", "ahead", "play", "list", "open", "save"])
def test_nothing_is_done_without_the_key_nor_for_another_page_nor_by_a_mere_look(world: World, deed: str) -> None:
    assert request(world, f"/world/{deed}", {}, key="")[0] == 403
    for origin in ("https://evil.example", "http://127.0.0.1:1", "null"):
        assert request(world, f"/world/{deed}", {}, Origin=origin)[0] == 403
    assert request(world, f"/world/{deed}")[0] == 405


def test_the_page_says_that_it_is_practice_and_loads_nothing_from_elsewhere(world: World) -> None:
    _, page = request(world, "/world/cloud")
    assert "Practice mode" in page
    assert "http" not in page
    assert world.cloud_url.startswith(world.workspace.url.partition("/?")[0])


def test_an_edited_file_is_what_the_servers_own_agent_measures(world: World) -> None:
    instance = living(world, "wiki")
    before = measured(world, instance)
    text = post(world, "open", instance=instance, path=FILE)
    line = "# written on the page\n"
    post(world, "save", instance=instance, path=FILE, digest=text["digest"], text=text["text"] + line)
    assert measured(world, instance) == before + len(line)
    assert (world.lab.tree(instance) / FILE[1:]).read_text().endswith(line)
    assert "changed meanwhile" in refused(world, "save", instance=instance, path=FILE, digest=text["digest"], text="")


@pytest.mark.parametrize("path", ["../../etc/passwd", "/../../../firedrill.toml", "/etc/../../../x", "/tmp/out/x"])
def test_no_path_leads_out_of_an_instances_disk(world: World, path: str) -> None:
    instance = living(world, "wiki")
    link = world.lab.tree(instance) / "tmp/out"
    if not link.is_symlink():
        link.symlink_to(world.folder)
    for deed in ("list", "open", "save"):
        assert refused(world, deed, instance=instance, path=path, digest="", text="mine")
    for name in ("..", ".", "", "/etc", "i-0", "../volumes"):
        assert "no such instance" in refused(world, "open", instance=name, path="etc/hostname")


def test_a_request_that_is_not_well_formed_is_refused(world: World) -> None:
    assert "not well formed" in refused(world, "open", instance=living(world, "wiki"))
    assert "no such fault" in refused(world, "begin", name="everything")
    assert "no such fault" in refused(world, "begin", name="lose", choice="DescribeImages")
    assert "no such fault" in refused(world, "begin", name="agent", choice="i-0")


def test_a_slow_image_is_pending_until_it_is_told_to_finish(world: World) -> None:
    ec2 = client(world, "ec2")
    post(world, "begin", name="slow_image")
    assert on(world) == ["slow_image"]
    image = ec2.create_image(InstanceId=living(world, "wiki"), Name="slow", NoReboot=True)["ImageId"]
    assert shown(world, "images", image)["state"] == "pending"
    assert world.lab.pace.slow == 60
    post(world, "finish")
    assert shown(world, "images", image)["state"] == "available"
    assert shown(world, "images", image)["progress"] == 100


def test_the_next_image_fails(world: World) -> None:
    post(world, "begin", name="fail_image")
    assert on(world) == ["fail_image"]
    image = client(world, "ec2").create_image(InstanceId=living(world, "wiki"), Name="failed")["ImageId"]
    post(world, "finish")
    assert shown(world, "images", image)["state"] == "failed"
    assert on(world) == []


def test_aws_throttles_and_has_no_capacity_until_it_is_told_otherwise(world: World) -> None:
    ec2, ssm = client(world, "ec2"), client(world, "ssm")
    post(world, "begin", name="throttle")
    assert refusal(ec2.describe_images) == "RequestLimitExceeded"
    assert refusal(ssm.describe_instance_information) == "ThrottlingException"
    post(world, "end", name="throttle")
    ec2.describe_images()
    post(world, "begin", name="capacity")
    assert refusal(lambda: ec2.run_instances(ImageId="ami-0", MinCount=1, MaxCount=1)) == "InsufficientInstanceCapacity"
    assert "capacity" in on(world)
    post(world, "clear")
    assert refusal(lambda: ec2.run_instances(ImageId="ami-0", MinCount=1, MaxCount=1)) == "InvalidAMIID.NotFound"


def test_a_lost_answer_is_carried_out_all_the_same(world: World) -> None:
    post(world, "begin", name="lose", choice="CreateImage")
    ec2 = client(world, "ec2")
    with pytest.raises((BotoCoreError, HTTPClientError)):
        ec2.create_image(InstanceId=living(world, "wiki"), Name="lost", NoReboot=True)
    assert state(world)["effects"][0]["call"] == "CreateImage"
    assert [each["Name"] for each in ec2.describe_images()["Images"]].count("lost") == 1
    assert on(world) == []


def test_one_byte_of_the_next_restored_disk_is_wrong(world: World) -> None:
    ec2, source = client(world, "ec2"), living(world, "wiki")
    image = ec2.create_image(InstanceId=source, Name="to be corrupted")["ImageId"]
    post(world, "begin", name="corrupt_disk")
    assert on(world) == ["corrupt_disk"]
    post(world, "finish")
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    before, after = ((world.lab.tree(each) / "data/pages/Main_Page.txt").read_bytes() for each in (source, made))
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1
    assert on(world) == []
    assert "terminated" not in shown(world, "instances", made)["state"]
    ec2.terminate_instances(InstanceIds=[made])
    assert shown(world, "instances", made)["ended"]
    assert "disk is gone" in refused(world, "list", instance=made, path="/")


def test_an_agent_goes_offline_and_online(world: World) -> None:
    instance = living(world, "billing-web")
    post(world, "begin", name="agent", choice=instance)
    assert pinged(world, instance) == "ConnectionLost"
    assert shown(world, "instances", instance)["agent"] == "offline"
    post(world, "end", name="agent", choice=instance)
    assert pinged(world, instance) == "Online"


def test_slack_goes_away_and_comes_back(world: World) -> None:
    slack = client_of(world.workspace)
    post(world, "begin", name="slack_away")
    assert on(world) == ["slack_away"]
    with pytest.raises(SlackApiError):
        slack.auth_test()
    post(world, "end", name="slack_away")
    assert slack.auth_test()["ok"]


def test_slack_comes_back_by_itself() -> None:
    with Workspace(MANIFEST) as workspace:
        Absence(workspace).begin(0.05)
        assert workspace.faults.is_away
        assert workspace.wait_for(lambda: not workspace.faults.is_away, LONG)


def test_slack_answers_the_next_calls_with_429(world: World) -> None:
    slack = client_of(world.workspace)
    post(world, "begin", name="slack_429")
    with pytest.raises(SlackApiError) as met:
        slack.auth_test()
    assert (met.value.response.status_code, met.value.response.headers["Retry-After"]) == (429, "3")
    assert "slack_429" in on(world)
    post(world, "end", name="slack_429")
    assert slack.auth_test()["ok"]


def test_the_connection_is_cut_and_the_bot_connects_again(world: World) -> None:
    def openings() -> int:
        return sum(call.method == "apps.connections.open" for call in world.workspace.calls)

    before = openings()
    post(world, "begin", name="drop_socket")
    assert on(world) == []
    world.workspace.wait_for(lambda: openings() > before, LONG)


@pytest.mark.parametrize("name", ["worker", "bot", "redis"])
def test_what_is_killed_is_dead_until_it_is_started(world: World, name: str) -> None:
    before = {each: process.pid for each, process in world.processes.items()}
    post(world, "begin", name=f"kill_{name}")
    assert not world.alive(name)
    assert f"kill_{name}" in on(world)
    post(world, "end", name=f"kill_{name}")
    assert world.alive(name)
    if name in before:
        assert world.processes[name].pid != before[name]
    assert on(world) == []


def test_clear_all_ends_everything_and_starts_what_is_dead(world: World) -> None:
    for name in ("slow_image", "fail_image", "throttle", "capacity", "corrupt_disk", "slack_429", "kill_worker"):
        post(world, "begin", name=name)
    post(world, "begin", name="lose", choice="SendCommand")
    post(world, "begin", name="agent", choice=living(world, "wiki"))
    assert len(on(world)) == 9
    post(world, "clear")
    assert on(world) == []
    assert world.alive("worker")


def shown(world: World, kind: str, thing: str) -> dict[str, Any]:
    """What the page shows of one thing."""
    return next(dict(each) for each in state(world)[kind] if each["id"] == thing)


def refusal(call: Any) -> str:
    with pytest.raises(ClientError) as met:
        call()
    return str(met.value.response["Error"]["Code"])


def pinged(world: World, instance: str) -> str:
    found = client(world, "ssm").describe_instance_information()["InstanceInformationList"]
    return next(str(each["PingStatus"]) for each in found if each["InstanceId"] == instance)


def measured(world: World, instance: str) -> int:
    """How many bytes the server's agent finds below the paths of its profile."""
    ssm = client(world, "ssm")
    script = record_script("B-0001-01234567", world.profiles().made["wiki"])
    sent = ssm.send_command(
        InstanceIds=[instance], DocumentName="AWS-RunShellScript", Parameters={"commands": [script]}
    )["Command"]["CommandId"]

    def ended() -> Any:
        found = ssm.list_command_invocations(CommandId=sent)["CommandInvocations"]
        return bool(found) and found[0]["Status"] == "Success"

    assert world.workspace.wait_for(ended, LONG)
    answer = ssm.get_command_invocation(CommandId=sent, InstanceId=instance)
    return read_recorded(answer["StandardOutputContent"]).bytes


def test_the_clock_runs_ahead_to_the_weeks_digest_and_the_channel_is_told(world: World) -> None:
    assert state(world)["clock"]["next"]["text"] == "the week's digest comes"
    post(world, "ahead")

    def told() -> list[str]:
        return [each.text for each in world.workspace.messages("C0ANNOUNCE") if "Last week's digest" in each.text]

    assert len(world.workspace.wait_for(told, LONG)) == 1
