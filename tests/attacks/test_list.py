"""The list of attacks names tests that there are."""

from pathlib import Path

import pytest

from tests.attacks import ATTACKS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_of_the_list_has_its_test(attack: str) -> None:
    file, test, *case = ATTACKS[attack]
    text = (ROOT / file).read_text(encoding="utf-8")
    assert f"def {test}(" in text
    assert all(f"({each}, " in text for each in case)
