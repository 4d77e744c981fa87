"""Looks into a record's values, which an older or a newer version may have written: what is not there is empty."""

import math
from datetime import UTC, datetime
from typing import Any


class Values:
    """A JSON object of which nothing is taken for granted."""

    def __init__(self, value: Any) -> None:
        self._value = value if isinstance(value, dict) else {}

    def __bool__(self) -> bool:
        return bool(self._value)

    def has(self, name: str) -> bool:
        return self._value.get(name) is not None

    def within(self, name: str) -> "Values":
        return Values(self._value.get(name))

    def text(self, name: str) -> str:
        found = self._value.get(name)
        return found if isinstance(found, str) else ""

    def number(self, name: str) -> float | None:
        found = self._value.get(name)
        if isinstance(found, bool) or not isinstance(found, int | float):
            return None
        return float(found) if math.isfinite(found) else None

    def whole(self, name: str) -> int:
        return int(self.number(name) or 0)

    def true(self, name: str) -> bool:
        return self._value.get(name) is True

    def objects(self, name: str) -> list["Values"]:
        found = self._value.get(name)
        return [Values(each) for each in found] if isinstance(found, list | tuple) else []

    def texts(self, name: str) -> list[str]:
        found = self._value.get(name)
        return [each for each in found if isinstance(each, str)] if isinstance(found, list | tuple) else []

    def pairs(self, name: str) -> list[tuple[str, str]]:
        found = self._value.get(name)
        rows = found if isinstance(found, list | tuple) else []
        return [(str(row[0]), str(row[1])) for row in rows if isinstance(row, list | tuple) and len(row) == 2]


def moment(seconds: float) -> str:
    """Seconds since the epoch as the document writes them."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def lasted(seconds: float) -> float:
    return round(seconds, 3)
