"""Servers as Home lists them: the worst first, a page at a time, short lines for a phone. Pure."""

from collections import Counter
from collections.abc import Sequence

from handlers.blocks import Block, context, section
from workflows.freshness import Freshness, Known, Standing, worst_first
from workflows.words import count, cut, duration, safe

#: Servers on one page: Slack takes a hundred blocks.
PER_PAGE = 20
#: Characters of a name that are shown. AWS allows 256; the windows show all of them.
NAME = 80
#: Action ids. The overflow's options carry verb and target: `backup i-0123456789abcdef0`.
OF_SERVER, PAGES = "home_server", "home_page"

_SIGNS: dict[Standing, str] = {
    "never": ":red_circle:", "missed": ":red_circle:", "soon": ":large_yellow_circle:", "no target": ":white_circle:",
    "ok": ":large_green_circle:",
}  # fmt: skip
_COUNTED: dict[Standing, str] = {
    "never": "without a backup", "missed": "over a target or unproven", "soon": "nearly over one",
    "no target": "without a target", "ok": "within target",
}  # fmt: skip


def servers(known: Known | None, page: int, now: float, drills: dict[tuple[str, str], str]) -> list[Block]:
    """One page of them. `drills` says when the next drill of a server is, by server and Region, in mrkdwn."""
    if known is None:
        return [section("No worker has looked at AWS yet, so no server is known. Is `firedrill worker` running?")]
    where = ", ".join(f"`{safe(each)}`" for each in known.regions[:10])
    blind = [context(f":warning: {safe(cut(each, 500))}") for each in known.troubles[:3]]
    if not known.servers:
        return [section(f"There is no server in {where}, and no recovery point."), *blind]
    ordered = worst_first(known.servers, now)
    last = (len(ordered) - 1) // PER_PAGE
    at = max(0, min(page, last))
    shown = ordered[at * PER_PAGE : (at + 1) * PER_PAGE]
    several = len(known.regions) > 1
    return [
        context(_summary(ordered, now)),
        *blind,
        *(_server(each, now, drills.get((each.server, each.region), ""), several) for each in shown),
        *(_pages(at, last, len(ordered)) if last else []),
    ]


def coarse(seconds: float) -> str:
    """An age that does not change at every look: `12 min`, `26 h`, `3 d`."""
    for size, unit, least in ((86400, "d", 2 * 86400), (3600, "h", 3600), (60, "min", 60)):
        if seconds >= least:
            return f"{int(seconds // size)} {unit}"
    return "under 1 min"


def name_of(name: str) -> str:
    return safe(cut(name, NAME))


def _summary(ordered: Sequence[Freshness], now: float) -> str:
    alive = [each for each in ordered if each.instances]
    found = Counter(each.worst(now) for each in alive)
    parts = [f"{found[each]:,} {said}" for each, said in _COUNTED.items() if found[each]]
    gone = len(ordered) - len(alive)
    parts += [f"{gone:,} of which no instance is left"] if gone else []
    return f"{count(len(ordered), 'server')}, the worst first: {', '.join(parts)}"


def _server(each: Freshness, now: float, next_drill: str, several: bool) -> Block:
    sign = _SIGNS[each.worst(now)] if each.instances else ":black_circle:"
    where = f"  {safe(each.region)}" if several else ""
    proof = _proof(each, now)
    lines = [f"{sign} *{name_of(each.server)}*{where}", f"{_backup(each, now)} · {proof}"]
    if not each.instances:
        lines.append("No instance of it is left.")
    elif len(each.instances) > 1:
        ids = ", ".join(f"`{safe(one)}`" for one in each.instances[:3])
        lines.append(f"{len(each.instances)} instances bear this name ({ids}): ask for one by its id.")
    lines.append(" · ".join(part for part in (_last_drill(each, now), next_drill) if part))
    made = section("\n".join(line for line in lines if line))
    options = _options(each)
    if options:
        made["accessory"] = {"type": "overflow", "action_id": OF_SERVER, "options": options}
    return made


def _backup(each: Freshness, now: float) -> str:
    if each.point_at is None:
        aim = f" (target {duration(each.rpo)})" if each.rpo is not None else ""
        return f"*No backup yet*{aim}"
    said = f"Backup {coarse(now - each.point_at)} old"
    return said + _against(each.backup_standing(now), each.rpo)


def _proof(each: Freshness, now: float) -> str:
    if each.proven_at is None:
        return "*never proven*" + (f" (target {duration(each.proof)})" if each.proof is not None else "")
    return f"proven {coarse(now - each.proven_at)} ago" + _against(each.proof_standing(now), each.proof)


def _against(found: Standing, target: float | None) -> str:
    if target is None:
        return ""
    aim = duration(target)
    return {"missed": f", *over its target of {aim}*", "soon": f", *nearly at its target of {aim}*"}.get(
        found, f" (target {aim})"
    )


def _last_drill(each: Freshness, now: float) -> str:
    if each.drill is None:
        return "Never drilled"
    word = "passed" if each.drill.passed else "*failed*"
    rto = f", RTO {duration(each.drill.rto)}" if each.drill.rto is not None else ""
    return f"Last drill `{safe(each.drill.run)}` {word} {coarse(now - each.drill.at)} ago{rto}"


def _options(each: Freshness) -> list[Block]:
    """By ids, since a name may be longer than what an option can carry."""
    alive = each.instances[0] if len(each.instances) == 1 else ""
    found = []
    if alive:
        found.append(_option("Back up…", f"backup {alive}"))
    if alive or each.point:
        found.append(_option("Drill…", f"drill {alive or each.point}"))
    if each.point:
        found.append(_option("Restore…", f"restore {each.point}"))
    return found


def _option(text: str, value: str) -> Block:
    return {"text": {"type": "plain_text", "text": text}, "value": value}


def _pages(at: int, last: int, total: int) -> list[Block]:
    first = at * PER_PAGE + 1
    shown = f"Servers {first:,} to {min(first + PER_PAGE - 1, total):,} of {total:,}"
    buttons = [
        *([_turn("previous", "Worse ones", at - 1)] if at else []),
        *([_turn("next", "Better ones", at + 1)] if at < last else []),
    ]
    return [context(shown), {"type": "actions", "block_id": "home-pages", "elements": buttons}]


def _turn(name: str, text: str, page: int) -> Block:
    return {
        "type": "button",
        "action_id": f"{PAGES}_{name}",
        "text": {"type": "plain_text", "text": text},
        "value": str(page),
    }
