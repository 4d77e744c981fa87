"""Every request into the audit, whatever comes of it: understood or not, allowed or not."""

from collections.abc import Iterator
from contextlib import contextmanager

from workflows.desk import Asking
from workflows.engine.happened import Event
from workflows.engine.store import Store
from workflows.errors import FiredrillError, NotNow


@contextmanager
def recorded(store: Store, asking: Asking, what: str) -> Iterator[None]:
    """The request first: nothing is done that the audit could not tell. What it led to is told by whatever did it; a
    refusal is told here, but for NotNow, which the store has told."""
    store.note("request", Event(what, asking.by, asking.place))
    try:
        yield
    except NotNow:
        raise
    except FiredrillError as error:
        store.note("refusal", Event(what, asking.by, asking.place, after={"why": error.text}), type(error).__name__)
        raise
