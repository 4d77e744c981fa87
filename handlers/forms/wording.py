"""What was filled in → the words of the one grammar, as somebody would have typed them. Pure."""

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from handlers.blocks import Block
from handlers.forms.fields import Field, listed, moment, option, ticks, typed
from handlers.grammar import grammar

#: The values of a choice that stands for a flag.
YES, NO = "yes", "no"


def worded(verb: str, values: Mapping[str, Any]) -> list[str]:
    """The words for a verb with these of its parameters; others are left out. An argument comes last, behind `--`,
    where it could be taken for an option."""
    arguments: list[str] = []
    options: list[str] = []
    for param in grammar.commands[verb].params:
        value = values.get(param.name or "")
        if value is None:
            continue
        if isinstance(param, click.Argument):
            arguments.append(str(value))
        elif isinstance(param, click.Option) and param.is_flag:
            options += _flag(param, value in (True, YES))
        else:
            options.append(f"{param.opts[0]}={_said(param, value)}")
    if any(each.startswith("-") for each in arguments):
        return [verb, *options, "--", *arguments]
    return [verb, *arguments, *options]


def written(words: list[str]) -> str:
    """As it could be typed behind `/dr`."""
    return shlex.join(words)


def rest(verb: str, asked: set[str]) -> list[Field]:
    """A question for each of the verb's options that the form does not ask by itself, so that it knows all that the
    grammar knows."""
    params = grammar.commands[verb].params
    return [_asked(each) for each in params if isinstance(each, click.Option) and each.name not in asked]


def _asked(param: click.Option) -> Field:
    name, said = str(param.name), param.help or ""
    label = param.opts[0].removeprefix("--").replace("-", " ").capitalize()
    if param.is_flag:
        return Field(name, label, ticks([option(said or label, name)]))
    return Field(name, label, _element(param), said)


def _flag(param: click.Option, is_set: bool) -> list[str]:
    return param.opts[:1] if is_set else param.secondary_opts[:1]


def _said(param: click.Parameter, value: Any) -> str:
    """A time is picked as seconds since the epoch, and typed in ISO 8601."""
    return datetime.fromtimestamp(int(value), UTC).isoformat() if param.type.name == "time" else str(value)


def _element(param: click.Option) -> Block:
    if isinstance(param.type, click.Choice):
        return listed([str(each) for each in param.type.choices])
    return moment() if param.type.name == "time" else typed(200)
