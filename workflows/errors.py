"""Every error that a person may read: what happened, and what to do about it.

FiredrillError
├── UserError            the request was wrong; nothing was started
│   └── NotNow           … or it comes at the wrong time: another run is at work, or everything is halted
├── PassingTrouble       the step is tried again by itself, with growing pauses
│   ├── Throttled
│   ├── AtLimit          AWS takes no more of them at once; what is under way makes room
│   ├── Unreachable
│   ├── AgentAway
│   ├── HeldBack         nothing is wrong: AWS takes so many calls a second, and it is not this run's turn
│   ├── NotVisibleYet    AWS's describes lag behind what it has done
│   └── NoCapacity       AWS refused outright and made nothing; a launch goes on with its next choice instead
└── RunFailed            the run stops; `retry` goes on from the step that failed
    ├── AwsRefused
    │   ├── NotPermitted
    │   ├── NotFound
    │   ├── NameTaken
    │   └── Protected
    ├── FreezeFailed …   what goes wrong while a server is to stand still: freeze_errors.py
    └── …                a failure of one subject stands in this file below its parent
"""

from workflows.words import safe


class FiredrillError(Exception):
    """Root of the tree. `text` says what happened, `hint` what to do, both in Slack's mrkdwn."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(f"{text} {hint}".strip())
        self.text = text
        self.hint = hint


# ── the request was wrong ────────────────────────────────────────────────────────────────────────────────


class UserError(FiredrillError):
    """Somebody asked for something that cannot be. Answered to the asker alone; nothing was started.

    `about` is the grammar's parameter that is wrong, where it is not what is to be worked on.
    """

    def __init__(self, text: str, hint: str = "", *, about: str = "") -> None:
        super().__init__(text, hint)
        self.about = about


class NotAllowed(UserError):
    """The person may not do this. `why` is said of them, not to them: for a card that everybody reads, without a full
    stop."""

    def __init__(self, text: str, hint: str = "", *, why: str, about: str = "") -> None:
        super().__init__(text, hint, about=about)
        self.why = why


class NotNow(UserError):
    """It may be done later. Whatever refused it has told the audit."""


class Halted(NotNow):
    """Everything stands still. `halt` says who halted it, when and why, `so` what was not done; with a run its question
    is asked anew."""

    def __init__(self, halt: str, so: str, run_id: str = "") -> None:
        hint = "`/dr resume` ends the halt, for whoever may; `/dr status` shows what stands still."
        if run_id:
            hint = f"After `/dr resume` it is asked anew; `/dr cancel {run_id}` ends the run."
        super().__init__(f"Firedrill is {halt}. So {so}.", hint)


class Busy(NotNow):
    """Another run is changing the same server."""

    def __init__(self, server: str, holder: str) -> None:
        super().__init__(
            f"`{holder}` is working on *{safe(server)}*, and only one run at a time may change a server.",
            f"`/dr status {holder}` shows how far it is.",
        )
        self.holder = holder


class CalledOff(NotNow):
    """An occurrence was moved on while a worker was slow to begin it: another has begun it, or let go of it."""

    def __init__(self, server: str) -> None:
        super().__init__(f"*{safe(server)}* was not begun: meanwhile that occurrence was decided otherwise.")


class UnknownRun(UserError):
    """There is no run of that id; `batch`: it is how a batch's is written."""

    def __init__(self, run_id: str, batch: bool = False) -> None:
        if batch:
            super().__init__(f"`{run_id}` is a batch, and not one run.", f"`/dr status {run_id}` lists its runs.")
        else:
            super().__init__(
                f"There is no run `{run_id}`.", "`/dr runs` lists the latest ones. Example: `/dr status D-0012`"
            )


# ── it mends itself ──────────────────────────────────────────────────────────────────────────────────────


class PassingTrouble(FiredrillError):
    """The world is in the way for the moment. `code` is the word that the card shows."""

    code = "in trouble"


class Throttled(PassingTrouble):
    """AWS asks for fewer calls, or is overloaded (any answer of 503)."""

    code = "throttled"


class AtLimit(PassingTrouble):
    """AWS has as many snapshots under way as it takes at once, and made none. Fewer calls would not help."""

    code = "at a limit"


class Unreachable(PassingTrouble):
    """No answer, or another answer of 5xx. What was asked for may or may not have been done."""

    code = "unreachable"


class HeldBack(PassingTrouble):
    """Not its turn to call AWS yet; in `wait` seconds it may be. Nothing was asked for."""

    code = "waits its turn"

    def __init__(self, text: str, wait: float) -> None:
        super().__init__(text)
        self.wait = wait


class AgentAway(PassingTrouble):
    """The SSM agent does not answer at the moment."""

    code = "agent offline"


class NotVisibleYet(PassingTrouble):
    """AWS has made it, and its describes do not show it yet."""

    code = "not visible yet"


class NoCapacity(PassingTrouble):
    """AWS has no machine of that type there at the moment, and made none. `aws_code` and `message` are AWS's."""

    code = "no capacity"

    def __init__(self, aws_code: str, message: str) -> None:
        super().__init__(f"AWS has none left at the moment: {message}")
        self.aws_code = aws_code
        self.message = message


# ── the run stops ────────────────────────────────────────────────────────────────────────────────────────


class RunFailed(FiredrillError):
    """A step cannot go on. `again_from` names the step at which a retry starts, if not the failed one.

    `final`: it cannot be retried, since that would change nothing, or only make the outcome look better than it was.
    """

    final = False

    def __init__(self, text: str, hint: str = "", *, again_from: str | None = None) -> None:
        super().__init__(text, hint)
        self.again_from = again_from


class SourceRefused(RunFailed):
    """The source is not one that a backup or a drill may be made of."""


class NotSafe(RunFailed):
    """The last look before something is destroyed found a doubt, or AWS refused to destroy it: it is still there."""


class TooLate(NotSafe):
    """The approval would expire before what it allows is done."""

    def __init__(self) -> None:
        super().__init__("The approval expired before it was used.", "`/dr retry` asks again.")


class WaitedTooLong(RunFailed):
    """What was waited for did not come."""

    def __init__(self, waited_for: str, minutes: int) -> None:
        super().__init__(
            f"Waited {minutes} min for {waited_for}, in vain.",
            "`/dr retry` goes on waiting from here.",
        )


class ImageFailed(RunFailed):
    """AWS gave up on an AMI. Final, as that is, unless somebody has only disabled the AMI: the run's name for it is
    taken, so a retry would find the same one."""

    def __init__(self, image_id: str, state: str, reason: str) -> None:
        super().__init__(
            f"AWS could not make {image_id}: it is `{state}` ({reason or 'no reason given'}).",
            "Nothing was terminated. Start a new backup or drill: it asks for a new image.",
        )
        self.final = state != "disabled"


class PointIncomplete(RunFailed):
    """A recovery point is not what it must be."""


class ReplacementFailed(RunFailed):
    """The new instance did not come up."""


class IsolationRefused(RunFailed):
    """A copy cannot be kept apart from everything else as it must be, or what was to be removed is not its run's."""


class PruneIncomplete(RunFailed):
    """Retention lets nothing go any more, or something that was approved was not removed. Final: a new prune asks."""

    final = True


class FactsDiffer(RunFailed):
    """The restored machine does not show the facts of the machine that it was taken from.

    Final: measured again after a repair by hand it would prove the repair, not the backup.
    """

    final = True


class ServerDiffers(RunFailed):
    """The living server does not show the facts of a recovery point. Final: it was so when it was measured, and a new
    validation measures anew."""

    final = True


class RecordGone(RunFailed):
    """The server does not hold the record that it is to be compared with, or not as it was made."""


class CommandFailed(RunFailed):
    """SSM could not run the script, or the script failed."""


# ── AWS's answers, translated in one place (workflows/aws/calls.py) ──────────────────────────────────────


class AwsRefused(RunFailed):
    """AWS refused a call. `code` is AWS's own error code."""

    def __init__(self, action: str, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"AWS refused {action}: {message} (`{code}`)", hint)
        self.action = action
        self.code = code
        self.message = message


class NotPermitted(AwsRefused):
    """The worker's role lacks a permission."""


class NotFound(AwsRefused):
    """AWS does not know that id, or not yet."""


class NameTaken(AwsRefused):
    """An AMI of that name exists."""


class Protected(AwsRefused):
    """Termination protection, or another guard of AWS's, stands in the way."""


# ── facts (workflows/facts/) ─────────────────────────────────────────────────────────────────────────────


class FactsUnreadable(RunFailed):
    """The script's answer did not arrive whole."""


class FactsNotMeasured(RunFailed):
    """A fact could not be measured. The text names the fact and the path."""
