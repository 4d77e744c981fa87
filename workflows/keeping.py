"""How long recovery points are kept: the rule of firedrill.toml. Pure."""

from dataclasses import dataclass

from pydantic import ConfigDict

from workflows.facts.targets import seconds_of
from workflows.words import count

_SHORTEST, _LONGEST, _MOST = 3600.0, 3660 * 86400.0, 1000


@dataclass(frozen=True)
class Keeping:
    """`[retention]`, or a profile's own: what is younger than `keep` stays, and so do a server's `last` usable points.
    With neither everything stays. ValueError, in plain text, for what is no rule."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    keep: str = ""
    last: int = 0

    def __post_init__(self) -> None:
        if self.keep and not _SHORTEST <= seconds_of(self.keep) <= _LONGEST:
            raise ValueError(f"keep must be from 1 h to ten years, and not {self.keep[:60]!r}.")
        if not 0 <= self.last <= _MOST:
            raise ValueError(f"last must be from 0 to {_MOST}, and not {self.last}.")

    @property
    def seconds(self) -> float:
        """0 where age alone keeps nothing."""
        return seconds_of(self.keep) if self.keep else 0.0

    @property
    def keeps_all(self) -> bool:
        return not self.keep and not self.last

    def sentence(self) -> str:
        """As people read it, without a full stop."""
        young = [f"what is younger than {self.keep} stays"] if self.keep else []
        last = [f"the last {count(self.last, 'usable point')} of a server stay"] if self.last else []
        return ", and ".join(young + last) or "everything stays"


EVERYTHING_STAYS = Keeping()
