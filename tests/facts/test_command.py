import hashlib
from pathlib import Path

import pytest

from tests.facts.server import Disk, asking, fact
from workflows.facts.profile import Profile

FILE = "/srv/app/data.bin"

QUOTED = "it's {{.State}} {{{x}}}"


def command(run: str, **settings: object) -> Profile:
    return asking(command=[{"name": "it", "run": run, **settings}])


def said(disk: Disk, profile: Profile) -> str:
    """The value, once it has been recorded and found the same."""
    recorded = disk.record(profile)
    assert disk.evidence(recorded).verdict == "same"
    return recorded.checks[0].value


def short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    ("run", "settings", "value"),
    [
        ("echo hello", {}, f"exit 0, output {short('hello')}"),
        ("printf 'hello\\n\\n\\n'", {}, f"exit 0, output {short('hello')}"),
        ("printf 'a\\nb'", {}, f"exit 0, output {short(chr(10).join('ab'))}"),
        (":", {}, f"exit 0, output {short('')}"),
        ("exit 3", {"exit": 3}, f"exit 3, output {short('')}"),
        ("echo no >&2; echo yes", {}, f"exit 0, output {short('yes')}"),
        ("cat", {}, f"exit 0, output {short('')}"),
        ("echo '  42 '", {"within": 0}, "exit 0, 42"),
        ("echo -17.50", {"within": "2 %"}, "exit 0, -17.50"),
        ("printf 'one\\nrole: primary\\n'", {"matches": "^role: (primary|standby)$"}, "exit 0, matches"),
        ("echo it\\'s '{{.State}} {{{x}}}'", {}, f"exit 0, output {short(QUOTED)}"),
        ("echo one; echo two", {"show": True}, f"exit 0, output {short('one' + chr(10) + 'two')}: one two"),
        ("echo 5", {"within": 1, "show": True}, "exit 0, 5: 5"),
    ],
)  # fmt: skip
def test_what_a_command_prints_is_measured_by_its_rule(
    disk: Disk, run: str, settings: dict[str, object], value: str
) -> None:
    assert said(disk, command(run, **settings)) == value


def test_it_runs_at_the_servers_root_in_a_clean_environment(disk: Disk) -> None:
    run = 'pwd; echo "$DR_ROOT|$HOME|$LC_ALL"; env | cut -d= -f1 | sort | tr "\\n" " "'
    root = str(disk.root)
    assert said(disk, command(run, show=True)).endswith(f": {root} {root}|/root|C DR_ROOT HOME LC_ALL PATH PWD ")


@pytest.mark.parametrize(
    ("within", "before", "after", "same"),
    [
        (5, "100", "105", True),
        (5, "100", "94.9", False),
        (0, "100", "100.0", True),
        (0.5, "1", "1.5", True),
        ("2 %", "1000", "1020", True),
        ("2 %", "1000", "979", False),
        ("50%", "-10", "-15", True),
        ("2 %", "0", "0.001", False),
        (5, "100", "nan", False),
        (5, "100", "", False),
        ("2 %", "100", "100 101", False),
    ],
)
def test_a_number_may_be_off_by_an_amount_or_a_share(
    disk: Disk, within: float | str, before: str, after: str, same: bool
) -> None:
    disk.write(FILE, before)
    recorded = disk.record(asking(command=[{"name": "it", "run": f"cat .{FILE}", "within": within}]))
    disk.write(FILE, after)
    result = fact(disk.evidence(recorded), "command it")
    assert result.same is same
    assert result.before == f"exit 0, {before}"


@pytest.mark.parametrize(
    ("settings", "after", "told"),
    [
        ({}, "other", f"exit 0, output {short('other')}"),
        ({"show": True}, "other", f"exit 0, output {short('other')}: other"),
        ({"matches": "^[0-9]+$"}, "other", "exit 0, does not match"),
        ({"within": 1}, "other", "exit 0, not a number"),
        ({"within": 1}, "0123456787", "exit 0, 0123456787"),
    ],
)
def test_an_output_that_breaks_its_rule_is_told(disk: Disk, settings: dict[str, object], after: str, told: str) -> None:
    recorded = disk.record(asking(command=[{"name": "it", "run": f"cat .{FILE}", **settings}]))
    disk.write(FILE, after)
    result = fact(disk.evidence(recorded), "command it")
    assert (result.same, result.after) == (False, told)


def test_another_exit_is_told(disk: Disk) -> None:
    recorded = disk.record(command(f"test -s .{FILE}"))
    disk.write(FILE, "")
    evidence = disk.evidence(recorded)
    result = fact(evidence, "command it")
    assert (result.same, result.after) == (False, f"exit 1, output {short('')}")


def test_a_shown_output_is_for_people_and_decides_nothing(disk: Disk) -> None:
    recorded = disk.record(asking(command=[{"name": "it", "run": f"cat .{FILE}", "matches": "[0-9]", "show": True}]))
    disk.write(FILE, "9 " + "long " * 100)
    result = fact(disk.evidence(recorded), "command it")
    assert (result.same, len(result.after)) == (True, len("exit 0, matches: ") + 200 + 1)


def test_what_a_command_prints_stays_on_the_server_unless_it_is_shown(disk: Disk) -> None:
    recorded = disk.record(command("echo s3cret-password"))
    assert "s3cret" not in disk.kept("manifest").read_text().replace("echo s3cret-password", "")
    assert "s3cret" not in str(recorded) + str(disk.evidence(recorded))


@pytest.mark.parametrize(
    ("run", "settings", "why"),
    [
        ("exit 3", {}, "it ended with exit 3, and 0 is right"),
        ("no-such-program --version", {}, "its program is not there, or may not be run (exit 127)"),
        ("./srv/index.html", {}, "its program is not there, or may not be run (exit 126)"),
        ("sleep 60", {"timeout": 1}, "it did not end within 1 s"),
        ("head -c 2000000 /dev/zero", {}, "it prints more than 1 MiB"),
        ("yes", {}, "it prints more than 1 MiB"),
        ("echo many", {"within": 5}, "it does not print a number"),
        ("echo 1 2", {"matches": "^[0-9]+$"}, "no line that it prints matches ^[0-9]+$"),
        ("echo 1", {"matches": "("}, "grep -E does not understand the pattern ("),
    ],
)
def test_a_command_that_cannot_be_measured_stops_the_record(
    disk: Disk, run: str, settings: dict[str, object], why: str
) -> None:
    text = disk.refused(command(run, **settings))
    assert text.startswith(f"The fact *command it* could not be measured: {why}")


def test_a_command_that_cannot_be_measured_again_is_not_the_same(disk: Disk) -> None:
    recorded = disk.record(command(f"test -e .{FILE} || exec no-such-program"))
    disk.path(FILE).unlink()
    result = fact(disk.evidence(recorded), "command it")
    assert (result.same, result.after) == (
        False,
        "not measured again: its program is not there, or may not be run (exit 127)",
    )


def test_what_a_command_leaves_running_is_ended_and_not_waited_for(disk: Disk) -> None:
    run = "sleep 300 & echo $! >./srv/pid; echo done"
    disk.record(command(run))
    pid = disk.path("/srv/pid").read_text().strip()
    stat = Path(f"/proc/{pid}/stat")
    assert not stat.exists() or " Z " in stat.read_text()
