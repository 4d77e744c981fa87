"""Disks that hold bytes: a volume is a directory, a snapshot a read-only tar, an instance the tree of its volumes.

<folder>/.firedrill-lab        the marker; without it nothing is ever deleted
<folder>/instances/<id>/       the root volume of an instance, the others where its etc/fstab mounts them
<folder>/volumes/<id>/         every volume that is not mounted
<folder>/snapshots/<id>.tar
"""

import os
import shutil
import stat
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

MARKER = ".firedrill-lab"

#: Not every tool that a script uses can make these by itself.
_BASE = ("etc", "var/lib", "var/log", "srv", "home", "root", "opt", "tmp")

_EXACT = "FIREDRILL.mtime"


class NotTheLabsFolder(RuntimeError):
    """The folder is not the lab's to empty."""


class Disks:
    """The folder of one lab. Callers hold the lab's lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._at: dict[str, Path] = {}

    def open(self) -> None:
        """An empty folder with its marker. Raises NotTheLabsFolder for one that holds something else."""
        self.folder = self.folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder = self.folder.resolve()
        if any(self.folder.iterdir()) and not self._marked():
            raise NotTheLabsFolder(f"{self.folder} is not empty and has no {MARKER}: it is not a lab's folder")
        (self.folder / MARKER).touch()
        for name in ("instances", "volumes", "snapshots"):
            if (self.folder / name).exists():
                self.remove(self.folder / name)
            (self.folder / name).mkdir()
        self._at.clear()

    def tree(self, instance_id: str) -> Path:
        return self.folder / "instances" / instance_id

    def volume(self, volume_id: str) -> Path:
        """Where a volume's files lie now."""
        return self._at.get(volume_id, self.folder / "volumes" / volume_id)

    def make(self, volume_id: str) -> Path:
        """An empty volume, if it is not there yet."""
        place = self.volume(volume_id)
        place.mkdir(mode=0o755, exist_ok=True)
        return place

    def furnish(self, volume_id: str) -> None:
        """The directories that every root volume has."""
        for name in _BASE:
            (self.volume(volume_id) / name).mkdir(parents=True, exist_ok=True)
        (self.volume(volume_id) / "tmp").chmod(0o1777)

    def snap(self, volume_id: str, snapshot_id: str) -> None:
        """The volume's bytes as they are now, without what is mounted into it from other volumes."""
        source = self.make(volume_id)
        others = {place for other, place in self._at.items() if other != volume_id}
        target = self._tar(snapshot_id)
        with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
            _pack(tar, source, "", others)
        target.chmod(0o444)

    def share(self, snapshot_id: str, copy_id: str) -> None:
        """A second snapshot of the same bytes."""
        os.link(self._tar(snapshot_id), self._tar(copy_id))

    def unpack(self, snapshot_id: str, volume_id: str) -> None:
        target = self.make(volume_id)
        with tarfile.open(self._tar(snapshot_id)) as tar:
            tar.extraction_filter = staticmethod(lambda member, path: member)  # our own tar: every mode is kept
            members = tar.getmembers()
            tar.extractall(target, members, numeric_owner=True)
        for member in reversed(members):
            exact = int(member.pax_headers[_EXACT])
            os.utime(target / member.name, ns=(exact, exact), follow_symlinks=False)

    def size(self, snapshot_id: str) -> int:
        """Bytes of the blocks that were written to the volume: here, of the files."""
        return self._tar(snapshot_id).stat().st_size

    def forget(self, snapshot_id: str) -> None:
        self.remove(self._tar(snapshot_id))

    def boot(self, instance_id: str, root: str, others: Mapping[str, str]) -> None:
        """Put the volumes together: `root` becomes the tree, `others` (device → volume id) go where the tree's own
        etc/fstab says; those that it does not name stay out of the tree."""
        tree = self.tree(instance_id)
        self._move(root, tree)
        for device, mount in _mounts(tree):
            place = _inside(tree, mount)
            if place is None:
                continue
            place.mkdir(parents=True, exist_ok=True)
            if device in others and others[device] not in self._at:
                if any(place.iterdir()):
                    continue  # a full directory is no mount point here
                place.rmdir()
                self._move(others[device], place)

    def shut(self, instance_id: str, deleted: Iterable[str]) -> None:
        """The end of an instance: its other volumes are moved out of the tree, `deleted` ones are deleted."""
        tree = self.tree(instance_id)
        for volume_id, place in list(self._at.items()):
            if place != tree and place.is_relative_to(tree):
                place.rename(self.folder / "volumes" / volume_id)
                del self._at[volume_id]
        for volume_id in deleted:
            self.remove(self.volume(volume_id))
            self._at.pop(volume_id, None)
        for volume_id, place in list(self._at.items()):
            if place == tree:
                place.rename(self.folder / "volumes" / volume_id)
                del self._at[volume_id]

    def remove(self, path: Path) -> None:
        """Delete a file or a tree of the lab. Raises NotTheLabsFolder for anything else."""
        real = path.parent.resolve() / path.name
        if not self._marked() or not real.is_relative_to(self.folder) or real == self.folder:
            raise NotTheLabsFolder(f"{path} is not in a marked folder of the lab: it is not deleted")
        if not real.is_dir() or real.is_symlink():
            real.unlink(missing_ok=True)
            return
        real.chmod(0o700)
        for parent, names, _ in os.walk(real):
            for name in names:
                if not os.path.islink(os.path.join(parent, name)):
                    os.chmod(os.path.join(parent, name), 0o700)
        shutil.rmtree(real)

    def _marked(self) -> bool:
        return (self.folder / MARKER).is_file()

    def _tar(self, snapshot_id: str) -> Path:
        return self.folder / "snapshots" / f"{snapshot_id}.tar"

    def _move(self, volume_id: str, place: Path) -> None:
        self.make(volume_id).rename(place)
        self._at[volume_id] = place


def _pack(tar: tarfile.TarFile, source: Path, name: str, others: set[Path]) -> None:
    """Depth first; a mount point goes in as the empty directory that it is on this volume."""
    try:
        info = tar.gettarinfo(source, name or ".")
        below = sorted(source.iterdir()) if info is not None and info.isdir() and source not in others else []
        if info is None:  # a socket
            return
        info.pax_headers = {_EXACT: str(source.lstat().st_mtime_ns)}
        if info.isreg():
            with source.open("rb") as file:
                tar.addfile(info, file)
        else:
            tar.addfile(info)
    except FileNotFoundError:  # gone meanwhile, as things on a living disk go
        return
    for each in below:
        _pack(tar, each, f"{name}/{each.name}" if name else each.name, others)


def _mounts(tree: Path) -> list[tuple[str, str]]:
    """(device, mount point) of each line of the tree's fstab but the root's, outer ones first."""
    fstab = tree / "etc/fstab"
    if fstab.is_symlink() or not fstab.is_file():
        return []
    lines = (line.split() for line in fstab.read_text("utf-8", "replace").splitlines())
    found = [(line[0], line[1]) for line in lines if len(line) > 1 and line[0].startswith("/dev/")]
    return sorted((each for each in found if each[1].startswith("/") and each[1] != "/"), key=lambda each: each[1])


def _inside(tree: Path, mount: str) -> Path | None:
    """The mount point in the tree; None where it would lead out of it."""
    place = tree / mount.lstrip("/")
    real = place.resolve()
    return place if real == place and real.is_relative_to(tree) and real != tree else None


def first_file(folder: Path) -> Path | None:
    """The first regular file by name that is not empty."""
    for parent, names, files in os.walk(folder):
        names.sort()
        for name in sorted(files):
            status = (Path(parent) / name).lstat()
            if stat.S_ISREG(status.st_mode) and status.st_size:
                return Path(parent) / name
    return None


def flip(path: Path) -> None:
    """Change the byte in the middle of a file; its size, mode and mtime stay."""
    before = path.stat()
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(before.st_size // 2)
        byte = file.read(1)
        file.seek(before.st_size // 2)
        file.write(bytes([byte[0] ^ 0x01]))
    path.chmod(stat.S_IMODE(before.st_mode))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def emptied(folder: Path, disks: Disks) -> None:
    """Delete everything below a directory of the lab."""
    for each in list(folder.iterdir()):
        disks.remove(each)
