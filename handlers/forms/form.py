"""A form: what it asks, how it is painted as a window, and which words of the grammar its answers stand for. Pure."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.blocks import Block, section
from handlers.forms.fields import Field, words
from handlers.forms.kept import Kept
from handlers.forms.questions import server, where
from handlers.forms.wording import worded

#: Before a verb: the action_id of a button that opens its form, and the callback_id of the form.
FORM = "form_"
#: The button that shows all questions.
MORE = "form_more"
_TITLE = 24


def _nothing(_values: Mapping[str, Any], _now: float) -> str:
    return ""


@dataclass(frozen=True)
class Form:
    """Functions take what has been filled in so far. `questions` takes also a mark that changes with the server, and
    gives what is asked beside the server; `button` and `says` are the words on the button and above the questions, the
    latter at a time in seconds since the epoch, and so `shows` below the question `below`; `meant` turns what was
    filled in into the grammar's parameters. `points` are the words for recovery points, as they are said; `point` is
    the question for one. Where `shown` is given, the other questions wait behind a button."""

    verb: str
    title: str
    questions: Callable[[Mapping[str, Any], str], list[Field]]
    button: Callable[[Mapping[str, Any]], str]
    says: Callable[[Mapping[str, Any], float], str] = _nothing
    shows: Callable[[Mapping[str, Any], float], str] = _nothing
    below: str = ""
    meant: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
    points: Mapping[str, str] = field(default_factory=dict)
    point: str = "point"
    shown: frozenset[str] = frozenset()

    def words(self, values: Mapping[str, Any]) -> list[str]:
        """As somebody would have typed it."""
        return worded(self.verb, self.meant(values))

    def window(
        self, kept: Kept, values: Mapping[str, Any], chosen: Block | None, note: str, channel: str, now: float = 0.0
    ) -> Block:  # fmt: skip
        """For views.open and views.update. `chosen` is the server's option, `note` what is known of it, in plain text;
        `channel` is offered where the form was opened in none; `now` in seconds since the epoch."""
        mark = f"{zlib.crc32(kept.target.encode()):08x}" if kept.target else ""
        asked = self.questions(values, mark)
        seen = asked if kept.more or not self.shown else [each for each in asked if each.name in self.shown]
        said = self.says(values, now)
        return {
            "type": "modal",
            "callback_id": FORM + self.verb,
            "private_metadata": kept.text(),
            "title": words(self.title, _TITLE),
            "submit": words(self.button(values), _TITLE),
            "close": words("Not now", _TITLE),
            "blocks": [
                *([section(said)] if said else []),
                *([] if kept.channel else [where(channel).block()]),
                server(chosen).block(),
                *([{"type": "context", "elements": [words(note, 1900)]}] if note else []),
                *(block for each in seen for block in self._blocks(each, values, now)),
                *([_more()] if len(seen) < len(asked) else []),
            ],
        }

    def _blocks(self, question: Field, values: Mapping[str, Any], now: float) -> list[Block]:
        shown = self.shows(values, now) if question.name == self.below else ""
        return [question.block(), *([section(shown)] if shown else [])]


def _more() -> Block:
    button = {"type": "button", "action_id": MORE, "text": words("More choices", 75)}
    return {"type": "actions", "block_id": MORE, "elements": [button]}
