"""Records of what recurs, as this version can read them: what another version wrote is left alone, and said once."""

import functools
import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

log = logging.getLogger(__name__)

Record = TypeVar("Record")


def readable(records: Iterable[str], parse: Callable[[str], Record]) -> list[Record]:
    """One that cannot be read holds up none of the others: a worker of the version that wrote it looks after it."""
    found: list[Record] = []
    for text in records:
        try:
            found.append(parse(text))
        except ValueError:
            _complain(text)
    return found


@functools.lru_cache(maxsize=1000)
def _complain(text: str) -> None:
    log.error("a record of another version is left alone; update this process: %s", text[:200])
