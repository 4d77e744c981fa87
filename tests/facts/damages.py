"""Ways to damage a restored tree: what is done to it, and what has to be said about it."""

import os
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.facts.server import KEY, LONG_AGO, OTHER_KEY, Disk
from workflows.facts.profile import Profile

PROFILE = Profile("shop", paths=("/srv", "/data"))
DAY1, DAY2, BIG, ACCENT = "/data/orders/day-1.csv", "/data/orders/day-2.csv", "/data/big.img", "/srv/app/größe.txt"


def furnish(disk: Disk) -> Disk:
    """A small shop on two volumes, last written long ago."""
    disk.write("/srv/app/config.toml", "port = 80\n")
    disk.write("/srv/app/run.sh", "#!/bin/sh\nexec shop\n").chmod(0o755)
    disk.write("/srv/index.html", "<h1>Orders</h1>\n")
    disk.write(ACCENT, "42\n")
    disk.path("/srv/current").symlink_to("app")
    os.utime(disk.path("/srv/current"), (LONG_AGO, LONG_AGO), follow_symlinks=False)
    disk.path("/srv/spool").mkdir()
    disk.write(DAY1, "order,amount\n1,42.00\n")
    disk.write(DAY2, "order,amount\n2,17.00\n")
    with disk.write(BIG).open("r+b") as file:
        file.truncate(1 << 20)
        file.seek(500_000)
        file.write(b"in the middle of nothing")
    os.utime(disk.path(BIG), (LONG_AGO, LONG_AGO))
    return disk


@dataclass(frozen=True)
class Damage:
    """`do` befalls the disk; `told` are all differences that fail, as (kind, path); `trouble` is said instead."""

    name: str
    do: Callable[[Disk], object]
    told: tuple[tuple[str, str], ...] = ()
    words: str = ""


def quietly(disk: Disk, name: str, content: bytes) -> None:
    """Other bytes under the old time of writing, as a broken disk has them."""
    path = disk.path(name)
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def bytes_of(disk: Disk, name: str) -> bytes:
    return disk.path(name).read_bytes()


def swap(disk: Disk) -> None:
    one, other = bytes_of(disk, DAY1), bytes_of(disk, DAY2)
    quietly(disk, DAY1, other)
    quietly(disk, DAY2, one)


def noise(disk: Disk) -> None:
    for name in (DAY1, DAY2):
        quietly(disk, name, b"?")


def replace(disk: Disk, name: str, make: Callable[[Path], object]) -> None:
    path = disk.path(name)
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    make(path)


def kept(disk: Disk, name: str, old: str, new: str) -> None:
    path = disk.kept(name)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def owned(disk: Disk) -> None:
    os.chown(disk.path(DAY1), 1234, 99)


def emptied(disk: Disk, name: str) -> None:
    for each in disk.path(name).iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()


def wrong_volume(disk: Disk) -> None:
    emptied(disk, "/data")
    disk.write("/data/billing/2020.csv")


def hole(disk: Disk) -> None:
    content = bytearray(bytes_of(disk, BIG))
    content[499_712:503_808] = bytes(4096)
    quietly(disk, BIG, bytes(content))


def decomposed(disk: Disk) -> None:
    disk.path(ACCENT).rename(disk.path(unicodedata.normalize("NFD", ACCENT)))


def older(disk: Disk) -> None:
    """The bytes and the times of a month before, with the record of another run."""
    shutil.rmtree(disk.kept(""))
    disk.kept("", OTHER_KEY).mkdir()
    disk.write(DAY2, "order,amount\n", mtime=LONG_AGO - 30 * 86400)


DATA = tuple(("missing", name) for name in ("/data/big.img", "/data/orders", DAY1, DAY2))
FILES = ("/srv/app", "/srv/app/config.toml", ACCENT, "/srv/app/run.sh")
TAMPERED, LIST = "their manifest is not the one recorded", "the list of files on the disk was tampered with"


def _content() -> Iterator[Damage]:
    corrupt = (("corrupt", DAY1),)
    yield Damage("a flipped bit", lambda d: quietly(d, DAY1, b"n" + bytes_of(d, DAY1)[1:]), corrupt)
    yield Damage("a flipped last byte", lambda d: quietly(d, DAY1, bytes_of(d, DAY1)[:-1] + b"\0"), corrupt)
    yield Damage("truncated", lambda d: quietly(d, DAY1, bytes_of(d, DAY1)[:5]), corrupt)
    yield Damage("emptied", lambda d: quietly(d, DAY1, b""), corrupt)
    yield Damage("zero-filled", lambda d: quietly(d, DAY1, bytes(len(bytes_of(d, DAY1)))), corrupt)
    yield Damage("an appended byte", lambda d: quietly(d, DAY1, bytes_of(d, DAY1) + b"\n"), corrupt)
    yield Damage("line ends changed", lambda d: quietly(d, DAY1, bytes_of(d, DAY1).replace(b"\n", b"\r")), corrupt)
    yield Damage("doubled", lambda d: quietly(d, DAY1, bytes_of(d, DAY1) * 2), corrupt)
    yield Damage("two files of one size swapped", swap, (("corrupt", DAY1), ("corrupt", DAY2)))
    yield Damage("a hole where bytes were", hole, (("corrupt", BIG),))
    yield Damage("sparse file cut off", lambda d: quietly(d, BIG, bytes_of(d, BIG)[:499_712]), (("corrupt", BIG),))
    yield Damage("written, its time set back", lambda d: d.write(DAY1, "forged", LONG_AGO), corrupt)
    yield Damage("written, its time set further back", lambda d: d.write(DAY1, "forged", LONG_AGO - 9), corrupt)
    yield Damage("written after the image", lambda d: d.path(DAY1).write_text("late"), (("rewritten", DAY1),))
    yield Damage("a folder of noise", noise, (("corrupt", DAY1), ("corrupt", DAY2)))
    yield Damage("hard link to another", lambda d: replace(d, DAY1, lambda p: p.hardlink_to(d.path(DAY2))), corrupt)


def _names() -> Iterator[Damage]:
    gone = ("missing", DAY1)
    yield Damage("removed", lambda d: d.path(DAY1).unlink(), (gone,))
    yield Damage("renamed", lambda d: d.path(DAY1).rename(d.path(DAY1 + ".bak")), (gone, ("new", DAY1 + ".bak")))
    yield Damage("case changed", lambda d: d.path(DAY1).rename(d.path("/data/orders/Day-1.csv")),
                 (gone, ("new", "/data/orders/Day-1.csv")))  # fmt: skip
    yield Damage("name normalised", decomposed,
                 (("missing", ACCENT), ("new", unicodedata.normalize("NFD", ACCENT))))  # fmt: skip
    yield Damage("moved", lambda d: d.path(DAY1).rename(d.path("/srv/day-1.csv")), (gone, ("new", "/srv/day-1.csv")))
    yield Damage("an empty folder removed", lambda d: d.path("/srv/spool").rmdir(), (("missing", "/srv/spool"),))
    yield Damage("a file too many", lambda d: d.write("/srv/app/core"), (("new", "/srv/app/core"),))
    yield Damage("a folder too many", lambda d: d.path("/srv/lost+found").mkdir(), (("new", "/srv/lost+found"),))
    yield Damage("a link removed", lambda d: d.path("/srv/current").unlink(), (("missing", "/srv/current"),))
    yield Damage("a whole folder lost", lambda d: shutil.rmtree(d.path("/srv/app")),
                 tuple(("missing", name) for name in FILES))  # fmt: skip


def _kinds() -> Iterator[Damage]:
    other = (("type", DAY1),)
    yield Damage("a link instead", lambda d: replace(d, DAY1, lambda p: p.symlink_to("day-2.csv")), other)
    yield Damage("a dangling link instead", lambda d: replace(d, DAY1, lambda p: p.symlink_to("nowhere")), other)
    yield Damage("a folder instead", lambda d: replace(d, DAY1, lambda p: p.mkdir()), other)
    yield Damage("a pipe instead", lambda d: replace(d, DAY1, os.mkfifo), other)
    yield Damage("a file instead of a folder", lambda d: replace(d, "/srv/spool", lambda p: p.write_text("")),
                 (("type", "/srv/spool"),))  # fmt: skip
    yield Damage("a file instead of a link", lambda d: replace(d, "/srv/current", lambda p: p.write_text("app")),
                 (("type", "/srv/current"),))  # fmt: skip
    yield Damage("a link retargeted", lambda d: replace(d, "/srv/current", lambda p: p.symlink_to("/etc")),
                 (("changed", "/srv/current"),))  # fmt: skip
    yield Damage("mode", lambda d: d.path(DAY1).chmod(0o600), (("changed", DAY1),))
    yield Damage("setuid", lambda d: d.path("/srv/app/run.sh").chmod(0o4755), (("changed", "/srv/app/run.sh"),))
    yield Damage("a folder open to all", lambda d: d.path("/srv/spool").chmod(0o1777), (("changed", "/srv/spool"),))
    if os.geteuid() == 0:
        yield Damage("owner", owned, (("changed", DAY1),))


def _volumes() -> Iterator[Damage]:
    yield Damage("an empty volume mounted over", lambda d: emptied(d, "/data"), DATA)
    yield Damage("the wrong volume", wrong_volume,
                 (*DATA, ("new", "/data/billing"), ("new", "/data/billing/2020.csv")))  # fmt: skip
    yield Damage("the volume is not there", lambda d: shutil.rmtree(d.path("/data")), (("missing", "/data"), *DATA))
    yield Damage("an older point", older, words=f"The disk holds no facts of {KEY}.")
    yield Damage("a blank disk", lambda d: shutil.rmtree(d.path("/var")), words=f"The disk holds no facts of {KEY}.")


def _record() -> Iterator[Damage]:
    yield Damage("manifest tampered with", lambda d: kept(d, "manifest", "path /data", "path /srv/a"), words=TAMPERED)
    yield Damage("rules softened", lambda d: kept(d, "manifest", " missing", ""), words=TAMPERED)
    yield Damage("list tampered with", lambda d: kept(d, "files.list", "\tf\t644\t", "\tf\t600\t"), words=LIST)
    yield Damage("list cut", lambda d: os.truncate(d.kept("files.list"), 90), words=LIST)
    yield Damage("list lost", lambda d: d.kept("files.list").unlink(), words="the list of files is missing")
    yield Damage("marker replaced", lambda d: d.kept("marker").write_text(OTHER_KEY), words=f"marker is {OTHER_KEY}")
    yield Damage("marker lost", lambda d: d.kept("marker").unlink(), words="marker is missing")


DAMAGES = (*_content(), *_names(), *_kinds(), *_volumes(), *_record())
