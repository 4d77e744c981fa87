import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.facts.server import KEY, SRV
from workflows.facts.profile import DEFAULT_PROFILE, Profile
from workflows.facts.quoting import quoted, unquoted
from workflows.facts.script import compare_script, recognised, record_script

DIGEST = "0123456789abcdef" * 4
AWKWARD = Profile("x", ("/it's", "/a b", "/é\u2028", "/\\"), ("/o'p \\",), ("/it's/not",))
PROFILES = [SRV, AWKWARD, DEFAULT_PROFILE]
SCRIPTS = [record_script(KEY, SRV), record_script(KEY, AWKWARD), compare_script(KEY, DIGEST)]

paths = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(lambda text: "/p" + text)


def is_valid(path: str) -> bool:
    return ".." not in path.split("/") and "{{" not in path


@pytest.mark.parametrize("script", [*SCRIPTS, record_script("Z-12345-00000000", DEFAULT_PROFILE)])
def test_every_rendered_script_is_recognised(script: str) -> None:
    assert recognised(script, PROFILES)


@given(st.lists(paths.filter(is_valid), min_size=1, max_size=8), st.lists(paths.filter(is_valid), max_size=3))
def test_a_script_is_recognised_for_its_own_profile_and_for_no_other(required: list[str], optional: list[str]) -> None:
    profile = Profile("x", tuple(required), tuple(optional))
    assert recognised(record_script(KEY, profile), [SRV, profile])
    assert not recognised(record_script(KEY, profile), [SRV])


@given(st.sampled_from(SCRIPTS), st.data())
def test_a_script_with_any_character_changed_is_not_recognised(script: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(script) - 1))
    char = data.draw(st.characters().filter(lambda char: char != script[at]))
    assert not recognised(script[:at] + char + script[at + 1 :], PROFILES)


@given(st.sampled_from(SCRIPTS), st.data())
def test_a_script_with_anything_added_or_removed_is_not_recognised(script: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(script)))
    assert not recognised(script[:at] + data.draw(st.text(min_size=1, max_size=5)) + script[at:], PROFILES)
    assert at == len(script) or not recognised(script[:at] + script[at + 1 :], PROFILES)


@given(st.text())
def test_foreign_texts_are_not_recognised(text: str) -> None:
    assert not recognised(text, PROFILES)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  path '/srv'", "  path '/srv' \\\n  path '/etc/../root'"),
        ("  path '/srv'", "  path '/srv'; touch /tmp/x"),
        ("  path '/srv'", "  path '/srv' \\\n  path \"$(id)\""),
        ("  path '/srv'", "  path '/srv/'"),
        (f"key='{KEY}'", "key='../../../etc'"),
        ("expected=''", f"expected='{DIGEST}'"),
        ("facts='files marker checks'", "facts='files'"),
        ("facts='files marker checks'", "facts='files marker checks'\ntouch /tmp/x"),
        ("profile_checks() {\n  :", "profile_checks() {\n  touch /tmp/x"),
        ("profile_checks() {\n  :", "profile_checks() {\n  :\n  check 'command' 'x' 'equal' '0' 'touch /tmp/x'"),
        ("mode='record'", "mode='rm'"),
    ],
)
def test_a_forged_script_is_not_recognised_even_with_the_checksum_made_right(old: str, new: str) -> None:
    first, second, rest = record_script(KEY, SRV).split("\n", 2)
    assert old in rest
    rest = rest.replace(old, new, 1)
    second = re.sub("[0-9a-f]{64}", hashlib.sha256(rest.encode()).hexdigest(), second)
    assert not recognised(f"{first}\n{second}\n{rest}", PROFILES)


@pytest.mark.parametrize(
    "key", ["", "D-1-7f3a9c2e", "d-0001-7f3a9c2e", "D-0001-7F3A9C2E", KEY + "\n", "D-0001-7f3a9c2e/..", "$(id)"]
)
def test_a_key_of_another_form_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="looks like D-0001-7f3a9c2e"):
        record_script(key, SRV)
    with pytest.raises(ValueError, match="looks like D-0001-7f3a9c2e"):
        compare_script(key, DIGEST)


@pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 64 + "\n"])
def test_a_digest_of_another_form_is_refused(digest: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        compare_script(KEY, digest)


def test_no_script_holds_what_ssm_would_replace() -> None:
    assert all("{{" not in script for script in SCRIPTS)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_quoted_word_is_read_back_and_nothing_in_it_is_evaluated(word: str) -> None:
    assert unquoted(quoted(word)) == word
    assert "'" not in quoted(word)[1:-1].replace("'\\''", "")


@pytest.mark.parametrize("text", ["", "'", "x", "'a'b'", "'a' 'b'", "'a'\\''", '"a"', "'a''b'"])
def test_what_was_not_quoted_here_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="not one quoted word"):
        unquoted(text)
