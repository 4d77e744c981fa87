"""A part of the content, limits, and all else that is not measured: chosen alike on both machines, and told."""

import hashlib
import os
import re
import socket
from pathlib import Path

import pytest

from tests.facts.server import KEY, LONG_AGO, OTHER_KEY, Disk, moment_of, told
from workflows.facts.evidence import Recorded
from workflows.facts.profile import Profile
from workflows.facts.rules import FileRules

MANY = 400
TENTH = Profile("tenth", ("/srv",), rules=FileRules(sample=10))


@pytest.fixture
def many(disk: Disk) -> Disk:
    for number in range(MANY):
        disk.write(f"/srv/many/{number:03}", f"{number:03}")
    return disk


def read_of(disk: Disk, key: str = KEY) -> set[str]:
    """Whose content the list has a hash of."""
    lines = [line.split("\t") for line in disk.kept("files.list", key).read_text().splitlines()]
    return {line[0] for line in lines if line[1] == "f" and line[6] != "-"}


def limited(**limits: int) -> Profile:
    return Profile("limited", ("/srv",), rules=FileRules(**limits))  # type: ignore[arg-type]


def sampled(**limits: int) -> Profile:
    return Profile("sampled", ("/srv",), rules=FileRules(sample=50, **limits))  # type: ignore[arg-type]


def test_about_as_many_files_are_read_as_were_asked_for_and_another_run_reads_others(many: Disk) -> None:
    many.record(TENTH)
    many.record(TENTH, OTHER_KEY)
    one, other = read_of(many), read_of(many, OTHER_KEY)
    assert MANY / 20 < len(one) < MANY / 5
    assert one != other
    neighbours = sum(f"/srv/many/{int(name[-3:]) + 1:03}" in one for name in one if "/many/" in name)
    assert neighbours < len(one) / 2, "whole runs of names were drawn"


def test_the_smallest_sample_reads_one_file_at_least(disk: Disk) -> None:
    disk.record(Profile("x", ("/srv",), rules=FileRules(sample=0.01)))
    assert len(read_of(disk)) == 1


def test_a_sample_is_told_at_the_record_and_in_the_verdict(many: Disk, tmp_path: Path) -> None:
    recorded = many.record(TENTH)
    count = len(read_of(many))
    assert re.match(rf"Of 403 files only the content of {count} files, \S+ \S+, was read\.", recorded.left_out[0])
    sentence = many.restored(tmp_path / "restored").evidence(recorded).sentence()
    assert f"Of 403 files only the content of {count} files, " in sentence
    assert "a sample of 10 %" in sentence


def test_of_a_sample_damage_is_found_in_what_was_read_and_by_size_and_time_in_the_rest(
    many: Disk, tmp_path: Path
) -> None:
    recorded = many.record(TENTH)
    read = sorted(name for name in read_of(many) if "/many/" in name)
    rest = sorted({f"/srv/many/{number:03}" for number in range(MANY)} - set(read))
    restored = many.restored(tmp_path / "restored")
    restored.write(read[0], "xxx", LONG_AGO)
    restored.write(rest[0], "xxx", LONG_AGO)
    restored.write(rest[1], "xxxx", LONG_AGO)
    restored.write(rest[2], "xxx", LONG_AGO + 5)
    restored.path(rest[3]).chmod(0o600)
    restored.path(rest[4]).unlink()
    restored.write(rest[5], "xxx", moment_of(recorded))
    assert sorted(told(restored.evidence(recorded))) == sorted(
        [
            ("corrupt", read[0], "content corrupt"),
            ("corrupt", rest[1], "content corrupt; size 4 was 3"),
            ("rewritten", rest[2], "time of writing differs, content not read"),
            ("changed", rest[3], "mode 600 was 644"),
            ("missing", rest[4], "file"),
            ("drifted", rest[5], "written again, content not read"),
        ]
    )


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("profile", "why"),
    [
        (limited(most_files=402), "there are 403 files, more than most_files = 402"),
        (limited(most_bytes=1000), "there are 1236 bytes, more than most_bytes = 1000"),
    ],
)
def test_more_than_the_profile_allows_stops_the_record_and_says_how_to_mend_it(
    many: Disk, profile: Profile, why: str
) -> None:
    text = many.refused(profile)
    assert why in text
    assert "name fewer paths, raise it, or read a sample" in text


def test_exactly_what_the_profile_allows_is_measured(many: Disk) -> None:
    assert many.record(limited(most_files=403, most_bytes=1236)).left_out == ()


@pytest.mark.parametrize(("limits", "most"), [({"most_files": 20}, 20), ({"most_bytes": 60}, 20)])
def test_a_sample_that_meets_a_limit_is_smaller_and_says_so(
    many: Disk, tmp_path: Path, limits: dict[str, int], most: int
) -> None:
    recorded = many.record(sampled(**limits))
    assert 0 < len(read_of(many)) <= most
    assert "A limit of the profile made it smaller than was asked for." in recorded.left_out[0]
    evidence = many.restored(tmp_path / "restored").evidence(recorded)
    assert evidence.verdict == "same"
    assert "A limit of the profile made it smaller" in evidence.sentence()


# ── what is left out ─────────────────────────────────────────────────────────────────────────────────────


def test_sockets_are_told_and_fail_nothing_when_they_are_gone(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(disk.path("/srv"))  # a socket's path has at most 107 bytes
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("app.sock")
        recorded = disk.record()
    assert recorded.left_out == ("Not measured: /srv/app.sock: a socket.",)
    disk.path("/srv/app.sock").unlink()
    evidence = disk.evidence(recorded)
    assert evidence.verdict == "same"
    assert "Not measured: /srv/app.sock: a socket." in evidence.sentence()


# ── records of before ────────────────────────────────────────────────────────────────────────────────────


def as_before(disk: Disk) -> str:
    """The record as it was kept before lists had ctimes and manifests had rules; gives the manifest's digest."""
    rows = [line.split("\t") for line in disk.kept("files.list").read_text().splitlines()]
    old = "".join("\t".join([*row[:5], row[5] if row[1] == "f" else "-", *row[6:8]]) + "\n" for row in rows)
    disk.kept("files.list").write_text(old)
    digest = hashlib.sha256(old.encode()).hexdigest()
    manifest = re.sub(r"files-.*\n", "", disk.kept("manifest").read_text())
    manifest = re.sub(r"(?m)^files [0-9a-f]{64}", f"files {digest}", manifest)
    disk.kept("manifest").write_text(manifest)
    return hashlib.sha256(manifest.encode()).hexdigest()


def test_a_record_of_before_there_were_rules_and_ctimes_is_still_compared(disk: Disk) -> None:
    recorded = disk.record()
    digest = as_before(disk)
    old = Recorded(**{**vars(recorded), "digest": digest})
    assert disk.evidence(old).verdict == "same"
    disk.write("/srv/app/data.bin", "9876543210", mtime=LONG_AGO)
    disk.write("/srv/index.html", "<h1>Others</h1>\n", mtime=moment_of(recorded))
    disk.path("/srv/spool").chmod(0o700)
    assert told(disk.evidence(old)) == [
        ("corrupt", "/srv/app/data.bin", "content corrupt"),
        ("changed", "/srv/spool", "mode 700 was 755"),
        ("drifted", "/srv/index.html", "content drifted"),
    ]


def test_a_sparse_file_that_came_back_without_its_holes_is_the_same(disk: Disk, tmp_path: Path) -> None:
    sparse = disk.write("/srv/app/image.raw", "")
    os.truncate(sparse, 1 << 20)
    os.utime(sparse, (LONG_AGO, LONG_AGO))
    recorded = disk.record()
    restored = disk.restored(tmp_path / "restored")
    restored.path("/srv/app/image.raw").write_bytes(bytes(1 << 20))
    assert restored.evidence(recorded).verdict == "same"
