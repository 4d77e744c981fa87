"""Which way is the next, and when there is none. Pure."""

import pytest

from workflows.facts.tables import read_profiles
from workflows.ways import PATIENCE, Others, Search, Way, ways

HOME, AWAY = "subnet-0000000a", "subnet-0000000b"
OWN = Way(HOME, "t3.small", "ops")
OTHERS = Others((AWAY,), ("t3.large",), ("spare",))


def _tried(*codes: str, seconds: float = 1.0) -> tuple[list[tuple[str, str, str | None]], Search]:
    """The choices that are taken when AWS says those one after the other, and where the search stands then."""
    choices, search, taken, now = ways(OWN, OTHERS), Search(), [], 1000.0
    for code in codes:
        way = search.next or OWN
        taken.append((way.subnet[-1], way.type[3:], way.key))
        search = search.after(way, code, f"{code}.", choices, now)
        now += seconds
    return taken, search


@pytest.mark.parametrize(
    ("code", "following"),
    [
        ("InsufficientInstanceCapacity", ("b", "small", "ops")),
        ("Unsupported", ("b", "small", "ops")),
        ("InsufficientFreeAddressesInSubnet", ("b", "small", "ops")),
        ("InvalidKeyPair.NotFound", ("a", "small", "spare")),
        ("VcpuLimitExceeded", ("a", "large", "ops")),
        ("PrivateIpAddressLimitExceeded", ("a", "large", "ops")),
    ],
)
def test_the_next_way_is_the_nearest_that_the_refusal_does_not_rule_out(
    code: str, following: tuple[str, str, str]
) -> None:
    assert _tried(code, code)[0][1] == following


def test_what_is_ruled_out_once_is_not_tried_with_the_other_ways_either() -> None:
    codes = ["InvalidKeyPair.NotFound", "InvalidSubnetID.NotFound", "InvalidKeyPair.NotFound", "VcpuLimitExceeded", "-"]
    taken, _ = _tried(*codes[:4])
    assert taken == [("a", "small", "ops"), ("a", "small", "spare"), ("b", "small", "spare"), ("b", "small", None)]
    assert _tried(*codes[:4])[1].next == Way(AWAY, "t3.large", None)


def test_what_never_passes_ends_the_search_at_once_and_a_lack_begins_a_round_anew() -> None:
    assert _tried(*["Unsupported"] * 4)[1].over
    taken, search = _tried("Unsupported", *["InsufficientInstanceCapacity"] * 4)
    assert [each[:2] for each in taken] == [
        ("a", "small"),
        ("b", "small"),
        ("a", "large"),
        ("b", "large"),
        ("b", "small"),
    ]
    assert not search.over
    assert search.round == 1


def test_after_a_while_a_person_is_asked_but_only_when_a_round_is_complete() -> None:
    taken, search = _tried(*["InsufficientInstanceCapacity"] * 8, seconds=PATIENCE / 5)
    assert search.over
    assert len(taken) == 8
    assert "8 tries in 14 min" in search.sentence("ops", "orders-db", 1000.0 + 7 * PATIENCE / 5)


def test_a_table_that_names_no_ways_is_told_by_its_key() -> None:
    for table, word in (
        ({"subnets": ["vpc-1"]}, "is not the id of a subnet"),
        ({"types": ["large"]}, "is not an instance type"),
        ({"keys": [""]}, "is not the name of a key pair"),
        ({"types": ["t3.large", "t3.large"]}, "each once"),
        ({"zones": []}, "Unexpected keyword"),
    ):
        _, faults = read_profiles({"orders": {"paths": ["/srv"], "launch": table}})
        assert [each.at[:3] for each in faults] == [("profiles", "orders", "launch")], table
        assert word in faults[0].text, faults
