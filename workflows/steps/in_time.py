"""What an approval allows, as long as it does: a call that would not be over by the approval's end does not leave, and
a look at people and world does not count for long."""

from collections.abc import Callable

from workflows.engine.approval import Approval
from workflows.errors import TooLate

#: Seconds that a call may take; an approval must be good for that long when the call leaves.
CALL = 30.0
#: Seconds. A check older than that is made again before anything is destroyed (a worker may have died in between).
FRESH = 60.0


def in_time(hold: Callable[[], float], approval: Approval) -> Callable[[], float]:
    """`hold`, for the calls that the approval allows. Raises TooLate beside what that raises."""

    def held() -> float:
        now = hold()
        if now + CALL > approval.until:
            raise TooLate()
        return now

    return held
