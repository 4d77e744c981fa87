"""What may stand in a profile's table `freeze`."""

from typing import Any

import pytest

from workflows.facts.freezing import Freezing
from workflows.facts.tables import read_profiles


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({}, "Name what to freeze"),
        ({"filesystems": ["data"]}, "not absolute"),
        ({"filesystems": ["/data/../"]}, "leads upwards"),
        ({"filesystems": ["/"]}, "The file system / cannot be frozen"),
        ({"filesystems": ["/var//lib/"]}, "The file system /var/lib cannot be frozen"),
        ({"filesystems": ["/{{ssm:x}}"]}, "SSM would replace"),
        ({"freeze": ["db pause"]}, "must name those that thaw"),
        ({"thaw": ["db resume"]}, "must name those that thaw"),
        ({"freeze": [" "], "thaw": ["x"]}, "(empty)"),
        ({"freeze": ["a\nb"], "thaw": ["x"]}, "line break"),
        ({"freeze": ["a {{b}}"], "thaw": ["x"]}, "SSM would replace"),
        ({"freeze": ["x" * 2001], "thaw": ["x"]}, "longer than 2000 bytes"),
        ({"filesystems": [f"/d{number}" for number in range(21)]}, "At most 20"),
        ({"filesystems": ["/data"], "seconds": 4}, "5 to 900 seconds"),
        ({"filesystems": ["/data"], "seconds": 901}, "5 to 900 seconds"),
        ({"filesystems": ["/data"], "seconds": "60"}, "valid integer"),
        ({"filesystems": ["/data"], "minutes": 1}, "Unexpected keyword argument"),
    ],
)
def test_a_table_that_cannot_be_carried_out_is_refused_with_the_reason(table: dict[str, Any], why: str) -> None:
    profiles, faults = read_profiles({"orders": {"paths": ["/srv"], "freeze": table}})
    assert profiles.made == {}
    (fault,) = faults
    assert fault.at[:3] == ("profiles", "orders", "freeze")
    assert why in fault.text


def test_a_profile_carries_its_freeze_with_mount_points_in_their_shortest_form_and_once() -> None:
    table = {"filesystems": ["/data//", "/data", "/srv"], "required": False}
    profiles, faults = read_profiles({"orders": {"paths": ["/srv"], "freeze": table}})
    assert faults == []
    assert profiles.made["orders"].freeze == Freezing(("/data", "/srv"), seconds=60, required=False)


def test_a_profile_without_the_table_freezes_nothing() -> None:
    assert read_profiles({"orders": {"paths": ["/srv"]}})[0].made["orders"].freeze is None
