"""What is left behind, and what that costs a month, as far as it can be known. One small table of list prices."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from workflows.report.document import Leftover, Leftovers
from workflows.words import plain

#: US dollars a GiB and month, on demand, us-east-1. gp3, gp2, st1, standard and the snapshots agree with lines of AWS's
#: price list as others quote them, io1, io2 and sc1 only with quotes of its page (docs/report.md, What things cost).
EBS = {"gp3": 0.08, "gp2": 0.10, "io1": 0.125, "io2": 0.125, "st1": 0.045, "sc1": 0.015, "standard": 0.05}
#: US dollars a GiB and month that a snapshot stores.
SNAPSHOT = 0.05
#: US dollars an hour for a public IPv4 address, used or not, in every Region since February 2024.
IPV4 = 0.005
HOURS = 730
PRICES = (
    "About: AWS's list prices of us-east-1, on demand, as they were quoted in November 2026; a month has 730 hours. "
    "Other Regions, discounts and taxes differ."
)

_VOLUME = re.compile(r"vol-[0-9a-f]+")
_EXTRA = {
    "gp3": "without throughput and IOPS beyond what is included", "io1": "without provisioned IOPS",
    "io2": "without provisioned IOPS", "standard": "without requests",
}  # fmt: skip


def leftovers(
    told: Iterable[str], disks: Iterable[Mapping[str, Any]], point: Leftover | None, by_hand: Iterable[str] = ()
) -> Leftovers:
    """`told` are the record's own sentences, `disks` the source's as it was inspected, `point` the recovery point,
    `by_hand` what is left to be done."""
    known = {str(disk.get("volume_id")): disk for disk in disks}
    items = [_priced(each, known) for each in told]
    items += [Leftover(what=plain(each), monthly=0.0, note="left to you") for each in by_hand]
    total = round(sum(each.monthly or 0.0 for each in items), 2)
    return Leftovers(items=(*items, *((point,) if point else ())), monthly=total, prices=PRICES)


def stored(image_id: str, snapshots: int, gib: int) -> Leftover:
    """The recovery point: AWS bills the blocks that its snapshots store, and nobody tells how many those are."""
    whole = f"the image {image_id}" + (f" and its {snapshots} snapshot{'s' * (snapshots != 1)}" if snapshots else "")
    most = f"at most ${gib * SNAPSHOT:,.2f} for {gib} GiB; " if gib else ""
    return Leftover(what=f"{whole}, kept on purpose", monthly=None, note=f"{most}AWS bills the blocks that are stored")


def _priced(told: str, known: Mapping[str, Mapping[str, Any]]) -> Leftover:
    what = plain(told)
    volume = _VOLUME.search(told)
    if volume is None and told.startswith("network interface"):
        return Leftover(what=what, monthly=0.0, note="costs nothing by itself, and keeps its addresses")
    if volume is None and told.startswith("address"):
        return Leftover(what=what, monthly=round(IPV4 * HOURS, 2), note=f"${IPV4} an hour")
    disk = known.get(volume[0]) if volume else None
    if disk is None:
        return Leftover(what=what, monthly=None, note="not known")
    kind, size = str(disk.get("kind") or ""), disk.get("size")
    if kind not in EBS or not isinstance(size, int):
        return Leftover(what=what, monthly=None, note="not known: its type is not in the price table")
    note = f"{kind}, ${EBS[kind]} a GiB" + (f", {_EXTRA[kind]}" if kind in _EXTRA else "")
    return Leftover(what=what, monthly=round(EBS[kind] * size, 2), note=note)
