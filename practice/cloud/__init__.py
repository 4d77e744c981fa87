"""The lab cloud: AWS as far as the bot sees it, with disks that hold real bytes and scripts that really run."""

from practice.cloud.disks import NotTheLabsFolder
from practice.cloud.faults import Faults
from practice.cloud.lab import COPY_PROFILE, LabCloud
from practice.cloud.records import Call, Delays, Disk, Effect

__all__ = ["COPY_PROFILE", "Call", "Delays", "Disk", "Effect", "Faults", "LabCloud", "NotTheLabsFolder"]
