"""What happened, as the audit will tell it: who, where, to which run, before and after. Pure.

What is written here stays for years: texts are cut, and what looks like a secret is masked.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workflows.engine.run import Actor, Answer, Run, Status
from workflows.masking import masked
from workflows.words import cut

#: Characters of one text, and of one that says what was or is. Longer ones are cut, and marked so.
LONGEST, LONGEST_STATE = 500, 8000
NOBODY = Actor("")
#: How the event of a step begins that has done one deed of several.
ON = "goes on: "


@dataclass(frozen=True)
class Place:
    """Where something was said: a channel's id, and `slack`, `shell`, `worker` or `bot`."""

    channel: str = ""
    via: str = ""


NOWHERE = Place()


@dataclass(frozen=True)
class Call:
    """One call that changes something in AWS: its name, AWS's id of the request (empty when no answer came), and
    `ok` or AWS's code."""

    call: str
    request: str
    outcome: str


@dataclass(frozen=True)
class Event:
    """`what` in a few words; `before` and `after` are what it changed, as text by name."""

    what: str
    actor: Actor = NOBODY
    place: Place = NOWHERE
    run: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    calls: Sequence[Call] = ()

    def to_json(self) -> str:
        return json.dumps(
            {
                "what": _kept(self.what),
                "actor": {"id": _kept(self.actor.id), "name": _kept(self.actor.name)},
                "channel": _kept(self.place.channel),
                "via": self.place.via,
                "run": self.run,
                "before": _state(self.before),
                "after": _state(self.after),
                "calls": [
                    {"call": c.call, "request": _kept(c.request), "outcome": _kept(c.outcome)} for c in self.calls
                ],
            }
        )


def started(run: Run) -> Event:
    """A run was made."""
    asked = {"server": run.target.server, "account": run.target.account, "region": run.target.region}
    return Event(
        run.title, run.asked_by, Place(run.channel, run.via), run.id, after=asked | _stand(run) | {"reason": run.reason}
    )


def answered(run_id: str, answer: Answer, place: Place) -> Event:
    """A person decided a question, or tried to."""
    said = "approve" if answer.approved else "reject"
    return Event(said, answer.by, place, run_id, after={"question": answer.question, "reason": answer.reason})


def moved(before: Run, after: Run, what: str, calls: Sequence[Call]) -> tuple[str, Event] | None:
    """Kind and event of a move that the audit keeps; None for one that neither changed the world, nor was about to,
    nor brought the run to a question or an end."""
    kind = "effect" if what.startswith(ON) else _kind(before, after, calls)
    if kind is None:
        return None
    just_answered = after.answers[-1].by if len(after.answers) > len(before.answers) else None
    actor = after.ended_by or just_answered or after.asked_by
    problem = {"problem": after.problem.text} if after.problem and after.problem != before.problem else {}
    report = {"report": after.seal} if after.seal and after.seal != before.seal else {}
    place = Place(after.channel, "worker")
    return kind, Event(what, actor, place, after.id, _stand(before), _stand(after) | problem | report, calls)


def orphaned(run: Run, calls: Sequence[Call]) -> Event:
    """Calls of a worker that could not write down what came of them: somebody with a newer fence had taken over."""
    return Event(
        f"called in {run.step.name} by a worker that had lost the run", run.asked_by, Place(run.channel, "worker"),
        run.id, before=_stand(run), calls=calls,
    )  # fmt: skip


def _kind(before: Run, after: Run, calls: Sequence[Call]) -> str | None:
    if calls:
        return "effect"
    old, new = before.step, after.steps[min(before.at, len(after.steps) - 1)]
    if new.intended is not None and old.intended is None:
        return "intent"
    if old.intended is not None and new.state == "done" and old.state != "done":
        return "effect"
    if before.halted != after.halted:
        return "move"
    turns = Status.ASKING in (before.status, after.status) or not (before.status.open and after.status.open)
    return "move" if turns and before.status is not after.status else None


def _stand(run: Run) -> dict[str, str]:
    return {"status": run.status.value, "step": run.step.name}


def _state(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: _kept(value, LONGEST_STATE) for name, value in texts.items()}


def _kept(text: str, most: int = LONGEST) -> str:
    return cut(masked(text), most)
