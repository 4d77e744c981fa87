"""The script for Windows, as far as it can be looked at without one: its grammar, its names, and its quoting."""

import hashlib
import re
from collections.abc import Iterator

import pytest
import tree_sitter_powershell
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Language, Node, Parser

from tests.facts.server import KEY, SRV
from workflows.facts.freezing import Freezing
from workflows.facts.kinds import KINDS
from workflows.facts.profile import DEFAULT_ON_WINDOWS, Platform, Profile
from workflows.facts.quoting import ps_quoted, ps_unquoted
from workflows.facts.rules import FileRules
from workflows.facts.script import compare_script, recognised, record_script
from workflows.facts.windows_script import given as data_of

PARSER = Parser(Language(tree_sitter_powershell.language()))
HOSTILE = (
    "it's", "a'; Remove-Item C:\\ -Recurse; '", "$(Stop-Computer)", "`$x", "\u2019; whoami; \u2018",
    "\u201aa\u201b", '"', "{{ssm:x}}", "{{{", "a\u2028b", "é[char]0x41", "[char]0x0041", "😀", "#", "@'\n",
    "-Force", "", " ", "')+(whoami)+('",
)  # fmt: skip
CHECKS = (
    KINDS["service"].model_validate({"unit": "MSSQL$SHOP"}).check(),
    KINDS["port"].model_validate({"port": 443}).check(),
    KINDS["mount"].model_validate({"path": "D:\\"}).check(),
    KINDS["command"]
    .model_validate({"name": "rows", "run": "& 'x' {{y}} \u2019", "within": "1 %", "show": True})
    .check(),
)
FULL = Profile(
    "full", ("C:\\it\u2019s (1)", "D:\\{a}"), ("c:/inetpub//wwwroot/",), ("D:\\a;b",),
    FileRules(("C:\\logs\\**",), 10.0), Freezing(vss=True), checks=CHECKS, platform="windows",
)  # fmt: skip
SCRIPT = record_script(KEY, FULL, 1.0)

#: All that the script may call, beside its own functions: nothing that changes the machine, but for its own folder.
CMDLETS = {
    "Get-CimInstance", "Get-Item", "Get-NetTCPConnection", "Get-NetUDPEndpoint", "Get-Service", "ForEach-Object",
    "Out-Null",
    "Remove-Item", "Select-Object", "Set-StrictMode", "Sort-Object", "Start-Process", "Start-Sleep", "Where-Object",
    "Write-VolumeCache",
}  # fmt: skip
INVOKED = {
    '"$env:SystemRoot\\System32\\icacls.exe"', '"$env:SystemRoot\\System32\\taskkill.exe"', '"Check-$kind"',
}  # fmt: skip
#: Variables that PowerShell itself gives.
GIVEN = {"_", "true", "false", "null", "lastexitcode", "pshome", "env:systemroot"}


def nodes(text: str) -> Iterator[Node]:
    """Every node of the script's tree."""
    stack = [PARSER.parse(text.encode()).root_node]
    while stack:
        node = stack.pop()
        yield node
        stack += node.children


def text_of(node: Node) -> str:
    assert node.text is not None
    return node.text.decode()


def faults(text: str) -> list[str]:
    return [text_of(node)[:80] for node in nodes(text) if node.is_error or node.is_missing]


@pytest.mark.parametrize("script", [SCRIPT, compare_script(KEY, "0" * 64, 2.0, windows=True)])
def test_the_script_is_powershell_in_ascii_that_ssm_leaves_alone_and_takes(script: str) -> None:
    assert faults(script) == []
    assert script.isascii()
    assert "{{" not in script
    assert len(script) < 60_000
    assert script.startswith("#Requires -Version 5.1\n")


def test_the_script_calls_its_own_functions_and_known_cmdlets_only() -> None:
    own = {text_of(node) for node in nodes(SCRIPT) if node.type == "function_name"}
    called = {text_of(node) for node in nodes(SCRIPT) if node.type == "command_name"}
    assert called - own == CMDLETS
    assert own - called - {"Check-Command", "Check-Service", "Check-Port", "Check-Mount"} == set()
    invoked = {
        text_of(node) for node in nodes(SCRIPT) if node.type == "command_name_expr" and text_of(node)[0] in "\"'$("
    }
    assert invoked == INVOKED
    for word in ("Invoke-Expression", "iex", "DownloadString", "Net.WebClient", "EncodedCommand", "FromBase64String"):
        assert word not in SCRIPT


def test_the_script_tries_its_hashes_and_its_judgement_before_it_answers() -> None:
    assert hashlib.sha256(b"abc\n").hexdigest() in SCRIPT
    bodies = {text_of(node).split()[1]: text_of(node) for node in nodes(SCRIPT) if node.type == "function_statement"}
    assert "Test-Sums" in bodies["Save-Record"].split("$kept")[0]
    tried, _, judged = bodies["Compare-Record"].partition("Compare-Files")
    assert judged
    assert {"Test-Sums", "Test-Judgement"} <= set(tried.split())


def test_every_variable_of_the_script_is_given_a_value_somewhere() -> None:
    used = {
        text_of(node).strip("${}").lower() for node in nodes(SCRIPT) if node.type in ("variable", "braced_variable")
    }
    assigned = {found.lower() for found in re.findall(r"\$(\w+)(?:\[[^]]*\]|\.\w+)* [-+]?= ", SCRIPT)}
    assigned |= {found.lower() for found in re.findall(r"(?:\]|\(|, )\$(\w+)(?=[,)])", SCRIPT)}
    assigned |= {found.lower() for found in re.findall(r"foreach \(\$(\w+) in", SCRIPT)}
    assert used - assigned - GIVEN == set()


@pytest.mark.parametrize("word", HOSTILE)
def test_a_hostile_word_is_read_back_and_nothing_in_it_is_evaluated(word: str) -> None:
    is_one_value(word)


@settings(max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_word_is_one_value_in_which_nothing_is_evaluated(word: str) -> None:
    is_one_value(word)


def is_one_value(word: str) -> None:
    """No command, no variable, no string in which PowerShell would look for one."""
    text = ps_quoted(word)
    assert ps_unquoted(text) == word
    assert text.isascii()
    assert "{{" not in text
    kinds = {node.type for node in nodes(f"$x = {text}")}
    assert kinds & {"ERROR", "command", "sub_expression", "expandable_string_literal", "script_block"} == set()
    assert sum(node.type == "variable" for node in nodes(f"$x = {text}")) == 1
    assert faults(f"$x = @({text}, {text})") == []


@pytest.mark.parametrize("text", ["", "'", "x", "'a'b'", "'a' 'b'", '"a"', "'é'", "('a'+'b')", "('a'+whoami)", "'{{'"])
def test_what_was_not_quoted_here_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        ps_unquoted(text)


@given(st.data())
def test_a_script_for_windows_is_recognised_for_its_own_profile_and_not_when_anything_is_changed(
    data: st.DataObject,
) -> None:
    assert recognised(SCRIPT, [SRV, FULL])
    assert not recognised(SCRIPT, [SRV, DEFAULT_ON_WINDOWS])
    at = data.draw(st.integers(0, len(SCRIPT) - 1))
    char = data.draw(st.characters().filter(lambda char: char != SCRIPT[at]))
    assert not recognised(SCRIPT[:at] + char + SCRIPT[at + 1 :], [FULL])


def test_the_data_of_a_script_is_read_back_whole() -> None:
    found = data_of(SCRIPT)
    assert found is not None
    assert found.words[:4] == (
        ("path", "C:\\it\u2019s (1)"), ("path", "D:\\{a}"), ("optional", "C:\\inetpub\\wwwroot"),
        ("without", "D:\\a;b"),
    )  # fmt: skip
    assert found.checks == tuple((each.kind, each.name, each.rule, str(each.wait), *each.words) for each in CHECKS)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/srv", "must begin with a drive"), ("\\\\files\\share", "begin with a drive"), ("C:data", "with a drive"),
        ("C:\\a\\..\\b", "leads upwards"), ("C:\\a*", "does not allow"), ("C:\\a:stream", "does not allow"),
        ("C:\\a.", "does not allow"), ("C:\\{{x", "would replace"), ("C:\\" + "a" * 250, "more than 240"),
        ("C:\\a\nb", "control character"), ("C:\\programdata\\firedrill\\x", "belongs to the measuring itself"),
    ],
)  # fmt: skip
def test_a_path_that_windows_cannot_have_is_refused_in_plain_words(path: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        Profile("x", (path,), platform="windows")


@pytest.mark.parametrize(
    ("platform", "given", "wrong"),
    [
        ("windows", {"freeze": Freezing(filesystems=("/data",))}, "only freeze is VSS"),
        ("linux", {"freeze": Freezing(vss=True)}, "VSS is on Windows only"),
        ("windows", {"rules": FileRules(("/var/log/**",))}, "one of Linux"),
        ("linux", {"rules": FileRules(("C:\\logs\\**",))}, "one of Windows"),
        (
            "windows",
            {"checks": (KINDS["packages"].model_validate({"names": ("*",)}).check(),)},
            "not measured on Windows",
        ),
        ("windows", {"checks": (KINDS["mount"].model_validate({"path": "/data"}).check(),)}, "a path of Linux"),
        ("linux", {"checks": (CHECKS[2],)}, "a path of Windows"),
    ],
)
def test_what_the_system_lacks_is_refused_in_plain_words(
    platform: Platform, given: dict[str, object], wrong: str
) -> None:
    with pytest.raises(ValueError, match=wrong):
        Profile("x", ("C:\\a" if platform == "windows" else "/a",), platform=platform, **given)  # type: ignore[arg-type]


def test_vss_stands_alone() -> None:
    with pytest.raises(ValueError, match="stands alone"):
        Freezing(vss=True, filesystems=("/data",))
