"""Uploaded files, in memory only."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from practice.workspace.refusals import Refused
from practice.workspace.team import BOT_USER


@dataclass
class Upload:
    """A file between its three calls: announced, sent, completed."""

    id: str
    name: str
    length: int
    created: int
    data: bytes | None = None
    title: str = ""
    alt: str = ""

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "alt_txt": self.alt,
            "size": self.length,
            "created": self.created,
            "user": BOT_USER,
            "filetype": self.name.rpartition(".")[2],
        }


class Files:
    """Keeps them by id; the upload's address carries a secret of its own."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._files: dict[str, Upload] = {}
        self._tickets: dict[str, str] = {}

    def announce(self, name: str, length: int, alt: str = "") -> tuple[str, Upload]:
        """The ticket for the upload's address, and the file to be."""
        upload = Upload(f"F{secrets.token_hex(5).upper()}", name, length, int(self._now()), alt=alt)
        ticket = secrets.token_urlsafe(18)
        self._files[upload.id] = upload
        self._tickets[ticket] = upload.id
        return ticket, upload

    def receive(self, ticket: str, data: bytes) -> None:
        """Refused: file_not_found, and invalid_upload when the length is not the announced one."""
        upload = self._files.get(self._tickets.pop(ticket, ""))
        if upload is None:
            raise Refused("file_not_found")
        if len(data) != upload.length:
            raise Refused("invalid_upload")
        upload.data = data

    def complete(self, id_: str, title: str) -> Upload:
        """Refused: file_not_found."""
        upload = self.sent(id_)
        upload.title = title
        return upload

    def sent(self, id_: str) -> Upload:
        """Refused: file_not_found for one that was never announced or sent."""
        upload = self._files.get(id_)
        if upload is None or upload.data is None:
            raise Refused("file_not_found")
        return upload

    def content(self, id_: str) -> bytes:
        """The bytes of a file. Refused: file_not_found."""
        return self.sent(id_).data or b""
