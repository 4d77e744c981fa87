"""Arrows point one way, each outside world has one door, and nothing grows past a screenful. No exceptions."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "handlers", "workflows", "practice")
FILES = sorted(path for room in (*ROOMS, "tests", "benchmarks") for path in (ROOT / room).rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 300, 40

#: What each room must never import, whatever is convenient.
FORBIDDEN = {
    "workflows/engine": ("bot", "handlers", "practice", "workflows.aws", "workflows.steps", "workflows.facts",
                         "workflows.points", "workflows.desk", "workflows.inventory", "workflows.catalogue"),
    "workflows/aws": ("bot", "handlers", "practice", "workflows.engine", "workflows.steps", "workflows.facts",
                      "workflows.points", "workflows.desk", "workflows.inventory", "workflows.catalogue"),
    "workflows/facts": ("bot", "handlers", "practice", "workflows.aws", "workflows.engine", "workflows.steps",
                        "workflows.points", "workflows.desk", "workflows.inventory", "workflows.catalogue"),
    "workflows/report": ("bot", "handlers", "practice", "workflows.aws", "workflows.steps", "workflows.facts",
                         "workflows.desk", "workflows.inventory", "workflows.catalogue"),
    "workflows/steps": ("bot", "handlers", "practice", "workflows.desk", "workflows.inventory", "workflows.catalogue",
                        "workflows.backup", "workflows.restore", "workflows.drill"),
    "workflows": ("bot", "handlers", "practice"),
    "handlers": ("bot", "practice", "workflows.aws", "workflows.steps"),
    "practice": ("bot", "handlers"),
}  # fmt: skip
#: The one door to each outside world: who may import it.
DOORS = {
    "boto3": ("workflows/aws",),
    "botocore": ("workflows/aws", "practice/cloud"),
    "redis": ("workflows/engine", "bot/wiring.py", "practice/redis_server.py", "practice/world.py"),
    "slack_bolt": ("handlers", "bot"),
    "slack_sdk": ("handlers", "bot"),
    "apscheduler": ("bot/worker.py", "bot/hands.py", "bot/celery_engine.py", "workflows/schedules/rule.py"),
    "celery": ("bot/celery_engine.py",),
    "kombu": ("bot/celery_engine.py",),
    "prometheus_client": ("bot/metrics.py",),
    "jinja2": ("workflows/report/page.py",),
    "PIL": ("workflows/report/canvas.py",),
}
#: Who starts the practice world.
OPENS_PRACTICE = ("bot/__main__.py",)


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


@functools.cache
def imports(path: Path) -> tuple[str, ...]:
    """Read once, for all of the rules."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, parent: str) -> bool:
    return name == parent or name.startswith(parent + ".")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=named)
def test_arrows_point_one_way(path: Path) -> None:
    for room, never in FORBIDDEN.items():
        if not named(path).startswith(room + "/") or named(path) in OPENS_PRACTICE:
            continue
        wrong = sorted({name for name in imports(path) for each in never if within(name, each)})
        assert not wrong, f"{named(path)} is in {room} and must not know {', '.join(wrong)}"


def test_only_the_command_that_starts_it_and_tests_know_practice() -> None:
    knowing = {named(path) for path in FILES if any(within(name, "practice") for name in imports(path))} - set(
        OPENS_PRACTICE
    )
    assert {name for name in knowing if not name.startswith(("practice/", "tests/", "benchmarks/"))} == set()


@pytest.mark.parametrize("library", DOORS)
def test_each_outside_world_has_one_door(library: str) -> None:
    through = {
        named(path)
        for path in FILES
        if named(path).startswith(ROOMS) and any(within(name, library) for name in imports(path))
    }
    allowed = {name for name in through if name.startswith(DOORS[library])}
    assert through == allowed
    assert through, f"nobody uses {library}: the rule is stale"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_files_and_functions_fit_on_a_screen(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_our_own_parts_are_never_patched(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for word in ("monkeypatch." + "setattr", "mock." + "patch", "from unittest " + "import mock", "unittest." + "mock"):
        assert word not in text


def test_broad_excepts_stand_where_the_engine_meets_a_step_and_a_listener_meets_slack_and_nowhere_else() -> None:
    broad = [
        named(path)
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    ]
    assert sorted(broad) == ["handlers/errors.py", "workflows/engine/engine.py"]


def test_every_redis_key_in_the_code_stands_in_the_table() -> None:
    store = (ROOT / "workflows/engine/store.py").read_text(encoding="utf-8")
    table = store.split('"""')[1]
    for path in (ROOT / "workflows/engine").glob("*.py"):
        for node in nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "key" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    assert f"| {first.value!s}" in table, f"{named(path)} writes {first.value!s}"
