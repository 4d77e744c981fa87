"""What people can ask for, as values. grammar.py says how each is written."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StartBackup:
    """`keep` is how long the point stays, such as `30d`; empty: by the rule."""

    target: str
    reboot: bool
    profile: str
    reason: str
    accept_loss: bool
    dry_run: bool
    keep: str = ""


@dataclass(frozen=True)
class StartRestore:
    """`as_of` in seconds since the epoch."""

    target: str
    point: str
    as_of: float | None
    region: str
    subnet: str
    instance_type: str
    beside: bool
    reason: str
    dry_run: bool


@dataclass(frozen=True)
class StartDrill:
    """`point` is `latest`, `random` or `fresh`; a live drill makes its own."""

    target: str
    live: bool
    point: str
    profile: str
    reason: str
    accept_loss: bool
    dry_run: bool


@dataclass(frozen=True)
class StartValidation:
    """`against` is `latest`, `proven` or an image id."""

    target: str
    against: str
    reason: str
    dry_run: bool


@dataclass(frozen=True)
class StartPrune:
    """Of all servers, if no target is named."""

    target: str
    reason: str
    dry_run: bool


@dataclass(frozen=True)
class Decide:
    """`name` is what an approver typed: the server's, before it the word `prune` where points are to be removed."""

    run_id: str
    approved: bool
    reason: str = ""
    name: str = ""


@dataclass(frozen=True)
class Cancel:
    """`key` is that of the run or batch whose card's button was pressed, if one was."""

    run_id: str
    key: str = ""


@dataclass(frozen=True)
class Retry:
    """As Cancel."""

    run_id: str
    key: str = ""


@dataclass(frozen=True)
class HaltAll:
    reason: str


@dataclass(frozen=True)
class ResumeAll:
    pass


@dataclass(frozen=True)
class ShowStatus:
    """Of one run; of all that are open, if none is named."""

    run_id: str


@dataclass(frozen=True)
class ListRuns:
    most: int


@dataclass(frozen=True)
class ListPoints:
    target: str


@dataclass(frozen=True)
class ShowReport:
    """Of a run, or the history of a server. `run_id` is set where `subject` may be a run's id; `to` is a folder."""

    subject: str
    run_id: str
    to: str = ""


@dataclass(frozen=True)
class WhoAmI:
    """What the asker may do; about one server, if a target is named."""

    target: str


@dataclass(frozen=True)
class Diagnose:
    """How all parts are."""


@dataclass(frozen=True)
class StartSchedule:
    """`verb` is `backup`, `drill` or `live`; `at` plain words or a cron expression, in the time zone `zone`."""

    verb: str
    target: str
    at: str
    zone: str
    point: str
    profile: str
    reason: str


@dataclass(frozen=True)
class ListSchedules:
    pass


@dataclass(frozen=True)
class Unschedule:
    schedule_id: str


@dataclass(frozen=True)
class SkipNext:
    schedule_id: str


@dataclass(frozen=True)
class PauseSchedule:
    """`paused` False ends it."""

    schedule_id: str
    paused: bool


@dataclass(frozen=True)
class Help:
    text: str


Start = StartBackup | StartRestore | StartDrill | StartValidation | StartPrune
#: What changes nothing.
Look = ShowStatus | ListRuns | ListPoints | WhoAmI | Diagnose | Help
#: About recurring work.
Recurring = StartSchedule | ListSchedules | Unschedule | SkipNext | PauseSchedule
Other = Decide | Cancel | Retry | Look
Request = Start | ShowReport | Recurring | HaltAll | ResumeAll | Other
