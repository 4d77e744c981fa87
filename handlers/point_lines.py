"""Recovery points as a list for a phone: short lines, what each is worth first, and which run found that out, when."""

from collections.abc import Sequence

from workflows.points import Point
from workflows.words import duration, safe, when

#: How many recovery points one answer lists.
MOST = 20


def listed(points: Sequence[Point], now: float) -> str:
    """The points as they come, `now` in seconds since the epoch."""
    more = [f"… and {len(points) - MOST} older ones."] if len(points) > MOST else []
    return "\n".join([*(_lines(each, now) for each in points[:MOST]), *more])


def _lines(point: Point, now: float) -> str:
    found = [f"• `{safe(point.image_id)}` *{point.proof}*{_state(point)}"]
    if not point.copied:
        found.append(f"   {safe(point.server)}, {when(point.requested)}, {duration(now - point.requested)} old")
    else:
        found.append(f"   {safe(point.server)}, image of {when(point.requested)}")
        found.append("   :warning: *a copy*, or other tags: age not known")
    if point.proof_by:
        found.append(f"   {point.proof} by `{safe(point.proof_by)}`{_ago(point.proof_at, now)}")
    if point.differed_in:
        found.append(
            f"   :warning: *differed* when `{safe(point.differed_in)}` restored it{_ago(point.differed_at, now)}"
        )
    found.append(f"   {safe(point.held_still)}, {safe(point.region)}")
    if point.forwards:
        found.append("   its source/destination check was off: docs/aws.md")
    return "\n".join(found)


def _state(point: Point) -> str:
    """Why it cannot be restored, where it cannot."""
    return f", and cannot be restored: {point.doubt}" if point.doubt else ""


def _ago(at: float | None, now: float) -> str:
    return "" if at is None else f" {duration(now - at)} ago"
