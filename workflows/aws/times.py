"""AWS's times, read as what they are: of a thousand images each bears one."""

from datetime import datetime
from typing import Any

from botocore.utils import parse_timestamp


def moment(value: Any) -> datetime:
    """EC2 writes ISO 8601 (`2026-11-24T03:20:00.000Z`), for which botocore's own reader tries every way in which people
    write dates. Whatever else a service writes, seconds since the epoch or as in a mail, is left to that. Raises
    ValueError."""
    if isinstance(value, str) and value[10:11] == "T":
        return datetime.fromisoformat(value)
    read: datetime = parse_timestamp(value)
    return read
