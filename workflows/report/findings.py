"""What the steps found, from the values that they gave: evidence, recovery point, figures, and what is not known."""

from workflows.engine.run import Run
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

#: name in the record → title, and what it means. Seconds, but for `bytes`.
_MEASURES = {
    "rto_running": ("RTO (running)", "from the loss until the restored machine was seen running"),
    "rto_validated": ("RTO (validated)", "from the loss until its facts had been measured again and compared"),
    "rto_hydrated": ("RTO (hydrated)", "from the loss until AWS had copied every block to the new volumes"),
    "rpo": ("RPO", "from the request for the image until the loss: what was written in between is in no backup"),
    "downtime": ("Downtime", "how long nobody could be served"),
}
#: Which of them the profile's targets are about.
_AIMED_AT = {"rto_validated": "rto", "rpo": "rpo"}
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
    found, aims = Values(run.values.get("report")), Values(run.values).within("profile").within("targets")
    made = []
    for name, (title, meaning) in _MEASURES.items():
        seconds = found.number(name)
        if seconds is None:
            continue
        target = aims.number(_AIMED_AT[name]) if name in _AIMED_AT else None
        made.append(
            Measure(
                name=name,
                title=title,
                seconds=lasted(seconds),
                bytes=None,
                target=target,
                met=None if target is None else seconds <= target,
                meaning=meaning,
            )
        )
    return tuple(made)


def left_behind_in(run: Run) -> Leftovers:
    source = Values(run.values.get("source"))
    disks = [{"volume_id": d.text("volume_id"), "kind": d.text("kind"), "size": d.whole("size")}
             for d in source.objects("disks")]  # fmt: skip
    point = point_in(run)
    size = sum(disk.whole("size") for disk in source.objects("disks"))
    kept = stored(point.image_id, len(point.snapshots), size) if point else None
    return leftovers(Values(run.values).texts("left_behind"), disks, kept)


def not_measured_in(run: Run) -> tuple[str, ...]:
    """Plain sentences: what a reader must not take for shown."""
    found, evidence = Values(run.values), evidence_in(run)
    notes = [f"Left out by the profile: {path}" for path in found.within("profile").texts("without")]
    notes += [f"Not there when the facts were recorded: {path}" for path in found.within("facts").texts("absent")]
    if evidence is None:
        notes.append("Facts were not compared: the run did not come so far, so it proves nothing about the backup.")
    else:
        named = ", ".join(each.fact for each in evidence.facts) or "nothing"
        notes.append(f"Only these facts were compared: {named}. Whatever else the server does was not looked at.")
    if Values(run.values.get("report")).number("rto_hydrated") is None and found.text("replacement_id"):
        notes.append("The time until every block was on the new volumes was not measured; first reads may be slow.")
    if found.true("accept_loss"):
        notes.append("Instance-store disks, if there were any, are in no image: whoever asked accepted that loss.")
    point = point_in(run)
    if point is not None and point.consistency == "crash-consistent":
        notes.append("The image is crash-consistent: what programs held in memory when it was asked for is not in it.")
    return tuple(notes)


def _text(run: Run, name: str) -> str:
    return Values(run.values).text(name)
