import json
from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from tests.facts.server import KEY, OTHER_KEY, Disk
from workflows.errors import FactsNotMeasured, FactsUnreadable, RunFailed
from workflows.facts.evidence import Compared, Difference, Evidence, FactResult, Recorded, evidence_of, size
from workflows.facts.profile import Profile
from workflows.facts.script import compare_script, read_compared, read_recorded, record_script
from workflows.facts.wire import read_line

DIGEST = "a" * 64
BEFORE = Recorded(KEY, DIGEST, "2026-01-01T00:00:00Z", "mark", 5, 2048, 9, "b" * 64)
FILES = FactResult("files", "5 files, 2.0 KiB", "5 files, 2.0 KiB", same=True)
MARKER = FactResult("marker", "mark", "mark", same=True)
SAME = Compared(KEY, DIGEST, "2026-01-01T00:00:00Z", ("files", "marker"), (FILES, MARKER))


def test_all_facts_the_same_is_the_same_with_the_record_or_with_its_digest_alone() -> None:
    assert evidence_of(BEFORE, SAME).verdict == "same"
    assert evidence_of(DIGEST, SAME).verdict == "same"


@pytest.mark.parametrize(
    "compared",
    [
        replace(SAME, results=()),
        replace(SAME, results=(FILES,)),
        replace(SAME, results=(MARKER,)),
        replace(SAME, facts=(), results=()),
        replace(SAME, facts=("files",), results=(FILES,)),
        replace(SAME, facts=("files", "marker", "service")),
        replace(SAME, digest="c" * 64),
        replace(SAME, key=OTHER_KEY),
        replace(SAME, trouble="The disk holds no facts."),
        replace(SAME, results=(FILES, replace(MARKER, same=False))),
    ],
)
def test_a_fact_that_differs_or_was_not_measured_again_never_gives_the_same(compared: Compared) -> None:
    evidence = evidence_of(BEFORE, compared)
    assert evidence.verdict == "different"
    assert any(not result.same for result in evidence.results)
    assert evidence.sentence()


def test_a_fact_that_was_not_measured_again_is_told_with_what_it_was() -> None:
    files, marker = evidence_of(BEFORE, replace(SAME, results=())).results
    assert (files.before, files.after) == ("5 files, 2.0 KiB", "not measured again")
    assert (marker.before, marker.after) == ("mark", "not measured again")


def test_the_sentence_names_three_files_and_counts_the_rest() -> None:
    named = tuple(Difference("missing", f"/srv/{n}", "file") for n in range(5))
    files = replace(FILES, same=False, differences=named, more=1_200)
    sentence = evidence_of(BEFORE, replace(SAME, results=(files, MARKER))).sentence()
    assert sentence == ("Different: files: /srv/0 (missing), /srv/1 (missing), /srv/2 (missing) and 1,202 more.")


def test_evidence_survives_json(disk: Disk) -> None:
    recorded = disk.record()
    disk.write("/srv/index.html", "changed")
    evidence = disk.evidence(recorded)
    for kind, value in ((Evidence, evidence), (Recorded, recorded), (Compared, disk.compare(recorded))):
        adapter: TypeAdapter[object] = TypeAdapter(kind)
        assert adapter.validate_json(adapter.dump_json(value)) == value


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 << 40, "5.0 TiB")]
)
def test_sizes_are_said_as_people_say_them(count: int, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize("stdout", ["", "hello\n", "firedrill-facts:", "firedrill-facts:{", "firedrill-facts:[]"])
def test_an_answer_without_facts_is_unreadable(stdout: str) -> None:
    for read in (read_recorded, read_compared):
        with pytest.raises(FactsUnreadable):
            read(stdout)


def test_an_answer_cut_off_anywhere_is_unreadable_and_never_the_same(disk: Disk) -> None:
    recorded = disk.record()
    stdout = disk.run(compare_script(KEY, recorded.digest)).stdout.rstrip("\n")
    for length in range(len(stdout)):
        with pytest.raises(FactsUnreadable):
            read_compared(stdout[:length])


def test_any_part_of_an_answer_that_is_missing_makes_it_unreadable(disk: Disk) -> None:
    recorded = disk.record()
    answer = read_line(disk.run(compare_script(KEY, recorded.digest)).stdout, "compare")
    for part in answer:
        less = {name: value for name, value in answer.items() if name != part}
        with pytest.raises(FactsUnreadable):
            read_compared("firedrill-facts:" + json.dumps(less))
    for part in answer["files"]:
        files = {name: value for name, value in answer["files"].items() if name != part}
        with pytest.raises(FactsUnreadable):
            read_compared("firedrill-facts:" + json.dumps(answer | {"files": files}))


def test_totals_that_contradict_a_list_without_differences_are_not_the_same(disk: Disk) -> None:
    recorded = disk.record()
    answer = read_line(disk.run(compare_script(KEY, recorded.digest)).stdout, "compare")
    answer["files"]["after"]["count"] -= 1
    compared = read_compared("firedrill-facts:" + json.dumps(answer))
    assert evidence_of(recorded, compared).verdict == "different"


def test_the_answer_of_one_mode_is_not_taken_for_the_other(disk: Disk) -> None:
    stdout = disk.run(record_script(KEY, Profile("x", ("/srv",)))).stdout
    with pytest.raises(FactsUnreadable):
        read_compared(stdout)


def test_lines_before_the_answer_do_no_harm(disk: Disk) -> None:
    stdout = disk.run(record_script(KEY, Profile("x", ("/srv",)))).stdout
    assert read_recorded("Welcome!\nfiredrill-facts:old\n" + stdout).files == 3


def test_what_could_not_be_measured_is_told_without_power_over_slack() -> None:
    line = '{"format":1,"mode":"record","errors":[["files","/<!channel>`*","is <gone> & away"]],"error_count":1}'
    with pytest.raises(FactsNotMeasured) as failure:
        read_recorded("firedrill-facts:" + line)
    assert failure.value.text == (
        "The fact *files* could not be measured: `/&lt;!channel&gt;'*` is &lt;gone&gt; &amp; away."
    )
    assert failure.value.hint
    assert isinstance(failure.value, RunFailed)


@pytest.mark.parametrize("errors", ['"x"', "[1]", '[["a"]]', "[[1,2,3]]", '[["a","b",null]]'])
def test_errors_of_a_strange_form_are_still_a_failure(errors: str) -> None:
    with pytest.raises(RunFailed):
        read_recorded(f'firedrill-facts:{{"format":1,"mode":"record","errors":{errors}}}')
