"""What people said to a run, as it lies in Redis until the worker looks. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from workflows.engine.run import Actor, Answer, Halt

_ACTOR = TypeAdapter(Actor)
_ANSWER = TypeAdapter(Answer)
_HALT = TypeAdapter(Halt)


@dataclass(frozen=True)
class Inbox:
    """What people said to a run since the worker last looked, and to all runs: `halt`."""

    cancel: Actor | None = None
    retry: Actor | None = None
    answers: tuple[Answer, ...] = ()
    halt: Halt | None = None

    def answers_to(self, question: str) -> tuple[Answer, ...]:
        """One a person, the earliest first."""
        return tuple(sorted((each for each in self.answers if each.question == question), key=lambda each: each.at))


def inbox_of(flat: Any) -> Inbox:
    """From the hash's fields and values, one after the other, as Redis gives them."""
    words: list[str] = [] if isinstance(flat, Mapping) else [each.decode() for each in flat]
    said = dict(zip(words[::2], words[1::2], strict=True))
    answers = tuple(_ANSWER.validate_json(said[name]) for name in sorted(said) if name.startswith("answer:"))
    cancel, retry = (said.get(name) for name in ("cancel", "retry"))
    return Inbox(
        cancel=_ACTOR.validate_python(json.loads(cancel)) if cancel else None,
        retry=_ACTOR.validate_python(json.loads(retry)) if retry else None,
        answers=answers,
        halt=halt_from_json(said["halt"]) if "halt" in said else None,
    )


def halt_to_json(halt: Halt) -> bytes:
    return _HALT.dump_json(halt)


def halt_from_json(text: str | bytes) -> Halt:
    return _HALT.validate_json(text)


def answer_to_json(answer: Answer) -> bytes:
    return _ANSWER.dump_json(answer)


def answer_from_json(text: str) -> Answer:
    return _ANSWER.validate_json(text)


def actor_to_json(actor: Actor) -> bytes:
    return _ACTOR.dump_json(actor)
