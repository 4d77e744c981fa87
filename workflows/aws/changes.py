"""What an account says of whether this is a time for changes: Change Calendar and CloudWatch's alarms. Looks only."""

from collections.abc import Sequence
from dataclasses import dataclass

from workflows.aws.calls import Calls

#: How many alarms one call may name.
_ALARMS = 100


@dataclass(frozen=True)
class CalendarState:
    """`until` is when it changes next, in ISO 8601 as AWS says it, empty where it does not say."""

    open: bool
    until: str


class Changes:
    """Of one account and Region."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def calendar(self, name: str) -> CalendarState:
        """A Change Calendar by its name or ARN. Raises AwsRefused for one that does not exist.
        https://docs.aws.amazon.com/systems-manager/latest/userguide/change-calendar-getstate.html"""
        answer = self._calls("ssm", "get_calendar_state", CalendarNames=[name])
        return CalendarState(answer["State"] == "OPEN", str(answer.get("NextTransitionTime", "")))

    def alarms(self, names: Sequence[str]) -> dict[str, str]:
        """The state of each alarm that there is, by name: OK, ALARM or INSUFFICIENT_DATA. AWS leaves out composite
        alarms unless they are asked for, and says nothing of names that it does not know.
        https://docs.aws.amazon.com/goto/WebAPI/monitoring/DescribeAlarms"""
        states: dict[str, str] = {}
        for at in range(0, len(names), _ALARMS):
            answer = self._calls(
                "cloudwatch", "describe_alarms", AlarmNames=list(names[at : at + _ALARMS]),
                AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=_ALARMS,
            )  # fmt: skip
            found = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
            states |= {str(each["AlarmName"]): str(each["StateValue"]) for each in found}
        return states
