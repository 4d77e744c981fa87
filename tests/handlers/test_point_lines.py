"""The list of recovery points, as a phone shows it."""

from dataclasses import replace

from handlers.point_lines import MOST, listed
from workflows.points import Point
from workflows.words import plain

NOW = 1_795_500_000.0
DAY = 86_400.0
PROVEN = Point(
    "ami-0d3e4e83500520a9f", "orders-db", "eu-central-1", "D-0013-7f3a9c2e", "i-1", NOW - 3 * DAY, "available",
    "proven", "crash-consistent", "f" * 64, "lt-1:3", "", None, "D-0013", NOW - 2 * DAY, as_made=True,
)  # fmt: skip


def test_a_point_says_what_it_is_worth_by_which_run_when_and_how_old_it_is() -> None:
    assert plain(listed([PROVEN], NOW)).split("\n") == [
        "• ami-0d3e4e83500520a9f proven",
        "   orders-db, 2026-11-21 06:00 UTC, 3 d old",
        "   proven by D-0013 2 d ago",
        "   crash-consistent, eu-central-1",
    ]


def test_a_point_that_differed_says_so_and_one_that_cannot_be_restored_says_why() -> None:
    differed = replace(PROVEN, proof="complete", proof_by="D-0013", differed_in="R-0007", differed_at=NOW - 90)
    told = listed([differed, replace(PROVEN, state="pending", proof="created", proof_by="", proof_at=None)], NOW)
    assert "*complete*\n" in told
    assert "*differed* when `R-0007` restored it 1 min 30 s ago" in told
    assert "*created*, and cannot be restored: its image is `pending`" in told


def test_every_line_of_a_restorable_point_fits_a_phone() -> None:
    others = replace(PROVEN, differed_in="R-0007", differed_at=NOW - 90), replace(PROVEN, copied=True)
    lines = plain(listed([PROVEN, *others], NOW)).split("\n")
    assert max(map(len, lines)) <= 55


def test_a_long_list_says_what_it_leaves_out() -> None:
    assert listed([PROVEN] * (MOST + 2), NOW).endswith("… and 2 older ones.")


def test_tags_that_somebody_changed_can_neither_mention_nor_break_the_list() -> None:
    told = listed(
        [replace(PROVEN, proof_by="<!channel>`", differed_in="<@U1>", consistency="*<!here>*", proof_at=None)], NOW
    )
    assert "<!channel" not in told
    assert "<!here" not in told
    assert "<@" not in told
