"""Any tree, and whatever befalls it: what is said is what was done, no more and no less."""

import os
import shutil
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.facts.server import FUTURE, LONG_AGO, SRV, Disk, moment_of, told

NAMES = st.sampled_from(["a", "b b", "ä", "c'\"c", "-d", "e\\n", "f\tf", "*", "g\n"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TREES = st.dictionaries(PATHS, st.binary(max_size=20), min_size=6, max_size=16)
FATES = st.sampled_from(["kept", "flipped", "drifted", "rewritten", "removed", "mode", "touched", "replaced"])
KIND = {
    "flipped": "corrupt",
    "drifted": "drifted",
    "rewritten": "rewritten",
    "removed": "missing",
    "mode": "changed",
    "replaced": "type",
}


def shown(path: str) -> str:
    return path.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def possible(tree: dict[str, bytes]) -> dict[str, bytes]:
    """Without files that would have to be folders, too."""
    return {path: data for path, data in tree.items() if not any(other.startswith(path + "/") for other in tree)}


def befalls(path: Path, fate: str, drifted: int) -> None:
    data = path.read_bytes()
    times = {"flipped": LONG_AGO, "drifted": drifted, "rewritten": FUTURE, "touched": FUTURE}
    if fate in ("flipped", "drifted", "rewritten"):
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:] if data else b"!")
    if fate in times:
        os.utime(path, (times[fate], times[fate]))
    if fate == "mode":
        path.chmod(0o601)
    if fate in ("removed", "replaced"):
        path.unlink()
    if fate == "replaced":
        path.symlink_to("elsewhere")


@given(tree=TREES, fates=st.lists(FATES, min_size=16, max_size=16))
@example(tree={}, fates=[])
@example(tree=dict.fromkeys("abcdefgh", b"x"), fates=["kept", *KIND, "touched"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_befalls_a_tree_is_told_of_each_name_and_of_no_other(
    tmp_path: Path, tree: dict[str, bytes], fates: list[str]
) -> None:
    for used in ("server", "restored"):
        shutil.rmtree(tmp_path / used, ignore_errors=True)
    disk = Disk(tmp_path / "server")
    disk.write("/srv/always")
    tree = possible(tree)
    for path, data in tree.items():
        disk.write(f"/srv/{path}").write_bytes(data)
        os.utime(disk.path(f"/srv/{path}"), (LONG_AGO, LONG_AGO))
    recorded = disk.record(SRV)
    restored = disk.restored(tmp_path / "restored")
    expected = []
    for path, fate in zip(sorted(tree), fates, strict=False):
        befalls(restored.path(f"/srv/{path}"), fate, moment_of(recorded))
        expected += [(KIND[fate], f"/srv/{shown(path)}")] if fate in KIND else []
    evidence = restored.evidence(recorded)
    assert sorted((kind, path) for kind, path, _ in told(evidence)) == sorted(expected)
    assert evidence.verdict == ("same" if {kind for kind, _ in expected} <= {"drifted"} else "different")
