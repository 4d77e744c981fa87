"""Servers and points while somebody types: the right ones, the best first, never more than Slack takes."""

from dataclasses import replace

import pytest

from handlers.forms import points
from handlers.forms.backup import BACKUP
from handlers.forms.drill import DRILL
from handlers.forms.restore import RESTORE
from handlers.forms.servers import Servers
from handlers.grammar import understood
from handlers.requests import StartBackup
from practice.workspace.elements import OPTION
from tests.handlers.test_point_lines import DAY, NOW, PROVEN
from workflows.inventory import Inventory, Sighting


def sighting(number: int, name: str, state: str = "running", **tags: str) -> Sighting:
    return Sighting(name, f"i-{number:017x}", state, "eu-central-1", NOW, {"Name": name, **tags})


def inventory(*seen: Sighting) -> Inventory:
    return Inventory(NOW, "000000000000", ("eu-central-1",), seen, (PROVEN,))


@pytest.fixture(scope="module")
def crowd() -> Inventory:
    """Ten thousand servers, of which one in a hundred is a database."""
    kinds = ["db", *["web"] * 99]
    marks = [{"Team": "payments"} if number % 2000 == 7 else {} for number in range(10_000)]
    return inventory(*(sighting(n, f"node-{n:05d}-{kinds[n % 100]}", **marks[n]) for n in range(10_000)))


def told(known: Inventory, typed: str) -> list[str]:
    found = Servers(known).matching(typed)
    assert [fault for each in found for fault in OPTION(each, "")] == []
    return [each["text"]["text"] for each in found]


def test_of_ten_thousand_servers_those_that_match_are_offered_and_no_more_than_a_hundred(crowd: Inventory) -> None:
    assert told(crowd, "node-04200-db") == ["node-04200-db"]
    assert told(crowd, "09300") == ["node-09300-db"]
    assert told(crowd, "DB node-042") == ["node-04200-db"]
    assert told(crowd, "payments") == [f"node-{n:05d}-web" for n in (7, 2007, 4007, 6007, 8007)]
    assert told(crowd, f"i-{9300:017x}") == ["node-09300-db"]
    assert told(crowd, "-db") == [f"node-{n:05d}-db" for n in range(0, 10_000, 100)]
    assert told(crowd, "") == [f"node-{n:05d}-{'web' if n % 100 else 'db'}" for n in range(100)]
    assert told(crowd, "nothing like it") == []


def test_the_whole_name_comes_first_then_what_begins_so() -> None:
    known = inventory(*(sighting(n, name) for n, name in enumerate(["my-db", "db-2", "db", "db-1"])))
    assert told(known, "db") == ["db", "db-1", "db-2", "my-db", "orders-db"]


def test_of_two_servers_of_one_name_none_is_chosen_before_a_person_does() -> None:
    known = inventory(sighting(1, "twin"), sighting(2, "twin"), sighting(3, "single"))
    servers = Servers(known)
    assert servers.option("twin") is None
    chosen = [servers.option(f"i-{2:017x}"), servers.option("single")]
    assert [each and each["value"] for each in chosen] == [f"i-{2:017x}", "single"]


def test_what_is_chosen_is_a_target_that_the_grammar_takes_for_that_server_however_it_is_called() -> None:
    names = ["n" * 256, "i-will", "tag:a=b", "`quoted`", " blank", "twice", "twice", "ünicode 名", "--live", "a" * 151]
    known = replace(inventory(*(sighting(n, name) for n, name in enumerate(names))), points=())
    values = [each["value"] for each in Servers(known).matching("")]
    requests = [understood(BACKUP.words({"target": value})) for value in values]
    meant = [known.living(request.target)[0].instance_id for request in requests if isinstance(request, StartBackup)]
    assert sorted(meant) == [each.instance_id for each in known.servers]
    assert sorted(value for value in values if not value.startswith("i-")) == ["--live", "ünicode 名"]


def test_a_long_name_keeps_beginning_and_end_in_its_label() -> None:
    known = inventory(*(sighting(n, "x" * 200 + str(n)) for n in (1, 2)))
    labels = told(known, "xx")
    assert [len(each) for each in labels] == [75, 75]
    assert [each[-1] for each in labels] == ["1", "2"]


def test_a_server_that_is_lost_is_offered_as_long_as_a_point_of_it_is_there() -> None:
    known = inventory(sighting(1, "orders-db", "terminated"), sighting(2, "gone", "terminated"))
    (only,) = Servers(known).matching("")
    assert (only["text"]["text"], only["description"]["text"][:4]) == ("orders-db", "lost")
    assert known.server_of(only["value"]) == "orders-db"


def test_a_tag_is_offered_when_it_is_typed_in_full_and_borne() -> None:
    known = inventory(*(sighting(n, f"web-{n}", Env="prod") for n in range(3)))
    (only,) = Servers(known).matching("tag:Env=prod")
    assert (only["value"], only["description"]["text"]) == ("tag:Env=prod", "all that bear it: 3")
    assert Servers(known).matching("tag:Env=test") == []


def test_points_are_those_of_the_chosen_server_that_can_be_restored_the_newest_first() -> None:
    newer = replace(PROVEN, image_id="ami-0aaaaaaaaaaaaaaaa", requested=NOW - DAY, proof="complete")
    pending = replace(PROVEN, image_id="ami-0bbbbbbbbbbbbbbbb", state="pending")
    other = replace(PROVEN, image_id="ami-0cccccccccccccccc", server="wiki")
    known = replace(inventory(), points=(PROVEN, newer, pending, other))

    def found(target: str, typed: str) -> list[str]:
        options = points.matching(known, target, typed, DRILL.points, NOW)
        assert [fault for each in options for fault in OPTION(each, "")] == []
        return [each["value"] for each in options]

    assert found("orders-db", "") == ["latest", "random", "fresh", newer.image_id, PROVEN.image_id]
    assert found("orders-db", "proven 3 d") == [PROVEN.image_id]
    assert found("orders-db", "first") == ["fresh"]
    assert found("wiki", "ami-") == [other.image_id]
    assert found("", "") == found("unknown", "") == ["latest", "random", "fresh"]
    many = replace(known, points=tuple(replace(newer, image_id=f"ami-{n:017x}") for n in range(300)))
    assert len(points.matching(many, "orders-db", "", DRILL.points, NOW)) == 100


def test_whoever_chooses_a_point_reads_which_is_a_copy_and_which_differed_and_that_latest_passes_over_those() -> None:
    differed = replace(PROVEN, image_id="ami-0aaaaaaaaaaaaaaaa", proof="complete", differed_in="R-0007")
    copy = replace(differed, image_id="ami-0bbbbbbbbbbbbbbbb", copied=True)
    options = points.matching(replace(inventory(), points=(differed, copy)), "orders-db", "", RESTORE.points, NOW)
    assert [fault for each in options for fault in OPTION(each, "")] == []
    assert [each["text"]["text"] for each in options] == [
        "The latest that did not differ", "The latest that is proven",
        "complete, but differed, 3 d old, ami-0aaaaaaaaaaaaaaaa",
        "complete, but differed, a copy, age not known, ami-0bbbbbbbbbbbbbbbb",
    ]  # fmt: skip
