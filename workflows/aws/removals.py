"""The end of recovery points: images deregistered, snapshots and launch template versions deleted. Only of our own."""

from workflows.aws import tags
from workflows.aws.calls import Calls, Hold
from workflows.aws.images import Images
from workflows.aws.templates import Settings, Templates
from workflows.errors import AwsRefused, NotFound, NotSafe, NotVisibleYet


class Removals:
    """Of one account and Region. Each looks first, so that it may be asked for again after a lost answer; `hold` is
    called last, and not at all where there is nothing to remove."""

    def __init__(self, calls: Calls, images: Images, templates: Templates, installation: str) -> None:
        self._calls = calls
        self._images = images
        self._templates = templates
        self._installation = installation

    def ensure_deregistered(self, image_id: str, run_key: str, hold: Hold) -> None:
        """The recovery point that a run of this installation has made. Raises NotSafe for anything else, such as a copy
        that bears its tags."""
        try:
            image = self._images.get(image_id)
        except NotFound:
            return
        ours = (image.tags.get(tags.INSTALLATION), image.tags.get(tags.RUN)) == (self._installation, run_key)
        if not ours or not image.as_made:
            raise NotSafe(f"`{image_id}` was not made by this installation; it is left alone.")
        try:
            self._calls("ec2", "deregister_image", hold=hold, ImageId=image_id)
        except NotFound:
            return

    def ensure_snapshot_deleted(self, snapshot_id: str, run_key: str, hold: Hold) -> str:
        """A snapshot of that run's image. Gives why it stays; nothing when it is gone. Raises NotVisibleYet while AWS
        holds it for an image that it does not show any more."""
        found = self._calls(
            "ec2", "describe_snapshots", Filters=tags.filters(snapshot_id=snapshot_id), OwnerIds=["self"]
        )
        if not found["Snapshots"]:
            return ""
        marks = tags.of(found["Snapshots"][0])
        if (marks.get(tags.INSTALLATION), marks.get(tags.RUN)) != (self._installation, run_key):
            return f"`{snapshot_id}` was not made by this installation"
        where = tags.filters(**{"block-device-mapping.snapshot-id": snapshot_id})
        shown = self._calls.pages("ec2", "describe_images", "Images", Filters=where, IncludeDisabled=True)
        if used := [each["ImageId"] for each in shown]:
            return f"`{snapshot_id}` is used by `{used[0]}` too"
        try:
            self._calls("ec2", "delete_snapshot", hold=hold, SnapshotId=snapshot_id)
        except NotFound:
            return ""
        except AwsRefused as refused:
            if refused.code == "InvalidSnapshot.InUse":
                raise NotVisibleYet(f"AWS holds `{snapshot_id}` for an image that it does not show.") from refused
            raise
        return ""

    def ensure_settings_deleted(self, kept: Settings, run_key: str, hold: Hold) -> None:
        """The version in which that run kept launch settings. Another's stays, and so does a template's default one,
        which AWS never deletes: a few hundred bytes that cost nothing."""
        version = self._templates.version(kept)
        if version is None or version.get("VersionDescription") != run_key or version.get("DefaultVersion"):
            return
        self._calls(
            "ec2", "delete_launch_template_versions", hold=hold, LaunchTemplateId=kept.template_id,
            Versions=[kept.version],
        )  # fmt: skip
