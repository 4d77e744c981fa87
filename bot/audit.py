"""`firedrill audit`: check the audit, export it, say its head. A file is checked without Redis and without settings."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TypeVar

import click

from bot import logs
from bot.buckets import anchorage_of
from bot.settings import load
from bot.wiring import parts
from workflows.audit import Verdict, told, verify_export
from workflows.audit_anchors import Anchored, Held
from workflows.chainer import Chainer
from workflows.engine.connection import Away
from workflows.errors import FiredrillError
from workflows.words import count

T = TypeVar("T")

#: Exit statuses beside 0: the chain is whole.
BROKEN, UNREAD = 1, 2


@click.group()
def audit() -> None:
    """The audit: every request, refusal, decision, effect and change of policy, chained by digests."""


@audit.command()
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="An export; else what lies in Redis.")
@click.option("--anchor", default="", help="A digest that was kept elsewhere: some entry must have it.")
@click.option("--anchors", is_flag=True, help="Hold it to what was anchored in the bucket of [audit] too.")
def verify(file: Path | None, anchor: str, anchors: bool) -> None:
    """Check the whole chain. Exit status 0: whole; 1: broken, and it says which entry; 2: it cannot be read."""
    held = _anchors() if anchors else ()
    verdict = _verdict(file, anchor.strip().lower(), held)
    for sentence in told(verdict):
        click.echo(sentence)
    if verdict.whole and held:
        click.echo(f"It holds to what was anchored: {count(len(held), 'anchor')}, the last one of {max(held)}.")
    sys.exit(0 if verdict.whole else BROKEN)


@audit.command()
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="A file; else standard output.")
@click.option("--since", default=None, help="Only from the first entry of that time on: 2026-11-20T09:00 (UTC).")
def export(to: Path | None, since: str | None) -> None:
    """Write the chain as JSON lines, the last of which is its seal."""
    first = None if since is None else _moment(since)

    def write(chainer: Chainer, target: IO[bytes]) -> int:
        count = 0
        for line in chainer.export(first):
            target.write(line)
            count += 1
        return count - 1

    if to is None:
        _with_chainer(lambda chainer: write(chainer, sys.stdout.buffer))
        return
    try:
        with to.open("wb") as target:
            count = _with_chainer(lambda chainer: write(chainer, target))
    except OSError as error:
        raise _Unread(f"{to} cannot be written: {error.strerror}.") from error
    click.echo(
        f"{count} entries and their seal are in {to}. `firedrill audit verify --file {to}` checks them.", err=True
    )


@audit.command()
def head() -> None:
    """Say number and digest of the last entry. Keep the digest elsewhere: `verify --anchor` holds the chain to it."""
    link = _with_chainer(lambda chainer: chainer.head().link)
    click.echo(f"{link.seq} {link.digest}")


def _anchors() -> Sequence[Anchored]:
    """What is in the bucket. That there is nothing speaks for no chain."""
    anchorage = anchorage_of(load())
    if anchorage is None:
        raise _Unread("No bucket is named: `bucket` under [audit] in firedrill.toml.")
    try:
        found = anchorage.anchors()
    except FiredrillError as error:
        raise _Unread(f"The anchors cannot be read. {error.text}") from error
    if not found:
        raise _Unread(f"There are no anchors in {anchorage.objects.bucket} under {anchorage.folder}")
    return found


def _verdict(file: Path | None, anchor: str, anchors: Sequence[Anchored]) -> Verdict:
    if file is None:
        return _with_chainer(lambda chainer: chainer.verdict(anchor, anchors))
    try:
        with file.open("rb") as lines:
            return verify_export(lines, anchor, Held(anchors, part=True))
    except OSError as error:
        raise _Unread(f"{file} cannot be read: {error.strerror}.") from error


def _with_chainer(use: Callable[[Chainer], T]) -> T:
    """What has happened until now is chained first."""
    logs.configure("WARNING")
    try:
        chainer = parts(load()).chainer
        chainer.catch_up()
        return use(chainer)
    except Away as error:
        raise _Unread(f"Redis did not answer ({type(error).__name__}).") from error


class _Unread(click.ClickException):
    """There is no chain to be judged."""

    exit_code = UNREAD


def _moment(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text} is not a time: 2026-11-20T09:00 is (UTC).", param_hint="--since") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
