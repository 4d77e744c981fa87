"""Home as a function of what is going on: for no server, one, forty and two thousand, within Slack's limits."""

import json
from dataclasses import replace
from typing import Any

import pytest

from handlers.home_page import Coming, Scene, home
from handlers.home_servers import PER_PAGE, coarse
from practice.workspace.views import check_view
from tests.handlers.test_cards import NOW, asking, run
from workflows.engine import moves
from workflows.engine.run import Actor, Halt
from workflows.freshness import Freshness, Known, LastDrill, standing

HOUR, DAY = 3600.0, 86400.0
#: The longest that AWS and Slack allow, and what grows most when it is written for Slack.
LONGEST = "<" * 256


def server(number: int, name: str = "") -> Freshness:
    """Every tenth is over its target, every ninth nearly."""
    age = 30 * HOUR if number % 10 == 0 else 23 * HOUR if number % 9 == 0 else 3 * HOUR
    return Freshness(
        name or f"server-{number:04d}", "eu-central-1", (f"i-{number:017x}",), NOW - 90 * DAY, f"ami-{number:017x}",
        NOW - age, NOW - 3 * DAY, "D-0003", DAY, 30 * DAY, LastDrill("D-0003", True, NOW - 3 * DAY, 1830.0),
    )  # fmt: skip


def known(*servers: Freshness, regions: tuple[str, ...] = ("eu-central-1",), troubles: tuple[str, ...] = ()) -> Known:
    return Known(NOW, regions, servers, troubles)


def words(view: dict[str, Any]) -> str:
    return json.dumps(view, ensure_ascii=False)


def rows(view: dict[str, Any]) -> list[str]:
    """The servers that are listed, each in its lines."""
    return [each["text"]["text"] for each in view["blocks"] if "accessory" in each]


@pytest.mark.parametrize("servers", [0, 1, 40, 2000])
def test_home_is_within_slacks_limits_and_lists_the_worst_servers_first(servers: int) -> None:
    scene = Scene(NOW, known=known(*map(server, range(1, servers + 1))))
    view = home(scene, [], 0)
    assert check_view(view, "home")
    assert len(rows(view)) == min(servers, PER_PAGE)
    over = [row for row in rows(view) if "*over its target of 1 d*" in row]
    assert rows(view)[: len(over)] == over
    assert len(over) == min(servers // 10, PER_PAGE)


def test_two_thousand_servers_are_turned_through_page_by_page_and_none_is_left_out() -> None:
    scene = Scene(NOW, known=known(*map(server, range(2000))))
    seen = [row.split("*")[1] for page in range(100) for row in rows(home(scene, [], page))]
    assert sorted(seen) == [f"server-{number:04d}" for number in range(2000)]
    assert home(scene, [], 5000) == home(scene, [], 99)
    assert "Servers 1,981 to 2,000 of 2,000" in words(home(scene, [], 99))
    assert "200 over a target or unproven, 200 nearly over one, 1,600" in words(home(scene, [], 0))


def test_the_longest_names_fit_and_can_neither_mention_nor_end_a_line() -> None:
    held = "x" * 3000
    asked = [replace(asking(LONGEST), id=f"D-{number:04d}", reason="<!channel>" * 50) for number in range(30)]
    busy = [run(server=LONGEST, id=f"D-1{number:03d}") for number in range(30)]
    longest = [server(number, LONGEST) for number in range(60)]
    scene = Scene(
        NOW, [*asked, *busy], known(*longest, regions=("ap-southeast-1",) * 17, troubles=(held,) * 17),
        [Coming(LONGEST, NOW + number, held) for number in range(40)],
        {each.id: "https://example.slack.com/archives/C1/p1" for each in asked},
        {(LONGEST, "eu-central-1"): NOW + DAY},
    )  # fmt: skip
    view = home(scene, asked, 1, leaving=True)
    assert check_view(view, "home")
    assert "<<" not in words(view)
    assert "<!channel>" not in words(view)
    assert len(words(view).encode()) < 250_000


def test_a_question_shows_what_it_asks_until_when_and_opens_its_window() -> None:
    question = replace(asking(), reason="rehearsal")
    view = home(Scene(NOW, [question], links={"D-0013": "https://example.slack.com/archives/C1/p1"}), [question], 0)
    (buttons,) = [each["elements"] for each in view["blocks"] if each.get("block_id", "").startswith("home-q")]
    assert [each["action_id"] for each in buttons] == ["home_approve", "home_reject", "home_card"]
    assert json.loads(buttons[0]["value"]) == {"run": "D-0013", "question": "q:1"}
    assert "1 question for you" in words(view)
    assert "*Terminate orders-db?*  `D-0013`" in words(view)
    assert "Nothing else is going on" in words(view)
    others = home(Scene(NOW, [question]), [], 0)
    assert "Nothing waits for your approval" in words(others)
    assert "*Live drill of orders-db*: waits for an approval until" in words(others)


def test_the_name_in_a_question_is_shown_as_it_is() -> None:
    named = asking("R&D-db")
    assert "*Terminate R&amp;D-db?*" in words(home(Scene(NOW, [named]), [named], 0))


def test_what_runs_shows_its_step_and_how_far_it_is() -> None:
    waiting = moves.waits(run(at=4), NOW, "AWS has copied 42 % of the blocks", 42, {})
    assert "*Live drill of orders-db*: wait for the image, 42 %, asked by <@U1>" in words(
        home(Scene(NOW, [waiting]), [], 0)
    )


def test_what_comes_is_told_with_what_holds_it_and_a_servers_next_drill_stands_beside_it() -> None:
    coming = [Coming("Live drill of wiki", NOW + DAY, live=True), Coming("Backup of wiki", NOW + HOUR, "a freeze")]
    scene = Scene(NOW, known=known(server(1)), coming=coming, next_drills={("server-0001", "eu-central-1"): NOW + DAY})
    shown = words(home(scene, [], 0))
    assert shown.index("*Backup of wiki*, held: a freeze") < shown.index("*Live drill of wiki*, asks for an approval")
    assert "RTO 30 min 30 s · next drill <!date^" in shown


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ":large_green_circle: *a*\nBackup 3 h old (target 1 d) · proven 3 d ago (target 30 d)\n"),
        ({"point_at": NOW - 30 * HOUR}, ":red_circle: *a*\nBackup 30 h old, *over its target of 1 d*"),
        ({"point_at": NOW - 22 * HOUR}, ":large_yellow_circle: *a*\nBackup 22 h old, *nearly at its target of 1 d*"),
        ({"point_at": None, "point": ""}, ":red_circle: *a*\n*No backup yet* (target 1 d) · proven"),
        ({"proven_at": None}, ":red_circle: *a*\nBackup 3 h old (target 1 d) · *never proven* (target 30 d)"),
        ({"rpo": None, "proof": None}, ":white_circle: *a*\nBackup 3 h old · proven 3 d ago\n"),
        ({"drill": LastDrill("D-0009", False, NOW - 5, None)}, "Last drill `D-0009` *failed* under 1 min ago"),
        ({"drill": None}, "Never drilled"),
        ({"instances": ()}, ":black_circle: *a*\nBackup 3 h old (target 1 d) · proven 3 d ago (target 30 d)\nNo in"),
        ({"instances": ("i-1", "i-2")}, "2 instances bear this name (`i-1`, `i-2`): ask for one by its id."),
    ],
)  # fmt: skip
def test_each_server_says_in_words_how_it_stands(changes: dict[str, Any], said: str) -> None:
    each = replace(server(1, "a"), **changes)
    assert said in rows(home(Scene(NOW, known=known(each)), [], 0))[0]


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({}, ["backup i-1", "drill i-1", "restore ami-1"]),
        ({"point": ""}, ["backup i-1", "drill i-1"]),
        ({"instances": ()}, ["drill ami-1", "restore ami-1"]),
        ({"instances": ("i-1", "i-2")}, ["drill ami-1", "restore ami-1"]),
    ],
)
def test_a_server_offers_what_can_be_done_with_it(changes: dict[str, Any], offered: list[str]) -> None:
    each = replace(server(1, LONGEST), instances=("i-1",), point="ami-1")
    view = home(Scene(NOW, known=known(replace(each, **changes))), [], 0)
    (row,) = [block for block in view["blocks"] if "accessory" in block]
    assert [option["value"] for option in row["accessory"]["options"]] == offered


def test_nothing_known_and_a_region_that_could_not_be_looked_at_are_said() -> None:
    assert "No worker has looked at AWS yet" in words(home(Scene(NOW), [], 0))
    assert "There is no server in `eu-central-1`" in words(home(Scene(NOW, known=known()), [], 0))
    blind = words(home(Scene(NOW, known=known(server(1), troubles=("eu-west-1 did not answer",))), [], 0))
    assert ":warning: eu-west-1 did not answer" in blind


def test_home_does_not_change_from_one_second_to_the_next_while_nothing_happens() -> None:
    scene = Scene(NOW, [run()], known(*map(server, range(1, 40))))
    assert home(scene, [], 0) == home(replace(scene, now=NOW + 5), [], 0)


def test_an_age_is_told_as_coarsely_as_it_matters() -> None:
    found = [coarse(each) for each in (0, 61, 3599, 3600, 47.9 * 3600, 2 * 86400, 400 * 86400)]
    assert found == ["under 1 min", "1 min", "59 min", "1 h", "47 h", "2 d", "400 d"]


def test_a_target_is_nearly_missed_from_nine_tenths_of_it_on() -> None:
    found = [standing(NOW - age, 100, NOW) for age in (89, 90, 100, 101)]
    assert found == ["ok", "soon", "soon", "missed"]
    assert [standing(None, 100, NOW), standing(NOW, None, NOW)] == ["never", "no target"]


def test_a_halt_stands_at_the_top_with_who_and_why_and_what_it_stopped_says_so() -> None:
    halt = Halt(Actor("U0OPERATOR"), NOW, "the network is <rebuilt>")
    view = home(Scene(NOW, [moves.halted(run(), halt, None)], halt=halt), [], 0)
    assert check_view(view, "home")
    first = view["blocks"][0]["text"]["text"]
    assert "halted by <@U0OPERATOR>" in first
    assert "the network is &lt;rebuilt&gt;" in first
    assert "stands still before" in words(view)
