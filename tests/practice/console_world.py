"""A practice world and what its page asks of it, for the tests of the console."""

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.config import Config

from practice.cloud import Delays
from practice.world import World

DELAYS = Delays(image=1.0, boot=0.3, checks=0.3, agent=0.2, command=0.1, stop=0.1)
#: Seconds that anything may take before something is wrong.
LONG = 60.0


def request(
    world: World, path: str, body: dict[str, Any] | None = None, *, key: str | None = None, **headers: str
) -> tuple[int, str]:
    """As a browser would send it, with the world's own key unless another is given."""
    address = urlsplit(world.cloud_url)
    query = urlencode({"key": address.query.removeprefix("key=") if key is None else key})
    connection = http.client.HTTPConnection("127.0.0.1", address.port or 0, timeout=LONG)
    try:
        sent = json.dumps(body) if body is not None else None
        connection.request("GET" if sent is None else "POST", f"{path}?{query}", sent, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def post(world: World, deed: str, **body: Any) -> dict[str, Any]:
    """A deed that must go well."""
    status, text = request(world, f"/world/{deed}", body)
    assert status == 200, text
    answer: dict[str, Any] = json.loads(text)
    return answer


def refused(world: World, deed: str, **body: Any) -> str:
    """The sentence with which a deed is refused."""
    status, text = request(world, f"/world/{deed}", body)
    assert status == 400, text
    return str(json.loads(text)["error"])


def state(world: World) -> dict[str, Any]:
    status, text = request(world, "/world/state")
    assert status == 200, text
    told: dict[str, Any] = json.loads(text)
    return told


def on(world: World) -> list[str]:
    """The names of the faults that the page shows as on."""
    return [each["name"] for each in state(world)["on"]]


def living(world: World, server: str) -> str:
    """The instance that a server is at the moment."""
    return next(str(each["id"]) for each in state(world)["instances"] if each["server"] == server and not each["ended"])


def client(world: World, service: str) -> Any:
    """boto3 on the world's lab, without retries of its own."""
    given = world.lab.environment()
    return boto3.client(
        service,
        region_name=world.lab.region,
        endpoint_url=given["AWS_ENDPOINT_URL"],
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
    )
