"""Servers by typeahead: those that match what is typed so far, the best first, and how each is shown. Pure."""

from collections.abc import Iterable

from handlers.blocks import Block
from handlers.forms.fields import MOST, VALUE, option
from workflows.inventory import Inventory, Sighting
from workflows.points import Point
from workflows.words import duration

#: Beginnings that mean something else than a name to the grammar.
_KINDS = ("i-", "ami-", "tag:")


def matching(known: Inventory, typed: str) -> list[Block]:
    """Options for the servers of which every typed word is found in name, id, Region or tags: the whole name first,
    then what begins so, then the rest by name. `tag:Key=Value` itself, where it names any."""
    wanted = typed.casefold().split()
    found = [each for each in _candidates(known) if all(word in each.text for word in wanted)]
    whole = " ".join(wanted)
    found.sort(key=lambda each: (each.name != whole, not each.name.startswith(whole), each.name))
    tagged = _tagged(known, typed.strip())
    return [*tagged, *(each.option() for each in found[: MOST - len(tagged)])]


def option_of(known: Inventory, target: str) -> Block | None:
    """The option for a server's name or for what an option of this page stands for; nothing if there is none."""
    return next((each.option() for each in _candidates(known) if target in (each.server, each.target)), None)


def newest(known: Inventory, target: str, now: float) -> str:
    """What is known of a chosen server's newest recovery point, in plain text. Raises UserError for an unknown one."""
    server = known.server_of(target)
    points = sorted((each for each in known.points if each.server == server), key=lambda each: each.requested)
    if not points:
        return f"{server} has no recovery point yet."
    age = duration(now - points[-1].requested)
    return f"{server}: {len(points)} recovery points, the newest is {age} old and {points[-1].proof}."


class _Candidate:
    """A server to choose. `text` is what is searched, `target` how the grammar is told."""

    def __init__(self, server: str, instance_id: str, about: str, marks: Iterable[str], alone: bool) -> None:
        self.server, self.about = server, about
        self.name = server.casefold()
        self.text = " ".join((server, about, *marks)).casefold()
        self.target = server if alone and _spelled(server) else instance_id

    def option(self) -> Block:
        return option(self.server, self.target, self.about)


def _candidates(known: Inventory) -> list[_Candidate]:
    """Living servers, one for each bearer of a name; and those of which only recovery points are left."""
    alive = [each for each in known.servers if not each.gone]
    bearers: dict[str, int] = {}
    for each in alive:
        bearers[each.server] = bearers.get(each.server, 0) + 1
    lost: dict[str, Point] = {each.server: each for each in known.points if each.server not in bearers}
    return [
        *(_Candidate(each.server, each.instance_id, _said(each), each.tags.values(), bearers[each.server] == 1)
          for each in alive),
        *(_Candidate(each.server, each.source, f"lost; {each.source}, {each.region}", (), True)
          for each in lost.values()),
    ]  # fmt: skip


def _said(seen: Sighting) -> str:
    return f"{seen.state}; {seen.instance_id}, {seen.region}"


def _spelled(server: str) -> bool:
    """Whether the grammar takes the name for what it is, and Slack for an option's value."""
    return (
        server == server.strip().strip("`")
        and len(server) <= VALUE
        and server.isprintable()
        and not server.startswith(_KINDS)
    )


def _tagged(known: Inventory, typed: str) -> list[Block]:
    """A tag that is typed in full."""
    name, _, value = typed.removeprefix("tag:").partition("=")
    if not typed.startswith("tag:") or not value or len(typed) > VALUE:
        return []
    bearers = sum(1 for each in known.servers if each.tags.get(name) == value and not each.gone)
    return [option(typed, typed, f"all that bear it: {bearers}")] if bearers else []
