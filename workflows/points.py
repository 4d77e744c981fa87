"""Recovery points. AWS is their catalogue: everything here is read from the tags of AMIs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from workflows.aws import tags
from workflows.aws.images import Image
from workflows.aws.templates import Settings, from_mark
from workflows.errors import PointIncomplete, UserError
from workflows.words import safe, when

Proof = Literal["created", "complete", "proven"]

#: Of an interface.
_INDEX = re.compile(r"(?<!\S)[0-9]{1,2}(?!\S)")
_PROOFS: dict[str, Proof] = {"complete": "complete", "proven": "proven"}
_PROVED = {"complete": (tags.COMPLETE_BY, tags.COMPLETE_AT), "proven": (tags.PROVEN_BY, tags.PROVEN_AT)}
#: Points that were passed over, of which a restore tells one by one.
MOST_TOLD = 3


@dataclass(frozen=True)
class Point:
    """One AMI with its snapshots, its launch settings and its facts.

    `requested` is when CreateImage was asked for (seconds since the epoch): the content is as of then. `run_key` names
    the facts' folder on the AMI's root volume, `facts` is the SHA-256 of the manifest there. `launch` is template and
    version. `proof_by` and `proof_at` (seconds since the epoch) say which run found out what it is worth; a point of an
    older version may lack them. `differed_in` names the run whose restore showed other facts, if the last one did.
    `consistency` is *application-consistent*, *rebooted* or *crash-consistent*. `gib` is the size of its volumes
    together, None where it is not known. `keep` is its own word on how long it stays, such as `30 d`; `as_made` says
    that it is the image which its run made, and no copy of it; `copied`, that AWS shows otherwise. Of some older
    images it is silent, and then neither is so. `forwards` are the indexes of those interfaces of its source whose
    source/destination check was off.
    """

    image_id: str
    server: str
    region: str
    run_key: str
    source: str
    requested: float
    state: str
    proof: Proof
    consistency: str
    facts: str
    launch: str
    differed_in: str = ""
    differed_at: float | None = None
    proof_by: str = ""
    proof_at: float | None = None
    snapshots: tuple[tuple[str, str], ...] = ()
    consistency_reason: str = ""
    gib: int | None = None
    keep: str = ""
    as_made: bool = False
    copied: bool = False
    forwards: tuple[int, ...] = ()

    @property
    def held_still(self) -> str:
        """The consistency that was really reached and, where a freeze was asked for in vain, why it is no more."""
        return f"{self.consistency} ({self.consistency_reason})" if self.consistency_reason else self.consistency

    @property
    def foreign(self) -> str:
        """Why it may not be the image that its run made; empty if it is."""
        return "" if self.as_made else "it is a copy, or its tags are not those that this installation gave it"

    @property
    def usable(self) -> bool:
        """Whether a machine can be launched from it and judged."""
        return not self.doubt

    @property
    def doubt(self) -> str:
        """Why no machine can be launched from it and judged; empty if one can."""
        if self.state != "available":
            return f"its image is `{self.state}`"
        if self.proof == "created":
            return "its proof is only `created`"
        return self.lost_tag

    @property
    def lost_tag(self) -> str:
        """What somebody has taken from the tags that Firedrill gave it; empty if nothing is missing."""
        if not self.facts:
            return f"its tag `{tags.FACTS}` is gone, so nobody knows which facts to expect"
        try:
            from_mark(self.launch)
        except ValueError:
            said = f"says `{safe(self.launch)}`" if self.launch else "is gone"
            return f"its tag `{tags.LAUNCH}` {said}, so nobody knows which settings to launch it with"
        return ""


def point_of(image: Image, region: str) -> Point:
    """What the tags of one of our images say."""
    marks = image.tags
    proof = _PROOFS.get(marks.get(tags.PROOF, ""), "created")
    if marks.get(tags.PROVEN_BY):  # a frozen worker that wakes late may have written `complete` over it
        proof = "proven"
    by, at = _PROVED.get(proof, ("", ""))
    return Point(
        image_id=image.id,
        server=marks.get(tags.SERVER, ""),
        region=region,
        run_key=marks.get(tags.RUN, ""),
        source=marks.get(tags.SOURCE, ""),
        requested=image.requested,
        state=image.state,
        proof=proof,
        consistency=marks.get(tags.CONSISTENCY, ""),
        facts=marks.get(tags.FACTS, ""),
        launch=marks.get(tags.LAUNCH, ""),
        differed_in=marks.get(tags.DIFFERED_IN, ""),
        differed_at=tags.seconds(marks.get(tags.DIFFERED_AT, "")),
        proof_by=marks.get(by, ""),
        proof_at=tags.seconds(marks.get(at, "")),
        consistency_reason=marks.get(tags.CONSISTENCY_REASON, ""),
        snapshots=tuple(sorted(image.snapshots.items())),
        gib=image.gib,
        keep=(marks[tags.KEEP].strip() or "(empty)") if tags.KEEP in marks else "",
        as_made=image.as_made,
        copied=image.copied,
        forwards=tuple(int(each) for each in _INDEX.findall(marks.get(tags.FORWARDS, ""))),
    )


def launch_settings(point: Point) -> Settings:
    """Where a point's launch settings are kept. Raises PointIncomplete if its tag does not say."""
    try:
        return from_mark(point.launch)
    except ValueError:
        raise PointIncomplete(f"`{point.image_id}`: {point.lost_tag}.", "Use another recovery point.") from None


def choose(points: Iterable[Point], server: str, which: str = "latest", as_of: float | None = None) -> Point:
    """The newest usable point of a server: `latest`, `proven`, or an image id. `as_of`: requested at or before then.

    Raises UserError when there is none.
    """
    return _named(points, server, which) if which.startswith("ami-") else fitting(points, server, which, as_of)[0]


def fitting(points: Iterable[Point], server: str, which: str = "latest", as_of: float | None = None) -> list[Point]:
    """All of which `choose` takes the first: a copy is not among them, since its time is when it was copied. Raises
    UserError when there is none."""
    own = sorted((p for p in points if p.server == server), key=lambda p: p.requested, reverse=True)
    if not own:
        hint = f"`/dr backup {safe(server)}` makes one while the server runs; `/dr points` lists what there is."
        raise UserError(f"*{safe(server)}* has no recovery point.", hint, about="point")
    usable = [p for p in own if p.usable and (which != "proven" or p.proof == "proven")]
    fits = [p for p in usable if not p.copied and (as_of is None or p.requested <= as_of)]
    if not fits:
        wanted = {"proven": "proven "}.get(which, "complete ") + "recovery point"
        bound = f" as of {when(as_of)}" if as_of is not None else ""
        hint = f"`/dr points {safe(server)}` lists what there is."
        if any(p.copied for p in usable):
            hint += " A copy is restored only by its image id: how old its content is, is not known."
        raise UserError(f"*{safe(server)}* has no {wanted}{bound}.", hint, about="point")
    return fits


def trusted(
    points: Iterable[Point], server: str, which: str = "latest", as_of: float | None = None
) -> tuple[Point, list[str]]:
    """What a server is restored from, and what whoever restores it must know: a line each, in mrkdwn. As `choose`, but
    newer points that differed when they were restored are passed over, if there is one that did not. Raises UserError.
    """
    if which.startswith("ami-"):
        named = _named(points, server, which)
        return named, [*_of_a_copy(named), *([f"{_differed(named)}."] if named.differed_in else [])]
    fits = fitting(points, server, which, as_of)
    at = next((number for number, each in enumerate(fits) if not each.differed_in), None)
    if at is None:
        return fits[0], [f"{_differed(fits[0])}, and there is none that did not."]
    more = [f"So were {at - MOST_TOLD} more."] if at > MOST_TOLD else []
    return fits[at], [*map(_passed_over, fits[: min(at, MOST_TOLD)]), *more]


def _of_a_copy(point: Point) -> list[str]:
    said = f"`{safe(point.image_id)}`: {point.foreign}, so how old its content is, is not known, and no RPO is told."
    return [said] if point.copied else []


def _differed(point: Point) -> str:
    return f"`{safe(point.image_id)}` *differed* when `{safe(point.differed_in)}` restored it"


def _passed_over(point: Point) -> str:
    """With the way to take it all the same."""
    image_id = safe(point.image_id)
    return (
        f"`{image_id}` is newer, but passed over: it *differed* in `{safe(point.differed_in)}`. Named in the server's "
        "place, it is taken."
    )


def _named(points: Iterable[Point], server: str, image_id: str) -> Point:
    found = next((p for p in points if p.server == server and p.image_id == image_id), None)
    if found is None:
        text = f"`{safe(image_id)}` is not a recovery point of *{safe(server)}*."
        raise UserError(text, f"`/dr points {safe(server)}` lists them.", about="point")
    if not found.usable:
        raise UserError(
            f"`{image_id}` cannot be restored: {found.doubt}.",
            f"`/dr points {safe(server)}` lists what can.",
            about="point",
        )
    return found
