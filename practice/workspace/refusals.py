"""How the small Slack says no: an error code, and what Slack adds to it."""

from collections.abc import Iterable
from typing import Any


class Refused(Exception):
    """A call that Slack turns down. `details` go beside `ok` and `error` in the body of the answer."""

    def __init__(self, error: str, **details: Any) -> None:
        super().__init__(error)
        self.error = error
        self.details = details

    def body(self) -> dict[str, Any]:
        return {"ok": False, "error": self.error, **self.details}


def refused_with_messages(error: str, faults: Iterable[str]) -> Refused:
    """One refusal that names every fault, in Slack's two places for them."""
    named = list(faults)
    return Refused(error, errors=named, response_metadata={"messages": [f"[ERROR] {text}" for text in named]})
