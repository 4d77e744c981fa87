"""The arguments of one call, as JSON or as a form sends them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from practice.workspace.refusals import refused_with_messages


class Args(Mapping[str, Any]):
    """Forms send everything as text, JSON sends what it means: both read alike here."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = {name: value for name, value in given.items() if value is not None}

    def __getitem__(self, name: str) -> Any:
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def text(self, name: str) -> str:
        """Empty when it is absent."""
        return str(self._given.get(name, ""))

    def needed(self, name: str) -> str:
        """Refused: invalid_arguments when it is absent or empty."""
        value = self.text(name)
        if not value:
            raise refused_with_messages("invalid_arguments", [f"missing required field: {name}"])
        return value

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "1")

    def whole(self, name: str, default: int, most: int) -> int:
        """A count between 1 and `most`; the default when it is absent or no number."""
        value = self.text(name)
        return min(max(int(value), 1), most) if value.isdigit() and int(value) else default

    def data(self, name: str) -> Any:
        """A value that may have come as JSON within a form; text that is no JSON stays text."""
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            return value
