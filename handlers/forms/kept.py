"""What a form remembers from one click to the next: Slack keeps it, and it is looked at when it comes back."""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Kept:
    """`channel` is where the form was opened, empty where that was in none; `url` the address for an answer there;
    `target` the server that is chosen; `more` whether all questions are shown."""

    channel: str = ""
    url: str = ""
    target: str = ""
    more: bool = False

    def text(self) -> str:
        """For private_metadata, which holds 3,000 characters."""
        return json.dumps(asdict(self))


def kept_of(view: dict[str, Any]) -> Kept:
    """Raises ValueError, KeyError or TypeError for what no form of ours has kept."""
    kept = Kept(**json.loads(view["private_metadata"]))
    if not re.fullmatch(r"[CGD][A-Z0-9]{2,20}|", str(kept.channel)):
        raise ValueError("no channel")
    if not all(isinstance(each, str) for each in (kept.url, kept.target)) or not isinstance(kept.more, bool):
        raise ValueError("not what was kept")
    return kept
