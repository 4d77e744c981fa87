"""An instance's disk, looked at and written to from outside: only below its tree, and through no link."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Bytes of the largest file that is opened, entries of the longest directory that is listed.
LARGEST, LONGEST = 256 * 1024, 2000

_SENTENCES = {
    errno.ENOENT: "It is not there (any more).",
    errno.ELOOP: "A link is in the way. Links are shown and not followed.",
    errno.ENOTDIR: "A part of the path is no directory, or a link. Links are shown and not followed.",
    errno.EACCES: "The file's mode does not allow it.",
    errno.EPERM: "The file's mode does not allow it.",
}
_KINDS = ((stat.S_ISDIR, "directory"), (stat.S_ISREG, "file"), (stat.S_ISLNK, "link"))


class CannotOpen(Exception):
    """What was asked for is not there, or not for this page. The text says why."""


@dataclass(frozen=True)
class Text:
    """A text file. `digest` is the SHA-256 of its bytes."""

    text: str
    digest: str
    mode: int
    changed: float


def listing(tree: Path, path: str) -> list[dict[str, Any]]:
    """What lies in a directory, by name. Raises CannotOpen."""
    with _opened(tree, path, os.O_RDONLY | os.O_DIRECTORY) as directory:
        names = sorted(os.listdir(directory))
        return [each for name in names[:LONGEST] if (each := _entry(directory, name))]


def read(tree: Path, path: str) -> Text:
    """A text file. Raises CannotOpen."""
    with _opened(tree, path, os.O_RDONLY) as file:
        return _text(file)


def write(tree: Path, path: str, text: str, before: str) -> Text:
    """The same file with another text, its mode as it was. Raises CannotOpen, also unless its digest is `before`."""
    content = text.encode()
    if len(content) > LARGEST:
        raise CannotOpen(f"The text has {len(content)} bytes; the page takes {LARGEST} at most.")
    with _opened(tree, path, os.O_RDWR) as file:
        if _text(file).digest != before:
            raise CannotOpen("The file was changed meanwhile. Open it again.")
        os.pwrite(file, content, 0)
        os.ftruncate(file, len(content))
        return _text(file)


@contextmanager
def _opened(tree: Path, path: str, flags: int) -> Iterator[int]:
    """The file of that path, opened directory by directory from the tree on, so that no link leads anywhere."""
    names = [name for name in path.split("/") if name not in ("", ".")]
    if ".." in names or "\0" in path:
        raise CannotOpen("That is no path on this disk.")
    try:
        file = _walked(tree, names, flags)
    except OSError as error:
        raise CannotOpen(_SENTENCES.get(error.errno or 0, str(error.strerror))) from error
    try:
        yield file
    finally:
        os.close(file)


def _walked(tree: Path, names: list[str], flags: int) -> int:
    at = os.open(tree, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    for number, name in enumerate(names, 1):
        last = number == len(names)
        try:
            # A pipe would wait for its other end.
            wanted = flags | os.O_NONBLOCK if last else os.O_RDONLY | os.O_DIRECTORY
            inner = os.open(name, wanted | os.O_NOFOLLOW, dir_fd=at)
        finally:
            os.close(at)
        at = inner
    return at


def _text(file: int) -> Text:
    about = os.fstat(file)
    if not stat.S_ISREG(about.st_mode):
        raise CannotOpen("That is no file.")
    if about.st_size > LARGEST:
        raise CannotOpen(f"The file has {about.st_size} bytes; the page opens {LARGEST} at most.")
    content = os.pread(file, LARGEST + 1, 0)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise CannotOpen("That is no text.")
    return Text(text, hashlib.sha256(content).hexdigest(), stat.S_IMODE(about.st_mode), about.st_mtime)


def _entry(directory: int, name: str) -> dict[str, Any] | None:
    try:
        about = os.stat(name, dir_fd=directory, follow_symlinks=False)
        target = os.readlink(name, dir_fd=directory) if stat.S_ISLNK(about.st_mode) else ""
    except FileNotFoundError:  # gone meanwhile
        return None
    kind = next((word for test, word in _KINDS if test(about.st_mode)), "other")
    return {
        "name": name.encode("utf-8", "replace").decode(),
        "kind": kind,
        "size": about.st_size,
        "target": target.encode("utf-8", "replace").decode(),
        "changed": about.st_mtime,
    }
