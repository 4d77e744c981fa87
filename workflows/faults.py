"""What is wrong with a table of firedrill.toml, and where."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """The key, part by part, as in `("profiles", "orders", "paths", 0)`, and what is wrong with it."""

    at: tuple[str | int, ...]
    text: str
