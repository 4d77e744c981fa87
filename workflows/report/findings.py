"""What the steps found, from the values that they gave: evidence, recovery point, figures, and what is not known."""

from workflows.engine.run import Run
from workflows.pruned import PRUNE
from workflows.report.costs import leftovers, stored
from workflows.report.document import (
    Difference,
    Evidence,
    Fact,
    Leftovers,
    Measure,
    RecoveryPoint,
    Snapshot,
)
from workflows.report.values import Values, lasted, moment
from workflows.standing import left_standing

#: The runbook that compares the living server itself, and leaves nothing behind.
IN_PLACE = "validate"
#: name in the record → title, and what it means. All in seconds.
_TIMES = {
    "rto_running": ("RTO (running)", "from {since} until the restored machine was seen running"),
    "rto_validated": ("RTO (validated)", "from {since} until its facts had been measured again and compared"),
    "rto_hydrated": ("RTO (hydrated)", "from {since} until every block was on the new volumes"),
    "rpo": ("RPO", "from the request for the image until the loss: what was written in between is in no backup"),
    "rpo_at_most": ("RPO, at most", "from the request for the image until the restore was asked for: nobody told when "
                    "the server was lost"),
    "downtime": ("Downtime", "from the loss until the server was there again and its facts compared"),
}  # fmt: skip
_SIZES = {
    "disk_bytes": ("Disks brought back", "the size of the restored machine's volumes"),
    "snapshot_bytes": ("Written blocks", "what the snapshots of these volumes hold of it"),
}
#: Which of them a target is about.
_AIMED_AT = {"rto_validated": "RTO", "rpo": "RPO", "rpo_at_most": "RPO"}
CONSISTENCY = {
    "application-consistent": "the file systems stood still while the image was asked for",
    "rebooted": "the server was rebooted while the image was made",
    "crash-consistent": "as after a power cut: what programs had not written to disk is not in it",
}


def evidence_in(run: Run) -> Evidence | None:
    found = Values(run.values.get("evidence"))
    if not found:
        return None
    facts = tuple(
        Fact(
            fact=each.text("fact"),
            before=each.text("before"),
            after=each.text("after"),
            same=each.true("same"),
            differences=tuple(
                Difference(kind=one.text("kind"), path=one.text("path"), detail=one.text("detail"))
                for one in each.objects("differences")
            ),
            more=each.whole("more"),
            notes=tuple(each.texts("notes")),
        )
        for each in found.objects("results")
    )
    at, trouble = found.text("measured_at"), found.text("trouble")
    return Evidence(verdict=found.text("verdict"), measured_at=at, trouble=trouble, facts=facts)


def point_in(run: Run) -> RecoveryPoint | None:
    found, asked = Values(run.values.get("point")), Values(run.values.get("asked"))
    image_id = found.text("image_id") or asked.text("image_id")
    if not image_id:
        return None
    snapshots = tuple(Snapshot(device=device, id=each) for device, each in found.pairs("snapshots"))
    return RecoveryPoint(
        image_id=image_id,
        requested_at=moment(found.number("requested") or asked.number("at") or run.created),
        consistency=found.text("consistency") or asked.text("consistency") or "not known",
        consistency_reason=found.text("consistency_reason"),
        proof=_proof(run, found),
        source=found.text("source") or _text(run, "instance_id"),
        made_by=found.text("run_key") or run.key,
        facts=found.text("facts") or Values(run.values.get("facts")).text("digest"),
        launch_template=found.text("launch") or _text(run, "launch"),
        snapshots=snapshots,
    )


def _proof(run: Run, point: Values) -> str:
    """What the run wrote on the image, in its own order: proven or differed, complete, created."""
    wrote = {each.name for each in run.steps if each.state == "done"}
    verdict = Values(run.values.get("evidence")).text("verdict")
    if "mark_proof" in wrote and verdict:
        return "proven by this run" if verdict == "same" else "complete, but differed in this run"
    return point.text("proof") or "created, not verified"


def measures_in(run: Run) -> tuple[Measure, ...]:
    """The figures of the step that reports; none where the run did not come so far."""
    found = Values(run.values.get("report"))
    since = "request" if run.runbook == "restore" else found.text("since") or "loss"
    judged = {each.text("name"): each for each in found.objects("judged")}
    made = []
    for name, (title, meaning) in _TIMES.items():
        seconds = found.number(name)
        if seconds is not None:
            target, met = _judged(judged.get(_AIMED_AT.get(name, "")))
            told = meaning.format(since=f"the {since}")
            made.append(_measure(name, title, told, seconds=lasted(seconds), target=target, met=met))
    for name, (title, meaning) in _SIZES.items():
        if found.number(name) is not None:
            made.append(_measure(name, title, meaning, size=found.whole(name)))
    return tuple(made)


def _judged(found: Values | None) -> tuple[float | None, bool | None]:
    """The target that the run was given, and whether it was met."""
    target = found.number("target") if found else None
    return (None, None) if found is None or target is None else (target, found.true("met"))


def _measure(
    name: str, title: str, meaning: str, *, seconds: float | None = None, size: int | None = None,
    target: float | None = None, met: bool | None = None,
) -> Measure:  # fmt: skip
    return Measure(name=name, title=title, meaning=meaning, seconds=seconds, bytes=size, target=target, met=met)


def left_behind_in(run: Run) -> Leftovers:
    source = Values(run.values.get("source"))
    disks = [{"volume_id": d.text("volume_id"), "kind": d.text("kind"), "size": d.whole("size")}
             for d in source.objects("disks")]  # fmt: skip
    point = point_in(run)
    size = sum(disk.whole("size") for disk in source.objects("disks"))
    kept = stored(point.image_id, len(point.snapshots), size) if point and run.runbook != IN_PLACE else None
    removed = Values(run.values.get("removed"))
    told = [
        *Values(run.values).texts("left_behind"),
        *left_standing(run),
        *removed.texts("stays"),
        *removed.texts("left"),
    ]
    return leftovers(told, disks, kept, Values(run.values).texts("by_hand"))


def not_measured_in(run: Run) -> tuple[str, ...]:
    """Plain sentences: what a reader must not take for shown."""
    if run.runbook == PRUNE:
        return ("Nothing was measured: recovery points were removed, and no server was touched.",)
    found, evidence = Values(run.values), evidence_in(run)
    notes = [f"Left out by the profile: {path}" for path in found.within("profile").texts("without")]
    notes += [f"Not there when the facts were recorded: {path}" for path in found.within("facts").texts("absent")]
    notes += found.within("facts").texts("left_out")
    if evidence is None:
        notes.append("Facts were not compared: the run did not come so far, so it proves nothing about the backup.")
    else:
        named = ", ".join(each.fact for each in evidence.facts) or "nothing"
        notes.append(f"Only these facts were compared: {named}. Whatever else the server does was not looked at.")
    notes += _hydration(Values(run.values.get("report")), bool(found.text("replacement_id")))
    if found.true("accept_loss"):
        notes.append("Instance-store disks, if there were any, are in no image: whoever asked accepted that loss.")
    if run.runbook == IN_PLACE:
        notes.append("The backup was not tested: the server itself was looked at, and no machine was restored.")
    if found.within("point").true("copied"):
        notes.append(
            "How old the content is: the image is a copy, or bears other tags, so its time is not the content's."
        )
    point = point_in(run)
    if point is not None and point.consistency == "crash-consistent":
        notes.append("The image is crash-consistent: what programs held in memory when it was asked for is not in it.")
    return tuple(notes)


def _hydration(report: Values, launched: bool) -> list[str]:
    """Until every block is on the new volumes, a first read of one may be slow."""
    if report.number("rto_hydrated") is not None or not launched:
        return []
    seen = report.text("hydration")
    return [
        f"When every block was on the new volumes was not seen{f': {seen}' if seen else ''}. First reads may be slow."
    ]


def _text(run: Run, name: str) -> str:
    return Values(run.values).text(name)
