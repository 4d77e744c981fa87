"""What a living server does between its measurement and its image is drift: told, never corruption, no failure."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.facts.damages import DAY1, DAY2, PROFILE, furnish
from tests.facts.server import FUTURE, LONG_AGO, Disk, moment_of, told, tool
from workflows.facts.evidence import Recorded
from workflows.facts.profile import Profile
from workflows.facts.rules import CAUSES, FileRules

LOGS = Profile("logs", PROFILE.paths, rules=FileRules(may_drift=("/srv/spool/**", "/srv/*/cache*")))
LOG = "/srv/spool/shop.log"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Disk, Recorded]:
    disk = furnish(Disk(tmp_path_factory.mktemp("shop") / "server"))
    disk.write(LOG, "started\n")
    disk.write("/srv/app/cache.db", "1")
    return disk, disk.record(LOGS)


def link(path: Path, target: str, mtime: int) -> None:
    path.unlink()
    path.symlink_to(target)
    os.utime(path, (mtime, mtime), follow_symlinks=False)


def folder(path: Path, mtime: int) -> None:
    path.mkdir()
    os.utime(path, (mtime, mtime))


def replaced(disk: Disk, name: str, content: str, mtime: int) -> None:
    """As editors and `sed -i` do it: a new file takes the old one's name, here with another mode."""
    disk.write(name + "~", content, mtime).rename(disk.path(name))
    disk.path(name).chmod(0o640)


#: Between the measurement (`at`) and the image.
BETWEEN: dict[str, tuple[Callable[[Disk, int], object], str]] = {
    "appended to": (lambda d, at: d.write(DAY1, "order,amount\n1,42.00\n3,1.00\n", at), DAY1),
    "rewritten in place": (lambda d, at: d.write(DAY1, "order,amount\n1,42.01\n", at), DAY1),
    "truncated by its owner": (lambda d, at: d.write(DAY1, "", at), DAY1),
    "replaced by rename": (lambda d, at: replaced(d, DAY1, "other", at), DAY1),
    "written a minute later": (lambda d, at: d.write(DAY1, "later", at + 60), DAY1),
    "a page of a big file": (lambda d, at: d.write("/data/big.img", "x" * 4096, at), "/data/big.img"),
    "a name with an umlaut": (lambda d, at: d.write("/srv/app/größe.txt", "43\n", at), "/srv/app/größe.txt"),
    "a new file": (lambda d, at: d.write("/data/orders/day-3.csv", "order\n", at), "/data/orders/day-3.csv"),
    "a new empty file": (lambda d, at: d.write("/srv/app/lock", "", at), "/srv/app/lock"),
    "a new folder": (lambda d, at: folder(d.path("/data/orders/2027"), at), "/data/orders/2027"),
    "a release that is current now": (lambda d, at: link(d.path("/srv/current"), "app-2", at), "/srv/current"),
}
#: Where the profile says that names may drift, whatever their times say.
ALLOWED: dict[str, tuple[Callable[[Disk, int], object], str]] = {
    "a log that goes on after the boot": (lambda d, at: d.write(LOG, "started\nstarted\n", FUTURE), LOG),
    "a log of old time": (lambda d, at: d.write(LOG, "restarted\n", LONG_AGO), LOG),
    "a log rotated away": (lambda d, at: d.path(LOG).unlink(), LOG),
    "a log rotated in": (lambda d, at: d.write(LOG + ".1", "started\n"), LOG + ".1"),
    "a log with another mode": (lambda d, at: d.path(LOG).chmod(0o600), LOG),
    "a log that is a link now": (lambda d, at: link(d.path(LOG), "/dev/null", FUTURE), LOG),
    "a log in a new folder": (lambda d, at: d.path("/srv/spool/old").mkdir(), "/srv/spool/old"),
    "a pipe in the spool": (lambda d, at: os.mkfifo(d.path("/srv/spool/in")), "/srv/spool/in"),
    "a cache rewritten": (lambda d, at: d.write("/srv/app/cache.db", "2", FUTURE), "/srv/app/cache.db"),
    "a cache thrown away": (lambda d, at: d.path("/srv/app/cache.db").unlink(), "/srv/app/cache.db"),
}


def test_there_are_twenty_kinds_of_drift() -> None:
    assert len(BETWEEN) + len(ALLOWED) > 20


@pytest.mark.parametrize("kind", [*BETWEEN, *ALLOWED])
def test_drift_is_named_and_no_failure(shop: tuple[Disk, Recorded], tmp_path: Path, kind: str) -> None:
    disk, recorded = shop
    restored = disk.restored(tmp_path / "restored")
    happens, path = (BETWEEN | ALLOWED)[kind]
    happens(restored, moment_of(recorded))
    evidence = restored.evidence(recorded, sealed=moment_of(recorded) + 120)
    assert [(one, name) for one, name, _ in told(evidence)] == [("drifted", path)]
    assert evidence.verdict == "same"
    assert "1 name has drifted, which is no failure" in evidence.sentence()
    assert path in evidence.sentence()
    assert "corrupt" not in evidence.sentence()


@pytest.mark.parametrize(("after", "kind"), [(-1, "corrupt"), (0, "drifted"), (120, "drifted"), (121, "rewritten")])
def test_the_window_begins_with_the_measurement_and_ends_when_the_image_is_sealed(
    shop: tuple[Disk, Recorded], tmp_path: Path, after: int, kind: str
) -> None:
    disk, recorded = shop
    restored = disk.restored(tmp_path / "restored")
    restored.write(DAY1, "other", moment_of(recorded) + after)
    assert [one for one, _, _ in told(restored.evidence(recorded, sealed=moment_of(recorded) + 120))] == [kind]


def test_a_version_of_before_the_recorded_one_is_no_drift_though_it_lies_in_the_window(tmp_path: Path) -> None:
    disk = furnish(Disk(tmp_path / "server"))
    soon = int(time.time()) + 60
    disk.write(DAY1, "newer", soon)
    recorded = disk.record(PROFILE)
    restored = disk.restored(tmp_path / "restored")
    restored.write(DAY1, "older", soon - 1)
    assert [kind for kind, _, _ in told(restored.evidence(recorded, sealed=soon + 120))] == ["corrupt"]
    restored.write(DAY1, "later", soon + 1)
    assert [kind for kind, _, _ in told(restored.evidence(recorded, sealed=soon + 120))] == ["drifted"]


def test_the_window_is_held_against_the_servers_own_clock(tmp_path: Path) -> None:
    """AWS's clock is an hour behind the server's; a write a minute after the measurement is drift all the same."""
    disk = furnish(Disk(tmp_path / "server"))
    asked = time.time() - 3600
    recorded = disk.record(PROFILE, asked=asked)
    restored = disk.restored(tmp_path / "restored")
    restored.write(DAY1, "soon", moment_of(recorded) + 60)
    restored.write(DAY2, "late", moment_of(recorded) + 200)
    evidence = restored.evidence(recorded, sealed=asked + 120)
    assert [(kind, path) for kind, path, _ in told(evidence)] == [("rewritten", DAY2), ("drifted", DAY1)]


def test_drift_beside_corruption_does_not_hide_it(shop: tuple[Disk, Recorded], tmp_path: Path) -> None:
    disk, recorded = shop
    restored = disk.restored(tmp_path / "restored")
    restored.write(DAY1, "drifted", moment_of(recorded))
    restored.write(DAY2, "order,amount\n2,17.01\n", LONG_AGO)
    evidence = restored.evidence(recorded)
    assert evidence.verdict == "different"
    assert evidence.sentence().startswith(f"Different: files: {DAY2} (content corrupt). 1 name has drifted")


# ── the ctime counts where the disk shows that it kept them ──────────────────────────────────────────────


@pytest.fixture
def block_by_block(tmp_path: Path) -> tuple[Disk, Recorded]:
    """The disk itself, as a volume made of a snapshot is: every inode with its ctime."""
    disk = furnish(Disk(tmp_path / "server"))
    return disk, disk.record(PROFILE)


def test_a_change_whose_mtime_and_ctime_lie_before_the_image_has_drifted(
    block_by_block: tuple[Disk, Recorded],
) -> None:
    disk, recorded = block_by_block
    disk.path(DAY1).write_text("order,amount\n")
    disk.path(DAY2).chmod(0o600)
    evidence = disk.evidence(recorded, sealed=time.time() + 60)
    assert [(kind, path) for kind, path, _ in told(evidence)] == [("drifted", DAY1), ("drifted", DAY2)]
    assert evidence.verdict == "same"


def test_a_time_of_writing_that_was_forged_into_the_window_is_betrayed_by_the_ctime(
    block_by_block: tuple[Disk, Recorded],
) -> None:
    disk, recorded = block_by_block
    disk.write(DAY1, "forged", moment_of(recorded))
    os.utime(disk.path(DAY1), (moment_of(recorded), moment_of(recorded)))
    assert [kind for kind, _, _ in told(disk.evidence(recorded))] == ["rewritten"]


def test_a_time_of_writing_that_was_set_back_is_corruption_though_the_ctime_lies_in_the_window(
    block_by_block: tuple[Disk, Recorded],
) -> None:
    disk, recorded = block_by_block
    disk.write(DAY1, "forged", LONG_AGO + 1)
    assert [kind for kind, _, _ in told(disk.evidence(recorded, sealed=time.time() + 60))] == ["corrupt"]


def test_what_the_disk_says_was_written_before_the_measurement_is_corruption_whatever_its_mtime(tmp_path: Path) -> None:
    disk = furnish(Disk(tmp_path / "server"))
    ahead = "[ \"$*\" != '-u +%s' ] || exec /bin/date -d '1 hour' +%s\nexec /bin/date \"$@\""
    recorded = disk.record(PROFILE, path=tool(tmp_path / "bin", "date", ahead))
    disk.write(DAY1, "forged", moment_of(recorded) + 1)
    evidence = disk.evidence(recorded, sealed=moment_of(recorded) + 60)
    assert [kind for kind, _, _ in told(evidence)] == ["corrupt"]


def test_a_mode_that_was_changed_on_a_copied_tree_cannot_be_explained(
    shop: tuple[Disk, Recorded], tmp_path: Path
) -> None:
    disk, recorded = shop
    restored = disk.restored(tmp_path / "restored")
    restored.path(DAY1).chmod(0o600)
    assert [kind for kind, _, _ in told(restored.evidence(recorded, sealed=time.time() + 60))] == ["changed"]


def test_on_a_server_that_was_not_restored_all_that_was_written_since_has_drifted(
    block_by_block: tuple[Disk, Recorded],
) -> None:
    disk, recorded = block_by_block
    disk.path(DAY1).write_text("order,amount\n")
    disk.write("/srv/app/new", mtime=FUTURE)
    assert {kind for kind, _, _ in told(disk.evidence(recorded, restored=False))} == {"drifted"}


# ── what fails is the profile's to say ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("without", "damage", "label"),
    [
        ("missing", lambda d: d.path(DAY1).unlink(), "missing file"),
        ("new", lambda d: d.write("/srv/x"), "new file"),
        ("mode", lambda d: d.path(DAY1).chmod(0o600), "mode 600 was 644"),
        ("target", lambda d: link(d.path("/srv/current"), "/etc", FUTURE), "target /etc was app"),
        ("type", lambda d: link(d.path(DAY1), "day-2.csv", FUTURE), "link was file"),
        (
            "rewritten",
            lambda d: d.write(DAY1, "x", FUTURE),
            "content rewritten after the image was taken; size 1 was 21",
        ),
    ],
)
def test_what_the_profile_does_not_fail_is_told_all_the_same(
    tmp_path: Path, without: str, damage: Callable[[Disk], object], label: str
) -> None:
    disk = furnish(Disk(tmp_path / "server"))
    rules = FileRules(fails=tuple(cause for cause in CAUSES if cause not in (without, "drifted")))
    recorded = disk.record(Profile("x", PROFILE.paths, rules=rules))
    restored = disk.restored(tmp_path / "restored")
    damage(restored)
    evidence = restored.evidence(recorded)
    assert [(kind, detail) for kind, _, detail in told(evidence)] == [("drifted", label)]
    assert evidence.verdict == "same"


def test_a_profile_may_fail_drift_too(tmp_path: Path) -> None:
    disk = furnish(Disk(tmp_path / "server"))
    recorded = disk.record(Profile("x", PROFILE.paths, rules=FileRules(fails=CAUSES)))
    restored = disk.restored(tmp_path / "restored")
    restored.write(DAY1, "order,amount\n1,42.01\n", moment_of(recorded))
    evidence = restored.evidence(recorded)
    assert told(evidence) == [("changed", DAY1, "content drifted")]
    assert evidence.verdict == "different"


PATTERNS = [
    ("/srv/*.pid", "/srv/a.pid", True),
    ("/srv/*.pid", "/srv/app/a.pid", False),
    ("/srv/*.pid", "/srv/apid", False),
    ("/srv/**", "/srv/app/deep/a", True),
    ("/srv/**/a", "/srv/a", True),
    ("/srv/**/a", "/srv/app/deep/a", True),
    ("/srv/**/a", "/srv/app/ba", False),
    ("/srv/log", "/srv/log.1", False),
    ("/srv/a[1]+(b)|{2}^$?", "/srv/a[1]+(b)|{2}^$?", True),
    ("/srv/a[1]", "/srv/a1", False),
    ("/srv/b\\*", "/srv/b\\c", True),
    ("/srv/größe*", "/srv/größe.txt", True),
    ("/srv/it's*", "/srv/it's $(x)", True),
]


@pytest.mark.parametrize(("pattern", "name", "fits"), PATTERNS)
def test_a_star_is_part_of_a_name_two_are_anything_and_all_else_is_itself(
    tmp_path: Path, pattern: str, name: str, fits: bool
) -> None:
    disk = furnish(Disk(tmp_path / "server"))
    disk.write(name)
    recorded = disk.record(Profile("x", PROFILE.paths, rules=FileRules(may_drift=(pattern,))))
    disk.path(name).unlink()
    assert [kind for kind, _, _ in told(disk.evidence(recorded))] == ["drifted" if fits else "missing"]
