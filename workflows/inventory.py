"""What AWS showed last, kept by the workers for the bot, which holds no AWS credentials: servers and points."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from pydantic import TypeAdapter

from workflows.aws import Aws, Home, tags
from workflows.errors import FiredrillError, NotFound, PointIncomplete, UserError
from workflows.facts.profile import DEFAULT_ON_WINDOWS, DEFAULT_PROFILE, Profile, misfit
from workflows.points import Point, launch_settings, point_of
from workflows.words import safe

#: Lost servers of which one look asks AWS in each Region.
MOST_ASKED = 20
_MAY = "An instance id (`i-0123456789abcdef0`), a server's name (`orders-db`) or `tag:Key=Value` is right."


@dataclass(frozen=True)
class Sighting:
    """An instance as it was seen. `launched` in seconds since the epoch."""

    server: str
    instance_id: str
    state: str
    region: str
    launched: float
    tags: dict[str, str]
    windows: bool = False

    @property
    def gone(self) -> bool:
        return self.state in ("shutting-down", "terminated")


#: Server, its tags, and a name or "" → what is measured on it. Raises UserError.
ProfileFor = Callable[[str, Mapping[str, str], str], Profile]


def profile_on(seen: Sighting, profile_for: ProfileFor, name: str = "") -> Profile:
    """What is measured on it: where nothing names it, the default of its system. Raises UserError, too for a profile
    that is for the other system."""
    chosen = profile_for(seen.server, seen.tags, name)
    if seen.windows and not chosen.windows and not name and chosen.name == DEFAULT_PROFILE.name:
        chosen = profile_for(seen.server, seen.tags, DEFAULT_ON_WINDOWS.name)
    if chosen.windows != seen.windows:
        raise UserError(*misfit(seen.server, chosen.name, windows=seen.windows), about="profile")
    return chosen


@dataclass(frozen=True)
class Lost:
    """A server of which no instance lives there. AWS forgets a terminated instance's tags, so these are those that it
    bore at its newest recovery point, as the launch settings `launch` keep them; None where those are gone too."""

    server: str
    region: str
    launch: str
    tags: dict[str, str] | None


@dataclass(frozen=True)
class Inventory:
    """`at` is when it was taken, in seconds since the epoch; `blind` are Regions that could not be looked at, and
    `troubles` says why. `lost` are the lost ones whose tags were asked for."""

    at: float
    account: str
    regions: tuple[str, ...]
    servers: tuple[Sighting, ...]
    points: tuple[Point, ...]
    troubles: tuple[str, ...] = ()
    blind: tuple[str, ...] = ()
    lost: tuple[Lost, ...] = ()

    def tags_of(self, server: str, region: str) -> dict[str, str] | None:
        """Those of its newest living instance; of a server that is lost, those that it bore at its newest point in that
        Region. None where they are not known."""
        alive = [each for each in self.servers if each.server == server and not each.gone]
        if alive:
            return max(alive, key=lambda each: each.launched).tags
        return next((each.tags for each in self.lost if (each.server, each.region) == (server, region)), None)

    def unseen(self, target: str) -> str:
        """What of a target is not known, in a sentence without its end; empty where all of it is."""
        if not self.blind or not target.startswith("tag:"):
            return ""
        why = " ".join(self.troubles).rstrip(".")
        where = ", ".join(self.blind)
        return f"{where} could not be looked at ({why}), so it is not known which servers there bear `{safe(target)}`"

    def living(self, target: str) -> list[Sighting]:
        """What a target names: one instance, the one living instance of a server, or all that bear a tag.

        Raises UserError: unknown (with what is alike), terminated, or two of one name.
        """
        if target.startswith("tag:"):
            return self._tagged(target)
        if target.startswith("i-"):
            return [self._instance(target)]
        bearers = [each for each in self.servers if each.server == target]
        alive = [each for each in bearers if not each.gone]
        if len(alive) > 1:
            ids = ", ".join(f"`{each.instance_id}` ({each.state}, {each.region})" for each in alive)
            raise UserError(f"{len(alive)} instances are called *{safe(target)}*: {ids}.", "Name one by its id.")
        if not alive:
            raise self._unknown(target, bearers)
        return alive

    def server_of(self, target: str) -> str:
        """The server that a target names, alive or not: what a restore is asked for. Raises UserError."""
        if target.startswith("ami-"):
            return self.point(target).server
        if target.startswith("i-"):
            source = next((p.server for p in self.points if p.source == target), None)
            return source or self._instance(target).server
        if target.startswith("tag:"):
            names = {each.server for each in self._tagged(target)}
            if len(names) > 1:
                raise UserError(f"`{safe(target)}` names {len(names)} servers.", "Name one of them.")
            return names.pop()
        if target not in self._names():
            raise self._unknown(target, [])
        return target

    def point(self, image_id: str) -> Point:
        """Raises UserError for an image that this installation did not make, or that is not there any more."""
        found = next((each for each in self.points if each.image_id == image_id), None)
        if found is None:
            text = f"`{safe(image_id)}` is not a recovery point that this installation made in {self._where()}."
            raise UserError(text, "`/dr points` lists those that are. Example: `/dr restore orders-db`")
        return found

    def _tagged(self, target: str) -> list[Sighting]:
        name, equals, value = target.removeprefix("tag:").partition("=")
        if not (name and equals):
            raise UserError(f"`{safe(target)}` is not a tag to look for.", "Example: `tag:Environment=production`")
        found = [each for each in self.servers if each.tags.get(name) == value and not each.gone]
        if not found:
            raise UserError(f"No instance in {self._where()} bears the tag `{safe(name)}` = `{safe(value)}`.", _MAY)
        return found

    def _instance(self, instance_id: str) -> Sighting:
        found = next((each for each in self.servers if each.instance_id == instance_id), None)
        if found is None:
            text = f"There is no instance `{safe(instance_id)}` in {self._where()}."
            raise UserError(text, "Is it in another Region or account? `/dr help backup` says what a target is.")
        if found.gone:
            raise self._replaced(found) or self._unknown(found.server, [found])
        return found

    def _replaced(self, gone: Sighting) -> UserError | None:
        """After a restore people still have the old id at hand."""
        heir = next((each for each in self.servers if each.server == gone.server and not each.gone), None)
        if heir is None:
            return None
        text = f"`{gone.instance_id}` is `{gone.state}`: *{safe(gone.server)}* is `{heir.instance_id}` now."
        return UserError(text, f"Name the server, or that instance. Example: `/dr backup {safe(gone.server)}`")

    def _unknown(self, target: str, bearers: Iterable[Sighting]) -> UserError:
        gone = next(iter(bearers), None)
        if gone is not None:
            text = f"*{safe(target)}* (`{gone.instance_id}`) is `{gone.state}`: there is nothing left to work on."
            if any(each.server == gone.server for each in self.points):
                return UserError(text, f"To bring it back: `/dr restore {safe(target)}`")
            return UserError(text, "No recovery point of it is known here. `/dr points` lists what there is.")
        names = sorted(self._names())
        alike = difflib.get_close_matches(target, names, n=3, cutoff=0.5)
        known = " Did you mean " + " or ".join(f"`{safe(name)}`" for name in alike) + "?" if alike else ""
        return UserError(f"No server is called *{safe(target)}* in {self._where()}.{known}", _MAY)

    def _names(self) -> set[str]:
        return {each.server for each in self.servers} | {each.server for each in self.points}

    def _where(self) -> str:
        blind = "".join(f" ({each})" for each in self.troubles)
        return f"{', '.join(self.regions)} of account {self.account}{blind}"


def taken(home: Home, regions: Iterable[str], now: float, before: Inventory | None = None) -> Inventory:
    """Look at every Region; one that cannot be looked at does not hide the others. What was known `before` of a lost
    server is not asked again. Raises what the door to AWS raises if none can be."""
    names = tuple(regions)
    account = ""
    servers: list[Sighting] = []
    points: list[Point] = []
    lost: list[Lost] = []
    blind: list[str] = []
    troubles: list[FiredrillError] = []
    for name in names:
        try:
            aws = home.region(name)
            found, images = aws.instances.all(), aws.images.ours()
        except FiredrillError as trouble:
            blind.append(name)
            troubles.append(trouble)
            continue
        account = aws.account
        servers += [
            Sighting(each.server, each.id, each.state, name, each.launched, each.tags, each.windows)
            for each in found
            if tags.COPY_OF not in each.tags  # a drill's copy is no server
        ]
        own = [point_of(image, name) for image in images]
        alive = {each.server for each in found if not each.gone}
        lost += _lost(aws, [each for each in own if each.server not in alive], before.lost if before else ())
        points += own
    if len(troubles) == len(names):
        raise troubles[0]
    said = tuple(trouble.text for trouble in troubles)
    return Inventory(now, account, names, tuple(servers), tuple(points), said, tuple(blind), tuple(lost))


def _lost(aws: Aws, points: Iterable[Point], before: Iterable[Lost]) -> list[Lost]:
    """Of the servers that those points are of. Each look asks AWS of a few only: those with the latest points."""
    oldest_first = sorted(points, key=lambda each: each.requested)
    newest = {each.server: each for each in oldest_first if not each.copied}
    known = {(each.server, each.region, each.launch): each for each in before}
    latest_first = sorted(newest.values(), key=lambda each: each.requested, reverse=True)
    found = [known.get((each.server, each.region, each.launch)) or each for each in latest_first]
    lost = [each for each in found if isinstance(each, Lost)]
    for each in [each for each in found if isinstance(each, Point)][:MOST_ASKED]:
        with suppress(FiredrillError):  # what cannot be read at the moment is asked again
            lost.append(Lost(each.server, each.region, each.launch, _kept_tags(aws, each)))
    return lost


def _kept_tags(aws: Aws, point: Point) -> dict[str, str] | None:
    """None where nobody knows them any more."""
    try:
        kept = aws.templates.data(launch_settings(point)).get("TagSpecifications", [])
    except (NotFound, PointIncomplete):
        return None
    own = [tags.of(each) for each in kept if each.get("ResourceType") == "instance"]
    return own[0] if own else None


_INVENTORY = TypeAdapter(Inventory)


def to_json(inventory: Inventory) -> str:
    return _INVENTORY.dump_json(inventory).decode()


def from_json(text: str | bytes) -> Inventory:
    return _INVENTORY.validate_json(text)
