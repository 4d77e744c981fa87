"""What is on a restored disk is believed only as far as the recorded digest reaches."""

import hashlib
from pathlib import Path

import pytest

from tests.facts.server import FUTURE, KEY, OTHER_KEY, Disk, tool_before
from workflows.errors import FactsNotMeasured
from workflows.facts.evidence import Recorded, evidence_of
from workflows.facts.script import compare_script, read_compared


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
    assert evidence.sentence() == (f"Different: marker is {OTHER_KEY} 2026-01-01T00:00:00Z and was {recorded.marker}.")


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
