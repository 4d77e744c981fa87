"""What a clone drill that has ended without removing its copy leaves standing, and how it is removed. Pure."""

from pydantic import TypeAdapter

from workflows.aws import tags
from workflows.engine.run import Run
from workflows.facts.evidence import Evidence
from workflows.words import safe

CLONE = "clone"
_EVIDENCE = TypeAdapter(Evidence)


def left_standing(run: Run) -> list[str]:
    """Each thing in a few words; empty for every other runbook, and where all is gone."""
    if run.runbook != CLONE or "removed" in run.values:
        return []
    begun = {each.name for each in run.steps if each.intended is not None}
    copy, group = run.values.get("replacement_id"), run.values.get("isolation", {}).get("group_id")
    found = []
    if copy:
        found.append(f"the copy `{copy}` with its volumes")
    elif "launch_replacement" in begun:
        found.append(f"perhaps a copy, tagged `{tags.RUN}` = `{run.key}`")
    if group:
        found.append(f"its security group `{group}`")
    elif "isolate_copy" in begun:
        found.append(f"perhaps an empty security group, tagged `{tags.RUN}` = `{run.key}`")
    return found


def aftermath(run: Run) -> str:
    """Of a clone drill that leaves something standing: what its comparison said, what stands, and how to remove it."""
    found = left_standing(run)
    if not found:
        return ""
    region = f"--region {run.target.region}"
    copy, group = run.values.get("replacement_id"), run.values.get("isolation", {}).get("group_id")
    calls = [
        *([f"`aws ec2 terminate-instances {region} --instance-ids {copy}`"] if copy else []),
        *([f"`aws ec2 delete-security-group {region} --group-id {group}`"] if group else []),
    ]
    by_hand = f" To remove it by hand: {', then '.join(calls)}." if calls else ""
    return f"{_compared(run)}Left standing, and costing money: {' and '.join(found)}.{by_hand}"


def _compared(run: Run) -> str:
    if "evidence" not in run.values:
        return "The facts were not compared. "
    return f"{safe(_EVIDENCE.validate_python(run.values['evidence']).sentence())} "
