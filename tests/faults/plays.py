"""What is played: each runbook with what must be there before, what is asked for, and what people answer. And the run
that nothing was in the way of: its crossings, found by taking them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from handlers.grammar import parse
from tests.faults.doors import Crossing, Door
from tests.faults.picture import Picture, picture
from tests.faults.world import World
from tests.flows.old_points import five_points
from tests.flows.scene import SMALL, cloud
from tests.stage import APPROVER, ASKING, Stage
from workflows.engine.run import Run, Status
from workflows.facts.freezing import Freezing

SERVER = "orders-db"
#: People answer so many questions of one run at most: more is a run that goes round.
MOST_LEGS = 12


def approves(stage: Stage, run: Run) -> None:
    """The approver's click, whatever comes of it."""
    stage.desk.answer(run.id, APPROVER, True)


@dataclass(frozen=True)
class Play:
    """`begin` asks for the run. `repeats`: every step of it is another play's too, and is hurt there."""

    name: str
    prepare: Callable[[Stage], object]
    begin: Callable[[Stage], Run]
    says: Callable[[Stage, Run], object] = approves
    ends: Status = Status.SUCCEEDED
    repeats: bool = False


def _seeded(stage: Stage) -> None:
    stage.seed(SERVER, SMALL)


def _frozen(stage: Stage) -> None:
    how = Freezing(freeze=('touch "$DR_ROOT/tmp/still"',), thaw=('rm -f "$DR_ROOT/tmp/still"',))
    stage.profiles[SERVER] = replace(stage.profiles[SERVER], freeze=how)
    _seeded(stage)


def _backed_up(stage: Stage) -> None:
    _seeded(stage)
    assert stage.backup(SERVER).status is Status.SUCCEEDED


def _lost(stage: Stage) -> None:
    """Its server is gone, and nobody asked Firedrill."""
    _backed_up(stage)
    found = cloud(stage)("ec2", "describe_instances")["Reservations"][0]["Instances"][0]["InstanceId"]
    cloud(stage)("ec2", "terminate_instances", InstanceIds=[found])
    stage.clock.forward(120)
    stage.look()


def _backup(stage: Stage) -> Run:
    return stage.desk.start(stage.desk.backup(ASKING, SERVER, reboot=False, accept_loss=False)[0])


PLAYS = {
    each.name: each
    for each in (
        Play("backup", _seeded, _backup),
        Play(
            "frozen backup",
            _frozen,
            _backup,
        ),
        Play("restore", _lost, lambda s: s.desk.start(s.desk.restore(ASKING, SERVER))),
        Play("clone", _backed_up, lambda s: s.desk.start(s.desk.clone(ASKING, SERVER, which="latest"))),
        Play("fresh clone", _seeded, lambda s: s.desk.start(s.desk.clone(ASKING, SERVER, which="fresh")), repeats=True),
        Play("drill", _seeded, lambda s: s.desk.start(s.desk.drill(ASKING, SERVER, accept_loss=False))),
        Play("validate", _backed_up, lambda s: s.desk.start(s.desk.validate(ASKING, SERVER))),
        Play("prune", five_points, lambda s: s.answers.to(parse("prune --reason old"), ASKING)[1][0]),
        Play(
            "cancelled drill",
            _frozen,
            lambda s: s.desk.start(s.desk.drill(ASKING, SERVER, accept_loss=False)),
            says=lambda stage, run: stage.desk.cancel(run.id, run.asked_by),
            ends=Status.CANCELLED,
            repeats=True,
        ),
    )
}


@dataclass(frozen=True)
class Trace:
    """A clean run: its crossings in their order, and what came of it. `told` are those of a bot that tells of it to
    Slack, `messages` what stands there then."""

    play: Play
    crossings: tuple[Crossing, ...]
    after: Picture
    told: tuple[Crossing, ...] = ()
    messages: Counter[str] = field(default_factory=Counter)

    def leg(self, number: int) -> int:
        """The number of the leg's first crossing."""
        return next(each.number for each in self.crossings if each.leg == number)


@dataclass
class Case:
    """A run on a stage of its own, up to its start."""

    world: World
    play: Play

    def __post_init__(self) -> None:
        self.stage = self.world.open()
        self.play.prepare(self.stage)
        self.before = Counter(each.call for each in self.stage.lab.effects)
        self.run = self.play.begin(self.stage)

    def answered(self) -> None:
        """People say what they say, if there is a question."""
        self.run = self.stage.store.read(self.run.id)
        if self.run.status is Status.ASKING:
            self.play.says(self.stage, self.run)
            self.stage.clock.forward(1)

    def legs(self, until: int = MOST_LEGS, mover: Callable[[int], object] | None = None) -> Run:
        """Workers without trouble take it on, and people answer, up to the beginning of leg `until`, or its end."""
        for number in range(until):
            (mover or self._moved)(number)
            self.run = self.stage.store.read(self.run.id)
            if not self.run.status.open:
                break
            self.answered()
        return self.run

    def _moved(self, _number: int) -> None:
        self.world.hands().leg(self.run.id)

    def picture(self) -> Picture:
        return picture(self.stage, self.run.id, self.before)


def record(world: World, play: Play) -> Trace:
    """The run that nothing is in the way of."""
    case, seen = Case(world, play), list[Crossing]()

    def moved(leg: int) -> None:
        door = Door(first=len(seen), leg=leg)
        world.hands(door).leg(case.run.id)
        seen.extend(door.seen)

    case.legs(mover=moved)
    if case.run.status is not play.ends:
        raise AssertionError(f"{play.name} ended as {case.run.status.value} by itself: {case.run.problem}")
    return Trace(play, tuple(seen), case.picture())
