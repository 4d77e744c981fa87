"""Stand-ins for what a Windows server has and this machine has not: PowerShell, which interprets nothing here but
Firedrill's own script, and VSS.

A server's drive `C:` is the folder `C` of its tree. The script's data is read, and the same is measured by the one for
`sh`; names are told as Windows writes them. So a run can be seen whole; of PowerShell itself it shows nothing.
"""

import json
import re
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from practice.cloud.images import Images
from practice.cloud.parts import Parts
from practice.cloud.sandbox import Outcome, Script
from practice.cloud.wire import Refusal, Request
from workflows.facts.profile import Profile
from workflows.facts.rules import FileRules
from workflows.facts.script import compare_script, record_script
from workflows.facts.windows_script import Given, given
from workflows.facts.wire import SENTINEL

POWERSHELL, VSS = "AWS-RunPowerShellScript", "AWSEC2-CreateVssSnapshot"

_NO_CHECKS = "the lab has no PowerShell, so on Windows it measures files and the marker only"


def powershell(text: str, tree: Path, *, isolated: bool) -> "Measuring":
    """Raises Refusal for any other script than Firedrill's own."""
    data = given(text)
    if data is None:
        raise Refusal("AccessDeniedException", "The lab has no PowerShell: it knows Firedrill's own script only.")
    return Measuring(data, tree, isolated=isolated)


class Measuring:
    """Firedrill's script for Windows on a tree of the lab."""

    def __init__(self, data: Given, tree: Path, *, isolated: bool) -> None:
        self._data = data
        self._script = Script("" if data.checks else _for_sh(data), tree, isolated=isolated)

    def run(self, seconds: float) -> Outcome:
        if self._data.checks:
            rows = [[f"{each[0]} {each[1]}", "", _NO_CHECKS] for each in self._data.checks]
            answer = {"format": 1, "mode": "record", "key": self._data.settings["key"], "errors": rows}
            return Outcome(1, f"{SENTINEL}{json.dumps(answer | {'error_count': len(rows)})}\n", "")
        done = self._script.run(seconds)
        return replace(done, stdout="".join(map(_as_windows, done.stdout.splitlines(keepends=True))))

    def kill(self) -> None:
        self._script.kill()


class Vss:
    """AWS's document: the server asks for an image of itself, and tags it when the applications were held until the
    snapshots existed."""

    def __init__(self, request: Request, instance_id: str, parts: Parts, images: Images) -> None:
        self._request = request
        self._instance_id = instance_id
        self._parts = parts
        self._images = images
        self._killed = threading.Event()

    def run(self, seconds: float) -> Outcome:
        """Its own calls are in the book of effects, and not in that of calls: Firedrill has not made them."""
        fault = self._parts.faults.strikes("vss")
        if self._killed.is_set():
            return Outcome(-signal.SIGKILL, "", "")
        if fault == "absent":
            return Outcome(1, "", "AwsVssComponents is not installed on this instance.\n")
        asked = {name: values[0] for name, values in self._request.params["Parameters"].items()}
        marks = [dict(zip(("Key", "Value"), _pair(each), strict=True)) for each in asked["tags"].split(";")]
        given_tags = [*marks, {"Key": "AwsVssConfig", "Value": "2.0"}]
        request = replace(self._request, action="CreateImage", params=self._wanted(asked["AmiName"], given_tags))
        try:
            with self._parts.lock:
                image_id = self._images.create(request)["ImageId"]
                self._parts.tag(request.region, [image_id], {"AppConsistent": str(fault is None)})
        except Refusal as refused:
            return Outcome(1, "", f"CreateImage: {refused.code}: {refused.message}\n")
        if fault:
            return Outcome(1, "", "VSS: the writers did not hold within 10 seconds.\n")
        return Outcome(0, f"Successfully created the image {image_id}.\n", "")

    def kill(self) -> None:
        self._killed.set()

    def _wanted(self, name: str, marks: list[dict[str, str]]) -> dict[str, Any]:
        """Of an image the document promises tags, and nothing of its snapshots."""
        specs = [{"ResourceType": "image", "Tags": marks}]
        return {"InstanceId": self._instance_id, "Name": name, "NoReboot": True, "TagSpecifications": specs}


def _pair(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"Key=([^,;]*),Value=([^,;]*)", text)
    if found is None:
        raise Refusal("InvalidParameters", f"{text} is no tag as the document takes it.")
    return found[1], found[2]


def _for_sh(data: Given) -> str:
    """The same measurement on the tree."""
    settings = data.settings
    if settings["expected"]:
        return compare_script(settings["key"], settings["expected"], _moment(settings["sealed"]))
    said: dict[str, list[str]] = {}
    for word, text in data.words:
        said.setdefault(word, []).append(text)
    files, most_bytes, seconds = map(int, said["files-most"][0].split())
    rules = FileRules(
        tuple(map(_here, said.get("files-drift", []))), float(said.get("files-sample", ["100"])[0]), files, most_bytes,
        seconds, tuple(said["files-fail"][0].split()),
    )  # fmt: skip
    paths, optional, without = (tuple(map(_here, said.get(word, []))) for word in ("path", "optional", "without"))
    return record_script(settings["key"], Profile("lab", paths, optional, without, rules), _moment(settings["asked"]))


def _moment(text: str) -> float | None:
    return float(text) if text else None


def _here(path: str) -> str:
    return "/" + path.replace(":", "", 1).replace("\\", "/")


def _there(path: str) -> str:
    r"""`/C/inetpub` as `C:\inetpub`; anything else as it is."""
    found = re.fullmatch(r"/([A-Z])(/.*)?", path, re.DOTALL)
    return f"{found[1]}:" + (found[2] or "/").replace("/", "\\") if found else path


def _as_windows(line: str) -> str:
    """A line of the answer with its names as Windows writes them."""
    if not line.startswith(SENTINEL):
        return line
    answer = json.loads(line[len(SENTINEL) :])
    _renamed(answer.get("errors", []), 1)
    for value in answer.get("files", {}).values():
        _renamed(value["first"] if isinstance(value, dict) and "first" in value else value, 0)
    return SENTINEL + json.dumps(answer) + "\n"


def _renamed(rows: Any, at: int) -> None:
    for row in rows if isinstance(rows, list) else []:
        row[at] = _there(row[at])


#: What a command runs, until it ends or is killed.
Work = Script | Measuring | Vss
