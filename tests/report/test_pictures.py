"""The pictures open, are as large as they say, and stay small."""

import io
from dataclasses import replace

from PIL import Image

from tests.report.records import HOSTILE, ended, evidence, failed
from workflows.report import history as histories
from workflows.report import timeline as timelines
from workflows.report.bars import bars_of
from workflows.report.history import Entry, entry_of, history
from workflows.report.reading import document_of
from workflows.report.timeline import timeline


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.format == "PNG"
    assert len(data) < 100_000
    return image


def test_a_timeline_has_a_row_for_every_step() -> None:
    for book, steps in (("restore", 9), ("drill", 19)):
        document = document_of(ended(book))
        assert len(bars_of(document).bars) >= steps
        assert opened(timeline(document)).size == timelines.size(len(bars_of(document).bars))


def test_bars_stay_within_the_picture_and_the_disaster_is_marked_in_a_drill_alone() -> None:
    drawn = bars_of(document_of(ended("drill")))
    assert all(0 <= bar.left <= 1 and bar.left + bar.width <= 1.000001 for bar in drawn.bars)
    assert drawn.lost == next(bar.left for bar in drawn.bars if bar.title == "Terminate the source")
    assert bars_of(document_of(ended("restore"))).lost is None


def test_names_that_the_font_does_not_have_and_runs_without_steps_make_a_picture_too() -> None:
    opened(timeline(document_of(failed(ended(server=HOSTILE + "日本語")))))
    assert opened(timeline(document_of(replace(ended(), steps=())))).size[0] == timelines.WIDTH


def test_a_history_shows_the_runs_that_have_figures() -> None:
    different = failed(ended(evidence=evidence({"kind": "new", "path": "/a", "detail": ""})))
    assert entry_of(document_of(ended(report=None))) is None
    entries = [entry_of(document_of(each)) for each in (ended(), different)]
    assert [(each.passed, each.rto, each.rpo) for each in entries if each] == [(True, 60, 90), (False, 60, 90)]
    picture = opened(history("orders-db", [each for each in entries if each]))
    assert picture.size == (histories.WIDTH, histories.HEIGHT)


def test_a_history_of_a_hundred_runs_and_one_without_rpo_is_drawn() -> None:
    many = [Entry(f"D-{n:04d}", "2026-11-25", n % 7 != 0, 60.0 + n, None if n % 2 else 9.0, 90, 60) for n in range(100)]
    opened(history(HOSTILE, many, practice=True))
    opened(history("orders-db", [Entry("R-0001", "2026-11-25", True, 0.0, None)]))
