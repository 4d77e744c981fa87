import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.facts.server import FUTURE, KEY, LONG_AGO, Disk, moment_of, not_as_root, told, tool_before
from workflows.facts.evidence import Recorded, evidence_of
from workflows.facts.profile import Profile
from workflows.facts.script import compare_script, read_compared, record_script


def test_a_restored_machine_without_a_difference_is_the_same(recorded: Recorded, restored: Disk) -> None:
    evidence = restored.evidence(recorded)
    assert evidence.verdict == "same"
    assert [(result.fact, result.same) for result in evidence.results] == [("files", True), ("marker", True)]
    assert evidence.sentence() == ("The same: files (3 files, 36 bytes), marker.")


def test_comparing_leaves_nothing_behind_and_changes_nothing(recorded: Recorded, restored: Disk) -> None:
    def everything() -> dict[str, tuple[int, int, int]]:
        found = [restored.root, *restored.root.rglob("*")]
        return {str(p): (p.lstat().st_mode, p.lstat().st_size, p.lstat().st_ino) for p in found}

    before = everything()
    restored.compare(recorded)
    assert everything() == before


def test_a_byte_that_flipped_under_an_old_time_of_writing_is_corrupt(recorded: Recorded, restored: Disk) -> None:
    restored.write("/srv/app/data.bin", "0123456780", mtime=LONG_AGO)
    evidence = restored.evidence(recorded)
    assert told(evidence) == [("corrupt", "/srv/app/data.bin", "content corrupt")]
    assert evidence.sentence() == "Different: files: /srv/app/data.bin (content corrupt)."


def test_a_file_that_was_written_after_the_record_has_drifted(recorded: Recorded, restored: Disk) -> None:
    restored.write("/srv/app/data.bin", "9876543210", mtime=moment_of(recorded))
    evidence = restored.evidence(recorded)
    assert told(evidence) == [("drifted", "/srv/app/data.bin", "content drifted")]
    assert evidence.verdict == "same"
    assert evidence.sentence() == (
        "The same: files (3 files, 36 bytes: 1 drifted), marker. "
        "1 name has drifted, which is no failure: /srv/app/data.bin (content drifted)."
    )


def test_a_file_that_was_only_touched_is_the_same(recorded: Recorded, restored: Disk) -> None:
    os.utime(restored.path("/srv/app/data.bin"), (FUTURE, FUTURE))
    assert restored.evidence(recorded).verdict == "same"


def test_a_truncated_file_is_told_with_both_sizes(recorded: Recorded, restored: Disk) -> None:
    restored.write("/srv/app/data.bin", "")
    assert told(restored.evidence(recorded)) == [
        ("corrupt", "/srv/app/data.bin", "content corrupt; size 0 was 10"),
    ]


def test_removed_and_added_files_are_told_by_name(recorded: Recorded, restored: Disk) -> None:
    restored.path("/srv/index.html").unlink()
    restored.write("/srv/index.htm")
    evidence = restored.evidence(recorded)
    assert told(evidence) == [("missing", "/srv/index.html", "file"), ("new", "/srv/index.htm", "file")]
    assert evidence.results[0].after == "3 files, 27 bytes: 1 missing, 1 new"


def test_a_changed_mode_is_told_for_files_and_folders(recorded: Recorded, restored: Disk) -> None:
    restored.path("/srv/app/data.bin").chmod(0o4755)
    restored.path("/srv/spool").chmod(0o777)
    assert told(restored.evidence(recorded)) == [
        ("changed", "/srv/app/data.bin", "mode 4755 was 644"),
        ("changed", "/srv/spool", "mode 777 was 755"),
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_changed_owner_is_told(recorded: Recorded, restored: Disk) -> None:
    for path in (restored.root, *restored.root.rglob("*")):
        os.chown(path, 0, 0, follow_symlinks=False)
    os.chown(restored.path("/srv/index.html"), 1234, 99)
    assert told(restored.evidence(recorded)) == [("changed", "/srv/index.html", "owner 1234:99 was 0:0")]


def test_a_link_that_points_elsewhere_is_told_with_both_targets(recorded: Recorded, restored: Disk) -> None:
    restored.path("/srv/current").unlink()
    restored.path("/srv/current").symlink_to("/etc/passwd")
    assert told(restored.evidence(recorded)) == [("changed", "/srv/current", "target /etc/passwd was app")]


def test_targets_and_hashes_that_look_like_equal_numbers_still_differ(disk: Disk, tmp_path: Path) -> None:
    disk.path("/srv/level").symlink_to("1e1")
    recorded = disk.record()
    restored = disk.restored(tmp_path / "restored")
    restored.path("/srv/level").unlink()
    restored.path("/srv/level").symlink_to("10")
    assert told(restored.evidence(recorded)) == [("changed", "/srv/level", "target 10 was 1e1")]


def test_a_file_replaced_by_a_folder_a_link_or_a_pipe_is_of_another_type(recorded: Recorded, restored: Disk) -> None:
    for name in ("/srv/index.html", "/srv/app/data.bin", "/srv/app/config.toml"):
        restored.path(name).unlink()
    restored.path("/srv/index.html").mkdir()
    restored.path("/srv/app/data.bin").symlink_to("config.toml")
    os.mkfifo(restored.path("/srv/app/config.toml"))
    assert told(restored.evidence(recorded)) == [
        ("type", "/srv/app/config.toml", "pipe was file"),
        ("type", "/srv/app/data.bin", "link was file"),
        ("type", "/srv/index.html", "directory was file"),
    ]


def test_a_profile_path_replaced_by_a_link_to_the_same_files_is_not_the_same(
    recorded: Recorded, restored: Disk
) -> None:
    restored.path("/srv").rename(restored.path("/elsewhere"))
    restored.path("/srv").symlink_to("elsewhere")
    evidence = restored.evidence(recorded)
    assert ("type", "/srv", "link was directory") in told(evidence)
    assert evidence.verdict == "different"


def test_a_profile_path_behind_a_link_is_not_the_same(disk: Disk, tmp_path: Path) -> None:
    recorded = disk.record(Profile("x", paths=("/srv/app",)))
    restored = disk.restored(tmp_path / "restored")
    restored.path("/srv").rename(restored.path("/elsewhere"))
    restored.path("/srv").symlink_to("elsewhere")
    evidence = restored.evidence(recorded)
    assert ("unreadable", "/srv/app", "lies behind a symbolic link") in told(evidence)
    assert evidence.verdict == "different"


@pytest.mark.parametrize("mounted", [True, False])
def test_a_second_volume_that_came_back_empty_misses_all_its_files(disk: Disk, tmp_path: Path, mounted: bool) -> None:
    disk.write("/data/orders.db")
    recorded = disk.record(Profile("x", paths=("/srv", "/data")))
    restored = disk.restored(tmp_path / "restored")
    shutil.rmtree(restored.path("/data"))
    if mounted:
        restored.path("/data").mkdir()
    expected = [] if mounted else [("missing", "/data", "directory")]
    assert told(restored.evidence(recorded)) == [*expected, ("missing", "/data/orders.db", "file")]


def test_when_every_profile_path_is_gone_nothing_is_walked_and_all_is_missing(
    recorded: Recorded, restored: Disk
) -> None:
    shutil.rmtree(restored.path("/srv"))
    evidence = restored.evidence(recorded)
    assert {kind for kind, _, _ in told(evidence)} == {"missing"}
    assert evidence.results[0].after == "0 files, 0 bytes: 7 missing"


def test_an_optional_path_that_appears_later_is_new(disk: Disk, tmp_path: Path) -> None:
    recorded = disk.record(Profile("x", paths=("/srv",), optional=("/home",)))
    disk.write("/home/eve/.ssh/authorized_keys")
    assert ("new", "/home/eve/.ssh/authorized_keys", "file") in told(disk.evidence(recorded))


def test_what_the_profile_left_out_may_change(disk: Disk) -> None:
    disk.write("/srv/log/today")
    recorded = disk.record(Profile("x", paths=("/srv",), without=("/srv/log",)))
    disk.write("/srv/log/today", "more")
    assert disk.evidence(recorded).verdict == "same"


def test_a_file_that_vanishes_while_it_is_read_is_missing(recorded: Recorded, restored: Disk, tmp_path: Path) -> None:
    path = tool_before(tmp_path / "bin", "nice", "rm -f ./srv/index.html")
    done = restored.run(compare_script(KEY, recorded.digest), path=path)
    evidence = evidence_of(recorded, read_compared(done.stdout))
    assert told(evidence) == [("missing", "/srv/index.html", "file")]


@not_as_root
def test_a_file_that_can_no_longer_be_read_is_unreadable_and_not_the_same(recorded: Recorded, restored: Disk) -> None:
    restored.path("/srv/index.html").chmod(0)
    assert told(restored.evidence(recorded)) == [("unreadable", "/srv/index.html", "cannot be read")]


@not_as_root
def test_a_folder_that_can_no_longer_be_read_is_unreadable_and_not_the_same(recorded: Recorded, restored: Disk) -> None:
    restored.path("/srv/spool").chmod(0)
    try:
        evidence = restored.evidence(recorded)
    finally:
        restored.path("/srv/spool").chmod(0o755)
    assert ("unreadable", "/srv/spool", "Permission denied") in told(evidence)


def test_other_file_systems_below_a_path_are_left_out_and_those_that_it_names_are_measured(disk: Disk) -> None:
    disk.path("/srv/cache").mkdir()
    disk.path("/data").mkdir()
    mounts = (
        "mount -t tmpfs none srv/cache && mount -t tmpfs none data && echo 1 >srv/cache/left && echo 1 >data/measured"
    )
    unshared = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if shutil.which("unshare") is None or subprocess.run([*unshared, mounts], cwd=disk.root, check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    script = record_script(KEY, Profile("x", paths=("/srv", "/data")))
    environment = {"DR_ROOT": str(disk.root), "PATH": "/usr/bin:/bin"}
    subprocess.run([*unshared, f"{mounts} && {script}"], cwd=disk.root, env=environment, check=True)
    names = [line.split("\t")[0] for line in disk.kept("files.list").read_text().splitlines()]
    assert "/data/measured" in names
    assert "/srv/cache" in names
    assert "/srv/cache/left" not in names
    manifest = disk.kept("manifest").read_text().splitlines()
    assert [line for line in manifest if line.startswith("files-out")] == ["files-out /srv/cache\tanother file system"]
