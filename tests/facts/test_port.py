import pytest

from tests.facts.server import Disk, asking, fact

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ORDERS = asking(port=[{"port": 5432, "wait": 0}])


def sockets(disk: Disk, *rows: str, table: str = "tcp") -> None:
    """The kernel's table: addresses are hexadecimal, in the machine's byte order."""
    lines = "".join(f"   {at}: {row} 00000000:00000000 00:00000000 00000000 0 0 1\n" for at, row in enumerate(rows))
    disk.write(f"/proc/net/{table}", HEAD + lines)


LISTENS = "00000000:1538 00000000:0000 0A"
ON_LOOPBACK = "0100007F:1538 00000000:0000 0A"
ON_ONE = "0B01A8C0:1538 00000000:0000 0A"
CONNECTED = "0B01A8C0:1538 0C01A8C0:9C40 01"
OTHER = "00000000:0016 00000000:0000 0A"
V6_ALL = f"{'0' * 32}:1538 {'0' * 32}:0000 0A"
V6_LOOPBACK = f"{'0' * 24}01000000:1538 {'0' * 32}:0000 0A"
V6_MAPPED = f"{'0' * 16}FFFF00000100007F:1538 {'0' * 32}:0000 0A"


@pytest.mark.parametrize(
    ("rows", "table", "said"),
    [
        ([OTHER, LISTENS], "tcp", "open on all addresses"),
        ([ON_LOOPBACK], "tcp", "open on loopback only"),
        ([ON_ONE], "tcp", "open on one address"),
        ([ON_LOOPBACK, ON_ONE], "tcp", "open on one address"),
        ([ON_ONE, LISTENS], "tcp", "open on all addresses"),
        ([V6_ALL], "tcp6", "open on all addresses"),
        ([V6_LOOPBACK], "tcp6", "open on loopback only"),
        ([V6_MAPPED], "tcp6", "open on loopback only"),
    ],
)
def test_a_port_that_is_listened_on_is_the_same_again(disk: Disk, rows: list[str], table: str, said: str) -> None:
    sockets(disk)
    sockets(disk, *rows, table=table)
    evidence = disk.evidence(disk.record(ORDERS))
    assert evidence.verdict == "same"
    assert fact(evidence, "port 5432").after == said


@pytest.mark.parametrize(
    ("rows", "after"),
    [
        ([OTHER], "closed"),
        ([CONNECTED], "closed"),
        ([ON_LOOPBACK], "open on loopback only"),
        ([ON_ONE], "open on one address"),
    ],
)
def test_a_port_that_is_not_listened_on_as_before_is_told(disk: Disk, rows: list[str], after: str) -> None:
    sockets(disk, LISTENS)
    recorded = disk.record(ORDERS)
    sockets(disk, *rows)
    evidence = disk.evidence(recorded)
    assert evidence.verdict == "different"
    assert evidence.sentence() == f"Different: port 5432 is {after} and was open on all addresses."


def test_udp_has_a_table_and_a_name_of_its_own(disk: Disk) -> None:
    sockets(disk, "00000000:0035 00000000:0000 07", table="udp")
    evidence = disk.evidence(disk.record(asking(port=[{"port": 53, "protocol": "udp"}])))
    assert fact(evidence, "port 53/udp").same


def test_a_port_on_which_nothing_listens_stops_the_record(disk: Disk) -> None:
    sockets(disk, OTHER, CONNECTED)
    assert disk.refused(ORDERS) == ("The fact *port 5432* could not be measured: nothing listens on tcp port 5432.")


def test_a_kernel_that_shows_no_sockets_is_told(disk: Disk) -> None:
    assert "/proc/net/tcp cannot be read" in disk.refused(ORDERS)
    sockets(disk, LISTENS)
    recorded = disk.record(ORDERS)
    disk.path("/proc/net/tcp").unlink()
    result = fact(disk.evidence(recorded), "port 5432")
    assert (result.same, result.after) == (
        False,
        "not measured again: the kernel's table /proc/net/tcp cannot be read",
    )
