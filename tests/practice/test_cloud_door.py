"""The door: only programs on this machine that hold this start's key come in."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from practice.cloud import LabCloud
from tests.clock import HandClock
from tests.practice.cloud_lab import Cloud, code


@pytest.fixture
def cloud(tmp_path: Path, clock: HandClock) -> Iterator[Cloud]:
    with Cloud(tmp_path, clock) as made:
        yield made


@pytest.mark.parametrize(
    ("service", "action", "expected"),
    [
        ("ec2", "describe_instances", "AuthFailure"),
        ("ssm", "describe_instance_information", "UnrecognizedClientException"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
    ],
)
def test_a_foreign_key_is_refused_in_the_words_of_the_service(
    cloud: Cloud, service: str, action: str, expected: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(cloud.client(service, key="AKIAIOSFODNN7EXAMPLE"), action)()
    assert code(refused.value) == expected
    assert cloud.lab.calls[-1].outcome == expected


def test_a_region_in_which_the_account_is_not_known_is_refused_like_a_foreign_key(cloud: Cloud) -> None:
    given = cloud.lab.environment()
    signed = f"Credential={given['AWS_ACCESS_KEY_ID']}/20260101/xx-dark-1/ec2/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {signed}, Signature=0"}
    assert (asked(cloud.lab.url, headers), cloud.lab.calls[-1].outcome) == (401, "AuthFailure")
    assert cloud.lab.broken == []


def asked(url: str, headers: dict[str, str]) -> int:
    request = urllib.request.Request(url, b"Action=DescribeInstances&Version=2016-11-15", headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_pages_other_hosts_and_motos_own_pages_are_refused_even_with_the_key(cloud: Cloud) -> None:
    key = cloud.lab.environment()["AWS_ACCESS_KEY_ID"]
    signed = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/ec2/aws4_request, Signature=0",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert asked(cloud.lab.url, signed) == 200
    assert asked(cloud.lab.url, {**signed, "Origin": "https://evil.example"}) == 403
    assert asked(cloud.lab.url, {**signed, "Host": "evil.example"}) == 403
    assert asked(f"{cloud.lab.url}/moto-api/reset", signed) == 403
    assert asked(cloud.lab.url, {}) == 401


def test_it_listens_on_loopback_with_a_new_key_each_time_and_gives_no_session_token(
    tmp_path: Path, clock: HandClock
) -> None:
    keys = set()
    for _ in range(2):
        with Cloud(tmp_path, clock) as made:
            given = made.lab.environment()
            keys.add(given["AWS_ACCESS_KEY_ID"])
            assert given["AWS_ENDPOINT_URL"] == made.lab.url
            assert made.lab.url.startswith("http://127.0.0.1:")
            assert set(given) == {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"}
    assert len(keys) == 2


def test_there_is_one_lab_a_process_at_a_time(cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="running lab"):
        LabCloud(tmp_path / "other").start()
    assert cloud.ec2.describe_instances()["Reservations"] == []


def test_every_request_and_every_effect_is_written_down(cloud: Cloud) -> None:
    source = cloud.server()
    image = cloud.ec2.create_image(InstanceId=source, Name="orders-1", NoReboot=True)
    cloud.ec2.create_tags(Resources=[source], Tags=[{"Key": "a", "Value": "b"}])
    with pytest.raises(ClientError):
        cloud.ec2.describe_instances(InstanceIds=["i-0123456789abcdef0"])

    assert [(each.action, each.outcome) for each in cloud.lab.calls] == [
        ("CreateImage", "ok"),
        ("CreateTags", "ok"),
        ("DescribeInstances", "InvalidInstanceID.NotFound"),
    ]
    assert cloud.lab.calls[0].params == {"InstanceId": source, "Name": "orders-1", "NoReboot": True}
    assert [each.call for each in cloud.lab.effects] == [
        "CreateSnapshot",
        "CreateSnapshot",
        "CreateImage",
        "CreateTags",
    ]
    assert {each.request_id for each in cloud.lab.effects[:3]} == {image["ResponseMetadata"]["RequestId"]}
    assert cloud.lab.effects[3].id == source


def test_what_the_lab_does_not_have_is_an_error_that_botocore_understands(cloud: Cloud) -> None:
    with pytest.raises(ClientError) as refused:
        cloud.ec2.describe_locked_snapshots()
    assert code(refused.value) == "InvalidAction"


def test_a_port_that_is_taken_is_said_and_keeps_no_other_lab_from_starting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            LabCloud(tmp_path / "refused", port=port).start()
    lab = LabCloud(tmp_path / "lab", port=port)
    assert lab.start() == f"http://127.0.0.1:{port}"
    lab.stop()
