"""How a server is made to stand still while its image is asked for: the table `[profiles.NAME.freeze]`."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field

from workflows.facts.paths import checked

#: What the agent, the watchdog and the answer need to be able to write.
NEVER = ("/", "/var", "/var/lib", "/var/lib/firedrill", "/var/lib/amazon", "/var/log", "/tmp")
MOST = 20
LONGEST_COMMAND = 2000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Freezing:
    """ValueError, in plain text, if it cannot be done.

    `filesystems` are mount points that `fsfreeze` freezes; `freeze` and `thaw` are shell commands of the profile's own,
    run before the first is frozen and after the last is thawed. Thawing must do no harm where nothing is frozen: it
    undoes half a freeze too. `seconds` after it was started the watchdog on the server thaws, whatever happened.
    With `required` a freeze that fails stops the run before any image; without it the image is crash-consistent.
    `vss` is for Windows, and stands alone: there VSS itself holds the server still, and lets it go.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    filesystems: tuple[str, ...] = ()
    freeze: tuple[str, ...] = ()
    thaw: tuple[str, ...] = ()
    seconds: Annotated[int, Field(strict=True)] = 60
    required: bool = True
    vss: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "filesystems", tuple(dict.fromkeys(checked(path) for path in self.filesystems)))
        for path in self.filesystems:
            if path in NEVER:
                raise ValueError(
                    f"The file system {path} cannot be frozen: the thaw itself must be able to write there. "
                    "Freeze the one that holds the data, or name commands of your own."
                )
        for command in (*self.freeze, *self.thaw):
            _check_command(command)
        self._check_whole()
        if len(self.filesystems) > MOST or len(self.freeze) > MOST or len(self.thaw) > MOST:
            raise ValueError(f"At most {MOST} file systems, and as many commands of a kind, can be frozen together.")
        if not 5 <= self.seconds <= 900:
            raise ValueError(f"The watchdog can thaw after 5 to 900 seconds, not after {self.seconds}.")

    def _check_whole(self) -> None:
        if bool(self.freeze) != bool(self.thaw):
            raise ValueError("Whoever names commands that freeze must name those that thaw, and the reverse.")
        if self.vss and (self.filesystems or self.freeze):
            raise ValueError("`vss` stands alone: Windows itself says what stands still, and for how long.")
        if not self.filesystems and not self.freeze and not self.vss:
            raise ValueError("Name what to freeze: `filesystems`, or commands as `freeze` and `thaw`.")


def _check_command(command: str) -> None:
    shown = command.strip(" ").encode("unicode_escape").decode()[:200] or "(empty)"
    if not command.strip() or _CONTROL.search(command):
        raise ValueError(f"The command {shown} is empty, or holds a line break or another control character.")
    if "{{" in command:
        raise ValueError(f"The command {shown} holds `{{{{`, which SSM would replace.")
    if len(command.encode("utf-8", "replace")) > LONGEST_COMMAND:
        raise ValueError(f"The command {shown[:60]}… is longer than {LONGEST_COMMAND} bytes: put it into a file.")
