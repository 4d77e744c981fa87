"""The one place where an error becomes an answer to whoever asked in Slack."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workflows.engine.connection import Away
from workflows.errors import FiredrillError
from workflows.masking import masked

log = logging.getLogger(__name__)

Tell = Callable[[str], object]

AWAY = "Firedrill's memory (Redis) did not answer, and whether that was done is not known. `/dr status` says."


@contextmanager
def answering(tell: Tell, what: str) -> Iterator[None]:
    """Known errors answer with their own text; Redis away and anything unknown are said plainly, never swallowed."""
    try:
        yield
    except FiredrillError as error:
        log.info("what=%s refused: %s", what, error.text)
        tell(masked(f"{error.text} {error.hint}".strip()))
    except Away as error:
        log.error("what=%s Redis is away: %s", what, error)
        tell(AWAY)
    except Exception:
        log.exception("what=%s unexpected", what)
        tell(
            f"Something that Firedrill does not know went wrong. The bot's log has the whole of it: look for `{what}`."
        )
