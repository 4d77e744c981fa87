"""Forms as values: what they ask, that they fit Slack, and which words of the grammar their answers stand for."""

import json
import re
from itertools import islice
from typing import Any

import pytest

from handlers.forms.catalogue import FORMS, chooser
from handlers.forms.fields import ASKS, filled_in
from handlers.forms.kept import Kept, kept_of
from handlers.forms.schedule import zones_matching
from handlers.forms.wording import written
from handlers.grammar import grammar, parse, understood
from practice.workspace.inputs import state_values
from practice.workspace.views import check_view
from workflows.errors import UserError
from workflows.schedules.rule import read_rule

Values = dict[str, Any]
IMAGE = "ami-0123456789abcdef0"


@pytest.mark.parametrize("verb", FORMS)
def test_a_form_asks_for_everything_that_its_verb_takes(verb: str) -> None:
    asked: set[str] = set()
    for values in ({}, {"live": "yes"}, {"point": "fresh"}):
        view = FORMS[verb].window(Kept("C0DROPS", more=True), values, None, "", "")
        asked |= {each["block_id"] for each in view["blocks"] if each["type"] == "input"}
    assert asked == {param.name for param in grammar.commands[verb].params}


@pytest.mark.parametrize(
    ("verb", "values", "typed"),
    [
        ("backup", {"no_reboot": "yes"}, "backup wiki"),
        ("backup", {"target": "a b", "no_reboot": "no", "dry_run": True}, "backup 'a b' --reboot --dry-run"),
        ("backup", {"target": "--live", "reason": "--help it's"}, "backup --reason \"--help it's\" -- --live"),
        ("restore", {"point": "proven", "beside": "yes"}, "restore wiki --point proven --beside"),
        ("restore", {"beside": "no", "as_of": 1795000000, "subnet": "subnet-1", "instance_type": "t3.nano"},
         "restore wiki --as-of 2026-11-18T11:06:40 --subnet subnet-1 --type t3.nano"),
        ("drill", {"live": "yes", "profile": "a", "accept_loss": True}, "drill wiki --live --profile a --accept-loss"),
        ("drill", {"live": "no", "point": "fresh"}, "drill wiki --point fresh"),
        ("drill", {"live": "no", "point": IMAGE, "reason": "Q4"}, f"drill {IMAGE} --reason Q4"),
        ("validate", {"against": IMAGE}, f"validate wiki --against {IMAGE}"),
        ("schedule", {"what": "drill", "live": "yes", "at": "every 12 h"},
         "schedule drill wiki --live --at 'every 12 h'"),
        ("schedule", {"what": "backup", "live": "yes", "at": "0 3 * * 1", "zone": "Europe/Berlin", "point": "random"},
         "schedule backup wiki --cron '0 3 * * 1' --tz Europe/Berlin"),
    ],
)  # fmt: skip
def test_what_is_filled_in_is_the_request_that_would_have_been_typed(verb: str, values: Values, typed: str) -> None:
    words = FORMS[verb].words({"target": "wiki", **values})
    assert understood(words) == parse(typed)
    assert parse(written(words)) == parse(typed)


@pytest.mark.parametrize(
    ("values", "about"),
    [({"subnet": "net-1"}, "subnet"), ({"instance_type": "T3 nano"}, "instance_type"), ({"target": "i-12"}, "target")],
)
def test_a_fault_says_which_question_it_is_about(values: Values, about: str) -> None:
    with pytest.raises(UserError) as told:
        understood(FORMS["restore"].words({"target": "wiki", **values}))
    assert told.value.about == about


@pytest.mark.parametrize("verb", FORMS)
@pytest.mark.parametrize("channel", ["C0DROPS", ""])
def test_every_form_is_one_that_slack_takes_with_the_longest_names(verb: str, channel: str) -> None:
    name = "n" * 256
    chosen = {"text": {"type": "plain_text", "text": name[:75]}, "value": "i-0123456789abcdef0"}
    kept = Kept(channel, "https://hooks.slack.com/" + "u" * 200, name, more=True)
    for values in ({}, {"live": "yes"}, {"point": "fresh"}):
        check_view(FORMS[verb].window(kept, values, chosen, f"{name}: 3 recovery points", "C0DROPS"), "modal")
    check_view(chooser(), "modal")


def test_a_live_drill_says_what_it_does_and_a_copy_that_nothing_happens_to_the_server() -> None:
    copy, live = (_shown({"live": value}) for value in ("no", "yes"))
    assert "A live drill terminates the server." in live["blocks"][0]["text"]["text"]
    assert "Without that approval nothing is terminated." in live["blocks"][0]["text"]["text"]
    assert "Nothing happens to the server itself." in copy["blocks"][0]["text"]["text"]
    assert (copy["submit"]["text"], live["submit"]["text"]) == ("Start drill", "Start live drill")
    assert "point" not in _asked(live)
    assert "profile" in _asked(live)
    assert "profile" not in _asked(copy)


def test_the_point_of_another_server_is_no_answer_any_more_and_a_tick_stays() -> None:
    first, other = (_shown({"live": "no"}, target) for target in ("wiki", "orders-db"))
    ids = [{each["block_id"] for each in view["blocks"] if "block_id" in each} for view in (first, other)]
    assert {each.partition(":")[0] for each in ids[0] ^ ids[1]} == {"point"}
    assert "dry_run" in ids[0] & ids[1]


def test_what_is_filled_in_is_read_whatever_kind_of_question_it_is() -> None:
    view = check_view(FORMS["restore"].window(Kept("C0DROPS", more=True), {}, None, "", ""), "modal")
    option = {"text": {"type": "plain_text", "text": "wiki"}, "value": "wiki"}
    ticked = next(each for each in view["blocks"] if each.get("block_id") == "dry_run")["element"]["options"]
    given: dict[str, Values] = {
        "target": {f"{ASKS}target": option},
        "reason": {f"{ASKS}reason": "  it is due  "},
        "as_of": {f"{ASKS}as_of": 1795000000},
        "dry_run": {f"{ASKS}dry_run": ticked},
    }
    read = filled_in({**view, "state": {"values": state_values(view["blocks"], given)}})
    assert read.values == {
        "target": "wiki", "reason": "it is due", "as_of": 1795000000, "beside": "no", "dry_run": True,
    }  # fmt: skip
    assert read.block_of("subnet") == "subnet"
    assert read.block_of("nothing") == "target"


def test_what_no_form_has_kept_is_refused() -> None:
    kept = Kept("C0DROPS", "https://hooks.slack.com/x", "wiki", more=True)
    assert kept_of({"private_metadata": kept.text()}) == kept
    whole = json.loads(kept.text())
    for forged in ({"channel": "#general"}, {"channel": "C1\n"}, {"more": "yes"}, {"target": 7}, {"another": "x"}):
        with pytest.raises((ValueError, TypeError)):
            kept_of({"private_metadata": json.dumps({**whole, **forged})})
    with pytest.raises(ValueError, match="Expecting"):
        kept_of({"private_metadata": ""})


def _shown(values: Values, target: str = "wiki") -> Values:
    return FORMS["drill"].window(Kept("C0DROPS", target=target), values, None, "", "")


def _asked(view: Values) -> set[str]:
    return {each["block_id"].partition(":")[0] for each in view["blocks"] if each["type"] == "input"}


def test_the_form_for_schedules_shows_the_next_five_times_or_what_is_wrong() -> None:
    now = 1_795_500_000.0
    form = FORMS["schedule"]

    def said(**values: Any) -> str:
        """Below what was filled in, where it is seen on a phone too."""
        blocks = form.window(Kept("C0DROPS"), values, None, "", "", now)["blocks"]
        assert "Announced before it begins" in blocks[0]["text"]["text"]
        below = blocks[1 + [each.get("block_id", "").partition(":")[0] for each in blocks].index("at")]
        return str(below["text"]["text"]) if below["type"] == "section" else ""

    coming = list(islice(read_rule("every monday at 09:00", "Europe/Berlin").firings(now), 5))
    assert re.findall(r"<!date\^(\d+)", said(at="every monday at 09:00", zone="Europe/Berlin")) == [
        str(round(at)) for at in coming
    ]
    assert said(at="tomorrow").startswith(":warning: `tomorrow` is not a time that recurs.")
    assert said() == ""


def test_time_zones_are_found_by_a_part_of_their_name() -> None:
    assert [each["value"] for each in zones_matching("new york")] == ["America/New_York"]
    assert [each["value"] for each in zones_matching("ber")][:2] == ["Atlantic/Bermuda", "Europe/Berlin"]
    assert zones_matching("")[0]["value"] == "UTC"
    assert len(zones_matching("")) == 100
