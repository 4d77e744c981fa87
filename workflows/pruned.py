"""What a prune has removed by now, read from its record; and how a run's deed is called. Pure."""

from workflows.engine.run import Run

PRUNE = "prune"
_REMOVES = "remove_points"


def gone(run: Run) -> list[str]:
    """The ids of the images that a prune has deregistered; none of any other run."""
    if run.runbook != PRUNE:
        return []
    if "removed" in run.values:
        return [str(each["image_id"]) for each in run.values["removed"]["points"]]
    return [str(one) for each in run.steps if each.name == _REMOVES for one in each.kept.get("gone", [])]


def deed(run: Run) -> str:
    """What its approval lets be done to what it names."""
    return "removed" if run.runbook == PRUNE else "terminated"


def to_type(run: Run) -> str:
    """What somebody types who approves it: of a prune more than the name that a termination takes."""
    return f"prune {run.target.server}" if run.runbook == PRUNE else run.target.server


def spared(run: Run) -> str:
    """What becomes of the deed of a run that ended before its time, in a sentence."""
    ids = ", ".join(f"`{each}`" for each in gone(run))
    if not ids:
        return f"Nothing was {deed(run)}."
    left = ", ".join(f"`{each}`" for each in _left(run))
    return f"Removed before that: {ids}." + (f" To be deleted by hand, or paid for: {left}." if left else "")


def _left(run: Run) -> list[str]:
    """Snapshots of images that are gone, of a run that ended between two deeds."""
    kept = next((each.kept for each in run.steps if each.name == _REMOVES and "gone" in each.kept), {})
    points = run.values.get("going", {}).get("points", [])
    mine = [
        str(snapshot)
        for each in points
        if each["image_id"] in kept.get("gone", [])
        for _, snapshot in each["snapshots"]
    ]
    return [each for each in mine if each not in (*kept.get("deleted", []), *kept.get("kept", []))]
