"""The world beside the channel: the cloud as it is, its disks, what can be made to go wrong, and a drill that plays."""

from practice.console.lab import OpenLab
from practice.console.site import ADDRESS, WELCOME, Console

__all__ = ["ADDRESS", "WELCOME", "Console", "OpenLab"]
