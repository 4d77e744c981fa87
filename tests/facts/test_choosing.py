import re
import tomllib

import pytest

from workflows.errors import UserError
from workflows.facts.profile import DEFAULT_PROFILE
from workflows.facts.tables import Profiles, read_profiles

TEXT = """
[profiles.orders]
servers = ["orders-db"]
paths = ["/data/orders"]

[profiles.production]
tags = {Environment = "production"}
paths = ["/srv"]

[profiles.billing]
tags = {Environment = "production", Team = "billing"}
paths = ["/srv/www"]
"""


def profiles(text: str = TEXT) -> Profiles:
    made, faults = read_profiles(tomllib.loads(text)["profiles"])
    assert faults == []
    return made


@pytest.mark.parametrize(
    ("server", "tags", "name", "chosen"),
    [
        ("orders-db", {}, "", "orders"),
        ("orders-db", {"Environment": "production"}, "", "orders"),
        ("shop", {"Environment": "production", "Team": "shop"}, "", "production"),
        ("shop", {"Environment": "Production"}, "", "default"),
        ("shop", {"Team": "billing"}, "", "default"),
        ("shop", {}, "", "default"),
        ("shop", {}, "billing", "billing"),
        ("orders-db", {"Environment": "production"}, "production", "production"),
        ("orders-db", {}, "default", "default"),
    ],
)
def test_a_name_that_was_asked_for_beats_the_server_and_the_server_beats_its_tags(
    server: str, tags: dict[str, str], name: str, chosen: str
) -> None:
    assert profiles().choose(server, tags, name).name == chosen


def test_two_profiles_that_fit_by_tags_are_refused_and_both_named() -> None:
    with pytest.raises(UserError, match="fit 2 profiles: `production` and `billing`") as refused:
        profiles().choose("billing-web", {"Environment": "production", "Team": "billing"})
    assert "--profile production" in refused.value.hint


def test_a_profile_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(UserError, match="no profile `oders`") as refused:
        profiles().choose("orders-db", {}, "oders")
    assert refused.value.hint == "There are: `orders`, `production`, `billing`, `default`, `default-windows`."


def test_the_default_profile_may_be_replaced() -> None:
    own = profiles(TEXT + '[profiles.default]\npaths = ["/opt"]\n')
    assert own.choose("shop", {}).paths == ("/opt",)
    assert profiles().choose("shop", {}) == DEFAULT_PROFILE


@pytest.mark.parametrize(
    ("lines", "at", "text"),
    [
        ('paths = ["srv"]', "profiles.p", "The path srv is not absolute"),
        ("paths = [1]", "profiles.p.paths.0", "valid string"),
        ('paths = ["/srv"]\nmoon = "full"', "profiles.p.moon", "not permitted"),
        ('paths = ["/srv"]\ntags = {A = 1}', "profiles.p.tags.A", "valid string"),
        ('servers = ["orders-db"]\npaths = ["/srv"]', "profiles.p.servers", "orders-db is in two profiles, orders and"),
        ("", "profiles.p", "names no path to measure"),
    ],
)
def test_each_fault_of_a_profile_is_told_with_its_key(lines: str, at: str, text: str) -> None:
    _, faults = read_profiles(tomllib.loads(f"{TEXT}\n[profiles.p]\n{lines}\n")["profiles"])
    assert [".".join(map(str, each.at)) for each in faults] == [at]
    assert re.search(text, faults[0].text)
