"""DescribeVolumeStatus: the checks of a volume, and how far one that was made of a snapshot has been loaded."""

import math
from typing import Any

from practice.cloud.lookups import Fields, filtered, page
from practice.cloud.parts import Parts
from practice.cloud.wire import Request

_FIELDS: Fields = {
    "availability-zone": lambda item: item["AvailabilityZone"],
    "attachment-status.instance-id": lambda item: [each["InstanceId"] for each in item["AttachmentStatuses"]],
    "volume-status.status": lambda item: item["VolumeStatus"]["Status"],
    "volume-status.details-name": lambda item: [each["Name"] for each in item["VolumeStatus"]["Details"]],
    "volume-status.details-status": lambda item: [each["Status"] for each in item["VolumeStatus"]["Details"]],
}


class VolumeStatus:
    """The volumes of every Region."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def describe(self, request: Request) -> dict[str, Any]:
        params = request.params
        asked = {"VolumeIds": params["VolumeIds"]} if params.get("VolumeIds") else {}
        found = self._parts.control.ask("ec2", "DescribeVolumes", request.region, **asked)["Volumes"]
        request.stop_if_dry()
        items = filtered([self._status(each) for each in found], params.get("Filters", []), _FIELDS)
        return page(params, items, "VolumeStatuses", "VolumeIds")

    def _status(self, volume: dict[str, Any]) -> dict[str, Any]:
        progress = self._progress(volume["VolumeId"])
        checks = {"io-enabled": "passed", "io-performance": "not-applicable"}
        if progress is not None:
            checks["initialization-state"] = "completed" if progress == 100 else "initializing"
        status = {
            "VolumeId": volume["VolumeId"],
            "AvailabilityZone": volume["AvailabilityZone"],
            "Actions": [],
            "Events": [],
            "AttachmentStatuses": [
                {"InstanceId": each["InstanceId"], "IoPerformance": "not-applicable"}
                for each in volume.get("Attachments", [])
            ],
            "VolumeStatus": {
                "Status": "ok",
                "Details": [{"Name": name, "Status": state} for name, state in checks.items()],
            },
        }
        if progress is not None:
            status["InitializationStatusDetails"] = {"InitializationType": "default", "Progress": progress}
        return status

    def _progress(self, volume_id: str) -> int | None:
        """In percent; None for a volume that was made empty, and while AWS would not have told yet."""
        began, takes = self._parts.loading.get(volume_id), self._parts.delays.hydrate
        if began is None or takes is None:
            return None
        passed = self._parts.now() - began
        return 100 if passed >= takes else math.floor(100 * passed / takes)
