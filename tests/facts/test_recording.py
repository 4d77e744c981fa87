import hashlib
import os
from pathlib import Path

import pytest

from tests.facts.server import KEY, OTHER_KEY, SRV, Disk, not_as_root, tool_before
from workflows.errors import FactsNotMeasured, RunFailed
from workflows.facts.profile import Profile
from workflows.facts.script import read_recorded, record_script


def fails(disk: Disk, profile: Profile, path: str = "") -> str:
    done = disk.run(record_script(KEY, profile), path=path)
    assert done.returncode == 1
    assert not disk.kept("manifest").exists()
    with pytest.raises(FactsNotMeasured) as failure:
        read_recorded(done.stdout)
    return failure.value.text


def test_a_record_counts_the_files_and_its_digest_is_that_of_the_manifest(disk: Disk) -> None:
    recorded = disk.record()
    assert recorded.digest == hashlib.sha256(disk.kept("manifest").read_bytes()).hexdigest()
    assert recorded.list_digest == hashlib.sha256(disk.kept("files.list").read_bytes()).hexdigest()
    assert (recorded.files, recorded.bytes, recorded.entries) == (3, 36, 7)


def test_the_list_has_one_line_an_entry_sorted_by_name_without_the_root_folder(disk: Disk) -> None:
    disk.record()
    lines = [line.split("\t") for line in disk.kept("files.list").read_text().splitlines()]
    assert [line[0] for line in lines] == [
        "/srv",
        "/srv/app",
        "/srv/app/config.toml",
        "/srv/app/data.bin",
        "/srv/current",
        "/srv/index.html",
        "/srv/spool",
    ]
    assert lines[3][1:7:5] == ["f", hashlib.sha256(b"0123456789").hexdigest()]
    assert lines[4][1:8:6] == ["l", "app"]


def test_the_marker_on_the_disk_is_the_one_that_was_told(disk: Disk) -> None:
    recorded = disk.record()
    assert disk.kept("marker").read_text() == recorded.marker + "\n"
    assert recorded.marker == f"{KEY} {recorded.measured_at}"


def test_nobody_else_may_read_the_names_and_hashes(disk: Disk) -> None:
    disk.record()
    assert disk.kept("").stat().st_mode & 0o777 == 0o700
    assert disk.kept("files.list").stat().st_mode & 0o777 == 0o600


def test_recording_twice_under_one_key_leaves_one_record_of_what_is_there_now(disk: Disk) -> None:
    disk.record()
    disk.write("/srv/second")
    recorded = disk.record()
    assert recorded.files == 4
    assert [path.name for path in disk.kept("").parent.iterdir()] == [KEY]
    assert disk.evidence(recorded).verdict == "same"


def test_the_ten_newest_records_stay_and_nothing_else_in_the_folder_is_touched(disk: Disk) -> None:
    for number in range(12):
        folder = disk.kept("", key=f"B-{number:04}-00c0ffee")
        folder.mkdir(parents=True)
        os.utime(folder, (number, number))
    (folder.parent / "notes").mkdir()
    disk.record()
    left = sorted(path.name for path in folder.parent.iterdir())
    assert left == [*(f"B-{number:04}-00c0ffee" for number in range(3, 12)), KEY, "notes"]


def test_a_path_that_does_not_exist_stops_the_record_and_is_named(disk: Disk) -> None:
    text = fails(disk, Profile("x", paths=("/srv", "/data", "/opt")))
    assert "`/data` does not exist" in text
    assert "`/opt` does not exist" in text


def test_an_optional_path_that_does_not_exist_is_told_and_stops_nothing(disk: Disk) -> None:
    recorded = disk.record(Profile("x", paths=("/srv",), optional=("/var/www",)))
    assert recorded.absent == ("/var/www",)


def test_a_server_that_has_none_of_the_optional_paths_proves_nothing_and_is_refused(disk: Disk) -> None:
    assert "no file below the paths" in fails(disk, Profile("x", optional=("/var/www",)))


def test_folders_without_a_single_file_prove_nothing_and_are_refused(disk: Disk) -> None:
    assert "no file below the paths" in fails(disk, Profile("x", paths=("/srv/spool",)))


def test_a_path_that_is_a_link_is_refused_with_the_path_to_name_instead(disk: Disk) -> None:
    assert "name the real path: /srv/app" in fails(disk, Profile("x", paths=("/srv/current",)))


def test_a_path_behind_a_link_out_of_the_root_folder_is_refused(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "outside/secrets").mkdir(parents=True)
    disk.path("/out").symlink_to(tmp_path / "outside")
    assert "symbolic link" in fails(disk, Profile("x", paths=("/out/secrets",)))


def test_a_folder_of_its_own_that_leads_out_of_the_root_is_not_written_to(disk: Disk, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    disk.path("/var/lib").mkdir(parents=True)
    disk.path("/var/lib/firedrill").symlink_to(outside)
    assert "leads out of the root folder" in fails(disk, SRV)
    assert list(outside.iterdir()) == []


@not_as_root
def test_a_file_that_may_not_be_read_stops_the_record_and_is_named(disk: Disk) -> None:
    disk.path("/srv/index.html").chmod(0)
    assert "`/srv/index.html` may not be read" in fails(disk, SRV)


@not_as_root
def test_a_folder_that_may_not_be_read_stops_the_record_and_is_named(disk: Disk) -> None:
    disk.path("/srv/app").chmod(0)
    try:
        assert "`/srv/app` Permission denied" in fails(disk, SRV)
        assert "`/srv/app` may not be read" in fails(disk, Profile("x", paths=("/srv/app",)))
    finally:
        disk.path("/srv/app").chmod(0o755)


def test_a_file_that_vanishes_while_it_is_read_is_left_out_and_told(disk: Disk, tmp_path: Path) -> None:
    path = tool_before(tmp_path / "bin", "sha256sum", "rm -f ./srv/index.html")
    recorded = read_recorded(disk.run(record_script(KEY, SRV), path=path).stdout)
    assert recorded.files == 2
    assert recorded.left_out == ("Not measured: /srv/index.html: vanished while it was measured.",)
    assert disk.evidence(recorded).verdict == "same"


@pytest.mark.parametrize("tool", ["find", "xargs", "sed", "tr", "sort", "join", "mv", "mktemp", "sync", "awk", "date"])
def test_a_program_that_fails_never_leads_to_a_record(disk: Disk, tmp_path: Path, tool: str) -> None:
    path = tool_before(tmp_path / "bin", tool, "exit 9")
    done = disk.run(record_script(KEY, SRV), path=path)
    assert done.returncode == 1
    with pytest.raises(RunFailed):
        read_recorded(done.stdout)


def test_a_script_that_dies_still_answers_and_cleans_up(disk: Disk, tmp_path: Path) -> None:
    path = tool_before(tmp_path / "bin", "sort", "exit 9")
    assert "the script stopped while sorting the list of files" in fails(disk, SRV, path=path)
    assert list(disk.path("/var/lib/firedrill").iterdir()) == []


def test_a_script_that_is_killed_by_a_signal_still_answers_and_cleans_up(disk: Disk, tmp_path: Path) -> None:
    path = tool_before(tmp_path / "bin", "join", "kill -TERM $PPID")
    assert "(exit 143)" in fails(disk, SRV, path=path)
    assert list(disk.path("/var/lib/firedrill").iterdir()) == []


def test_an_old_record_of_another_key_stays_beside_the_new_one(disk: Disk) -> None:
    first = disk.record(key=OTHER_KEY)
    disk.record()
    assert disk.evidence(first).verdict == "same"


def test_its_own_folder_and_sockets_are_left_out_and_all_else_is_measured(disk: Disk) -> None:
    disk.write("/var/lib/app/state")
    disk.write("/var/lib/firedrill.conf")
    os.mkfifo(disk.path("/var/lib/app/pipe"))
    disk.record(Profile("x", paths=("/",)))
    names = [line.split("\t")[0] for line in disk.kept("files.list").read_text().splitlines()]
    assert names[0] == "/"
    assert "/var/lib/app/pipe" in names
    assert "/var/lib/firedrill.conf" in names
    assert "/var/lib/firedrill" not in names
    assert all(name == "/" or "//" not in name for name in names)


def test_what_the_profile_leaves_out_is_not_measured_even_if_its_name_is_a_pattern(disk: Disk) -> None:
    for name in ("/srv/log[1]/a", "/srv/log1/a", "/srv/*/a", "/srv/q?/a", "/srv/b\\/a"):
        disk.write(name)
    profile = Profile("x", ("/srv",), (), ("/srv/log[1]", "/srv/*", "/srv/q?", "/srv/b\\", "/srv/app/data.bin"))
    disk.record(profile)
    files = [line.split("\t")[0] for line in disk.kept("files.list").read_text().splitlines() if "\tf\t" in line]
    assert files == ["/srv/app/config.toml", "/srv/index.html", "/srv/log1/a"]


def test_paths_inside_each_other_are_measured_once(disk: Disk) -> None:
    assert disk.record(Profile("x", paths=("/srv", "/srv/app", "/srv/app/data.bin"))).files == 3
