"""The only door to boto3, in our own verbs: a file per subject, errors translated in calls.py."""

from workflows.aws.home import Aws, Home

__all__ = ["Aws", "Home"]
