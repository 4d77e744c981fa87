"""`[access]` of firedrill.toml: what is wrong is told with its line and its key, before anything runs."""

from pathlib import Path

import pytest

from bot.settings import SettingsError, load

GOOD = '[access]\noperators = ["U0123ABCD"]\napprovers = ["U0123ABCD", "U0456EFGH"]\n'


def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> str:
    path = tmp_path / "firedrill.toml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("FIREDRILL_CONFIG", str(path))
    with pytest.raises(SettingsError) as refused:
        load()
    return refused.value.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[access]\noperators = ["ada"]\n', "line 2: access.operators.0: "),
        ("[access]\napprovals = 0\n", "line 2: access.approvals: "),
        ('[access]\nwithout_approval = ["termination"]\n', "line 2: access.without_approval.0: "),
        ("[access]\nmoon = true\n", "line 2: access.moon: "),
        (GOOD + "approvals = 3\n", "line 4: access.approvals: 3 must approve, and there are only 2"),
        (
            GOOD + '[[access.rules]]\nname = "a"\n[[access.rules]]\nname = "b"\napprovers = ["U9OTHER"]\n',
            "line 8: access.rules.1.approvers: 1 must approve, and only 0 could",
        ),
        (
            GOOD + '[[access.rules]]\nname = "a"\n[[access.rules]]\nname = "a"\n',
            "line 7: access.rules.1.name: there are two rules called a",
        ),
        (GOOD + '[[access.rules]]\nname = "a"\nwhen = { verbs = ["destroy"] }\n', "access.rules.0.when"),
    ],
)
def test_a_fault_is_told_with_its_line_and_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    assert told in faults(tmp_path, monkeypatch, text)


def test_without_a_table_nobody_may_do_anything_and_the_terms_are_the_strict_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "firedrill.toml"
    path.write_text("", encoding="utf-8")
    monkeypatch.setenv("FIREDRILL_CONFIG", str(path))
    policy = load().policy
    assert policy.members() == []
    assert (policy.base.approvals, policy.base.minutes, policy.base.asker_may_approve) == (1, 30, False)
    assert policy.without_approval == ()
