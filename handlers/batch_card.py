"""A batch as Slack shows it: one message that sums its runs up, and the list of them at its end. Pure."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.blocks import Block, chunks, context, section, sure
from handlers.cards import Card, asked, bar
from workflows.engine.batches import Batch, Member
from workflows.engine.run import Halt, Run, Status
from workflows.words import cut, safe

#: How a run's state is counted, in the order in which it is told: what to call it, and how it is listed.
_STATES: tuple[tuple[str, tuple[Status, ...], str], ...] = (
    ("waiting in line", (Status.QUEUED,), "Waiting in line"),
    ("under way", (Status.RUNNING, Status.WAITING), "Under way"),
    ("waiting for an answer", (Status.ASKING,), "Needs you"),
    ("failed", (Status.FAILED,), "Failed"),
    ("done", (Status.SUCCEEDED,), "Done"),
    ("cancelled", (Status.CANCELLED,), "Cancelled"),
    ("rejected", (Status.REJECTED,), "Rejected"),
    ("expired", (Status.EXPIRED,), "Expired"),
)
#: How many runs the message names of those that ask, and of those that failed.
NAMED = 8
#: Characters: of a server's name, of what went wrong, of Slack's `text`, of a line of the list.
_NAME, _WRONG, _TEXT, _LINE = 80, 240, 3500, 2600
#: Texts of a section that one message of the list has, and the summary at most beside its head: Slack takes some
#: thirteen thousand characters in all.
_SECTIONS, _MOST = 4, 3


@dataclass(frozen=True)
class Standing:
    """How a batch stands. `asking` and `failed` are the records of those that are named, `halt` the one that stands."""

    batch: Batch
    members: Sequence[Member]
    asking: Sequence[Run] = ()
    failed: Sequence[Run] = ()
    halt: Halt | None = None

    @property
    def open(self) -> int:
        return sum(1 for each in self.members if each.status.open)

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it, but that failed runs may be tried again."""
        return self.batch.whole and not self.open

    @property
    def missing(self) -> int:
        """How many runs were to be begun, and were not."""
        return max(0, self.batch.planned - len(self.members)) if self.batch.whole else 0

    @property
    def part(self) -> int:
        """Of a hundred parts of the work, how many are done; a run that has ended needs no more."""
        parts = [each.part if each.status.open else 100 for each in self.members]
        return sum(parts) // max(1, len(parts))

    def having(self, *states: Status) -> list[Member]:
        return [each for each in self.members if each.status in states]


def summary(standing: Standing) -> Card:
    """The batch's one message."""
    batch = standing.batch
    blocks = [
        section(f"*{safe(cut(batch.title, _NAME))}*  `{batch.id}`\n{_heading(standing)}"),
        context(asked(batch.asked_by, batch.via, batch.created, batch.reason)),
        section(f"{bar(standing.part)} · {_ended(standing)}\n{' · '.join(_counted(standing))}"),
    ]
    blocks += [section(text) for text in chunks([*_asking(standing), *_failed(standing), *_left(standing)])[:_MOST]]
    return Card(sentence(standing), [*blocks, *_buttons(standing)])


def sentence(standing: Standing) -> str:
    """How it stands, in full sentences, for screen readers and notifications."""
    title = standing.batch.title
    head = f"{standing.batch.id}, {safe(title[:1].lower() + title[1:])}"
    halted = f" Firedrill is {standing.halt.sentence()}." if standing.halt and standing.open else ""
    unseen = f" {standing.batch.unseen}" if standing.batch.unseen else ""
    return cut(f"{head}: {_ended(standing)}.{halted} {', '.join(_counted(standing))}.{unseen}", _TEXT)


def end(standing: Standing) -> str:
    """What the asker is told at the end."""
    bad = standing.having(Status.FAILED)
    hint = f" `/dr retry {standing.batch.id}` goes on with all that failed." if bad else ""
    return f"<@{standing.batch.asked_by.id}> {sentence(standing)}{hint}"


def listing(standing: Standing) -> list[Card]:
    """All runs by their state, in as few messages as Slack's lengths allow."""
    lines: list[str] = []
    for _, states, title in _STATES:
        found = standing.having(*states)
        if found:
            lines += _packed(f"*{title}* ({len(found):,}):", found)
    texts = chunks(lines)
    pages = [texts[start : start + _SECTIONS] for start in range(0, len(texts), _SECTIONS)]
    batch = standing.batch
    return [
        Card(f"The runs of {batch.id}, part {number} of {len(pages)}.", [section(text) for text in page])
        for number, page in enumerate(pages, 1)
    ]


def _packed(head: str, members: Sequence[Member]) -> list[str]:
    """Names one after the other, in lines that fit a section."""
    lines = [head]
    for each in members:
        item = f" `{each.id}` {safe(cut(each.server, _NAME))} ·"
        if len(lines[-1]) + len(item) > _LINE:
            lines.append("")
        lines[-1] += item
    return [line.strip().removesuffix(" ·") for line in lines]


def _heading(standing: Standing) -> str:
    if not standing.over:
        if standing.halt:
            return f":octagonal_sign: Stands still: {standing.halt.sentence()}. `/dr resume` lets it go on."
        if standing.having(Status.ASKING):
            return ":raised_hand: Needs an answer"
        return ":hourglass_flowing_sand: Running"
    good = len(standing.having(Status.SUCCEEDED))
    if good == len(standing.members) and not standing.missing:
        unseen = standing.batch.unseen
        return ":warning: Succeeded, all that were seen" if unseen else ":white_check_mark: Succeeded, all of them"
    failed = standing.having(Status.FAILED)
    if failed:
        return f":x: {len(failed)} failed{_without(standing)}"
    return f"{':warning:' if standing.missing else ':no_entry_sign:'} Over; {good} succeeded{_without(standing)}"


def _without(standing: Standing) -> str:
    return f"; {standing.missing:,} of {standing.batch.planned:,} were not begun" if standing.missing else ""


def _ended(standing: Standing) -> str:
    ended, of = len(standing.members) - standing.open, len(standing.members)
    if standing.over:
        which = "the one that was begun has" if of == 1 else f"all {of:,} have"
        return f"{which} ended{_without(standing)}"
    return f"{ended:,} of {max(of, standing.batch.planned if not standing.batch.whole else of):,} have ended"


def _counted(standing: Standing) -> list[str]:
    """State by state, leaving out what there is none of."""
    found = Counter(each.status for each in standing.members)
    counts = ((word, sum(found[state] for state in states)) for word, states, _ in _STATES)
    return [f"{number:,} {word}" for word, number in counts if number] or ["none was begun yet"]


def _asking(standing: Standing) -> list[str]:
    lines = [
        f":raised_hand: *Needs you:* `{run.id}` {_name(run)}: {run.question.title if run.question else 'an answer'} "
        "Its card in the thread has the buttons."
        for run in standing.asking[:NAMED]
    ]
    return lines + _more(len(standing.having(Status.ASKING)), "ask; each has a card in the thread.")


def _failed(standing: Standing) -> list[str]:
    lines = []
    for run in standing.failed[:NAMED]:
        problem = run.problem
        wrong = f"{problem.text} {problem.hint}" if problem else "it failed."
        again = "" if problem and problem.final else f" `/dr retry {run.id}` goes on."
        lines.append(f":x: *Failed:* `{run.id}` {_name(run)}: {cut(wrong, _WRONG)}{again}")
    more = f"failed; the thread lists them at the end, and `/dr retry {standing.batch.id}` goes on with all of them."
    return lines + _more(len(standing.having(Status.FAILED)), more)


def _more(number: int, what: str) -> list[str]:
    return [f"… and {number - NAMED:,} more {what}"] if number > NAMED else []


def _left(standing: Standing) -> list[str]:
    """What was not seen, and why some were not begun. One sentence may be of many."""
    shown = standing.batch.left[:NAMED]
    lines = [f":warning: *Not seen:* {cut(standing.batch.unseen, _WRONG)}"] if standing.batch.unseen else []
    lines += [f":warning: *Not begun:* {cut(each, _WRONG)}" for each in shown]
    if standing.missing <= len(shown):
        return lines
    if shown:
        return [*lines, f"… and {standing.missing - len(shown):,} more that were not begun."]
    text = "whoever was beginning them stopped. Ask again for those servers that are not in the list."
    return [f":warning: *Not begun:* {standing.missing:,} of {standing.batch.planned:,}; {text}"]


def _name(run: Run) -> str:
    return safe(cut(run.target.server, _NAME))


def _buttons(standing: Standing) -> list[Block]:
    if not standing.open:
        return []
    batch = standing.batch
    value = json.dumps({"run": batch.id, "key": batch.key})
    text = f"Every run of {batch.id} stops before its next step. What they have made so far stays."
    button = sure("cancel", "Cancel all", value, "Cancel all?", text)
    return [{"type": "actions", "block_id": f"act-{batch.id}", "elements": [button]}]
