import os

import pytest

from tests.facts.server import KEY, LONG_AGO, Disk, told
from workflows.errors import FactsNotMeasured
from workflows.facts.profile import MOST_BYTES, MOST_CHECK_BYTES, MOST_PATHS, Profile
from workflows.facts.script import read_recorded, record_script


def test_thousands_of_files_are_measured_and_the_same_again(disk: Disk) -> None:
    for number in range(6_000):
        disk.write(f"/srv/many/{number % 50}/{number}", str(number))
    recorded = disk.record()
    assert recorded.files == 6_003
    assert disk.evidence(recorded).verdict == "same"
    disk.write("/srv/many/7/3007", "x", mtime=LONG_AGO)
    assert told(disk.evidence(recorded)) == [("corrupt", "/srv/many/7/3007", "content corrupt; size 1 was 4")]


def test_of_many_differences_forty_are_named_and_all_are_counted(disk: Disk) -> None:
    for number in range(300):
        disk.write(f"/srv/many/{number:03}")
    recorded = disk.record()
    for number in range(300):
        disk.write(f"/srv/many/{number:03}", "CONTENT")
    files = disk.evidence(recorded).results[0]
    assert [one.path for one in files.differences] == [f"/srv/many/{number:03}" for number in range(40)]
    assert files.more == 260
    assert files.after.endswith("300 corrupt")


def deep(disk: Disk, count: int, letter: str) -> None:
    """Folders whose files have names of about 4 KB, reached step by step as the kernel takes no longer path."""
    here = os.open(disk.path("/srv"), os.O_RDONLY)
    room = 3_600 - len(os.fsencode(disk.root))
    part = letter * (240 // len(letter.encode()))
    for _ in range(room // 241):
        os.mkdir(part, dir_fd=here)
        here, old = os.open(part, os.O_RDONLY, dir_fd=here), here
        os.close(old)
    for number in range(count):
        name = f"{number:03}-{part[:200]}"
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


@pytest.mark.parametrize("letter", ["n", "é", "\\", '"', "\x01"])
def test_the_answer_stays_small_even_when_all_names_are_as_long_as_they_can_be(disk: Disk, letter: str) -> None:
    recorded = disk.record()
    deep(disk, 60, letter)
    files = disk.evidence(recorded).results[0]
    assert not files.same
    assert len(files.differences) + files.more >= 60
    assert files.differences
    assert max(len(one.path) for one in files.differences if one.kind == "new") <= 900
    assert any("…" in one.path for one in files.differences)
    assert files.differences[-1].path.startswith("/srv/")


def test_every_kind_of_difference_is_named_even_when_one_of_them_fills_the_answer(disk: Disk) -> None:
    long = "é" * 100
    for number in range(60):
        disk.write(f"/srv/changed/{number:03}{long}")
        disk.write(f"/srv/gone/{number:03}{long}")
    recorded = disk.record()
    for number in range(60):
        disk.write(f"/srv/changed/{number:03}{long}", "CONTENT")
        disk.write(f"/srv/new/{number:03}{long}")
        disk.path(f"/srv/gone/{number:03}{long}").unlink()
    files = disk.evidence(recorded).results[0]
    assert {one.kind for one in files.differences} == {"corrupt", "missing", "new"}
    assert len(files.differences) + files.more == 60 + 60 + 61


def test_a_name_is_cut_in_its_middle_and_not_within_a_character(disk: Disk) -> None:
    recorded = disk.record()
    disk.write("/srv/" + "日" * 80 + ".txt")
    [(_, shown, _)] = told(disk.evidence(recorded))
    assert shown.startswith("/srv/日日")
    assert shown.endswith("日.txt")
    assert set(shown) <= set("/srv日….tx")


def test_hundreds_of_errors_are_counted_and_the_first_are_named(disk: Disk) -> None:
    paths = tuple(f"/none/{number:03}/{'x' * 60}" for number in range(MOST_PATHS))
    done = disk.run(record_script(KEY, Profile("x", paths=paths)))
    assert len(done.stdout) < 20_000
    with pytest.raises(FactsNotMeasured) as failure:
        read_recorded(done.stdout)
    assert "/none/002/" in failure.value.text
    assert "197 more" in failure.value.text


def test_errors_about_long_names_stay_small_too(disk: Disk) -> None:
    done = disk.run(record_script(KEY, Profile("x", paths=tuple(f"/{n:02}{'é' * 190}" for n in range(40)))))
    assert len(done.stdout) < 20_000
    with pytest.raises(FactsNotMeasured, match="37 more could not be measured"):
        read_recorded(done.stdout)


def test_the_largest_profile_makes_a_script_that_ssm_takes(disk: Disk) -> None:
    paths = tuple(f"/{number}{chr(39) * 75}" for number in range(100, 100 + MOST_PATHS))
    assert MOST_BYTES * 0.98 < sum(map(len, paths)) <= MOST_BYTES
    script = record_script(KEY, Profile("x", paths=paths))
    assert len(script.encode()) < 100_000
    assert disk.run(script).returncode == 1
    usual = tuple(f"/{number}{'x' * 75}" for number in range(100, 100 + MOST_PATHS))
    assert len(record_script(KEY, Profile("x", paths=usual)).encode()) < 64 * 1024 - MOST_CHECK_BYTES
