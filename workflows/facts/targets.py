"""How fast a server is to be back, how much may be lost, how old its last proof may be: what a profile aims at."""

import re
from dataclasses import dataclass

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(s|min|h|d)")
_LONGEST = 366 * 86400.0


@dataclass(frozen=True)
class Targets:
    """Seconds; None where nothing is aimed at.

    `rto` (recovery time objective): from the loss until the restored machine has shown the facts. `rpo` (recovery point
    objective): from the request of the image until the loss, and so how old the newest complete point may be. `proof`:
    how old the last proof may be. ValueError, in plain text, for what is no aim.
    """

    rto: float | None = None
    rpo: float | None = None
    proof: float | None = None

    def __post_init__(self) -> None:
        for name in ("rto", "rpo", "proof"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= _LONGEST:
                raise ValueError(f"The target {name} must be more than 0 s and at most a year.")


NO_TARGETS = Targets()


def seconds_of(text: str | float) -> float:
    """`"30 min"`, `"1 h 30 min"`, or a number of seconds. ValueError."""
    if not isinstance(text, str):
        return float(text)
    plain = text.strip()
    if not re.fullmatch(rf"{_PART.pattern}(?: ?{_PART.pattern})*", plain):
        raise ValueError(
            f'A target is written like "30 min", "24 h" or as a number of seconds, not like {text[:60]!r}.'
        )
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(plain))
