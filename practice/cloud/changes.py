"""Change Calendar and CloudWatch's alarms, as far as somebody only asks how they stand."""

from typing import Any

from practice.cloud.wire import Refusal, Request


class Changes:
    """`calendars` says of each that there is whether it is open; `alarms` the state of each."""

    def __init__(self) -> None:
        self.calendars: dict[str, bool] = {}
        self.alarms: dict[str, str] = {}

    def calendar_state(self, request: Request) -> dict[str, Any]:
        """OPEN only if all are."""
        names = request.params["CalendarNames"]
        for name in names:
            if name not in self.calendars:
                raise Refusal("InvalidDocument", f"Document with name {name} does not exist.")
        return {"State": "OPEN" if all(self.calendars[name] for name in names) else "CLOSED"}

    def describe_alarms(self, request: Request) -> dict[str, Any]:
        """Names that are not known are left out."""
        known = [each for each in request.params.get("AlarmNames", []) if each in self.alarms]
        return {"MetricAlarms": [{"AlarmName": each, "StateValue": self.alarms[each]} for each in known]}
