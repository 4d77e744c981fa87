"""AMIs, their snapshots, and the volumes that they were taken of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from workflows.aws import tags
from workflows.aws.calls import Calls, Hold
from workflows.aws.shared import FILTERED, Kind, Shared, portions
from workflows.errors import NameTaken, NotFound, NotVisibleYet, RunFailed

#: Seconds that AWS's describes may lag behind its own answer.
VISIBLE_WITHIN = 300.0


@dataclass(frozen=True)
class Image:
    """What DescribeImages says. `requested` in seconds since the epoch: the moment that the content was fixed at.

    `snapshots` maps device → snapshot id ("" until AWS names it); mappings without an `Ebs` key (instance store)
    are not in it. `gib` is the size of their volumes together, None where AWS does not tell each. `source` is the
    instance that CreateImage took it of, and AWS names none for a copy, in whichever Region; `made_of` is the image
    that a copy, or that instance, was made of. Of some older images AWS names neither.
    """

    id: str
    name: str
    state: str
    requested: float
    tags: dict[str, str]
    snapshots: dict[str, str]
    reason: str = ""
    gib: int | None = None
    source: str = ""
    made_of: str = ""

    @property
    def as_made(self) -> bool:
        """Whether it is the very image that its tags speak of. Anybody can copy an image with its tags, in another
        Region under its name too; but nobody can say afterwards which instance an image was taken of."""
        server, run_key = self.tags.get(tags.SERVER, ""), self.tags.get(tags.RUN, "")
        taken_of = self.tags.get(tags.SOURCE, "")
        return self.name == tags.image_name(server, run_key) and bool(taken_of) and self.source == taken_of

    @property
    def copied(self) -> bool:
        """Whether it shows that it is not that image, so that its time need not be its content's. What AWS is silent
        about is none: a server is rather restored from what may be a copy than not at all."""
        if self.source:
            return self.source != self.tags.get(tags.SOURCE, "")
        named = tags.image_name(self.tags.get(tags.SERVER, ""), self.tags.get(tags.RUN, ""))
        return bool(self.made_of) or self.name != named


@dataclass(frozen=True)
class Snapshot:
    """`size` in GiB, `progress` in percent; `bytes` is what its blocks hold, None where AWS does not tell."""

    id: str
    state: str
    volume_id: str
    size: int
    encrypted: bool
    progress: int
    reason: str = ""
    bytes: int | None = None


@dataclass(frozen=True)
class Volume:
    """`size` in GiB, `throughput` in MiB/s; None where AWS names none. `snapshot_id` is what it was made of."""

    id: str
    size: int
    kind: str
    encrypted: bool
    state: str
    key: str = ""
    iops: int | None = None
    throughput: int | None = None
    snapshot_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)


_IMAGES = Kind("images", TypeAdapter(Image), lambda image: image.state != "pending")
_SNAPSHOTS = Kind("snapshots", TypeAdapter(Snapshot), lambda snapshot: snapshot.state != "pending")


class Images:
    """The images of one account and Region. Only what carries this installation's tag is ours."""

    def __init__(self, calls: Calls, installation: str, shared: Shared) -> None:
        self._calls = calls
        self._installation = installation
        self._shared = shared

    def get(self, image_id: str, stale: float = 0.0) -> Image:
        """From a look that is at most `stale` seconds old, which all who wait share. Raises NotFound for an id that AWS
        does not know, or not yet."""
        found = self._shared.seen(_IMAGES, [image_id], stale, self._look)
        if not found:
            raise NotFound("DescribeImages", "InvalidAMIID.NotFound", f"there is no image {image_id} of this account")
        return found[image_id]

    def ours(self) -> list[Image]:
        """Every recovery point of this installation, in whatever state."""
        return self._described(
            Filters=tags.filters(**{f"tag:{tags.INSTALLATION}": self._installation}), Owners=["self"]
        )

    def of(self, server: str) -> list[Image]:
        """Every recovery point of that server, in whatever state. AWS takes `*` and `?` in a filter for wildcards."""
        own = tags.filters(**{f"tag:{tags.INSTALLATION}": self._installation, f"tag:{tags.SERVER}": server})
        return [each for each in self._described(Filters=own, Owners=["self"]) if each.tags.get(tags.SERVER) == server]

    def ensure(self, instance_id: str, *, name: str, marks: Mapping[str, str], reboot: bool, now: float = 0.0) -> Image:
        """One AMI of all the instance's volumes, tagged with its snapshots in the same call.

        CreateImage has no ClientToken: the name is unique, so it is looked for first, and "duplicate" means that an
        answer was lost: adopt it. A new one's `requested` is 0: AWS shows it only later. Raises RunFailed if somebody
        else's AMI bears the name.
        """
        made = self.named(name, marks[tags.RUN], now)
        if made:
            return made
        given = tags.given({**marks, "Name": name})
        try:
            answer = self._calls(
                "ec2",
                "create_image",
                InstanceId=instance_id,
                Name=name,
                Description=tags.ascii_only(f"Recovery point of {marks[tags.SERVER]} by Firedrill")[:255],
                NoReboot=not reboot,
                TagSpecifications=[{"ResourceType": kind, "Tags": given} for kind in ("image", "snapshot")],
            )
        except NameTaken:
            made = self.named(name, marks[tags.RUN], now)
            if made is None:
                raise NotVisibleYet(f"AWS says that the image `{name}` exists, and does not show it yet.") from None
            return made
        return Image(str(answer["ImageId"]), name, "pending", 0.0, dict(marks), {})

    def set_aside(self) -> None:
        """The turn of a CreateImage that must not wait later, because a server stands still for it. Raises HeldBack."""
        self._calls.limits.set_aside("create_image")

    def snapshots(self, ids: Iterable[str], stale: float = 0.0) -> dict[str, Snapshot]:
        """By id, from a look that is at most `stale` seconds old. What AWS does not know is missing from it."""
        return self._shared.seen(_SNAPSHOTS, set(ids) - {""}, stale, self._look_at_snapshots)

    def volumes(self, ids: Iterable[str]) -> dict[str, Volume]:
        """By id. What AWS does not know (any more) is missing from it."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        found = self._calls.pages("ec2", "describe_volumes", "Volumes", Filters=tags.filters(volume_id=wanted))
        return {each["VolumeId"]: _volume(each) for each in found}

    def attached(self, instance_id: str) -> dict[str, Volume]:
        """The volumes of an instance, by id."""
        wanted = tags.filters(**{"attachment.instance-id": instance_id})
        found = self._calls.pages("ec2", "describe_volumes", "Volumes", Filters=wanted)
        return {each["VolumeId"]: _volume(each) for each in found}

    def tag(
        self, image: Image, marks: Mapping[str, str], *, hold: Hold, snapshots: bool = False
    ) -> None:  # fmt: skip
        """Change the tags of a recovery point of ours, on request of its snapshots too, and of nothing else. `hold` is
        called last."""
        if image.tags.get(tags.INSTALLATION) != self._installation:
            text = f"{image.id} was not made by this installation; its tags are left alone."
            raise RunFailed(text, "`/dr points` lists those that were.")
        theirs = sorted(set(image.snapshots.values()) - {""}) if snapshots else []
        self._calls("ec2", "create_tags", hold=hold, Resources=[image.id, *theirs], Tags=tags.given(marks))

    def named(self, name: str, run_key: str, now: float = 0.0) -> Image | None:
        """The run's own image of that name. Raises RunFailed if somebody else's bears it. A young one without any tag
        may be the run's own, whose tags AWS does not show yet: `now` in seconds since the epoch says how young."""
        found = self._described(Filters=tags.filters(name=name), Owners=["self"])
        for image in found:
            if image.tags.get(tags.RUN) == run_key:
                return image
        if found and not found[0].tags and now - found[0].requested < VISIBLE_WITHIN:
            raise NotVisibleYet(f"AWS does not show yet whose image `{name}` is.")
        if found:
            raise RunFailed(
                f"The image name `{name}` is taken by {found[0].id}, which this run did not make.",
                "Rename or deregister that image, then `/dr retry`.",
            )
        return None

    def _look(self, ids: Sequence[str]) -> dict[str, Image]:
        """Where many are waited for, those that are pending come in pages of 1,000, and only the rest by their ids."""
        found: dict[str, Image] = {}
        if len(ids) > FILTERED:
            found = {each.id: each for each in self._described(Filters=self._pending("state"), Owners=["self"])}
        for portion in portions([each for each in ids if each not in found]):
            found |= {
                each.id: each for each in self._described(Filters=tags.filters(image_id=portion), Owners=["self"])
            }
        return found

    def _look_at_snapshots(self, ids: Sequence[str]) -> dict[str, Snapshot]:
        found: dict[str, Snapshot] = {}
        if len(ids) > FILTERED:
            found = self._described_snapshots(self._pending("status"))
        for portion in portions([each for each in ids if each not in found]):
            found |= self._described_snapshots(tags.filters(snapshot_id=portion))
        return found

    def _pending(self, state: str) -> list[dict[str, Any]]:
        return tags.filters(**{f"tag:{tags.INSTALLATION}": self._installation, state: "pending"})

    def _described_snapshots(self, filters: list[dict[str, Any]]) -> dict[str, Snapshot]:
        pages = self._calls.pages(
            "ec2", "describe_snapshots", "Snapshots", Filters=filters, OwnerIds=["self"], MaxResults=1000
        )
        return {each["SnapshotId"]: _snapshot(each) for each in pages}

    def _described(self, **params: Any) -> list[Image]:
        pages = self._calls.pages("ec2", "describe_images", "Images", MaxResults=1000, IncludeDisabled=True, **params)
        return [_image(each) for each in pages]


def _image(raw: Mapping[str, Any]) -> Image:
    mappings = [each for each in raw.get("BlockDeviceMappings", []) if "Ebs" in each]
    sizes = [each["Ebs"].get("VolumeSize") for each in mappings]
    return Image(
        id=raw["ImageId"],
        name=raw.get("Name", ""),
        state=raw["State"],
        requested=_seconds(raw.get("CreationDate", "")),
        tags=tags.of(raw),
        snapshots={each["DeviceName"]: each["Ebs"].get("SnapshotId", "") for each in mappings},
        reason=raw.get("StateReason", {}).get("Message", ""),
        gib=sum(sizes) if sizes and all(sizes) else None,
        source=raw.get("SourceInstanceId", ""),
        made_of=raw.get("SourceImageId", ""),
    )


def _snapshot(raw: Mapping[str, Any]) -> Snapshot:
    progress = str(raw.get("Progress") or "0").rstrip("%")
    return Snapshot(
        id=raw["SnapshotId"],
        state=raw["State"],
        volume_id=raw.get("VolumeId", ""),
        size=raw["VolumeSize"],
        encrypted=bool(raw.get("Encrypted")),
        progress=int(progress) if progress.isdigit() else 0,
        reason=raw.get("StateMessage", ""),
        bytes=raw.get("FullSnapshotSizeInBytes"),
    )


def _volume(raw: Mapping[str, Any]) -> Volume:
    return Volume(
        id=raw["VolumeId"],
        size=raw["Size"],
        kind=raw.get("VolumeType", ""),
        encrypted=bool(raw.get("Encrypted")),
        state=raw["State"],
        key=raw.get("KmsKeyId", ""),
        iops=raw.get("Iops"),
        throughput=raw.get("Throughput"),
        snapshot_id=raw.get("SnapshotId") or "",
        tags=tags.of(raw),
    )


def _seconds(stamp: str) -> float:
    """AWS's `2026-11-24T03:15:00.000Z` in seconds since the epoch; 0 where there is none."""
    return datetime.fromisoformat(stamp).timestamp() if stamp else 0.0
