"""The three servers of the practice world, and the firedrill.toml that goes with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from practice.cloud import COPY_PROFILE, Disk

_FSTAB = b"/dev/xvda / xfs defaults 0 1\n/dev/sdf /data xfs defaults,nofail 0 2\n"


@dataclass(frozen=True)
class PracticeServer:
    """One server: its disks, the paths that its profile measures, and its checks and targets as they stand in
    firedrill.toml."""

    name: str
    disks: tuple[Disk, ...]
    paths: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    checks: str = ""
    targets: str = ""


def _disks(root: Mapping[str, bytes], data: Mapping[str, bytes], size: int) -> tuple[Disk, ...]:
    fstab = {"/etc/fstab": _FSTAB}
    return (
        Disk("/dev/xvda", 8, "/", {**fstab, **root}, delete_on_termination=True),
        Disk("/dev/sdf", size, "/data", data, delete_on_termination=True, throughput=250, iops=4000),
    )


def _orders() -> dict[str, bytes]:
    """A little database: a hundred days of orders."""
    days = {}
    for day in range(100):
        rows = [
            f"{day:03d}{row:04d},customer-{row % 97},{(row * 37 + day * 11) % 50000 / 100:.2f}" for row in range(400)
        ]
        days[f"/data/orders/day-{day:03d}.csv"] = ("\n".join(["order,customer,amount", *rows]) + "\n").encode()
    return days


SERVERS = (
    PracticeServer(
        "orders-db",
        _disks(
            {"/srv/app/config.ini": b"[orders]\nport = 5432\nretention_days = 400\n", "/srv/app/VERSION": b"4.2.1\n"},
            _orders(),
            20,
        ),
        ("/srv/app", "/data/orders"),
        {"Environment": "production", "Team": "orders"},
        """command = [
  {name = "orders", run = 'cat "${DR_ROOT:-}"/data/orders/*.csv | wc -l', within = "1 %"},
  {name = "version", run = 'cat "${DR_ROOT:-}/srv/app/VERSION"', show = true},
]
""",
        '{rto = "30 min", rpo = "24 h", proof = "30 d"}',
    ),
    PracticeServer(
        "billing-web",
        _disks(
            {"/srv/www/index.html": b"<!doctype html><title>Billing</title>\n"},
            {"/data/invoices/2026-11.txt": b"invoice 1 of 1: 42.00 EUR\n"},
            10,
        ),
        ("/srv/www", "/data/invoices"),
        {"Environment": "production", "Team": "billing"},
        """command = [{name = "invoices", run = 'ls "${DR_ROOT:-}/data/invoices" | wc -l', within = 0}]
""",
        '{rpo = "24 h", proof = "90 d"}',
    ),
    PracticeServer(
        "wiki",
        _disks(
            {"/srv/wiki/LocalSettings.php": b"<?php $wgSitename = 'Wiki';\n"},
            {"/data/pages/Main_Page.txt": "Welcome. Willkommen. Καλώς ήρθατε.\n".encode()},
            10,
        ),
        ("/srv/wiki", "/data/pages"),
        {"Environment": "internal", "Team": "it"},
        """command = [{name = "home", run = 'cat "${DR_ROOT:-}/data/pages/Main_Page.txt"', matches = "Welcome"}]
""",
    ),
)


def settings_text(login: str, region: str) -> str:
    """The practice world's firedrill.toml. Looks are closer together than in earnest, since the lab is fast."""
    profiles = "\n".join(
        f'[profiles.{each.name}]\nservers = ["{each.name}"]\npaths = {list(each.paths)}\n'
        f"{f'targets = {each.targets}' if each.targets else ''}\n{each.checks}"
        for each in SERVERS
    )
    return f"""installation = "practice"
regions = ["{region}"]

[access]
operators = ["U0OPERATOR", "U0APPROVER"]
approvers = ["U0OPERATOR", "U0APPROVER", "U0APPROVER2"]

[slack]
channel = "C0DROPS"

[announcements]
channel = "C0ANNOUNCE"

[people]
{login} = "U0OPERATOR"

[drill]
profile = "{COPY_PROFILE}"

[retention]
last = 2

[pace]
first = 0.3
most = 1.0
lease = 5.0

{profiles}"""
