"""The benchmarks run, and the page about them holds every budget. Nothing here looks at a time."""

import argparse
import re
from importlib import import_module
from typing import Any

import pytest

from benchmarks import NAMES, page
from benchmarks.budgets import Budget, quantile
from benchmarks.pictures import drawn

#: Those that start no process, in the smallest size.
SMALL = {
    "file_facts": ["--files", "20", "--mib", "1", "--rounds", "1"],
    "typeahead": ["--servers", "30"],
    "growth": ["--really", "0", "--standing", "10", "--samples", "2"],
}


def module(name: str) -> Any:
    return import_module(f"benchmarks.{name}")


def test_the_page_holds_every_budget_with_its_goal() -> None:
    text = page.PAGE.read_text(encoding="utf-8").split(page.BEGIN)[1].split(page.END)[0]
    told = re.findall(r"^\| (.+?) \| ([≤≥] .+?) \|", text, re.M)
    assert told == [(each.line, each.goal) for name in NAMES for each in module(name).BUDGETS]


@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_measures_each_of_its_budgets_and_can_be_drawn(name: str) -> None:
    parser = argparse.ArgumentParser()
    module(name).options(parser)
    outcome = module(name).run(parser.parse_args(SMALL[name]))
    assert tuple(each.budget for each in outcome.measured) == module(name).BUDGETS
    assert all(drawn(each).startswith(b"\x89PNG") for each in outcome.drawings)


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_has_a_title_and_options_that_no_other_has(name: str) -> None:
    assert module(name).TITLE
    parser = argparse.ArgumentParser()
    for each in NAMES:
        module(each).options(parser)


def test_a_goal_may_be_at_most_or_at_least() -> None:
    most, least = Budget("time", 1.5, "ms"), Budget("steps", 1000, "a second", least=True)
    assert (most.goal, least.goal) == ("≤ 1.5 ms", "≥ 1,000 a second")
    assert (most.met(1.5), most.met(1.51), least.met(1000), least.met(999)) == (True, False, True, False)


def test_a_quantile_is_one_of_the_values() -> None:
    values = list(range(1, 101))
    assert (quantile(values, 0.5), quantile(values, 0.99), quantile([7], 0.99)) == (50, 99, 7)
