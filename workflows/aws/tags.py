"""How what Firedrill makes is named and tagged in AWS. The tags are the catalogue: they are enough to rebuild it."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

INSTALLATION = "firedrill:installation"
SERVER = "firedrill:server"
RUN = "firedrill:run"
SOURCE = "firedrill:source"
CONSISTENCY = "firedrill:consistency"
CONSISTENCY_REASON = "firedrill:consistency-reason"
FREEZE = "firedrill:freeze"
FACTS = "firedrill:facts"
LAUNCH = "firedrill:launch"
PROOF = "firedrill:proof"
COMPLETE_BY = "firedrill:complete-by"
COMPLETE_AT = "firedrill:complete-at"
PROVEN_BY = "firedrill:proven-by"
PROVEN_AT = "firedrill:proven-at"
COPY_OF = "firedrill:copy-of"
DIFFERED_IN = "firedrill:differed-in"
DIFFERED_AT = "firedrill:differed-at"
KEEP = "firedrill:keep"
FORWARDS = "firedrill:no-source-dest-check"

#: Beside them: AWS allows 50 on one thing, its own not counted.
_OTHERS = 45
#: What AWS allows in an AMI's name (3 to 128 characters): facts of EC2's CreateImage.
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9 ()\[\]./\-'@_]")
_NOT_IN_A_TEMPLATE = re.compile(r"[^a-zA-Z0-9()./_\-]")


def image_name(server: str, run_key: str) -> str:
    """Unique in the account, since the run's key is; at most 128 characters."""
    return ascii_only(f"firedrill {run_key} {server}")[:128].rstrip()


def ascii_only(text: str) -> str:
    """With a dash for everything that AWS allows neither in an AMI's name nor in its description."""
    return _NOT_IN_A_NAME.sub("-", text)


def template_name(installation: str, server: str) -> str:
    """One launch template a server; a version a backup. 3 to 128 characters."""
    return _NOT_IN_A_TEMPLATE.sub("-", f"firedrill-{installation}-{server}")[:128]


def moment(seconds: float) -> str:
    """A time in a tag: UTC in ISO 8601, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float | None:
    """What `moment` wrote, in seconds since the epoch; None for anything else: anybody can change a tag."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def of(resource: Mapping[str, Any]) -> dict[str, str]:
    """The tags of anything that AWS describes."""
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags") or []}


def given(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as AWS takes them. Those beginning with `aws:` are AWS's own and refused in requests."""
    return [{"Key": key, "Value": value} for key, value in tags.items() if not key.startswith("aws:")]


def common(each: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The tags that each of several things has with the same value, but for AWS's and Firedrill's own; as many as leave
    room for Firedrill's."""
    sets = [set(tags.items()) for tags in each]
    shared = sorted(set.intersection(*sets)) if sets else []
    return dict([(key, value) for key, value in shared if not key.startswith(("aws:", "firedrill:"))][:_OTHERS])


def alone(each: Mapping[str, str], shared: Mapping[str, str]) -> dict[str, str]:
    """What one of them has besides what `common` gave."""
    ours = ("aws:", "firedrill:")
    return {key: value for key, value in each.items() if shared.get(key) != value and not key.startswith(ours)}


def filters(**wanted: str | list[str]) -> list[dict[str, Any]]:
    """Filters as AWS takes them; `_` in a name stands for `-`."""
    return [
        {"Name": name.replace("_", "-"), "Values": value if isinstance(value, list) else [value]}
        for name, value in wanted.items()
    ]
