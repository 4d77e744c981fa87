"""Whether a server is still set up as it was when its launch settings were kept, with which it is launched again.

Only digests are remembered, one for each of AWS's members: user data is a secret."""

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workflows.aws import Aws
from workflows.aws.instances import Instance
from workflows.aws.keys import USABLE
from workflows.errors import NotFound, NotSafe
from workflows.words import safe

#: What people call a member; the others go by AWS's own name.
_CALLED = {
    "BlockDeviceMappings": "what its volumes are like",
    "IamInstanceProfile": "its instance profile",
    "InstanceType": "its type",
    "KeyName": "its key pair",
    "MetadataOptions": "its metadata options",
    "NetworkInterfaces": "its interfaces or their security groups",
    "TagSpecifications": "its tags",
    "UserData": "its user data",
}

#: Of an interface: how many addresses it has, which some programs change by themselves.
_COUNTS = ("SecondaryPrivateIpAddressCount", "Ipv4PrefixCount", "Ipv6AddressCount", "Ipv6PrefixCount", "PrimaryIpv6")

#: A digest by the name of a member.
Prints = Mapping[str, str]
#: Changes with whatever `Templates.settings_of` makes of the same instance: what another version has kept says nothing.
_FORMAT = "1"
#: Of runs that began before it was remembered.
NOTHING: Prints = MappingProxyType({})


def settings_now(home: Aws, instance: Instance) -> dict[str, Any]:
    """As a launch template takes them."""
    return home.templates.settings_of(instance, home.images.volumes(disk.volume_id for disk in instance.disks))


def prints(settings: Mapping[str, Any]) -> dict[str, str]:
    """How many addresses an interface has is left out: some move from machine to machine."""
    digests = {name: hashlib.sha256(_plain(value).encode()).hexdigest()[:16] for name, value in settings.items()}
    return {"": _FORMAT, **digests}


def check_settings(home: Aws, instance: Instance, kept: Prints) -> None:
    """They are still as they were kept, and the keys of its volumes can be used. Raises NotSafe and names the doubt."""
    settings = settings_now(home, instance)
    _check_as_kept(instance, prints(settings), kept)
    for key in sorted({each["Ebs"].get("KmsKeyId", "") for each in settings["BlockDeviceMappings"]} - {""}):
        _check_usable(home, instance, key)


def _check_usable(home: Aws, instance: Instance, key: str) -> None:
    """A machine that runs does not notice when its key is disabled; the next one ends at birth."""
    try:
        state = home.keys.state(key)
    except NotFound as missing:
        raise _unusable(instance, key, "does not exist any more") from missing
    if state not in USABLE:
        raise _unusable(instance, key, f"is `{safe(state)}`")


def _unusable(instance: Instance, key: str, how: str) -> NotSafe:
    return NotSafe(
        f"Volumes of `{instance.id}` are encrypted with the key `{safe(key)}`, which {how}: no replacement could read "
        "them.",
        "Nothing was terminated. See to the key in KMS, then start a new drill.",
    )


def _check_as_kept(instance: Instance, there: Prints, kept: Prints) -> None:
    changed = sorted(name for name in {*kept, *there} if kept.get(name) != there.get(name))
    if changed and kept.get("") == _FORMAT:
        names = ", ".join(_CALLED.get(name, f"`{name}`") for name in changed)
        raise NotSafe(
            f"Since the launch settings of `{instance.id}` were kept, this has changed: {names}. "
            "Its replacement would be launched without the change.",
            "Nothing was terminated. A new drill keeps the settings anew.",
        )


def _plain(value: Any) -> str:
    """The same text for the same settings: AWS promises no order in its lists."""
    if isinstance(value, Mapping):
        return (
            "{"
            + ",".join(f"{json.dumps(name)}:{_plain(value[name])}" for name in sorted(value) if name not in _COUNTS)
            + "}"
        )
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(sorted(map(_plain, value))) + "]"
    return json.dumps(value, default=str)
