"""A lab and boto3 clients to it, with a clock that goes by hand."""

import functools
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from practice.cloud import Delays, Disk, LabCloud
from tests.clock import HandClock

ROOT = Disk("/dev/xvda", 8, "/", {"/etc/orders.conf": b"port = 5432\n", "/srv/www/index.html": b"<h1>Orders</h1>\n"})
DATA = Disk(
    "/dev/sdf",
    20,
    "/data",
    {"/data/orders/1.csv": bytes(range(256)) * 40, "/data/orders/2.csv": b"2\n"},
    delete_on_termination=False,
)

DELAYS = Delays(image=30.0, boot=10.0, checks=60.0, agent=20.0, command=4.0, stop=5.0, hydrate=200.0)


class Cloud:
    """A running lab. Every script is accepted, so that plain mode runs them."""

    def __init__(self, folder: Path, clock: HandClock, *, sandbox: bool = False, accepts: bool = True) -> None:
        self.clock = clock
        self.lab = LabCloud(
            folder / "cloud",
            accepts=lambda script: accepts,
            now=clock.now,
            delays=DELAYS,
            regions=("us-east-1", "eu-west-1"),
            sandbox=sandbox,
        )
        self.lab.start()
        self.clients: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self.clients:
            client.close()
        self.lab.stop()

    def client(self, service: str, region: str = "us-east-1", key: str | None = None, attempts: int = 1) -> Any:
        given = self.lab.environment()
        client = session().client(
            service,
            region_name=region,
            endpoint_url=given["AWS_ENDPOINT_URL"],
            aws_access_key_id=key or given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}),
        )
        self.clients.append(client)
        return client

    @functools.cached_property
    def ec2(self) -> Any:
        return self.client("ec2")

    @functools.cached_property
    def ssm(self) -> Any:
        return self.client("ssm")

    def server(self, name: str = "orders-db", *disks: Disk, **more: Any) -> str:
        return self.lab.add_server(name, disks or (ROOT, DATA), **more)

    def image(self, instance_id: str, name: str = "orders-1", **more: Any) -> str:
        """An image that has become available."""
        made = str(self.ec2.create_image(InstanceId=instance_id, Name=name, NoReboot=True, **more)["ImageId"])
        self.clock.forward(DELAYS.image)
        return made

    def launch(self, image_id: str, **more: Any) -> str:
        """An instance that runs, and its agent is online if it has a profile."""
        more.setdefault("InstanceType", "t3.small")
        made = self.ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1, **more)
        self.clock.forward(100)
        return str(made["Instances"][0]["InstanceId"])

    def restored(self, instance_id: str, **more: Any) -> str:
        return self.launch(self.image(instance_id), **more)

    def instance(self, instance_id: str) -> dict[str, Any]:
        found = self.ec2.describe_instances(InstanceIds=[instance_id])
        return dict(found["Reservations"][0]["Instances"][0])

    def state(self, instance_id: str) -> str:
        return str(self.instance(instance_id)["State"]["Name"])

    def image_state(self, image_id: str) -> str:
        return str(self.ec2.describe_images(ImageIds=[image_id])["Images"][0]["State"])

    def volumes(self, instance_id: str) -> dict[str, dict[str, Any]]:
        filters = [{"Name": "attachment.instance-id", "Values": [instance_id]}]
        found = self.ec2.describe_volumes(Filters=filters)["Volumes"]
        return {each["Attachments"][0]["Device"]: each for each in found}

    def send(self, instance_id: str, *lines: str, **more: Any) -> str:
        sent = self.ssm.send_command(
            InstanceIds=[instance_id],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": list(lines), **more},
        )
        return str(sent["Command"]["CommandId"])

    def result(self, command: str, instance_id: str) -> dict[str, Any]:
        return dict(self.ssm.get_command_invocation(CommandId=command, InstanceId=instance_id))

    def run(self, instance_id: str, *lines: str, **more: Any) -> dict[str, Any]:
        """A script's end."""
        command = self.send(instance_id, *lines, **more)
        self.clock.forward(DELAYS.command)
        return self.result(command, instance_id)

    def made(self, call: str) -> list[str]:
        """The ids of what a call has carried out."""
        return [each.id for each in self.lab.effects if each.call == call]


@functools.cache
def session() -> boto3.Session:
    return boto3.Session()


def code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def contents(tree: Path) -> dict[str, bytes]:
    """Every regular file below a directory."""
    return {
        str(path.relative_to(tree)): path.read_bytes()
        for path in sorted(tree.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
