"""The script's one line of JSON: found in the output, read, and its names made readable."""

import json
import re
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from workflows.errors import FactsNotMeasured, FactsUnreadable

SENTINEL = "firedrill-facts:"


class Part(BaseModel):
    """One object of the script's answer: exactly the fields that are named, of exactly their types."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @classmethod
    def of(cls, part: object) -> Self:
        """Read as JSON, where a tuple is an array. pydantic's ValidationError if it is anything else."""
        return cls.model_validate_json(json.dumps(part))


def read_line(stdout: str, mode: str) -> dict[str, Any]:
    """The object behind the last sentinel.

    FactsUnreadable if there is none, or it is cut off, or of another mode or version; FactsNotMeasured if it says so.
    """
    lines = [line for line in stdout.splitlines() if line.startswith(SENTINEL)]
    if not lines:
        raise FactsUnreadable("The server's answer holds no facts.", "Look at the command's output in SSM Run Command.")
    try:
        answer = json.loads(lines[-1][len(SENTINEL) :])
    except ValueError as error:
        raise FactsUnreadable("The server's answer was cut off or mangled on its way.") from error
    if not isinstance(answer, dict) or answer.get("format") != 1 or answer.get("mode") != mode:
        raise FactsUnreadable("The server's answer is not the one that was asked for.")
    if answer.get("errors"):
        raise FactsNotMeasured(*_told(answer["errors"], answer.get("error_count")))
    return answer


def readable(wire: str) -> str:
    """A name as the script sent it, one character a byte, for people: UTF-8 where it is, `\\xHH` where it is not."""
    try:
        text = wire.encode("latin-1").decode("utf-8", errors="backslashreplace")
    except UnicodeEncodeError as error:
        raise FactsUnreadable("The server's answer holds a name that it cannot hold.") from error
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]", _escape, text)


def _escape(found: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in found.group().encode())


def _told(errors: object, total: object) -> tuple[str, str]:
    """Text in Slack's mrkdwn and hint for rows of fact, path, what was wrong."""
    try:
        rows = [(str(fact), readable(path), readable(text)) for fact, path, text in errors]  # type: ignore[attr-defined]
    except (TypeError, ValueError, AttributeError) as error:
        raise FactsUnreadable("The server's answer says that something is wrong, but not readably what.") from error
    more = (total if isinstance(total, int) else len(rows)) - len(rows[:3])
    sentences = [_sentence(*row) for row in rows[:3]] + ([f"{more:,} more could not be measured."] if more > 0 else [])
    return " ".join(sentences), "Mend it, or leave the path out of the profile."


def _sentence(fact: str, path: str, text: str) -> str:
    place = f" `{_for_slack(path)}`" if path else ""
    return f"The fact *{_for_slack(fact)}* could not be measured:{place} {_for_slack(text)}."


def _for_slack(text: str) -> str:
    """Text from a server can neither mention anybody nor end a code span."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")
