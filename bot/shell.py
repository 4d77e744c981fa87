"""The same verbs in the shell: the same answers, as plain text, with a live display of the run that was started."""

import re
import secrets
import sys
import time
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bot.settings import Settings, SettingsError
from bot.wiring import Parts, answers, directory, note_policy, parts
from handlers.answers import Answers
from handlers.cards import sentence
from handlers.reports import written
from handlers.requests import Decide, Request, ShowReport
from workflows.desk import Asking
from workflows.engine.connection import Away
from workflows.engine.run import Actor, Run, Status, StepState
from workflows.errors import UnknownRun, UserError
from workflows.logins import login
from workflows.pruned import to_type
from workflows.slack_ids import MEMBER
from workflows.words import duration, plain, safe

_MARKS = {"done": "✓", "doing": "…", "waiting": "…", "failed": "✗", "todo": " "}


def perform(settings: Settings, request: Request, follow: bool, words: str) -> int:
    """Carry the request, typed as `words`, out for whoever is logged in. Gives the exit status: 0 unless a followed
    run did not succeed.

    Raises UserError and SettingsError.
    """
    built = parts(settings)
    name = login()
    asking = Asking(
        by=Actor(settings.file.people.get(name, ""), name),
        channel=settings.file.slack.channel,
        via="shell",
        request=f"shell-{secrets.token_hex(8)}",
    )
    note_policy(settings, built, "shell")
    answered = _answers(settings, built)
    with answered.recorded(asking, words):
        _check_known(asking.by)
        text, started = _carried_out(answered, request, asking)
    console = Console()
    console.print(plain(text), markup=False, highlight=False, soft_wrap=True)
    if not follow:
        return 0
    return max((_followed(built, run, console) for run in started), default=0)


def _carried_out(answered: Answers, request: Request, asking: Asking) -> tuple[str, list[Run]]:
    if isinstance(request, Decide):
        return answered.to(_completed(answered, request, asking), asking)
    if not isinstance(request, ShowReport):
        return answered.to(request, asking)
    found = answered.report(request)
    if not request.to:
        return f"{found.text}\n`--to FOLDER` writes it: {', '.join(each.name for each in found.files)}", []
    return "\n".join((found.text, *(f"Written: {path}" for path in written(found.files, Path(request.to))))), []


def _completed(answered: Answers, request: Decide, asking: Asking) -> Decide:
    """With what the request lacks asked for, where somebody sits there; after they have been shown what is at stake."""
    if not sys.stdin.isatty() or (request.name if request.approved else request.reason):
        return request
    run = answered.deciding.about(request, asking)
    if not isinstance(run, Run):
        return request  # it would not count: that is what they are told
    click.echo("\n".join(str(each) for each in _question(run)))
    if request.approved:
        return replace(request, name=click.prompt(f"Type this to approve: {plain(safe(to_type(run)))}"))
    return replace(request, reason=click.prompt("Why is it rejected?"))


def access(settings: Settings, user: str, target: str) -> None:
    """Print what a person may do. Raises UserError and SettingsError."""
    if not re.fullmatch(MEMBER, user):
        raise UserError(
            f"`{user}` is not a Slack member id.", 'It looks like U0123ABCD: "Copy member ID" in a profile.'
        )
    text = _answers(settings, parts(settings)).access_of(user, target, settings.file.slack.channel)
    Console().print(plain(text), markup=False, highlight=False, soft_wrap=True)


def _answers(settings: Settings, built: Parts) -> Answers:
    return answers(settings, built, lambda _: directory(built.board))


def _check_known(actor: Actor) -> None:
    """The Slack user behind a login, so that asker and approver are the same people in Slack and in the shell. Raises
    SettingsError for a login that is nobody there."""
    if not actor.id:
        raise SettingsError(
            f"firedrill.toml does not say who `{actor.name}` is in Slack.",
            f'Add under [people]: {actor.name} = "U0123ABCD" — the member id from the Slack profile.',
        )


def _followed(built: Parts, run: Run, console: Console) -> int:
    told = False
    with Live(_display(run, run.created), console=console, refresh_per_second=4) as live:
        while run.status.open:
            time.sleep(0.25)
            try:
                run = built.store.read(run.id)
                live.update(_display(run, built.clock.now()))
            except UnknownRun:
                break
            except Away:
                if not told:
                    live.console.print("Redis does not answer; the run goes on as soon as it does.")
                told = True
    if not console.is_terminal:
        console.line()  # where nothing is drawn twice, the display ends in the middle of a line
    console.print(plain(sentence(run)), markup=False, highlight=False, soft_wrap=True)
    return 0 if run.status is Status.SUCCEEDED else 1


def _display(run: Run, now: float) -> Group:
    table = Table.grid(padding=(0, 1))
    for step in run.steps:
        table.add_row(_MARKS[step.state], step.title, _progress(step, now))
    head = Text(f"{run.id}  {run.title}: {run.status.value}")
    return Group(head, table, *_question(run))


def _progress(step: StepState, now: float) -> Text | ProgressBar:
    if step.progress is not None and step.state == "waiting":
        return ProgressBar(total=100, completed=step.progress, width=30)
    if step.state == "done" and step.started is not None and step.ended is not None:
        detail = plain(step.detail.split("\n")[0])
        return Text(f"{duration(step.ended - step.started)}  {detail}")
    if step.state in ("doing", "waiting") and step.started is not None:
        return Text(f"{duration(now - step.started)}  {plain(step.trouble or step.because)}")
    return Text("")


def _question(run: Run) -> list[Text]:
    if run.question is None or run.status is not Status.ASKING:
        return []
    items = [f"  {label}: {plain(value)}" for label, value in run.question.items]
    return [Text("\n".join([plain(run.question.title), *items, f"  Answer: firedrill approve {run.id}, or reject"]))]
