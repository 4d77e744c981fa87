"""The buckets that the settings name: for reports, and for the audit's anchors."""

from bot.settings import Settings
from workflows.anchorage import Anchorage
from workflows.archive import Archive
from workflows.aws.objects import Objects
from workflows.engine.store import Store


def archive_of(settings: Settings, store: Store) -> Archive | None:
    """None where no bucket is named."""
    table = settings.file.report
    if not table.bucket:
        return None
    return Archive(store, _objects(settings, table.bucket, table.region, table.kms_key), table.prefix)


def anchorage_of(settings: Settings) -> Anchorage | None:
    """None where no bucket is named."""
    table = settings.file.audit
    if not table.bucket:
        return None
    objects = _objects(settings, table.bucket, table.region)
    return Anchorage(objects, table.prefix, settings.file.installation, table.mode, table.days)


def _objects(settings: Settings, bucket: str, region: str, kms_key: str = "") -> Objects:
    endpoint = settings.environment.aws_endpoint_url or None
    return Objects(region or settings.file.regions[0], bucket, kms_key, endpoint)
