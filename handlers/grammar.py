"""Text → request, or a UserError that says how it is written. Pure. The one grammar of Slack and of the shell."""

from collections.abc import Sequence
from typing import Any

import click

from handlers.arguments import Moment, PointId, RunId, Target, id_of, run_id_in, said, span
from handlers.helping import explained, overview
from handlers.requests import (
    Cancel,
    Decide,
    Diagnose,
    HaltAll,
    Help,
    ListPoints,
    ListRuns,
    Request,
    ResumeAll,
    Retry,
    ShowReport,
    ShowStatus,
    StartBackup,
    StartDrill,
    StartPrune,
    StartRestore,
    StartValidation,
    WhoAmI,
)
from handlers.schedule_verbs import VERBS
from handlers.typed import split
from workflows.errors import UserError
from workflows.words import cut

#: Of verbs that end in free text: what looks like an option there is none.
_SAID = {"ignore_unknown_options": True}
_reason = click.option("--reason", default="", help="Why; shown in the card and kept with the run.")
_profile = click.option("--profile", default="", help="Which facts to measure; else the server's own profile.")
_accept_loss = click.option("--accept-loss", is_flag=True, help="Go on although instance-store disks are in no image.")
_dry_run = click.option("--dry-run", is_flag=True, help="Only say what would be done.")
_target = click.argument("target", type=Target())
_run = click.argument("run_id", metavar="RUN", type=RunId())


@click.group(name="dr", help="Back up EC2 servers as AMIs, restore them, and rehearse losing them.")
def grammar() -> None:
    """Its commands give requests."""


@grammar.command(epilog="Example: backup orders-db --reason 'before the upgrade'")
@_target
@click.option("--no-reboot/--reboot", "no_reboot", default=True, help="Rebooting makes the file systems consistent.")
@_profile
@click.option(
    "--keep", default="", metavar="SPAN", callback=span, help="How long it stays, such as 30d; else the rule."
)
@_reason
@_accept_loss
@_dry_run
def backup(
    target: str, no_reboot: bool, profile: str, keep: str, reason: str, accept_loss: bool, dry_run: bool
) -> Request:
    """Record a server's facts, make an AMI of it, and verify that."""
    return StartBackup(target, not no_reboot, profile, reason, accept_loss, dry_run, keep)


@grammar.command(epilog="Example: restore orders-db --point proven")
@_target
@click.option("--point", type=PointId(), default="latest", help="latest (that did not differ), proven, or an image id.")
@click.option(
    "--as-of", type=Moment(), default=None, help="The newest point up to that time. Without a zone it is UTC."
)
@click.option("--region", default="", help="Only points of that Region.")
@click.option("--subnet", default="", callback=id_of("subnet-", "a subnet's id"), help="Launch it there instead.")
@click.option("--type", "instance_type", default="", callback=id_of("", "an instance type"), help="Another type.")
@click.option("--beside", is_flag=True, help="Launch a copy beside the living server, under another name.")
@_reason
@_dry_run
def restore(target: str, point: str, **options: Any) -> Request:
    """Launch a server from a recovery point and compare its facts. TARGET may also be a point's image id."""
    return StartRestore(target=target, point=point, **options)


@grammar.command(epilog="Example: drill orders-db --live --reason 'Q4 rehearsal'")
@_target
@click.option("--live", is_flag=True, help="The whole disaster: back up, verify, ask, terminate, restore, compare.")
@click.option(
    "--point", type=click.Choice(["latest", "random", "fresh"]), default=None,
    help="Of a copy: the newest point (that is the default), any, or one that is made first.",
)  # fmt: skip
@_profile
@_reason
@_accept_loss
@_dry_run
def drill(
    target: str, live: bool, point: str | None, profile: str, reason: str, accept_loss: bool, dry_run: bool
) -> Request:
    """Rehearse the loss of a server: on an isolated copy beside it, which is compared and removed again, or with --live
    on the server itself. Nothing is terminated before an approver has approved it."""
    if live and point:
        raise click.UsageError("A live drill makes its own recovery point: leave --point out, or --live.")
    if not live and point != "fresh" and (profile or accept_loss):
        raise click.UsageError("--profile and --accept-loss are about a backup: add --point fresh, or --live.")
    return StartDrill(target, live, point or "latest", profile, reason, accept_loss, dry_run)


@grammar.command(epilog="Example: validate orders-db")
@_target
@click.option("--against", type=PointId(), default="latest", help="latest, proven, or an image id.")
@_reason
@_dry_run
def validate(target: str, against: str, reason: str, dry_run: bool) -> Request:
    """Measure a living server's facts now and compare them with a recovery point's. Changes nothing, and is no proof of
    the backup."""
    return StartValidation(target, against, reason, dry_run)


@grammar.command(epilog="Example: prune orders-db --reason 'it costs'")
@click.argument("target", type=Target(), required=False)
@_reason
@_dry_run
def prune(target: str | None, reason: str, dry_run: bool) -> Request:
    """Remove the recovery points that retention lets go, of one server or of all: asks first, and names each image. The
    newest, the last complete and the last proven point of a server always stay."""
    return StartPrune(target or "", reason, dry_run)


@grammar.command(epilog="Example: approve D-0013 --name orders-db")
@_run
@click.option(
    "--name", default="", metavar="SERVER", help="The server's name, which approving takes; after `prune`, to prune."
)
def approve(run_id: str, name: str) -> Request:
    """Say yes to what a run asks, as its button does. You are asked for the server's name."""
    return Decide(run_id, approved=True, name=name)


@grammar.command(epilog="Example: reject D-0013 not during the sale", context_settings=_SAID)
@_run
@click.argument("reason", nargs=-1)
def reject(run_id: str, reason: tuple[str, ...]) -> Request:
    """Say no to what a run asks, and why; the run ends."""
    return Decide(run_id, approved=False, reason=" ".join(reason))


@grammar.command(epilog="Example: cancel B-0042")
@_run
def cancel(run_id: str) -> Request:
    """Stop a run before its point of no return."""
    return Cancel(run_id)


@grammar.command(epilog="Example: retry D-0013")
@_run
def retry(run_id: str) -> Request:
    """Go on with a failed run, from the step that failed."""
    return Retry(run_id)


@grammar.command(epilog="Example: halt the network is being rebuilt", context_settings=_SAID)
@click.argument("reason", nargs=-1, required=True, callback=said)
def halt(reason: tuple[str, ...]) -> Request:
    """Stop every run before its point of no return, and let none begin, until somebody resumes."""
    return HaltAll(" ".join(reason))


@grammar.command(epilog="Example: resume")
def resume() -> Request:
    """End a halt: what was stopped goes on."""
    return ResumeAll()


@grammar.command(epilog="Example: status D-0013")
@click.argument("run_id", metavar="[RUN]", type=RunId(), required=False)
def status(run_id: str | None) -> Request:
    """Show one run, or all that are going on."""
    return ShowStatus(run_id or "")


@grammar.command(epilog="Example: runs --most 20")
@click.option("--most", type=click.IntRange(1, 50), default=10, help="How many.")
def runs(most: int) -> Request:
    """List the latest runs."""
    return ListRuns(most)


@grammar.command(epilog="Example: points orders-db")
@click.argument("target", type=Target(), required=False)
def points(target: str | None) -> Request:
    """List recovery points and what each is worth."""
    return ListPoints(target or "")


@grammar.command(epilog="Example: report D-0013")
@click.argument("subject", metavar="RUN|SERVER", type=Target())
@click.option("--to", default="", metavar="FOLDER", help="In the shell: where the files are written.")
def report(subject: str, to: str) -> Request:
    """Give the report of a run, or a picture of how long a server's restores took."""
    return ShowReport(subject, run_id_in(subject), to)


@grammar.command(epilog="Example: whoami orders-db")
@click.argument("target", type=Target(), required=False)
def whoami(target: str | None) -> Request:
    """Say what you may run and approve, and why."""
    return WhoAmI(target or "")


@grammar.command(epilog="Example: doctor")
def doctor() -> Request:
    """Look at Slack, Redis and AWS, and say how to mend what is wrong."""
    return Diagnose()


@grammar.command(name="help", epilog="Example: help backup")
@click.argument("verb", required=False)
@click.pass_context
def help_(ctx: click.Context, verb: str | None) -> Request:
    """Explain a command."""
    above = ctx.parent or ctx
    here = above.command is grammar  # and not the shell
    if not verb:
        return Help(overview(grammar) if here else above.get_help())
    command = grammar.commands.get(verb)
    if command is None:
        raise click.UsageError(f"No such command '{verb}'. {_understood()}", ctx)
    if here:
        return Help(explained(command, above))
    return Help(click.Context(command, info_name=verb, parent=above, terminal_width=78).get_help())


for _verb in VERBS:
    grammar.add_command(_verb)


def parse(text: str) -> Request:
    """What stands behind `/dr`. Raises UserError: what was wrong, what would be right, an example."""
    words = split(text) or ["help"]
    if "--help" in words:
        words = ["help", *(word for word in words[:1] if word in grammar.commands)]
    return understood(words)


def understood(words: Sequence[str]) -> Request:
    """The same, of words that are apart already. Raises UserError."""
    try:
        asked = grammar.main(list(words), prog_name="/dr", standalone_mode=False, max_content_width=78)
    except click.ClickException as error:
        raise _usage(error, words) from error
    request: Request = asked
    return request


def _usage(error: click.ClickException, words: Sequence[str]) -> UserError:
    command = grammar.commands.get(words[0])
    said = error.format_message()
    said = said if said.endswith((".", "?")) else f"{said}."
    if command is None:
        return UserError(_harmless(said), f"{_understood()} Example: `/dr help backup`")
    example = (command.epilog or "").removeprefix("Example: ")
    about = error.param.name or "" if isinstance(error, click.BadParameter) and error.param else ""
    return UserError(_harmless(said), f"Example: `/dr {example}` — `/dr help {words[0]}` says more.", about=about)


def _understood() -> str:
    return "These are understood: " + ", ".join(f"`{name}`" for name in grammar.commands) + "."


def _harmless(text: str) -> str:
    """Click's own sentences may repeat what a person wrote."""
    return cut(text.replace("<!", "").replace("<@", "").replace("<", "&lt;"), 500)
