"""Systems Manager: is the agent there, run a script, read what it printed."""

from dataclasses import dataclass
from datetime import UTC, datetime

from workflows.aws.calls import Calls
from workflows.errors import AgentAway, AwsRefused, NotFound

#: Seconds: how long SSM may take to deliver the script, and how long the script may run.
DELIVERY, EXECUTION = 120, 3600
#: Seconds that our clock and AWS's may differ by.
CLOCKS_APART = 300.0

_OPEN = {"Pending", "InProgress", "Delayed", "Cancelling"}


@dataclass(frozen=True)
class Invocation:
    """A script's run on one instance. `stdout` holds at most 24,000 characters, `stderr` 8,000."""

    status: str
    code: int
    stdout: str
    stderr: str

    @property
    def open(self) -> bool:
        return self.status in _OPEN


class Commands:
    """Run Command of one account and Region."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def online(self, instance_id: str) -> bool:
        """Whether the instance's agent answers to SSM."""
        found = self._calls(
            "ssm",
            "describe_instance_information",
            Filters=[{"Key": "InstanceIds", "Values": [instance_id]}],
        )["InstanceInformationList"]
        return bool(found) and found[0].get("PingStatus") == "Online"

    def ensure_sent(self, instance_id: str, script: str, comment: str, since: float) -> str:
        """Gives the command's id. SendCommand has no ClientToken: a command of the same comment (at most 100
        characters, unique to this intent) that was sent after `since`, seconds since the epoch, is adopted."""
        after = datetime.fromtimestamp(since - CLOCKS_APART, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        earlier = self._calls.pages(
            "ssm",
            "list_command_invocations",
            "CommandInvocations",
            InstanceId=instance_id,
            Filters=[{"key": "InvokedAfter", "value": after}],
        )
        for each in earlier:
            if each.get("Comment") == comment:
                return str(each["CommandId"])
        try:
            answer = self._calls(
                "ssm",
                "send_command",
                InstanceIds=[instance_id],
                DocumentName="AWS-RunShellScript",
                Comment=comment,
                TimeoutSeconds=DELIVERY,
                Parameters={"commands": [script], "executionTimeout": [str(EXECUTION)]},
            )
        except AwsRefused as refused:
            if refused.code == "InvalidInstanceId":
                raise AgentAway(f"The SSM agent of {instance_id} does not answer.") from refused
            raise
        return str(answer["Command"]["CommandId"])

    def result(self, command_id: str, instance_id: str) -> Invocation:
        """Pending for as long as AWS does not know of the invocation yet."""
        try:
            answer = self._calls("ssm", "get_command_invocation", CommandId=command_id, InstanceId=instance_id)
        except NotFound:
            return Invocation("Pending", -1, "", "")
        return Invocation(
            answer["Status"],
            int(answer.get("ResponseCode", -1)),
            answer.get("StandardOutputContent", ""),
            answer.get("StandardErrorContent", ""),
        )
