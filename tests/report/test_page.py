"""The page needs nothing but itself, and takes nothing that it shows for its own."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.report.records import HOSTILE, ended, evidence, failed
from workflows.engine.run import Actor, Run, Status, Target
from workflows.report.document import digest
from workflows.report.page import page
from workflows.report.reading import document_of


class Read(HTMLParser):
    """What a browser would make of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(run: Run) -> str:
    return page(document_of(run), run.seal)


def hostile() -> Run:
    """Everything that a person or AWS can have named is named as badly as possible."""
    differences = [{"kind": "changed", "path": f"/data/{HOSTILE}/{n}", "detail": HOSTILE} for n in range(40)]
    made = failed(ended(server=HOSTILE, evidence=evidence(*differences, more=7), left_behind=[HOSTILE]))
    target = Target(HOSTILE, "123456789012", "eu-west-1")
    return replace(made, target=target, reason=HOSTILE, asked_by=Actor("U1", HOSTILE), id=f"D-1{HOSTILE}")


@pytest.mark.parametrize("run", [ended(), failed(ended(evidence=evidence({"kind": "new"}))), hostile()])
def test_the_page_asks_for_nothing_from_outside_and_runs_no_script(run: Run) -> None:
    read = Read(shown(run))
    assert {tag for tag, _ in read.tags} & {"script", "img", "link", "iframe", "object", "base", "form"} == set()
    told = {name for _, attributes in read.tags for name in attributes}
    assert told & {"src", "href", "srcset", "action", "data", "background"} == set()
    assert not [name for name in told if name.startswith("on")]
    style = re.findall(r"<style>(.*?)</style>", shown(run), re.S)
    assert len(style) == 1
    assert not re.search(r"url\(|@import|https?:|//", style[0])


def test_hostile_names_stand_there_as_text_and_what_cannot_be_seen_is_made_visible() -> None:
    text = shown(hostile())
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "\u202e" not in text
    assert "\\x202e" in text
    assert "\x07" not in text
    assert Read(text).text.count("W" * 200) > 40


def test_the_verdict_stands_in_words_before_everything_else() -> None:
    assert re.search(r'class="verdict passed".*?passed</p>', shown(ended()), re.S)
    different = failed(ended(evidence=evidence({"kind": "changed", "path": "/a", "detail": "content corrupt"})))
    told = Read(shown(different)).text
    assert "✗ failed" in told
    assert told.index("did not show the facts") < told.index("Evidence")


def test_a_run_of_the_practice_world_is_marked_on_every_page_of_paper() -> None:
    practice = replace(ended(), target=Target("orders-db", "000000000000", "eu-west-1"))
    text = shown(practice)
    assert 'content: "PRACTICE: nothing of this was AWS"' in text
    assert 'class="watermark"' in text
    assert "PRACTICE" not in shown(replace(ended(), target=Target("orders-db", "123456789012", "eu-west-1")))


def test_every_difference_that_the_record_names_is_on_the_page_and_the_rest_is_counted() -> None:
    text = shown(hostile())
    for number in range(40):
        assert f"/{number}</code>" in text
    assert "Differences in files: 47" in text
    assert "7 more are not named" in text


def test_a_digest_other_than_the_one_in_the_record_is_told() -> None:
    run = ended()
    assert "made by another version" not in page(document_of(run), digest(document_of(run)))
    assert "made by another version" in page(document_of(run), "ab" * 32)


@pytest.mark.parametrize("status", [each for each in Status if not each.open])
def test_every_way_to_end_makes_a_page_and_only_the_same_facts_pass(status: Status) -> None:
    for book in ("backup", "restore", "drill"):
        for values in ({}, {"evidence": None}, {"report": "odd", "point": 7, "evidence": [], "left_behind": {}}):
            document = document_of(ended(book, status, **values))
            assert document.verdict.headline in Read(page(document)).text
            same = document.evidence is not None and document.evidence.verdict == "same"
            assert (document.verdict.word == "passed") == (status is Status.SUCCEEDED and same)


def test_a_target_that_was_missed_is_said_beside_the_figure_and_one_that_nobody_set_too() -> None:
    text = re.sub(r"\s+", " ", Read(shown(ended("drill"))).text)
    assert "RTO (validated)1 min missed: target 45 s" in text
    assert "RPO1 min 30 s no target set" in text
    assert "Disks brought back30" in text
    assert "was not seen: 42 % was there" in text
