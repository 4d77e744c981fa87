import pytest

from tests.facts.server import Disk, asking, fact

DATA = asking(mount=[{"path": "/data"}])
ROOT = "/dev/root / ext4 rw,relatime,discard 0 0\n"
BEFORE = "/dev/xvdf /data xfs rw,nodev,noatime,attr2 0 0\n"


def mounts(disk: Disk, lines: str) -> None:
    disk.write("/proc/mounts", ROOT + lines)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (BEFORE, "xfs from a disk, rw,nodev"),
        ("/dev/nvme1n1 /data xfs rw,noatime 0 0\n", "xfs from a disk, rw"),
        (
            "/dev/nvme1n1p3 /data xfs ro,nosuid,nodev,noexec 0 0\n",
            "xfs from partition 3 of a disk, ro,nodev,nosuid,noexec",
        ),
        ("/dev/sdf12 /data ext4 rw 0 0\n", "ext4 from partition 12 of a disk, rw"),
        ("/dev/mapper/vg-data /data xfs rw 0 0\n", "xfs from /dev/mapper/vg-data, rw"),
        ("fs-1.efs.internal:/ /data nfs4 rw 0 0\n", "nfs4 from fs-1.efs.internal:/, rw"),
        ("/dev/xvdg /data ext4 rw 0 0\n" + BEFORE, "xfs from a disk, rw,nodev"),
    ],
)
def test_what_is_mounted_is_the_same_again(disk: Disk, line: str, said: str) -> None:
    mounts(disk, line)
    evidence = disk.evidence(disk.record(DATA))
    assert evidence.verdict == "same"
    assert fact(evidence, "mount /data").after == said


@pytest.mark.parametrize(
    "line",
    [
        "/dev/nvme1n1 /data xfs rw,nodev,relatime,logbufs=8 0 0\n",
        "/dev/sdf /data xfs rw,nodev 0 0\n",
    ],
)
def test_a_disk_of_another_name_and_options_that_do_not_matter_are_the_same(disk: Disk, line: str) -> None:
    mounts(disk, BEFORE)
    recorded = disk.record(DATA)
    mounts(disk, line)
    assert disk.evidence(recorded).verdict == "same"


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("", "not mounted"),
        ("/dev/xvdf /database xfs rw,nodev 0 0\n", "not mounted"),
        ("/dev/xvdf /data ext4 rw,nodev 0 0\n", "ext4 from a disk, rw,nodev"),
        ("/dev/xvdf /data xfs ro,nodev 0 0\n", "xfs from a disk, ro,nodev"),
        ("/dev/xvdf /data xfs rw 0 0\n", "xfs from a disk, rw"),
        ("/dev/xvdf1 /data xfs rw,nodev 0 0\n", "xfs from partition 1 of a disk, rw,nodev"),
        (BEFORE + "tmpfs /data tmpfs rw,nodev 0 0\n", "tmpfs from tmpfs, rw,nodev"),
    ],
)
def test_a_mount_that_came_back_otherwise_is_told(disk: Disk, line: str, after: str) -> None:
    mounts(disk, BEFORE)
    recorded = disk.record(DATA)
    mounts(disk, line)
    evidence = disk.evidence(recorded)
    assert evidence.verdict == "different"
    assert evidence.sentence() == f"Different: mount /data is {after} and was xfs from a disk, rw,nodev."


def test_a_mount_point_with_a_blank_is_found_as_the_kernel_writes_it(disk: Disk) -> None:
    mounts(disk, "/dev/sdf /my\\040data\\134x xfs rw 0 0\n")
    evidence = disk.evidence(disk.record(asking(mount=[{"path": "/my data\\x"}])))
    assert fact(evidence, "mount /my data\\x").after == "xfs from a disk, rw"


def test_a_point_where_nothing_is_mounted_stops_the_record(disk: Disk) -> None:
    mounts(disk, "")
    assert disk.refused(DATA) == "The fact *mount /data* could not be measured: nothing is mounted there."


def test_a_kernel_that_shows_no_mounts_is_told(disk: Disk) -> None:
    assert "/proc/mounts cannot be read" in disk.refused(DATA)
