"""What the documents say is what the program does."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from bot.settings import AnnouncementsTable, Environment, File, HealthTable
from handlers.grammar import grammar, parse
from workflows.catalogue import RUNBOOKS
from workflows.facts.kinds import KINDS
from workflows.facts.profile import MOST_CHECKS
from workflows.facts.tables import ProfileTable, read_profiles
from workflows.rulebook import VERBS, AccessTable, RuleTable, WhenTable, read_policy
from workflows.schedules.tables import FreezeTable, ScheduleTable, read_freezes, read_schedules

ROOT = Path(__file__).parent.parent
TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CHANGELOG.md"]
#: What a reader would take for a host's path or a registry's address.
UNWANTED = re.compile(r"/home/\w+/|/Users/|C:\\\\|pypi\.org|npmjs\.org")


def commands(text: str) -> list[str]:
    """`/dr …` as it stands in code, where it is meant to be typed."""
    return [found.strip() for found in re.findall(r"`/dr([^`\n]*)`|^/dr (.*)$", text, re.M) for found in found if found]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_command_in_the_documents_is_understood(path: Path) -> None:
    for typed in commands(path.read_text(encoding="utf-8")):
        if "…" not in typed and " " in typed:
            parse(typed)


def test_the_readme_names_every_verb_and_no_other() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split("## Commands")[1].split("\n## ")[0]
    named = set(re.findall(r"^\| `([a-z]+)", table, re.M))
    assert named == set(grammar.commands)


def test_the_readme_shows_every_option_of_every_verb() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("## Commands")[1].split("\n## ")[0]
    for verb, command in grammar.commands.items():
        row = next(line for line in table.splitlines() if line.startswith(f"| `{verb}"))
        options = [name for each in command.params for name in each.opts if name.startswith("--")]
        assert [name for name in options if name not in row] == []


def test_the_architecture_page_lists_each_runbook_step_by_step() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    for book in RUNBOOKS.values():
        section = text.split(f"### {book.name}\n")[1].split("\n#")[0]
        assert re.findall(r"^\d+\. (.*)$", section, re.M) == [step.title for step in book.steps]


def test_the_architecture_page_knows_every_room() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    for room in ("bot", "handlers", "workflows"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.name != "__init__.py":
                assert path.name in text, f"{path.relative_to(ROOT)} is not on the page"


def test_the_example_environment_holds_each_setting_once() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = [line.partition("=")[0].lower() for line in lines if line and not line.startswith("#")]
    assert sorted(named) == sorted(Environment.model_fields)


def test_the_example_settings_are_valid_and_show_each_key() -> None:
    made = tomllib.loads((ROOT / "firedrill.example.toml").read_text(encoding="utf-8"))
    File.model_validate(made)
    assert set(made) == set(File.model_fields)
    assert set(made["health"]) == set(HealthTable.model_fields)
    assert len(set(made["health"].values())) == len(made["health"]), "all processes can be on one machine"
    assert set(made["access"]) | {"channels"} == set(AccessTable.model_fields)
    assert set(made["announcements"]) == set(AnnouncementsTable.model_fields)
    assert read_profiles(made["profiles"])[1] == []
    schedules, freezes = read_schedules(made["schedules"]), read_freezes(made["freezes"])
    assert (schedules[1], freezes[1]) == ([], [])
    assert {key for table in made["schedules"].values() for key in table} == set(ScheduleTable.model_fields)
    assert set(made["freezes"][0]) == {field.alias or name for name, field in FreezeTable.model_fields.items()}
    shown = {key for table in made["profiles"].values() for key in table}
    assert shown == set(ProfileTable.model_fields) | set(KINDS)


def test_the_page_of_facts_names_each_kind_with_its_keys_and_no_other() -> None:
    text = (ROOT / "docs/facts.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^### (\w+)$", text, re.M)) == list(KINDS)
    for name, kind in KINDS.items():
        assert keys_of(text, f"### {name}\n") == set(kind.model_fields), name
    assert keys_of(text, "## Files and the marker\n") == set(ProfileTable.model_fields) - {"servers", "tags"}
    assert f"at most {MOST_CHECKS} a profile" in text


def test_the_page_of_access_names_each_key_each_verb_and_shows_what_is_valid() -> None:
    text = (ROOT / "docs/access.md").read_text(encoding="utf-8")
    assert keys_of(text, "## `[access]`\n") == set(AccessTable.model_fields) - {"rules"}
    assert keys_of(text, "## `[[access.rules]]`\n") == set(RuleTable.model_fields) | set(WhenTable.model_fields)
    for verb in VERBS:
        assert f"`{verb}`" in text, verb
    (example,) = re.findall(r"^```toml\n(.*?)^```", text, re.M | re.S)
    assert read_policy(tomllib.loads(example)["access"])[1] == []


def keys_of(text: str, head: str) -> set[str]:
    """The first column of a section's table."""
    section = text.partition(head)[2].partition("\n#")[0]
    return {key for row in re.findall(r"^\| (`.*?) \|", section, re.M) for key in re.findall(r"`(\w+)`", row)}


def test_every_example_on_the_page_of_facts_is_valid() -> None:
    text = (ROOT / "docs/facts.md").read_text(encoding="utf-8")
    for example in re.findall(r"^```toml\n(.*?)^```", text, re.M | re.S):
        given = tomllib.loads(example)["profiles"]
        given["orders"].setdefault("paths", ["/srv"])
        assert read_profiles(given)[1] == [], example


def test_the_workers_policy_allows_exactly_the_calls_that_are_made() -> None:
    policy = json.loads((ROOT / "deploy/worker-policy.json").read_text(encoding="utf-8"))
    actions: set[str] = set()
    for statement in policy["Statement"]:
        action = statement["Action"]
        actions |= {action} if isinstance(action, str) else set(action)
    # GetLaunchTemplateData looks through these with the caller's own rights; PassRole is RunInstances' need, and
    # PutObjectRetention that of a PutObject under a lock.
    implied = {
        "iam:PassRole", "ec2:DescribeSpotInstanceRequests", "ec2:DescribeInstanceCreditSpecifications",
        "s3:PutObjectRetention",
    }  # fmt: skip
    assert actions - implied == calls_made()


SERVICES = ("ec2", "ssm", "sts", "s3", "autoscaling", "cloudwatch", "kms", "elbv2")
#: Where the permission is not called as the call.
PERMISSIONS = {
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "elbv2:DescribeTargetGroups": "elasticloadbalancing:DescribeTargetGroups",
    "elbv2:DescribeTargetHealth": "elasticloadbalancing:DescribeTargetHealth",
}


def calls_made() -> set[str]:
    made = set()
    for path in (ROOT / "workflows/aws").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) >= 2:
                words = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant)]
                if len(words) == 2 and words[0] in SERVICES and str(words[1]).islower():
                    verb = "".join(part.capitalize() for part in str(words[1]).split("_"))
                    made.add(PERMISSIONS.get(f"{words[0]}:{verb}", f"{words[0]}:{verb}"))
    return made


def test_no_document_and_no_source_names_a_machine_or_a_registry() -> None:
    for path in [*TEXTS, *ROOT.glob("*.toml"), ROOT / "Makefile", ROOT / ".ci/run", *(ROOT / "deploy").glob("*")]:
        assert not UNWANTED.search(path.read_text(encoding="utf-8")), path.name
