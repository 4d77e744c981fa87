"""The lab's disks hold real bytes: what was imaged comes back, what was terminated is gone."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from practice.cloud import Disk, LabCloud, NotTheLabsFolder
from practice.cloud.disks import MARKER, Disks
from tests.clock import HandClock
from tests.practice.cloud_lab import DATA, ROOT, Cloud, contents


@pytest.fixture
def cloud(tmp_path: Path, clock: HandClock) -> Iterator[Cloud]:
    with Cloud(tmp_path, clock) as made:
        yield made


def test_a_restored_server_has_the_same_bytes_on_both_volumes(cloud: Cloud) -> None:
    source = cloud.server()
    before = contents(cloud.lab.tree(source))

    restored = cloud.restored(source)

    assert before["data/orders/1.csv"] == bytes(range(256)) * 40
    assert contents(cloud.lab.tree(restored)) == before


def test_modes_links_and_times_to_the_nanosecond_survive_a_restore(cloud: Cloud) -> None:
    source = cloud.server()
    file = cloud.lab.tree(source) / "data/orders/1.csv"
    file.chmod(0o6640)
    os.utime(file, ns=(1_700_000_000_123_456_789, 1_700_000_000_987_654_321))
    (file.parent / "latest").symlink_to("/etc/passwd")
    os.link(file, file.parent / "same")

    again = cloud.lab.tree(cloud.restored(source)) / "data/orders/1.csv"

    assert again.stat().st_mode == file.stat().st_mode
    assert again.stat().st_mtime_ns == 1_700_000_000_987_654_321
    assert os.readlink(again.parent / "latest") == "/etc/passwd"
    assert (again.parent / "same").samefile(again)


def test_what_is_written_after_the_request_is_not_in_the_image(cloud: Cloud) -> None:
    source = cloud.server()
    image = cloud.ec2.create_image(InstanceId=source, Name="orders-1", NoReboot=True)["ImageId"]
    (cloud.lab.tree(source) / "data/orders/1.csv").write_bytes(b"later")
    cloud.clock.forward(1000)

    restored = cloud.launch(image)

    assert (cloud.lab.tree(restored) / "data/orders/1.csv").read_bytes() == bytes(range(256)) * 40


def test_two_servers_of_one_image_do_not_share_bytes(cloud: Cloud) -> None:
    image = cloud.image(cloud.server())
    first, second = cloud.launch(image), cloud.launch(image)
    (cloud.lab.tree(first) / "srv/www/index.html").write_bytes(b"changed")
    assert (cloud.lab.tree(second) / "srv/www/index.html").read_bytes() == b"<h1>Orders</h1>\n"


def test_termination_deletes_the_root_volume_and_keeps_the_one_that_is_to_be_kept(cloud: Cloud) -> None:
    source = cloud.server()
    kept = cloud.volumes(source)["/dev/sdf"]["VolumeId"]

    cloud.ec2.terminate_instances(InstanceIds=[source])

    assert not cloud.lab.tree(source).exists()
    assert (cloud.lab.tree(source).parent.parent / "volumes" / kept / "orders/2.csv").read_bytes() == b"2\n"
    volumes = cloud.ec2.describe_volumes()["Volumes"]
    assert [(each["VolumeId"], each["State"]) for each in volumes] == [(kept, "available")]


def test_a_kept_volume_is_gone_with_its_bytes_when_it_is_deleted(cloud: Cloud) -> None:
    source = cloud.server()
    kept = cloud.volumes(source)["/dev/sdf"]["VolumeId"]
    cloud.ec2.terminate_instances(InstanceIds=[source])

    cloud.ec2.delete_volume(VolumeId=kept)

    assert list((cloud.lab.tree(source).parent.parent / "volumes").iterdir()) == []


def test_a_volume_that_fstab_does_not_name_is_not_in_the_tree_and_is_in_the_image(cloud: Cloud) -> None:
    spare = Disk("/dev/sdg", 5, "", {"/spare.bin": b"spare"})
    source = cloud.server("orders-db", ROOT, DATA, spare)
    assert "spare.bin" not in {Path(name).name for name in contents(cloud.lab.tree(source))}

    restored = cloud.restored(source)

    volume = cloud.volumes(restored)["/dev/sdg"]["VolumeId"]
    assert (cloud.lab.tree(source).parent.parent / "volumes" / volume / "spare.bin").read_bytes() == b"spare"


def test_a_missing_volume_leaves_an_empty_mount_point(cloud: Cloud) -> None:
    image = cloud.image(cloud.server(), BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "NoDevice": ""}])
    restored = cloud.launch(image)
    assert list((cloud.lab.tree(restored) / "data").iterdir()) == []
    assert list(cloud.volumes(restored)) == ["/dev/xvda"]


def test_a_mount_point_that_leads_out_of_the_tree_is_not_used(cloud: Cloud, tmp_path: Path) -> None:
    fstab = b"/dev/sdf /../../escaped ext4 defaults 0 2\n"
    source = cloud.server("orders-db", Disk("/dev/xvda", 8, "/", {"/etc/fstab": fstab}), DATA)
    assert not (cloud.lab.tree(source) / "data").exists()
    assert list(tmp_path.rglob("escaped")) == []


def test_a_folder_that_is_not_a_labs_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(NotTheLabsFolder):
        LabCloud(tmp_path).start()
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_nothing_is_deleted_outside_the_folder_or_without_its_marker(tmp_path: Path) -> None:
    disks = Disks(tmp_path / "lab")
    disks.open()
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "diary").touch()
    (disks.folder / "volumes/link").symlink_to(precious)
    for path in (precious, disks.folder, disks.folder / "volumes/../../precious", disks.folder / "volumes/link/diary"):
        with pytest.raises(NotTheLabsFolder):
            disks.remove(path)
    disks.remove(disks.folder / "volumes/link")
    assert (precious / "diary").is_file()

    (disks.folder / MARKER).unlink()
    with pytest.raises(NotTheLabsFolder):
        disks.remove(disks.folder / "volumes")
    assert (disks.folder / "volumes").is_dir()


def test_a_lab_that_starts_again_begins_empty(tmp_path: Path, clock: HandClock) -> None:
    with Cloud(tmp_path, clock) as first:
        tree = first.lab.tree(first.server())
    assert tree.is_dir()
    with Cloud(tmp_path, clock) as second:
        assert not tree.exists()
        assert second.ec2.describe_instances()["Reservations"] == []
