"""Settings that cannot be used are told with file, line and key."""

from pathlib import Path

import pytest

from bot.lines import line_of
from bot.settings import SettingsError, load

TEXT = """\
installation = "main"  # 1

[profiles.orders]      # 3
paths = ["/srv"]
"tags" = {A = "b"}

[[profiles.orders.command]]
name = "one"
[[profiles.orders.command]]
name = "two"
run = "true"

[ profiles . "bill ing" ]
port = [{port = 1}]
"""


@pytest.mark.parametrize(
    ("at", "line"),
    [
        (("installation",), 1),
        (("regions",), None),
        (("profiles", "orders"), 3),
        (("profiles", "orders", "paths", 0), 4),
        (("profiles", "orders", "tags", "A"), 5),
        (("profiles", "orders", "command", 0, "name"), 8),
        (("profiles", "orders", "command", 0, "run"), 7),
        (("profiles", "orders", "command", 1, "run"), 11),
        (("profiles", "bill ing", "port", 0, "port"), 14),
        (("profiles", "nobody"), None),
    ],
)
def test_a_key_is_found_by_its_line_or_by_that_of_the_table_around_it(
    at: tuple[str | int, ...], line: int | None
) -> None:
    assert line_of(TEXT, at) == line


def test_a_fault_is_told_with_file_line_and_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "firedrill.toml"
    path.write_text('threads = 0\n\n[profiles.orders]\nservers = ["a"]\npaths = ["srv"]\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIREDRILL_CONFIG", str(path))
    with pytest.raises(SettingsError) as refused:
        load()
    assert f"{path}, line 1: threads: " in refused.value.text
    assert f"{path}, line 3: profiles.orders: The path srv is not absolute" in refused.value.text


@pytest.mark.parametrize(
    ("lines", "at", "wrong"),
    [
        ('[slack]\nchannel = "#ops"', "slack.channel", "#ops is not a channel id"),
        ('[announcements]\nchannel = "ops"', "announcements.channel", "ops is not a channel id"),
        ('[people]\nada = "@ada"', "people.ada", "@ada is not a member id"),
        ('[people]\nada = "S0GROUP"', "people.ada", "S0GROUP is not a member id"),
        ('[access]\napprovers = ["ada"]', "access.approvers.0", "ada is not a member id"),
    ],
)
def test_what_is_no_id_of_slacks_is_told_when_the_settings_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, at: str, wrong: str
) -> None:
    path = tmp_path / "firedrill.toml"
    path.write_text(f"{lines}\n", encoding="utf-8")
    monkeypatch.setenv("FIREDRILL_CONFIG", str(path))
    with pytest.raises(SettingsError) as refused:
        load()
    assert f"{path}, line 2: {at}: {wrong}" in refused.value.text
