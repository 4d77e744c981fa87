"""Servers by typeahead: those that match what is typed so far, the best first, and how each is shown. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator

from handlers.blocks import Block
from handlers.forms.fields import MOST, VALUE, option
from workflows.inventory import Inventory, Sighting
from workflows.points import Point
from workflows.words import count, duration

#: Beginnings that mean something else than a name to the grammar.
_KINDS = ("i-", "ami-", "tag:")


class Servers:
    """The servers of one inventory, put in order once, since somebody waits at every key."""

    def __init__(self, known: Inventory) -> None:
        self.known = known
        self._all = sorted(_candidates(known), key=lambda each: each.name)

    def matching(self, typed: str) -> list[Block]:
        """Options for those of which every typed word is found in name, id, state, Region or the tags' values: the
        whole name first, then what begins so, then the rest by name. `tag:Key=Value` itself, where it names any."""
        wanted = typed.casefold().split()
        whole = " ".join(wanted)
        found = [each for each in self._all if all(word in each.text for word in wanted)]
        found.sort(key=lambda each: (each.name != whole, not each.name.startswith(whole)))
        tagged = self._tagged(typed.strip())
        return [*tagged, *(each.option() for each in found[: MOST - len(tagged)])]

    def option(self, target: str) -> Block | None:
        """The option for a server's name, or for what one of the options stands for; nothing if there is none, or if
        several bear the name: then a person says which."""
        found = [each for each in self._all if target in (each.server, each.target)]
        if len(found) == 1:
            return found[0].option()
        return next(iter(self._tagged(target)), None)

    def newest(self, target: str, now: float) -> str:
        """What is known of the recovery points of a chosen server, in plain text; nothing of several servers."""
        server = next((each.server for each in self._all if target in (each.server, each.target)), "")
        own = [each for each in self.known.points if each.server == server and not each.copied]
        points = sorted(own, key=lambda each: each.requested)
        if not server:
            return ""
        if not points:
            return f"{server} has no recovery point yet."
        age = duration(now - points[-1].requested)
        return f"{server} has {count(len(points), 'recovery point')}; the newest is {age} old and {points[-1].proof}."

    def _tagged(self, typed: str) -> list[Block]:
        """A tag that is typed in full."""
        name, _, value = typed.removeprefix("tag:").partition("=")
        if not typed.startswith("tag:") or not value or len(typed) > VALUE:
            return []
        bearers = sum(1 for each in self.known.servers if each.tags.get(name) == value and not each.gone)
        return [option(typed, typed, f"all that bear it: {bearers}")] if bearers else []


class _Candidate:
    """A server to choose. `text` is what is searched, `target` how the grammar is told."""

    __slots__ = ("about", "name", "server", "target", "text")

    def __init__(self, server: str, instance_id: str, about: str, marks: Iterable[str], alone: bool) -> None:
        self.server, self.about = server, about
        self.name = server.casefold()
        self.text = " ".join((server, about, *marks)).casefold()
        self.target = server if alone and _spelled(server) else instance_id

    def option(self) -> Block:
        return option(self.server, self.target, self.about)


def _candidates(known: Inventory) -> Iterator[_Candidate]:
    """Living servers, one for each bearer of a name; and those of which only recovery points are left."""
    alive = [each for each in known.servers if not each.gone]
    bearers = Counter(each.server for each in alive)
    for each in alive:
        yield _Candidate(each.server, each.instance_id, _said(each), each.tags.values(), bearers[each.server] == 1)
    lost: dict[str, Point] = {each.server: each for each in known.points if each.server not in bearers}
    for point in lost.values():
        yield _Candidate(point.server, point.source, f"lost; {point.source}, {point.region}", (), True)


def _said(seen: Sighting) -> str:
    return f"{seen.state}; {seen.instance_id}, {seen.region}"


def _spelled(server: str) -> bool:
    """Whether the grammar takes the name for what it is, and Slack for an option's value."""
    plain = server == server.strip().strip("`") and server.isprintable()
    return plain and 0 < len(server) <= VALUE and not server.startswith(_KINDS)
