"""Systems Manager: which agents answer, and scripts that really run on the disks of the server."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from practice.cloud.images import Images
from practice.cloud.instances import Instances, Life
from practice.cloud.lookups import page
from practice.cloud.parts import Parts
from practice.cloud.sandbox import Outcome, Script, end_left
from practice.cloud.windows import POWERSHELL, VSS, Vss, Work, powershell
from practice.cloud.wire import Refusal, Request

DOCUMENT = "AWS-RunShellScript"

#: Characters that GetCommandInvocation and ListCommandInvocations give; of a script in bytes.
_STDOUT, _STDERR, _LISTED, _SCRIPT = 24_000, 8_000, 2_500, 64 * 1024

#: Seconds that SendCommand waits for a script's end, below the read timeout of any client.
_PATIENCE = 15.0

#: A part of `delays.command`: until then the invocation does not exist, then it is Pending, then InProgress.
_UNKNOWN, _PENDING = 0.25, 0.5


@dataclass
class Invocation:
    """One script on one instance."""

    command: str
    instance: str
    region: str
    comment: str
    sent: float
    script: Work
    limit: float
    document: str = DOCUMENT
    outcome: Outcome | None = None
    cancelled: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            self.outcome = self.script.run(self.limit)
        except OSError as error:  # the machine went away, or the script is too long for its argument
            self.outcome = Outcome(127, "", f"{error}\n")
        finally:
            self.done.set()


class Commands:
    """Run Command of every Region. It takes the lab's lock itself, since no script runs under it."""

    def __init__(
        self, parts: Parts, instances: Instances, images: Images, accepts: Callable[[str], bool], *, isolated: bool
    ) -> None:
        self._parts = parts
        self._images = images
        self._instances = instances
        self._accepts = accepts
        self._isolated = isolated
        self._kept: dict[tuple[str, str], Invocation] = {}
        instances.ending = self.end

    def agents(self, request: Request) -> dict[str, Any]:
        params = request.params
        wanted: dict[str, list[str]] = {}
        for each in [*params.get("Filters", []), *params.get("InstanceInformationFilterList", [])]:
            wanted[each.get("Key") or each.get("key")] = each.get("Values") or each.get("valueSet") or []
        for name in wanted:
            if name not in {"InstanceIds", "PingStatus"}:
                raise Refusal("InvalidInstanceInformationFilterValue", f"The filter {name} is not known.")
        with self._parts.lock:
            lives = self._instances.visible(request.region).values()
            items = [self._agent(each) for each in lives if self._registered(each)]
        for name, key in (("InstanceIds", "InstanceId"), ("PingStatus", "PingStatus")):
            if name in wanted:
                items = [item for item in items if item[key] in wanted[name]]
        return page(params, items, "InstanceInformationList", most=10)

    def send(self, request: Request) -> dict[str, Any]:
        """A script that ends soon has ended when this answers, so that a clock driven by hand sees it."""
        params = request.params
        given, document = params.get("Parameters", {}), params.get("DocumentName")
        if document not in (DOCUMENT, POWERSHELL, VSS):
            raise Refusal("InvalidDocument", f"Document with name {document} does not exist.")
        text = "\n".join(given.get("commands", []))
        if document != VSS:
            self._check_script(text, document)
        limit = float(given.get("executionTimeout", ["3600"])[0])
        with self._parts.lock:
            made = self._begun(request, text, limit)
        for each in made:
            threading.Thread(target=each.run, name=f"script-{each.instance}", daemon=True).start()
        for each in made:
            each.done.wait(_PATIENCE)
        return {"Command": self._command(made, request)}

    def _check_script(self, text: str, document: str) -> None:
        if not text:
            raise Refusal("InvalidParameters", "The parameter commands is missing.")
        if len(text.encode()) > _SCRIPT:
            raise Refusal("MaxDocumentSizeExceeded", "The script is longer than 64 KB.")
        if not (self._isolated and document == DOCUMENT) and not self._accepts(text):
            raise Refusal("AccessDeniedException", "Without bwrap the lab runs only the scripts that it knows.")

    def result(self, request: Request) -> dict[str, Any]:
        params = request.params
        invocation = self._kept.get((params.get("CommandId", ""), params.get("InstanceId", "")))
        if invocation is None or invocation.region != request.region or self._passed(invocation) < _UNKNOWN:
            raise Refusal("InvocationDoesNotExist", "")
        status, code, outcome = self._status(invocation)
        return {
            "CommandId": invocation.command,
            "InstanceId": invocation.instance,
            "Comment": invocation.comment,
            "DocumentName": invocation.document,
            "PluginName": "aws:runShellScript",
            "ResponseCode": code,
            "Status": status,
            "StatusDetails": status,
            "StandardOutputContent": outcome.stdout[:_STDOUT],
            "StandardErrorContent": outcome.stderr[:_STDERR],
        }

    def invocations(self, request: Request) -> dict[str, Any]:
        params = request.params
        found = [
            each
            for each in list(self._kept.values())
            if each.region == request.region
            and params.get("CommandId", each.command) == each.command
            and params.get("InstanceId", each.instance) == each.instance
            and self._passed(each) >= _UNKNOWN
        ]
        items = [self._listed(each, bool(params.get("Details"))) for each in found]
        return page(params, items, "CommandInvocations", most=50)

    def cancel(self, request: Request) -> dict[str, Any]:
        """A script that has ended stays as it ended, as on AWS."""
        asked = request.params.get("CommandId", "")
        found = [each for (command, _), each in list(self._kept.items()) if command == asked]
        if not found:
            raise Refusal("InvalidCommandId", f"There is no command {asked}.")
        for each in found:
            if self._status(each)[0] in {"Pending", "InProgress"} and not each.done.is_set():
                each.cancelled = True
                each.script.kill()
        self._parts.books.effect("CancelCommand", asked, request.id)
        return {}

    def end(self, instance_id: str = "") -> None:
        """Kill what runs on an instance, or on all of them: the machine is gone."""
        concerned = [each for each in list(self._kept.values()) if instance_id in {"", each.instance}]
        for each in concerned:
            if not each.done.is_set():
                each.script.kill()
                each.done.wait(_PATIENCE)
        for name in {each.instance for each in concerned}:
            end_left(self._parts.disks.tree(name))

    def _begun(self, request: Request, text: str, limit: float) -> list[Invocation]:
        asked = list(request.params.get("InstanceIds", []))
        lives = self._instances.visible(request.region)
        for each in asked:
            if each not in lives or not self._instances.online(lives[each]):
                raise Refusal("InvalidInstanceId", f"Instances [[{each}]] not in a valid state for account")
        if not asked:
            raise Refusal("InvalidInstanceId", "No instance was named.")
        command = str(uuid.uuid4())
        comment, now = request.params.get("Comment", ""), self._parts.now()
        made = []
        for each in dict.fromkeys(asked):
            work = self._work(request, each, text)
            document = str(request.params["DocumentName"])
            made.append(Invocation(command, each, request.region, comment, now, work, limit, document))
            self._kept[command, each] = made[-1]
        self._parts.books.effect("SendCommand", command, request.id)
        return made

    def _work(self, request: Request, instance_id: str, text: str) -> Work:
        document, tree = request.params["DocumentName"], self._parts.disks.tree(instance_id)
        if self._instances.windows(instance_id, request.region) != (document != DOCUMENT):
            raise Refusal("UnsupportedPlatformType", f"{document} does not support the platform of {instance_id}.")
        if document == VSS:
            return Vss(request, instance_id, self._parts, self._images)
        if document == POWERSHELL:
            return powershell(text, tree, isolated=self._isolated)
        return Script(text, tree, isolated=self._isolated)

    def _passed(self, invocation: Invocation) -> float:
        """How much of `delays.command` is over; 1 for all of it."""
        delay = self._parts.delays.command
        return (self._parts.now() - invocation.sent) / delay if delay else 1.0

    def _status(self, invocation: Invocation) -> tuple[str, int, Outcome]:
        """Status, response code, and what was printed so far as AWS shows it: nothing until the end."""
        outcome, passed = invocation.outcome, self._passed(invocation)
        if outcome is None or passed < 1:
            return ("Pending" if passed < _PENDING else "InProgress"), -1, Outcome(-1, "", "")
        if invocation.cancelled:
            return "Cancelled", -1, outcome
        if outcome.timed_out:
            return "TimedOut", -1, outcome
        if outcome.code == 0:
            return "Success", 0, outcome
        code = outcome.code if outcome.code > 0 else 128 - outcome.code
        said = f"{outcome.stderr}failed to run commands: exit status {code}"
        return "Failed", code, Outcome(code, outcome.stdout, said)

    def _command(self, made: list[Invocation], request: Request) -> dict[str, Any]:
        return {
            "CommandId": made[0].command,
            "DocumentName": made[0].document,
            "Comment": made[0].comment,
            "InstanceIds": [each.instance for each in made],
            "Parameters": request.params.get("Parameters", {}),
            "RequestedDateTime": made[0].sent,
            "Status": "Pending",
            "StatusDetails": "Pending",
            "TargetCount": len(made),
        }

    def _listed(self, invocation: Invocation, details: bool) -> dict[str, Any]:
        status, code, outcome = self._status(invocation)
        item: dict[str, Any] = {
            "CommandId": invocation.command,
            "InstanceId": invocation.instance,
            "Comment": invocation.comment,
            "DocumentName": invocation.document,
            "RequestedDateTime": invocation.sent,
            "Status": status,
            "StatusDetails": status,
        }
        if details:
            plugin = {"Name": "aws:runShellScript", "Status": status, "ResponseCode": code}
            item["CommandPlugins"] = [{**plugin, "Output": outcome.stdout[:_LISTED]}]
        return item

    def _registered(self, life: Life) -> bool:
        """Known to Systems Manager: the agent has once answered, and the machine still is."""
        if life.terminated is not None or not self._instances.has_profile(life):
            return False
        return life.stopped is not None or self._instances.running_for(life) >= self._parts.delays.agent

    def _agent(self, life: Life) -> dict[str, Any]:
        online = self._instances.online(life)
        windows = self._instances.windows(life.id, life.region)
        return {
            "InstanceId": life.id,
            "PingStatus": "Online" if online else "ConnectionLost",
            "LastPingDateTime": self._parts.now() if online else life.started,
            "AgentVersion": "3.3.0.0",
            "IsLatestVersion": True,
            "PlatformType": "Windows" if windows else "Linux",
            "PlatformName": "Microsoft Windows Server 2022 Datacenter" if windows else "Amazon Linux",
            "ResourceType": "EC2Instance",
        }
