"""What every kind of check has in common."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tests.facts.server import KEY, Disk, asking, fact, tool
from workflows.errors import FactsUnreadable
from workflows.facts import checks
from workflows.facts.check import Check
from workflows.facts.evidence import Recorded, evidence_of
from workflows.facts.kinds import KINDS
from workflows.facts.profile import MOST_CHECKS, Profile
from workflows.facts.script import compare_script, read_compared, recognised, record_script
from workflows.facts.tables import read_profiles
from workflows.facts.wire import read_line

TWO = asking(command=[{"name": "one", "run": "cat ./srv/app/data.bin"}, {"name": "two", "run": "echo 2", "within": 0}])


def test_a_module_in_the_folder_is_a_kind_of_its_name_with_a_test_of_its_own() -> None:
    modules = {path.stem for path in Path(str(checks.__file__)).parent.glob("*.py")} - {"__init__"}
    assert set(KINDS) == modules
    for name, kind in KINDS.items():
        assert f"\n{name}_measure() {{\n" in kind.SH
        assert kind.__doc__
        assert (Path(__file__).parent / f"test_{name}.py").exists()


def test_each_check_is_a_fact_of_its_own_with_its_value_in_plain_words(disk: Disk) -> None:
    recorded = disk.record(TWO)
    assert [each.fact for each in recorded.checks] == ["command one", "command two"]
    evidence = disk.evidence(recorded)
    assert [each.fact for each in evidence.results] == ["files", "marker", "command one", "command two"]
    assert evidence.sentence() == (
        "The same: files (3 files, 36 bytes), marker, command one (exit 0, output 84d89877f0d4), "
        "command two (exit 0, 2)."
    )


def test_the_manifest_holds_each_check_with_what_was_found_and_the_tag_its_digest(disk: Disk) -> None:
    recorded = disk.record(TWO)
    manifest = disk.kept("manifest").read_text()
    assert (
        "\ncheck\tcommand\ttwo\twithin 0\t0\techo 2\t30\t0\tnumber\t-\thide\nrow\texit\t0\nrow\tnumber\t2\n" in manifest
    )
    assert recorded.digest == hashlib.sha256(manifest.encode()).hexdigest()
    evidence = evidence_of(recorded.digest, disk.compare(recorded))
    assert evidence.verdict == "same"
    assert len(evidence.results) == 4


def test_a_check_that_was_taken_out_of_the_manifest_is_found_out(disk: Disk) -> None:
    recorded = disk.record(TWO)
    text = disk.kept("manifest").read_text()
    disk.kept("manifest").write_text(re.sub(r"check\tcommand\ttwo\t.*\n(row\t.*\n)*", "", text))
    assert "tampered with" in disk.evidence(recorded).sentence()


def test_a_record_of_a_time_without_checks_is_still_compared(disk: Disk, recorded: Recorded) -> None:
    changed = disk.kept("manifest").read_text().replace("facts files marker checks", "facts files marker").encode()
    disk.kept("manifest").write_bytes(changed)
    digest = hashlib.sha256(changed).hexdigest()
    assert evidence_of(digest, read_compared(disk.run(compare_script(KEY, digest)).stdout)).verdict == "same"


def test_a_kind_that_this_version_does_not_know_never_gives_the_same(disk: Disk) -> None:
    disk.record(TWO)
    changed = disk.kept("manifest").read_text().replace("check\tcommand\ttwo", "check\torbit\ttwo").encode()
    disk.kept("manifest").write_bytes(changed)
    digest = hashlib.sha256(changed).hexdigest()
    evidence = evidence_of(digest, read_compared(disk.run(compare_script(KEY, digest)).stdout))
    assert (evidence.verdict, "cannot measure" in evidence.sentence()) == ("different", True)


def test_an_answer_that_lacks_a_check_is_unreadable(disk: Disk) -> None:
    recorded = disk.record(TWO)
    answer = read_line(disk.run(compare_script(KEY, recorded.digest)).stdout, "compare")
    less = {"count": 2, "each": answer["checks"]["each"][:1]}
    with pytest.raises(FactsUnreadable):
        read_compared("firedrill-facts:" + json.dumps(answer | {"checks": less}))


def test_a_check_that_was_recorded_and_is_in_no_answer_is_not_the_same(disk: Disk) -> None:
    recorded = disk.record(TWO)
    compared = disk.compare(recorded)
    fewer = replace(compared, facts=compared.facts[:3], results=compared.results[:3])
    result = fact(evidence_of(recorded, fewer), "command two")
    assert (result.same, result.before, result.after) == (False, "exit 0, 2", "not measured again")


def test_a_difference_that_there_was_no_room_to_name_is_not_the_same(disk: Disk) -> None:
    recorded = disk.record(TWO)
    answer = read_line(disk.run(compare_script(KEY, recorded.digest)).stdout, "compare")
    answer["checks"]["each"][1] |= {"differ": 1, "rows": []}
    result = fact(evidence_of(recorded, read_compared("firedrill-facts:" + json.dumps(answer))), "command two")
    assert (result.same, result.more) == (False, 1)


def test_a_check_in_trouble_is_not_the_same_whatever_its_values(disk: Disk) -> None:
    recorded = disk.record(TWO)
    answer = read_line(disk.run(compare_script(KEY, recorded.digest)).stdout, "compare")
    answer["checks"]["each"][1] |= {"trouble": "it fell over"}
    result = fact(evidence_of(recorded, read_compared("firedrill-facts:" + json.dumps(answer))), "command two")
    assert (result.same, result.after) == (False, "not measured again: it fell over")


def test_no_command_holds_what_ssm_would_replace() -> None:
    profile = asking(command=[{"name": "one", "run": "docker inspect -f '{{.State}} {{{x}}} {{{{ssm:y}}}}' shop"}])
    assert "{{" not in record_script(KEY, profile)


def test_all_that_cannot_be_measured_is_told_at_once_and_nothing_is_kept(disk: Disk) -> None:
    both = asking(command=[{"name": "one", "run": "exit 1"}, {"name": "two", "run": "exit 2"}])
    text = disk.refused(both)
    assert "*command one* could not be measured: it ended with exit 1" in text
    assert "*command two* could not be measured: it ended with exit 2" in text
    assert list(disk.path("/var/lib/firedrill").iterdir()) == []


def test_a_value_that_settles_within_its_time_is_the_same_and_later_it_is_not(disk: Disk, tmp_path: Path) -> None:
    recorded = disk.record(asking(command=[{"name": "it", "run": "cat ./srv/app/data.bin", "wait": 600}]))
    disk.write("/srv/app/data.bin", "starting")
    path = tool(tmp_path / "bin", "sleep", "printf 0123456789 >./srv/app/data.bin")
    assert fact(disk.evidence(recorded, path=path), "command it").same
    disk.write("/srv/app/data.bin", "starting")
    tool(tmp_path / "bin", "sleep", f"touch {tmp_path}/slept")
    path = tool(tmp_path / "bin", "date", f'[ -e {tmp_path}/slept ] && echo 9999999999 || exec /bin/date "$@"')
    assert not fact(disk.evidence(recorded, path=path), "command it").same


def test_the_answer_stays_small_when_all_that_a_profile_may_have_differs(disk: Disk) -> None:
    run = "cat ./srv/app/data.bin"
    many = [{"name": f"{number:02}{'x' * 38}", "run": run, "show": True} for number in range(MOST_CHECKS)]
    for number in range(60):
        disk.write(f"/srv/{'é' * 90}{number}")
    recorded = disk.record(asking(command=many))
    disk.write("/srv/app/data.bin", "\x01é" * 200)
    for number in range(60):
        disk.path(f"/srv/{'é' * 90}{number}").unlink()
        disk.write(f"/srv/{'ö' * 90}{number}")
    evidence = disk.evidence(recorded)
    assert [each.same for each in evidence.results] == [False, True, *[False] * MOST_CHECKS]
    assert {each.kind for each in evidence.results[0].differences} == {"corrupt", "missing", "new"}


def test_a_sentence_names_six_facts_and_counts_the_rest(disk: Disk) -> None:
    run = "cat ./srv/app/data.bin"
    recorded = disk.record(asking(command=[{"name": f"c{number}", "run": run, "within": 0} for number in range(9)]))
    assert disk.evidence(recorded).sentence().endswith("command c3 (exit 0, 0123456789) and 5 more.")
    disk.path("/srv/app/data.bin").unlink()
    assert disk.evidence(recorded).sentence().endswith(" and 4 more.")


def test_a_profile_with_checks_survives_json() -> None:
    adapter = TypeAdapter(Profile)
    assert adapter.validate_python(adapter.dump_python(TWO, mode="json")) == TWO


def test_without_isolation_a_command_runs_only_for_the_profile_that_allows_it() -> None:
    other = asking(command=[{"name": "one", "run": "cat ./etc/passwd"}])
    assert recognised(record_script(KEY, TWO), [TWO])
    assert not recognised(record_script(KEY, other), [TWO])


def test_a_word_for_the_server_is_data_there_and_nothing_in_it_is_evaluated(disk: Disk, tmp_path: Path) -> None:
    word = f"'; touch {tmp_path}/x; $(touch {tmp_path}/x) `touch {tmp_path}/x` * \\"
    check = Check("packages", "all", "equal", 0, (word,))
    disk.write("/var/lib/dpkg/status")
    path = tool(tmp_path / "bin", "dpkg-query", "printf 'installed\\ta\\t1\\n'")
    assert f"touch {tmp_path}/x" in disk.refused(Profile("x", ("/srv",), checks=(check,)), path=path)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("lines", "at", "text"),
    [
        ({"command": [{"run": "x"}]}, "command.0.name", "Field required"),
        ({"command": [{"name": "a\tb", "run": "x"}]}, "command.0.name", "match pattern"),
        ({"command": [{"name": "a", "run": ""}]}, "command.0.run", "at least 1 character"),
        ({"command": [{"name": "a", "run": "x\ny"}]}, "command.0", "holds a line break"),
        ({"command": [{"name": "a", "run": "x", "timeout": 0}]}, "command.0.timeout", "greater than"),
        ({"command": [{"name": "a", "run": "x", "exit": 127}]}, "command.0.exit", "less than"),
        ({"command": [{"name": "a", "run": "x", "within": "5 kg"}]}, "command.0.within", 'a share such as "2 %"'),
        ({"command": [{"name": "a", "run": "x", "within": -1}]}, "command.0.within", "an amount such as 5"),
        ({"command": [{"name": "a", "run": "x", "within": 1, "matches": "a"}]}, "command.0", "only one of them"),
        ({"command": [{"name": "a", "run": "x"}, {"name": "a", "run": "y"}]}, "", "has the command a twice"),
        ({"command": {"name": "a", "run": "x"}}, "command", r"a list of tables, begun by `\[\[profiles.p.command\]\]`"),
        ({"service": [{}]}, "service.0.unit", "Field required"),
        ({"service": [{"unit": "-x"}]}, "service.0.unit", "match pattern"),
        ({"service": [{"unit": "a", "wait": 601}]}, "service.0.wait", "less than"),
        ({"port": [{"port": 0}]}, "port.0.port", "greater than"),
        ({"port": [{"port": 53, "protocol": "icmp"}]}, "port.0.protocol", "'tcp' or 'udp'"),
        ({"mount": [{"path": "data"}]}, "mount.0.path", "match pattern"),
        ({"mount": [{"path": "/é"}]}, "mount.0", "plain ASCII"),
        ({"mount": [{"path": "/data", "type": "xfs"}]}, "mount.0.type", "not permitted"),
        ({"packages": [{"names": []}]}, "packages.0.names", "at least 1 item"),
        ({"packages": [{"names": ["a", "a b"]}]}, "packages.0.names.1", "match pattern"),
        ({"port": [{"port": number} for number in range(1, 27)]}, "", "has 26 checks of"),
        ({"comand": []}, "comand", "not permitted"),
    ],
)
def test_each_fault_of_a_check_is_told_with_its_key(lines: dict[str, object], at: str, text: str) -> None:
    _, faults = read_profiles({"p": {"paths": ["/srv"], **lines}})
    assert [".".join(map(str, each.at)) for each in faults] == [f"profiles.p.{at}".rstrip(".")]
    assert re.search(text, faults[0].text)
