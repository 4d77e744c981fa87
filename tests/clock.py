"""A clock that tests drive by hand."""


class HandClock:
    """A clock that goes only when told to."""

    def __init__(self, start: float = 1_795_500_000.0) -> None:
        self.time = start

    def now(self) -> float:
        return self.time

    def for_sure(self) -> float:
        return self.now()

    def forward(self, seconds: float) -> None:
        self.time += seconds
