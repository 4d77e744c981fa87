"""What a report is as files and as an answer: the same in Slack and in the shell. Pure but for reading records."""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from handlers.postbox import File
from handlers.requests import ShowReport
from workflows.desk import Desk
from workflows.engine.run import Run
from workflows.errors import UnknownRun, UserError
from workflows.report.document import Document, digest, to_json
from workflows.report.history import LOOKED_AT, MOST, entry_of, history
from workflows.report.page import page
from workflows.report.reading import COMPARES, PRACTICE, document_of
from workflows.report.timeline import timeline
from workflows.words import count, duration, safe


@dataclass(frozen=True)
class Given:
    """An answer in mrkdwn with its files; `run` is the one that they are about, None for a server's history."""

    text: str
    files: tuple[File, ...]
    run: Run | None = None


def given(request: ShowReport, desk: Desk) -> Given:
    """The report of a run, or the history of a server's restores. Raises UserError."""
    if not request.run_id:
        return _of_server(request.subject, desk)
    try:
        run = desk.store.read(request.run_id)
    except UnknownRun:
        with suppress(UserError):
            return _of_server(request.subject, desk)  # a server may be called like a run
        raise
    return _of_run(run)


def timeline_of(run: Run) -> tuple[File, str]:
    """The picture that is posted when a drill or a restore has come to its end, and the words beside it."""
    document = document_of(run)
    again = f", after {count(run.retries, 'retry', 'retries')}" if run.retries else ""
    comment = f"Timeline of `{run.key}`{again}: {document.verdict.word}. `/dr report {run.id}` gives the whole report."
    return File(f"{_stem(run)}.png", f"Timeline of {run.id}", timeline(document)), comment


def shows_timeline(run: Run) -> bool:
    """Whether it came so far that its times tell anything."""
    came_far = run.no_return or "replacement_id" in run.values
    return run.runbook in COMPARES and not run.status.open and came_far


def _of_run(run: Run) -> Given:
    if run.status.open:
        raise UserError(f"`{run.id}` has not ended yet, so it has no report.", f"`/dr status {run.id}` says how far.")
    document = document_of(run)
    made = to_json(document)
    files = (
        File(f"{_stem(run)}.html", f"Report of {run.id}", page(document, run.seal).encode()),
        File(f"{_stem(run)}.json", f"Report of {run.id} as JSON", made),
        File(f"{_stem(run)}.png", f"Timeline of {run.id}", timeline(document)),
    )
    return Given(_summary(document), files, run)


def _summary(document: Document) -> str:
    practice = "PRACTICE: " if document.run.practice else ""
    verdict = document.verdict
    figures = [f"{each.title} {duration(each.seconds)}" for each in document.measures if each.seconds is not None]
    lines = [
        f"{practice}*{verdict.word.capitalize()}*: `{document.run.id}` {safe(document.run.title)}. {verdict.headline}",
        ", ".join(figures),
        f"SHA-256 of the JSON: `{digest(document)}`",
    ]
    return "\n".join(line for line in lines if line)


def _of_server(subject: str, desk: Desk) -> Given:
    runs = [run for run in desk.store.latest(LOOKED_AT) if run.runbook in COMPARES and not run.status.open]
    names = {run.target.server for run in runs}
    server = subject if subject in names else desk.server_of(subject)
    own = [run for run in reversed(runs) if run.target.server == server]
    entries = [entry for run in own if (entry := entry_of(document_of(run)))][-MOST:]
    if not entries:
        raise UserError(
            f"No drill or restore of *{safe(server)}* has come to figures yet.",
            "`/dr runs` lists what has been. Example: `/dr report D-0013`",
        )
    practice = own[-1].target.account == PRACTICE
    last = entries[-1]
    rpo = "" if last.rpo is None else f", RPO {duration(last.rpo)}"
    text = f"*{safe(server)}*: {count(len(entries), 'restore')}. The last, `{last.run}`: RTO {duration(last.rto)}{rpo}."
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", server).strip(".-")[:80] or "server"
    file = File(f"firedrill-history-{name}.png", f"RTO and RPO of {server[:150]}", history(server, entries, practice))
    return Given(f"PRACTICE: {text}" if practice else text, (file,))


def _stem(run: Run) -> str:
    """Unique to the run and to this end of it."""
    again = f"-{run.retries}" if run.retries else ""
    return f"firedrill-{re.sub(r'[^A-Za-z0-9-]', '', run.key)}{again}"


def written(files: tuple[File, ...], folder: Path) -> list[Path]:
    """Write them into a folder, which is made if need be. Raises UserError."""
    paths = [folder / each.name for each in files]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, each in zip(paths, files, strict=True):
            path.write_bytes(each.data)
    except OSError as error:
        raise UserError(f"The report could not be written: {error.strerror}: {error.filename}.") from error
    return paths
