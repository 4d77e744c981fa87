"""Each way to damage a restored tree is found, and named for what it is."""

from pathlib import Path

import pytest

from tests.facts.damages import DAMAGES, PROFILE, Damage, furnish
from tests.facts.server import Disk, told
from workflows.facts.evidence import Recorded


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Disk, Recorded]:
    disk = furnish(Disk(tmp_path_factory.mktemp("shop") / "server"))
    return disk, disk.record(PROFILE)


def test_the_suite_has_more_than_forty_ways_and_each_a_name_of_its_own() -> None:
    assert len({damage.name for damage in DAMAGES}) == len(DAMAGES) > 40


def test_an_undamaged_copy_is_the_same(shop: tuple[Disk, Recorded], tmp_path: Path) -> None:
    disk, recorded = shop
    assert disk.restored(tmp_path / "restored").evidence(recorded).verdict == "same"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_a_damaged_tree_is_different_and_what_was_done_to_it_is_named(
    shop: tuple[Disk, Recorded], tmp_path: Path, damage: Damage
) -> None:
    disk, recorded = shop
    restored = disk.restored(tmp_path / "restored")
    damage.do(restored)
    evidence = restored.evidence(recorded)
    assert evidence.verdict == "different"
    assert sorted((kind, path) for kind, path, _ in told(evidence)) == sorted(damage.told)
    assert damage.words in evidence.sentence()
    assert all(path in evidence.sentence() for _, path in sorted(damage.told, key=lambda each: each[0])[:1])
