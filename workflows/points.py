"""Recovery points. AWS is their catalogue: everything here is read from the tags of AMIs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from workflows.aws import tags
from workflows.aws.images import Image
from workflows.errors import UserError
from workflows.words import safe, when

Proof = Literal["created", "complete", "proven"]

_PROOFS: dict[str, Proof] = {"complete": "complete", "proven": "proven"}


@dataclass(frozen=True)
class Point:
    """One AMI with its snapshots, its launch settings and its facts.

    `requested` is when CreateImage was asked for (seconds since the epoch): the content is as of then. `run_key` names
    the facts' folder on the AMI's root volume, `facts` is the SHA-256 of the manifest there. `launch` is template and
    version. `differed_in` names the run whose restore showed other facts, if the last one did.
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

    @property
    def usable(self) -> bool:
        """Whether a machine can be launched from it and judged."""
        return self.state == "available" and self.proof != "created" and bool(self.facts and self.launch)


def point_of(image: Image, region: str) -> Point:
    """What the tags of one of our images say."""
    marks = image.tags
    return Point(
        image_id=image.id,
        server=marks.get(tags.SERVER, ""),
        region=region,
        run_key=marks.get(tags.RUN, ""),
        source=marks.get(tags.SOURCE, ""),
        requested=image.requested,
        state=image.state,
        proof=_PROOFS.get(marks.get(tags.PROOF, ""), "created"),
        consistency=marks.get(tags.CONSISTENCY, ""),
        facts=marks.get(tags.FACTS, ""),
        launch=marks.get(tags.LAUNCH, ""),
        differed_in=marks.get(tags.DIFFERED_IN, ""),
    )


def choose(points: Iterable[Point], server: str, which: str = "latest", as_of: float | None = None) -> Point:
    """The newest usable point of a server: `latest`, `proven`, or an image id. `as_of`: requested at or before then.

    Raises UserError when there is none.
    """
    own = sorted((p for p in points if p.server == server), key=lambda p: p.requested, reverse=True)
    if not own:
        raise UserError(f"*{safe(server)}* has no recovery point.", f"Example: `/dr backup {safe(server)}`")
    if which.startswith("ami-"):
        return _named(own, server, which)
    fits = [p for p in own if p.usable and (which != "proven" or p.proof == "proven")]
    if as_of is not None:
        fits = [p for p in fits if p.requested <= as_of]
    if not fits:
        wanted = {"proven": "proven "}.get(which, "complete ") + "recovery point"
        bound = f" as of {when(as_of)}" if as_of is not None else ""
        raise UserError(
            f"*{safe(server)}* has no {wanted}{bound}.", f"`/dr points {safe(server)}` lists what there is."
        )
    return fits[0]


def _named(own: list[Point], server: str, image_id: str) -> Point:
    found = next((p for p in own if p.image_id == image_id), None)
    if found is None:
        text = f"`{safe(image_id)}` is not a recovery point of *{safe(server)}*."
        raise UserError(text, f"`/dr points {safe(server)}` lists them.")
    if not found.usable:
        why = f"its image is `{found.state}`" if found.state != "available" else f"its proof is only `{found.proof}`"
        raise UserError(f"`{image_id}` cannot be restored: {why}.", f"`/dr points {safe(server)}` lists what can.")
    return found
