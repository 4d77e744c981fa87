"""What people type, and what is understood or answered."""

from dataclasses import replace

import pytest

from handlers.grammar import grammar, parse
from handlers.requests import (
    Decide,
    HaltAll,
    Help,
    ListPoints,
    ListRuns,
    Retry,
    ShowStatus,
    StartBackup,
    StartDrill,
    StartRestore,
    StartValidation,
)
from handlers.typed import SAYS, split
from workflows.errors import UserError


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("drill orders-db \u2014live", ["drill", "orders-db", "--live"]),
        ("drill orders-db \u2013live", ["drill", "orders-db", "--live"]),
        ("backup x --reason \u201cit is due\u201d", ["backup", "x", "--reason", "it is due"]),
        ("backup x --reason \u2018it is due\u2019", ["backup", "x", "--reason", "it is due"]),
        ("backup x --reason don\u2019t", ["backup", "x", "--reason", "don\u2019t"]),
        ("backup a&amp;b", ["backup", "a&b"]),
        ("backup <http://db01.example.com|db01.example.com>", ["backup", "db01.example.com"]),
        ("backup <http://a-b.org?c=1&amp;d|a-b.org?c=1&amp;d>", ["backup", "a-b.org?c=1&d"]),
        (
            "backup x --reason <https://example.org/a?b=1&amp;c>",
            ["backup", "x", "--reason", "https://example.org/a?b=1&c"],
        ),
        ("backup x --reason 'mail <mailto:a@b.org|a@b.org>'", ["backup", "x", "--reason", "mail a@b.org"]),
        ("backup x --reason 'a <20|30> b &lt;@U1|c&gt;'", ["backup", "x", "--reason", "a <20|30> b <@U1|c>"]),
        ("  backup   x  ", ["backup", "x"]),
        ("backup 'two words'", ["backup", "two words"]),
        ("backup x --reason can't", ["backup", "x", "--reason", "can't"]),
        ("backup x --reason 'it's due, isn\u2019t it'", ["backup", "x", "--reason", "it's due, isn\u2019t it"]),
    ],
)
def test_what_slack_and_phones_make_of_dashes_and_quotes_is_understood(typed: str, words: list[str]) -> None:
    assert split(typed) == words


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("can't reach eu-west-1", "can't reach eu-west-1"),
        ("don't touch orders, it's the wrong one", "don't touch orders, it's the wrong one"),
        ("prod is down \u2014all stop", "prod is down \u2014all stop"),
        ("--all stop", "--all stop"),
        ('the "new" network', 'the "new" network'),
        ("the operators' network", "the operators' network"),
        ("\u201cprod is down\u201d", "prod is down"),
        ("'it's down'", "it's down"),
        ("<@U0APPROVER|maria> and <#C0DROPS|dr-ops> say <!here|@here>", "@maria and #dr-ops say @here"),
        ("<@U0APPROVER> says so", "<@U0APPROVER> says so"),
    ],
)
def test_what_is_said_in_free_text_is_taken_as_it_was_typed(typed: str, reason: str) -> None:
    assert parse(f"halt {typed}") == HaltAll(reason)
    assert parse(f"reject D-0013 {typed}") == Decide("D-0013", False, reason)


def test_every_verb_that_ends_in_free_text_is_known_and_a_halt_wants_some() -> None:
    free = {
        name: len(command.params)
        for name, command in grammar.commands.items()
        if any(each.nargs == -1 for each in command.params)
    }
    assert free == SAYS
    assert isinstance(parse("halt \u2014help"), Help)
    for typed in ("halt", 'halt ""', "halt ' '"):
        with pytest.raises(UserError) as refused:
            parse(typed)
        assert "halt the network is being rebuilt" in refused.value.hint
    with pytest.raises(UserError, match="never closed"):
        parse('backup orders-db --reason "it is due')


def test_a_backup_never_reboots_unless_asked_to() -> None:
    assert parse("backup orders-db") == StartBackup("orders-db", False, "", "", False, False)
    assert parse("backup orders-db --keep 30d") == StartBackup("orders-db", False, "", "", False, False, "30d")
    assert parse("backup orders-db --reboot") == StartBackup("orders-db", True, "", "", False, False)


def test_each_verb_gives_its_request() -> None:
    live = StartDrill("orders-db", True, "latest", "", "Q4", False, False)
    assert parse("drill orders-db --live --reason 'Q4'") == live
    assert parse("drill orders-db --reason 'Q4'") == replace(live, live=False)
    assert parse("drill orders-db --point random --reason 'Q4'") == replace(live, live=False, point="random")
    assert parse("validate orders-db") == StartValidation("orders-db", "latest", "", False)
    against = "ami-0123456789abcdef0"
    assert parse(f"validate orders-db --against {against} --reason Q4 --dry-run") == StartValidation(
        "orders-db", against, "Q4", True
    )
    assert parse("approve d-13") == Decide("D-0013", approved=True)
    assert parse("approve d-13 --name orders-db") == Decide("D-0013", approved=True, name="orders-db")
    assert parse("reject D-0013 not during the sale") == Decide("D-0013", False, "not during the sale")
    assert parse("retry B-42") == Retry("B-0042")
    assert parse("status") == ShowStatus("")
    assert parse("runs --most 3") == ListRuns(3)
    assert parse("points orders-db") == ListPoints("orders-db")
    restore = parse("restore orders-db --point proven --as-of 2026-11-20T09:00 --beside")
    assert isinstance(restore, StartRestore)
    assert (restore.point, restore.as_of, restore.beside) == ("proven", 1795165200.0, True)


def test_the_help_says_in_which_zone_a_time_without_one_is() -> None:
    told = parse("help restore")
    assert isinstance(told, Help)
    assert "Without a zone it is UTC." in " ".join(told.text.split())


def test_nothing_and_help_explain_the_verbs() -> None:
    for typed in ("", "help", "--help"):
        answer = parse(typed)
        assert isinstance(answer, Help)
        for verb in grammar.commands:
            assert f"\n{verb}: " in answer.text
        assert "..." not in answer.text, "a sentence that is cut explains nothing"
    backup = parse("help backup")
    assert isinstance(backup, Help)
    assert backup == parse("backup --help")
    assert "/dr backup [OPTIONS] TARGET" in backup.text
    assert "\n--reason TEXT: Why;" in backup.text
    assert "Example: /dr backup orders-db" in backup.text


@pytest.mark.parametrize(
    ("typed", "wrong", "right"),
    [
        ("bakcup orders-db", "bakcup", "Did you mean 'backup'?"),
        ("help bakcup", "bakcup", "These are understood: `backup`"),
        ("backup", "Missing argument 'TARGET'", "/dr backup orders-db"),
        ("backup i-123", "`i-123` looks like an instance id and is none", "i-0123456789abcdef0"),
        ("restore x --point ami-1", "`ami-1` looks like an image id", "ami-0123456789abcdef0"),
        ("validate x --against D-0001", "`D-0001` is not `latest`, `proven` or an image id", "/dr validate orders-db"),
        ("restore x --point newest", "`newest` is not `latest`, `proven` or an image id", "/dr restore"),
        ("restore x --as-of yesterday", "`yesterday` is not a time", "2026-11-20T09:00"),
        ("restore x --subnet net-1", "`net-1` is not a subnet's id", "/dr restore"),
        ("drill orders-db --live --point latest", "its own recovery point", "/dr drill orders-db --live"),
        ("drill orders-db --accept-loss", "add --point fresh", "/dr drill orders-db --live"),
        ("approve", "Missing argument 'RUN'", "/dr approve D-0013"),
        ("approve thirteen", "`thirteen` is not the id of a run", "D-0013"),
        ("runs --most many", "many", "/dr runs --most 20"),
        ("backup x --fast", "--fast", "/dr help backup"),
        ('backup x --reason "never closed', "never closed", "--reason"),
        ("backup x y", "y", "/dr backup orders-db"),
        ("backup 'a\nb'", "not a name that AWS allows", "/dr backup orders-db"),
        (f"backup {'x' * 300}", "not a name that AWS allows", "/dr backup orders-db"),
    ],
)
def test_bad_input_is_answered_with_what_is_wrong_and_what_is_right(typed: str, wrong: str, right: str) -> None:
    with pytest.raises(UserError) as refused:
        parse(typed)
    said = f"{refused.value.text} {refused.value.hint}"
    assert wrong in said
    assert right in said


def test_what_a_person_typed_can_neither_mention_nor_format_in_the_answer() -> None:
    for typed in ("<!channel>", "approve <!here>", "backup x --<!channel>", "restore x --point <!here>"):
        with pytest.raises(UserError) as refused:
            parse(typed)
        assert "<!" not in refused.value.text + refused.value.hint


def test_every_verb_has_an_example_that_is_understood() -> None:
    for name, command in grammar.commands.items():
        example = (command.epilog or "").removeprefix("Example: ")
        assert example.split()[0] == name
        parse(example)
