import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.facts.server import KEY, LONG_AGO, OTHER_KEY, Disk, told
from tests.facts.test_recording import not_as_root, tool_before
from workflows.errors import FactsNotMeasured
from workflows.facts.evidence import Recorded, evidence_of
from workflows.facts.profile import Profile
from workflows.facts.script import compare_script, read_compared, record_script

FUTURE = 4_000_000_000


@pytest.fixture
def recorded(disk: Disk) -> Recorded:
    return disk.record()


@pytest.fixture
def restored(disk: Disk, recorded: Recorded, tmp_path: Path) -> Disk:
    return disk.restored(tmp_path / "restored")


def test_a_restored_machine_without_a_difference_is_the_same(recorded: Recorded, restored: Disk) -> None:
    evidence = restored.evidence(recorded)
    assert evidence.verdict == "same"
    assert [(result.fact, result.same) for result in evidence.results] == [("files", True), ("marker", True)]
    assert evidence.sentence() == (
        f"All facts of {KEY} are the same as at {recorded.measured_at}"
        f" (files: 3 files, 36 bytes; marker: {recorded.marker})."
    )


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
    assert told(evidence) == [("changed", "/srv/app/data.bin", "content corrupt")]
    assert evidence.sentence() == (f"The facts differ from those of {KEY}: files: /srv/app/data.bin (content corrupt).")


def test_a_file_that_was_written_after_the_record_has_drifted(recorded: Recorded, restored: Disk) -> None:
    restored.write("/srv/app/data.bin", "9876543210", mtime=FUTURE)
    evidence = restored.evidence(recorded)
    assert told(evidence) == [("changed", "/srv/app/data.bin", "content drifted")]
    assert evidence.verdict == "different"


def test_a_file_that_was_only_touched_is_the_same(recorded: Recorded, restored: Disk) -> None:
    os.utime(restored.path("/srv/app/data.bin"), (FUTURE, FUTURE))
    assert restored.evidence(recorded).verdict == "same"


def test_a_truncated_file_is_told_with_both_sizes(recorded: Recorded, restored: Disk) -> None:
    restored.write("/srv/app/data.bin", "")
    assert told(restored.evidence(recorded)) == [
        ("changed", "/srv/app/data.bin", "content corrupt; size 0 was 10"),
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


def test_a_disk_without_the_record_holds_no_facts_and_nothing_is_written_on_it(
    recorded: Recorded, tmp_path: Path
) -> None:
    blank = Disk(tmp_path / "blank")
    blank.write("/srv/index.html")
    evidence = blank.evidence(recorded)
    assert evidence.verdict == "different"
    assert evidence.sentence() == f"The disk holds no facts of {KEY}."
    assert [result.after for result in evidence.results] == ["not measured again", "not measured again"]
    assert not blank.path("/var").exists()


def test_a_manifest_that_was_changed_is_not_trusted(recorded: Recorded, restored: Disk) -> None:
    manifest = restored.kept("manifest")
    manifest.write_text(manifest.read_text().replace("path /srv", "path /srv/spool"))
    evidence = restored.evidence(recorded)
    assert evidence.verdict == "different"
    assert "tampered with" in evidence.sentence()


def test_a_link_in_the_place_of_the_manifest_is_not_followed(recorded: Recorded, restored: Disk) -> None:
    restored.kept("manifest").rename(restored.path("/manifest"))
    restored.kept("manifest").symlink_to(restored.path("/manifest"))
    assert restored.evidence(recorded).trouble == f"The disk holds no facts of {KEY}."


def test_a_list_that_was_changed_is_not_trusted_though_the_files_agree_with_it(
    recorded: Recorded, restored: Disk
) -> None:
    restored.path("/srv/index.html").unlink()
    lines = restored.kept("files.list").read_text().splitlines(keepends=True)
    restored.kept("files.list").write_text("".join(line for line in lines if "index.html" not in line))
    evidence = restored.evidence(recorded)
    assert evidence.verdict == "different"
    assert "the list of files on the disk was tampered with" in evidence.sentence()


def test_a_list_that_is_missing_is_told_and_the_marker_still_compared(recorded: Recorded, restored: Disk) -> None:
    restored.kept("files.list").unlink()
    files, marker = restored.evidence(recorded).results
    assert (files.same, marker.same) == (False, True)
    assert "the list of files is missing" in files.after


def test_the_marker_of_another_run_is_told(recorded: Recorded, restored: Disk) -> None:
    restored.kept("marker").write_text(f"{OTHER_KEY} 2026-01-01T00:00:00Z\n")
    evidence = restored.evidence(recorded)
    assert evidence.sentence() == (
        f"The facts differ from those of {KEY}: marker is {OTHER_KEY} 2026-01-01T00:00:00Z and was {recorded.marker}."
    )


@pytest.mark.parametrize("content", ["", '\0\\"\n\u202e' * 900])
def test_a_marker_of_nonsense_is_different_and_breaks_nothing(recorded: Recorded, restored: Disk, content: str) -> None:
    restored.kept("marker").write_text(content)
    assert restored.evidence(recorded).verdict == "different"


def test_a_missing_marker_is_told(recorded: Recorded, restored: Disk) -> None:
    restored.kept("marker").unlink()
    assert restored.evidence(recorded).results[1].after == "missing"


def test_an_older_record_is_compared_by_itself_and_not_by_the_newest(disk: Disk) -> None:
    older = disk.record(key=OTHER_KEY)
    disk.write("/srv/index.html", "new", mtime=FUTURE)
    newer = disk.record()
    assert disk.evidence(older).verdict == "different"
    assert disk.evidence(newer).verdict == "same"


def test_a_point_measured_again_under_its_key_no_longer_answers_to_its_first_digest(disk: Disk) -> None:
    first = disk.record()
    disk.write("/srv/index.html", "new", mtime=FUTURE)
    disk.record()
    assert disk.evidence(first).verdict == "different"


@pytest.mark.parametrize(
    ("old", "new", "told_as"),
    [
        ("firedrill-facts 1", "firedrill-facts 0", "another version"),
        ("facts files marker", "facts files marker service", "cannot measure"),
        (f"key {KEY}", f"key {OTHER_KEY}", "not those of"),
    ],
)
def test_a_manifest_that_this_version_cannot_compare_never_gives_the_same(
    disk: Disk, recorded: Recorded, old: str, new: str, told_as: str
) -> None:
    changed = disk.kept("manifest").read_text().replace(old, new, 1).encode()
    disk.kept("manifest").write_bytes(changed)
    digest = hashlib.sha256(changed).hexdigest()
    evidence = evidence_of(digest, read_compared(disk.run(compare_script(KEY, digest)).stdout))
    assert evidence.verdict == "different"
    assert told_as in evidence.sentence()


def test_a_manifest_of_a_version_without_a_marker_says_that_it_was_not_measured(disk: Disk, recorded: Recorded) -> None:
    lines = disk.kept("manifest").read_text().replace("facts files marker", "facts files").splitlines(keepends=True)
    changed = "".join(line for line in lines if not line.startswith("marker ")).encode()
    disk.kept("manifest").write_bytes(changed)
    digest = hashlib.sha256(changed).hexdigest()
    evidence = evidence_of(digest, read_compared(disk.run(compare_script(KEY, digest)).stdout))
    assert [(result.fact, result.same) for result in evidence.results] == [("files", True), ("marker", False)]
    assert evidence.verdict == "different"


@pytest.mark.parametrize("tool", ["find", "xargs", "sed", "tr", "sort", "join", "mktemp", "awk", "readlink", "cat"])
def test_a_program_that_fails_never_gives_the_same(
    recorded: Recorded, restored: Disk, tmp_path: Path, tool: str
) -> None:
    done = restored.run(compare_script(KEY, recorded.digest), path=tool_before(tmp_path / "bin", tool, "exit 9"))
    assert done.returncode == 1
    with pytest.raises(FactsNotMeasured):
        read_compared(done.stdout)


def test_a_program_that_fails_in_the_middle_of_a_pipe_is_noticed(
    recorded: Recorded, restored: Disk, tmp_path: Path
) -> None:
    path = tool_before(tmp_path / "bin", "tr", r"""[ "$2" != '\n' ] || exit 9""")
    done = restored.run(compare_script(KEY, recorded.digest), path=path)
    with pytest.raises(FactsNotMeasured, match="sorting the list of files"):
        read_compared(done.stdout)


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


def test_a_sha256sum_that_fails_never_gives_the_same(recorded: Recorded, restored: Disk, tmp_path: Path) -> None:
    script = compare_script(KEY, recorded.digest)
    reading = tool_before(tmp_path / "bin", "sha256sum", "[ $# -eq 0 ] || exit 1")
    evidence = evidence_of(recorded, read_compared(restored.run(script, path=reading).stdout))
    assert {kind for kind, _, _ in told(evidence)} == {"unreadable"}
    assert evidence.verdict == "different"
