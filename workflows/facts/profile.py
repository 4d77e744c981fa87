"""What of a server is measured."""

from dataclasses import dataclass

from workflows.facts.check import Check
from workflows.facts.freezing import Freezing
from workflows.facts.paths import checked
from workflows.facts.rules import USUAL, FileRules
from workflows.facts.targets import NO_TARGETS, Targets
from workflows.ways import NO_OTHERS, Others

OWN_FOLDER = "/var/lib/firedrill"
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
    launch it as it was.
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

    def __post_init__(self) -> None:
        paths = tuple(dict.fromkeys(checked(path) for path in self.paths))
        optional = tuple(dict.fromkeys(checked(path) for path in self.optional))
        object.__setattr__(self, "paths", paths)
        object.__setattr__(self, "optional", tuple(path for path in optional if path not in paths))
        object.__setattr__(self, "without", tuple(dict.fromkeys(checked(path) for path in self.without)))
        if not self.measured:
            raise ValueError(f"The profile {self.name} names no path to measure, for example /srv.")
        self._check_own_folder()
        self._check_left_out()
        self._check_size()
        self._check_checks()

    @property
    def measured(self) -> tuple[str, ...]:
        """All paths that a measurement starts from, the optional ones last."""
        return self.paths + self.optional

    def _check_own_folder(self) -> None:
        for path in self.measured:
            if _covers(OWN_FOLDER, path):
                raise ValueError(f"The path {path} belongs to the measuring itself and cannot be measured.")

    def _check_left_out(self) -> None:
        for path in self.measured:
            for other in self.without:
                if _covers(other, path):
                    raise ValueError(f"The path {path} is to be measured and, by {other}, to be left out.")

    def _check_size(self) -> None:
        everything = self.measured + self.without + self.rules.may_drift
        size = sum(len(path.encode()) for path in everything)
        if len(everything) > MOST_PATHS or size > MOST_BYTES:
            raise ValueError(
                f"The profile {self.name} names {len(everything)} paths of {size} bytes. "
                f"At most {MOST_PATHS} paths of {MOST_BYTES} bytes together are possible: name their parents."
            )

    def _check_checks(self) -> None:
        facts = [each.fact for each in self.checks]
        if twice := next((each for each in facts if facts.count(each) > 1), ""):
            raise ValueError(f"The profile {self.name} has the {twice} twice.")
        size = sum(len(word.encode()) for each in self.checks for word in (each.name, *each.words))
        if len(facts) > MOST_CHECKS or size > MOST_CHECK_BYTES:
            raise ValueError(
                f"The profile {self.name} has {len(facts)} checks of {size} bytes. "
                f"At most {MOST_CHECKS} of {MOST_CHECK_BYTES} bytes together are possible."
            )


def _covers(parent: str, path: str) -> bool:
    return path == parent or path.startswith(parent.rstrip("/") + "/")


DEFAULT_PROFILE = Profile(name="default", optional=("/srv", "/home", "/var/www"))
"""Where servers keep what nobody can install again. `/etc` is not in it: cloud-init rewrites parts of it (host keys,
host name, network) whenever an instance of a new id boots, so every honest drill would find a difference."""
