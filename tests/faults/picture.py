"""What a run came to, wherever it left a trace: in AWS, in Redis, in the audit. And the oracle, which compares."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.flows.scene import cloud
from tests.stage import Stage
from workflows.aws import tags
from workflows.engine.run import Run
from workflows.points import point_of

_IDS = re.compile(r"\b(i|ami|vol|snap|sg|lt|subnet|eni|rtb|vpc)-[0-9a-f]+(:\d+)?\b")
_TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")
_KEYS = re.compile(r"\b[A-Z]-\d{4}(-[0-9a-f]{8})?\b")
_TRIES = re.compile(r"\bRUN\.\d+\b")
_HASHES = re.compile(r"\b[0-9a-f]{16,64}\b")

#: Moves that are told only if a call of theirs was answered.
_PASSING = ("effect: waits for ", "effect: goes on: ")


@dataclass(frozen=True)
class Picture:
    """`effects` are how often each call was carried out; `standing` what there is in AWS now; `told` how often the
    audit tells each move; `silent` how many effects of AWS it does not know by their request; `left` what should not
    be left in Redis; `problem` the words of a failure."""

    status: str
    effects: Counter[str]
    standing: Counter[str]
    told: Counter[str]
    silent: int
    left: tuple[str, ...]
    problem: tuple[str, str] | None


def picture(stage: Stage, run_id: str, before: Counter[str]) -> Picture:
    """After the run's end, when nothing is in the way any more."""
    stage.lab.faults.clear()
    run = stage.store.read(run_id)
    effects = Counter(each.call for each in stage.lab.effects) - before
    requests = {each.request_id for each in stage.lab.effects[sum(before.values()) :]}
    stage.chainer.catch_up()
    entries = [json.loads(line) for line in stage.chainer.export()][:-1]
    mine = [each for each in entries if each.get("run") == run.id]
    known = {call["request"] for each in mine for call in each["calls"]}
    return Picture(
        status=run.status.value,
        effects=effects,
        standing=Counter(_standing(stage, run)),
        told=Counter(f"{each['kind']}: {_plain(each['what'], run)}" for each in mine),
        silent=len(requests - known),
        left=tuple(_left(stage, run)),
        problem=(run.problem.text, run.problem.hint) if run.problem else None,
    )


def _left(stage: Stage, run: Run) -> Iterable[str]:
    """The run has ended: nothing holds its server, nobody will look at it, and the audit is whole."""
    redis = stage.store.redis
    yield from (f"the lock {each.decode()}" for each in redis.scan_iter("dr:lock:*"))
    yield from (f"a due entry of {each!r}" for each in redis.zrange("dr:due", 0, -1))
    lease, opened = redis.hmget(f"dr:run:{run.id}", "lease", "open")
    if (lease, opened) != (b"0", b"0"):
        yield f"lease {lease!r}, open {opened!r}"
    if redis.xlen("dr:unchained"):
        yield "what happened and is not in the audit"
    yield from stage.chainer.verdict().faults
    yield from (f"a lab that broke: {each}" for each in stage.lab.broken)


def _standing(stage: Stage, run: Run) -> Iterable[str]:
    """Everything in the account, one line each, without what differs from run to run."""
    ask = cloud(stage)
    for image in stage.aws.images.ours():
        known = sorted((name, _plain(value, run)) for name, value in image.tags.items() if name != tags.PROOF)
        yield f"image {image.state}, {point_of(image, stage.lab.region).proof}, {known}"
    for each in ask("ec2", "describe_snapshots", OwnerIds=["self"])["Snapshots"]:
        yield f"snapshot {each['State']}"
    for reservation in ask("ec2", "describe_instances")["Reservations"]:
        for each in reservation["Instances"]:
            yield f"instance {each['State']['Name']} {_tags(each, run)}"
    for each in ask("ec2", "describe_volumes")["Volumes"]:
        yield f"volume {each['State']}"
    for each in ask("ec2", "describe_security_groups")["SecurityGroups"]:
        yield f"group {_plain(each['GroupName'], run)}"
    for each in ask("ec2", "describe_launch_templates")["LaunchTemplates"]:
        yield f"launch template with {each['LatestVersionNumber']} versions"


def _tags(thing: Mapping[str, Any], run: Run) -> str:
    pairs = sorted((each["Key"], _plain(each["Value"], run)) for each in thing.get("Tags", []))
    return " ".join(f"{key}={value}" for key, value in pairs)


def _plain(text: str, run: Run) -> str:
    for own in (run.key, run.id):
        text = text.replace(own, "RUN")
    text = _TRIES.sub("RUN", _KEYS.sub("OTHER", text))
    return _HASHES.sub("#", _TIMES.sub("T", _IDS.sub(r"\1-*", text)))


@dataclass(frozen=True)
class Allowed:
    """What a case may differ in from the clean run. `extra` may be done once more, as it does the same; `ends` are the
    states that it may end in; `silent` effects whose answers nobody lived to write down; `retold` and `untold`: the
    audit may tell moves again, or have lost one with Redis. `excuse` is what a
    failure may say."""

    ends: frozenset[str]
    extra: Counter[str]
    silent: int = 0
    retold: bool = False
    untold: bool = False
    excuse: str = ""


def compare(clean: Picture, seen: Picture, allowed: Allowed) -> list[str]:
    """Every way in which the case was not right, in words."""
    faults = [f"left behind: {each}" for each in seen.left]
    excused = bool(allowed.excuse and seen.problem and allowed.excuse in seen.problem[0])
    if seen.status not in allowed.ends and not excused:
        faults.append(f"it is {seen.status}: {seen.problem}")
    if seen.problem and not all(each.strip() for each in seen.problem):
        faults.append(f"it failed without plain words: {seen.problem}")
    if seen.status == clean.status:
        faults += _less(clean.effects, seen.effects, "was not done")
        faults += _differs(clean.standing, seen.standing)
    faults += _less(seen.effects, clean.effects + allowed.extra, "was done too often")
    if not allowed.retold:
        moves = Counter({what: n for what, n in seen.told.items() if not (_is_trouble(what) or excused)})
        faults += _less(moves, clean.told, "is told too often")
    if seen.status == clean.status and not allowed.untold:
        certain = Counter({what: n for what, n in clean.told.items() if not what.startswith(_PASSING)})
        faults += _less(certain, seen.told, "is not told")
    if seen.silent > clean.silent + allowed.silent:
        faults.append(f"{seen.silent} effects are in no entry of the audit")
    return faults


def _is_trouble(told: str) -> bool:
    """A call whose try came to nothing, or to nothing that could be written down, is told too."""
    return told.startswith(("effect: is ", *_PASSING)) or "by a worker that had lost" in told


def _less(these: Counter[str], those: Counter[str], how: str) -> list[str]:
    return [f"{what} {how}: {n} more" for what, n in sorted((these - those).items())]


def _differs(clean: Counter[str], seen: Counter[str]) -> list[str]:
    gone, new = clean - seen, seen - clean
    return [f"missing: {each}" for each in sorted(gone)] + [f"there is: {each}" for each in sorted(new)]
