"""Help as Slack shows it: no columns, since a phone breaks their lines in the middle. The shell has Click's own."""

import click

_MORE = (
    "/dr help backup says how a verb is written. Alone, /dr backup, drill, restore, validate and schedule open a form, "
    "and are filled in there."
)
#: Characters of a verb's first sentence, which is never cut.
_WHOLE = 300


def overview(group: click.Group) -> str:
    """All verbs, each with what it does."""
    verbs = [f"{name}: {command.get_short_help_str(_WHOLE)}" for name, command in group.commands.items()]
    return "\n".join([group.help or "", "", *verbs, "", _MORE])


def explained(command: click.Command, above: click.Context) -> str:
    """One verb: how it is written, what it does, its options and an example."""
    context = click.Context(command, info_name=command.name, parent=above, help_option_names=[])
    pieces = command.collect_usage_pieces(context)[0 if _takes_options(command) else 1 :]
    usage = " ".join([context.command_path, *pieces])
    said = " ".join((command.help or "").split())
    records = [each.get_help_record(context) for each in command.params if isinstance(each, click.Option)]
    options = [": ".join(each) for each in records if each]
    example = (command.epilog or "").replace("Example: ", f"Example: {above.info_name} ")
    return "\n\n".join(each for each in (usage, said, "\n".join(options), example) if each)


def _takes_options(command: click.Command) -> bool:
    return any(isinstance(each, click.Option) for each in command.params)
