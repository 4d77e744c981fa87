"""How often runs are looked at, and for how long a step may be in trouble."""

from dataclasses import dataclass

#: Seconds: a pause as long as that may be half a second longer or shorter.
FAR = 5.0


@dataclass(frozen=True)
class Pace:
    """How often to look. Seconds; pauses grow by `growth` from `first` to `most`.

    `lease` must be longer than the longest single call. After `patience` seconds of nothing but passing trouble in
    one step the run fails; after `deaths` begun and never recorded tries too.
    """

    first: float = 2.0
    growth: float = 1.5
    most: float = 15.0
    longest: float = 120.0
    lease: float = 60.0
    patience: float = 3600.0
    deaths: int = 25

    def pause(self, looks: int, waited: float = 0.0) -> float:
        """Until the next look. After long waits, as of an image that takes a day, it is a fiftieth of the wait."""
        usual = float(min(self.most, self.first * self.growth ** min(looks, 50)))
        return max(usual, min(waited / 50, self.longest))

    def due(self, now: float, looks: int, waited: float = 0.0) -> float:
        """When to look next, in seconds of the clock of `now`. Looks that are far apart fall on whole seconds: so of a
        thousand runs that wait all those of one second are taken up together, and not each by itself."""
        at = now + self.pause(looks, waited)
        return float(round(at)) if at - now >= FAR else at

    def stale(self, looks: int) -> float:
        """How old a look may be that runs share: nearly the pause before, so never the run's own last one."""
        return self.pause(max(0, looks - 1)) * 0.8
