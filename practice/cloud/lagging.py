"""Describes that lag behind what was done: AWS shows a new thing, or a thing's new tags, only after a while."""

from collections.abc import Iterable
from typing import Any

from practice.cloud.parts import Parts
from practice.cloud.wire import Request

#: Where each describe has its things, and what their ids are called.
_SHOWN = {
    "DescribeImages": ("Images", "ImageId"),
    "DescribeInstances": ("Reservations", "InstanceId"),
    "DescribeInstanceStatus": ("InstanceStatuses", "InstanceId"),
    "DescribeLaunchTemplates": ("LaunchTemplates", "LaunchTemplateId"),
    "DescribeSnapshots": ("Snapshots", "SnapshotId"),
}
_MAKES = ("CreateImage", "CreateLaunchTemplate", "CreateSnapshot", "RunInstances")


class Lagging:
    """`parts.faults.lag` says for how long, and whether things or only their tags lag."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._before: dict[str, tuple[float, list[dict[str, str]]]] = {}

    def comes_in(self, request: Request) -> None:
        """A request whose tags are about to be written: what describes go on showing."""
        if self._parts.faults.lag and request.action == "CreateTags":
            for each in request.params.get("Resources", []):
                self._before[each] = (self._parts.now(), self._parts.tags(request.region, each))

    def shown(self, request: Request, answer: dict[str, Any]) -> dict[str, Any]:
        """The answer as a describe that lags gives it."""
        if not self._parts.faults.lag or request.action not in _SHOWN:
            return answer
        key, name = _SHOWN[request.action]
        things = answer.get(key, [])
        if key != "Reservations":
            return {**answer, key: list(self._seen(request, things, name))}
        parts = [{**each, "Instances": list(self._seen(request, each["Instances"], name))} for each in things]
        return {**answer, key: [each for each in parts if each["Instances"]]}

    def _seen(self, request: Request, things: Iterable[dict[str, Any]], name: str) -> Iterable[dict[str, Any]]:
        since = self._parts.now() - self._parts.faults.lag
        new = {each.id for each in self._parts.books.effects if each.call in _MAKES and each.at > since}
        by_tag = any(str(each.get("Name", "")).startswith("tag:") for each in request.params.get("Filters", []))
        for each in things:
            if each[name] in new:
                if self._parts.faults.lags_in_tags_only and not by_tag:
                    yield {**each, "Tags": []}
                continue
            at, tags = self._before.get(each[name], (since, []))
            yield {**each, "Tags": tags} if at > since else each
