"""The command line: the two processes, practice, and the same verbs as `/dr` in Slack."""

import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import click

from bot import logs, shell
from bot.audit import audit
from bot.settings import Settings, load
from handlers.errors import AWAY
from handlers.grammar import grammar
from handlers.requests import Help, Request
from workflows.engine.connection import Away
from workflows.errors import FiredrillError
from workflows.words import plain


@click.group(context_settings={"max_content_width": 100})
@click.option("--follow/--no-follow", default=True, help="Show how far a run is until it ends.")
@click.version_option(package_name="firedrill")
def firedrill(follow: bool) -> None:
    """Back up EC2 servers as AMIs, restore them, and rehearse losing them."""
    del follow  # goes to perform()


for _verb in grammar.commands.values():
    firedrill.add_command(_verb)


@firedrill.result_callback()
def perform(request: Request | None, follow: bool, **_: Any) -> None:
    """A verb of the grammar gave a request; the program's own commands give nothing."""
    if isinstance(request, Help):
        click.echo(request.text)
    elif request is not None:
        logs.configure("WARNING")
        sys.exit(shell.perform(load(), request, follow, shlex.join(["firedrill", *sys.argv[1:]])))


firedrill.add_command(audit)


@firedrill.command()
def bot() -> None:
    """The conversation in Slack. Needs Slack's tokens and Redis, and no AWS credentials."""
    from bot.slack_app import run  # noqa: PLC0415 - a verb in the shell is answered before Bolt could be loaded

    _process(run)


@firedrill.command("worker")
def worker_() -> None:
    """Runs the steps. Needs AWS credentials and Redis, and no Slack token."""
    from bot.worker import run  # noqa: PLC0415 - only the worker needs boto3 and APScheduler

    _process(run)


@firedrill.command("celery-worker")
def celery_worker() -> None:
    """Runs steps on another machine, where `engine = "celery"`. Needs what the worker needs, and Celery."""
    from bot.engine_room import beyond  # noqa: PLC0415 - as above

    logs.configure()
    sys.exit(beyond().run(load()))


@firedrill.command()
@click.argument("user")
@click.argument("target", required=False)
def access(user: str, target: str | None) -> None:
    """Say what a Slack user id may run and approve, and why; about one server, if TARGET names it."""
    logs.configure("WARNING")
    shell.access(load(), user, target or "")


@firedrill.command()
@click.option("--folder", type=click.Path(path_type=Path), default=None, help="Where the practice world lies.")
@click.option(
    "--beside-live", is_flag=True, help="Start although this shell holds live credentials, and set them aside."
)
def practice(folder: Path | None, beside_live: bool) -> None:
    """Open the practice world and keep it open: a small Slack in the browser, a lab cloud, no account."""
    from practice.world import keep_open  # noqa: PLC0415 - practice is an extra, imported only by what starts it

    logs.configure()
    keep_open(folder, beside_live)


@firedrill.command()
@click.option("--corrupt", is_flag=True, help="Damage one byte of the restored disk: the drill must find it.")
def demo(corrupt: bool) -> None:
    """Play a whole live drill in the practice world, as two people, and print the channel as it goes."""
    from practice.demo import play  # noqa: PLC0415 - practice is an extra, imported only by what starts it

    logs.configure("ERROR")
    sys.exit(play(corrupt=corrupt))


def _process(run: Callable[[Settings, Event], bool | None]) -> None:
    """A long-running process, until SIGTERM or Ctrl-C. Exit status 1 when it ended by itself."""
    logs.configure()
    stop = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    if run(load(), stop) is False:
        raise SystemExit(1)


def main() -> None:
    """Entry point. Known errors are told in two lines, without a traceback."""
    try:
        firedrill(prog_name="firedrill")
    except FiredrillError as error:
        click.echo(plain(f"{error.text}\n{error.hint}").strip(), err=True)
        sys.exit(2)
    except Away:
        click.echo(plain(AWAY), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
