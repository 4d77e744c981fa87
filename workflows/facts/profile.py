"""What of a server is measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from workflows.facts.check import Check
from workflows.facts.freezing import Freezing
from workflows.facts.kinds import KINDS
from workflows.facts.paths import checked, checked_on_windows
from workflows.facts.quoting import ps_quoted
from workflows.facts.rules import USUAL, FileRules
from workflows.facts.targets import NO_TARGETS, Targets
from workflows.keeping import Keeping
from workflows.ways import NO_OTHERS, Others
from workflows.words import safe

Platform = Literal["linux", "windows"]
OWN_FOLDER = {"linux": "/var/lib/firedrill", "windows": r"C:\ProgramData\Firedrill"}
_CHECKED: dict[Platform, Callable[[str], str]] = {"linux": checked, "windows": checked_on_windows}
MOST_PATHS = 200
MOST_BYTES = 16_000
MOST_CHECKS = 25
MOST_CHECK_BYTES = 8_000


@dataclass(frozen=True)
class Profile:
    """A named set of absolute paths, and checks. ValueError, in plain text, if one of them cannot be measured.

    `paths` must exist, or the run stops before the backup. `optional` ones are measured where they exist; one that
    appears later is told as new. What lies in or below `without` is left out: logs, caches, spools.
    Paths are kept in their shortest form (`/srv//www/` becomes `/srv/www`) and without duplicates. `freeze` says how
    the server is made to stand still while its image is asked for, `launch` how it may be launched again if AWS cannot
    launch it as it was. A profile of one `platform` fits no server of another: on Windows paths begin with a drive.
    `retention` takes the place of `[retention]`.
    """

    name: str
    paths: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    rules: FileRules = USUAL
    freeze: Freezing | None = None
    targets: Targets = NO_TARGETS
    checks: tuple[Check, ...] = ()
    launch: Others = NO_OTHERS
    platform: Platform = "linux"
    retention: Keeping | None = None

    def __post_init__(self) -> None:
        shortest = _CHECKED[self.platform]
        paths = tuple(dict.fromkeys(shortest(path) for path in self.paths))
        optional = tuple(dict.fromkeys(shortest(path) for path in self.optional))
        object.__setattr__(self, "paths", paths)
        object.__setattr__(self, "optional", tuple(path for path in optional if path not in paths))
        object.__setattr__(self, "without", tuple(dict.fromkeys(shortest(path) for path in self.without)))
        if not self.measured:
            raise ValueError(f"The profile {self.name} names no path to measure, for example /srv.")
        self._check_platform()
        self._check_own_folder()
        self._check_left_out()
        self._check_size()
        self._check_checks()

    @property
    def measured(self) -> tuple[str, ...]:
        """All paths that a measurement starts from, the optional ones last."""
        return self.paths + self.optional

    @property
    def windows(self) -> bool:
        return self.platform == "windows"

    def _check_platform(self) -> None:
        """What only the other platform has is refused in plain words."""
        here, there = ("Windows", "Linux") if self.windows else ("Linux", "Windows")
        for each in self.checks:
            if self.windows and not KINDS[each.kind].PS:
                raise ValueError(f"{each.kind} is not measured on Windows: {KINDS[each.kind].INSTEAD}.")
            if each.kind == "mount" and each.name.startswith("/") == self.windows:
                raise ValueError(f"The mount {each.name} is a path of {there}, and the profile is for {here}.")
        for pattern in self.rules.may_drift:
            if pattern.startswith("/") == self.windows:
                raise ValueError(f"The pattern {pattern[:200]} is one of {there}, and the profile is for {here}.")
        if self.freeze is not None and self.freeze.vss != self.windows:
            raise ValueError(
                "On Windows the only freeze is VSS: `freeze = {vss = true}`."
                if self.windows
                else "VSS is on Windows only: name `filesystems`, or commands as `freeze` and `thaw`."
            )

    def _length(self, word: str) -> int:
        """Bytes in the script, of which Systems Manager takes 64 KiB. PowerShell is given other letters by number."""
        return len(ps_quoted(word)) if self.windows else len(word.encode())

    def _check_own_folder(self) -> None:
        for path in self.measured:
            if _covers(OWN_FOLDER[self.platform], path):
                raise ValueError(f"The path {path} belongs to the measuring itself and cannot be measured.")

    def _check_left_out(self) -> None:
        for path in self.measured:
            for other in self.without:
                if _covers(other, path):
                    raise ValueError(f"The path {path} is to be measured and, by {other}, to be left out.")

    def _check_size(self) -> None:
        everything = self.measured + self.without + self.rules.may_drift
        size = sum(map(self._length, everything))
        if len(everything) > MOST_PATHS or size > MOST_BYTES:
            raise ValueError(
                f"The profile {self.name} names {len(everything)} paths of {size} bytes. "
                f"At most {MOST_PATHS} paths of {MOST_BYTES} bytes together are possible: name their parents."
            )

    def _check_checks(self) -> None:
        facts = [each.fact for each in self.checks]
        if twice := next((each for each in facts if facts.count(each) > 1), ""):
            raise ValueError(f"The profile {self.name} has the {twice} twice.")
        size = sum(self._length(word) for each in self.checks for word in (each.name, *each.words))
        if len(facts) > MOST_CHECKS or size > MOST_CHECK_BYTES:
            raise ValueError(
                f"The profile {self.name} has {len(facts)} checks of {size} bytes. "
                f"At most {MOST_CHECKS} of {MOST_CHECK_BYTES} bytes together are possible."
            )


def _covers(parent: str, path: str) -> bool:
    """Of two paths of one platform; Windows does not tell big letters from small ones."""
    if ":" in parent[1:2]:
        return (path.lower() + "\\").startswith(parent.lower().rstrip("\\") + "\\")
    return path == parent or path.startswith(parent.rstrip("/") + "/")


DEFAULT_PROFILE = Profile(name="default", optional=("/srv", "/home", "/var/www"))
"""Where servers keep what nobody can install again. `/etc` is not in it: cloud-init rewrites parts of it (host keys,
host name, network) whenever an instance of a new id boots, so every honest drill would find a difference."""

DEFAULT_ON_WINDOWS = Profile(
    name="default-windows",
    optional=(r"C:\inetpub\wwwroot", r"C:\Users\Public"),
    freeze=Freezing(vss=True, required=False),
    platform="windows",
)
"""Little, since a folder in which a program holds a file open for itself alone cannot be read: a database's own. VSS is
tried, and where it cannot be had the image is crash-consistent and says so."""


def misfit(server: str, profile: str, *, windows: bool) -> tuple[str, str]:
    """What people are told, and what to do, when a server runs another system than its profile is for."""
    here, there, name = ("Windows", "Linux", "windows") if windows else ("Linux", "Windows", "linux")
    return (
        f"*{safe(server)}* runs {here}, and the profile `{safe(profile)}` measures {there} servers.",
        f'Nothing was made. Give {safe(server)} a profile of its own with `platform = "{name}"` in firedrill.toml.',
    )
