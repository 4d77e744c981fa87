"""What may stand in a command: ids, targets, points and times, each checked, with an example of what is right."""

import re
from datetime import UTC, datetime
from typing import Any

import click

from workflows.keeping import Keeping
from workflows.words import cut, safe


class RunId(click.ParamType[str]):
    """`D-0013`; `d-13` is understood."""

    name = "run"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = run_id_in(str(value).strip().strip("`"))
        if not found:
            self.fail(f"`{safe(cut(str(value), 40))}` is not the id of a run, such as `D-0013`.", param, ctx)
        return found


def run_id_in(text: str) -> str:
    """The id that a text may stand for, else nothing."""
    found = re.fullmatch(r"([A-Za-z])-?(\d{1,9})", text)
    return f"{found[1].upper()}-{int(found[2]):04d}" if found else ""


class Target(click.ParamType[str]):
    """An instance id, a server's name, `tag:Key=Value`, or for a restore an image id."""

    name = "target"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip().strip("`")
        if not text or len(text) > 256 or not text.isprintable():
            self.fail(f"`{safe(cut(text, 40))}` is not a name that AWS allows.", param, ctx)
        for prefix, what in (("i-", "an instance id"), ("ami-", "an image id")):
            like = re.fullmatch(rf"{prefix}[0-9a-f]*", text)
            if like and not re.fullmatch(rf"{prefix}[0-9a-f]{{8}}([0-9a-f]{{9}})?", text):
                example = f"{prefix}0123456789abcdef0"
                self.fail(f"`{safe(cut(text, 40))}` looks like {what} and is none: `{example}` is.", param, ctx)
        return text


class PointId(Target):
    """`latest`, `proven`, or an image id."""

    name = "point"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = super().convert(value, param, ctx)
        if text not in ("latest", "proven") and not text.startswith("ami-"):
            self.fail(f"`{safe(cut(text, 40))}` is not `latest`, `proven` or an image id.", param, ctx)
        return text


class Moment(click.ParamType[float]):
    """A time in ISO 8601; without a zone it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"`{safe(cut(str(value), 40))}` is not a time: `2026-11-20T09:00` is (UTC).", param, ctx)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def span(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """How long a recovery point is kept."""
    try:
        return Keeping(value).keep
    except ValueError:
        text = f"`{safe(cut(value, 40))}` is not how long to keep it: from `1h` to ten years, such as `30d` or `12h`."
        raise click.BadParameter(text, ctx, param) from None


def said(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> tuple[str, ...]:
    """What everybody will read."""
    if not "".join(words).strip():
        raise click.BadParameter("Say why: everybody whose work it stops will read it.", ctx, param)
    return words


def id_of(prefix: str, what: str) -> Any:
    def check(ctx: click.Context, param: click.Parameter, value: str) -> str:
        if value and not re.fullmatch(rf"{prefix}[a-z0-9.\-]+", value):
            raise click.BadParameter(f"`{safe(cut(value, 40))}` is not {what}.", ctx, param)
        return value

    return check
