"""Systems Manager: is the agent there, run a script, read what it printed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter

from workflows.aws.calls import Calls, Hold
from workflows.aws.shared import Kind, Shared, portions
from workflows.errors import AgentAway, AwsRefused, NotFound

#: Seconds: how long SSM may take to deliver the script, and how long the script may run.
DELIVERY, EXECUTION = 120, 3600
#: The document that runs a script, by the script's first line; and the one that has VSS make an image.
_DOCUMENTS = {"#!/bin/sh": "AWS-RunShellScript", "#Requires -Version 5.1": "AWS-RunPowerShellScript"}
VSS = "AWSEC2-CreateVssSnapshot"
#: Seconds that our clock and AWS's may differ by.
CLOCKS_APART = 300.0

#: What a tag's value may hold where it is given as text.
_PLAIN = re.compile(r"[A-Za-z0-9 ()\[\]./:@_+-]+")
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


_AGENTS = Kind("agents", TypeAdapter(bool), lambda online: online)
#: How many agents one page tells of: SSM's limit.
_AT_ONCE = 50


class Commands:
    """Run Command of one account and Region."""

    def __init__(self, calls: Calls, shared: Shared) -> None:
        self._calls = calls
        self._shared = shared

    def online(self, instance_id: str, stale: float = 0.0) -> bool:
        """Whether the instance's agent answers to SSM, from a look that is at most `stale` seconds old."""
        return self._shared.seen(_AGENTS, [instance_id], stale, self.agents).get(instance_id, False)

    def ensure_sent(self, instance_id: str, script: str, comment: str, since: float, hold: Hold = lambda: None) -> str:
        """Gives the command's id. Its first line says what runs it: `sh`, or Windows PowerShell. `hold` is called last:
        whoever lost the run to another worker sends nothing."""
        given = {"commands": [script], "executionTimeout": [str(EXECUTION)]}
        return self._ensure(instance_id, _DOCUMENTS[script.partition("\n")[0]], given, comment, since, hold)

    def ensure_image_asked(
        self, instance_id: str, name: str, marks: Mapping[str, str], comment: str, since: float,
        hold: Hold,
    ) -> str:  # fmt: skip
        """Asks Windows' VSS for an image of all volumes, of that name and with those tags. Gives the command's id.

        The server itself calls CreateImage, by its own role, while VSS holds it still; and only when that has held it
        tags the image `AppConsistent`. The document takes tags as text in which `,` and `;` part them, so a tag that
        holds one is not given. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-vss-snapshots-ssm.html
        """
        plain = {key: value for key, value in {**marks, "Name": name}.items() if _PLAIN.fullmatch(value)}
        given = {
            "CreateAmi": ["True"],
            "AmiName": [name],
            "ExcludeBootVolume": ["False"],
            "tags": [";".join(f"Key={key},Value={value}" for key, value in plain.items())],
        }
        return self._ensure(instance_id, VSS, given, comment, since, hold)

    def _ensure(
        self, instance_id: str, document: str, given: dict[str, list[str]], comment: str, since: float,
        hold: Hold,
    ) -> str:  # fmt: skip
        """SendCommand has no ClientToken: a command of the same comment (at most 100 characters, unique to this intent)
        that was sent after `since`, seconds since the epoch, is adopted."""
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
                hold=hold,
                InstanceIds=[instance_id],
                DocumentName=document,
                Comment=comment,
                TimeoutSeconds=DELIVERY,
                Parameters=given,
            )
        except AwsRefused as refused:
            if refused.code == "InvalidInstanceId":
                raise AgentAway(f"The SSM agent of {instance_id} does not answer.") from refused
            raise
        return str(answer["Command"]["CommandId"])

    def agents(self, ids: Sequence[str]) -> dict[str, bool]:
        """Of those that Systems Manager knows, whether their agents are online."""
        found: dict[str, bool] = {}
        for portion in portions(ids, _AT_ONCE):
            wanted = [{"Key": "InstanceIds", "Values": portion}]
            pages = self._calls.pages(
                "ssm", "describe_instance_information", "InstanceInformationList", Filters=wanted, MaxResults=_AT_ONCE
            )
            found |= {each["InstanceId"]: each.get("PingStatus") == "Online" for each in pages}
        return found

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
