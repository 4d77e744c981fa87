"""Reports of ended runs, kept in a bucket, where whoever rewrites Redis cannot rewrite them.

An observer: what goes wrong here is told in the log and tried again, and no run waits for it. Nothing is remembered:
the keys are derived from the run and its end, and S3 refuses to write over what is there, so that any number of workers
may try any number of times.
"""

import logging

from workflows.aws.objects import Objects
from workflows.engine.run import Run
from workflows.engine.store import Store
from workflows.errors import FiredrillError
from workflows.report.document import digest, to_json
from workflows.report.page import page
from workflows.report.reading import document_of
from workflows.report.timeline import timeline

log = logging.getLogger(__name__)

#: How many of the latest runs a sweep looks at.
LOOKED_AT = 100


class Archive:
    """`prefix` stands before every key."""

    def __init__(self, store: Store, objects: Objects, prefix: str) -> None:
        self._store = store
        self._objects = objects
        self._prefix = prefix
        self._kept: set[str] = set()

    def sweep(self) -> int:
        """Keep what has ended and may not be kept yet: a worker may have died in between. Gives how many were new."""
        return sum(self.keep(run) for run in self._store.latest(LOOKED_AT))

    def keep(self, run: Run) -> bool:
        """Whether its report came into the bucket by this call."""
        if run.status.open or not run.seal or run.seal in self._kept:
            return False
        try:
            written = self._write(run)
        except FiredrillError as error:
            log.error("run=%s its report was not kept in the bucket: %s %s", run.id, error.text, error.hint)
            return False
        self._kept.add(run.seal)
        if written:
            log.info("run=%s its report is kept in the bucket", run.id)
        return written

    def _write(self, run: Run) -> bool:
        """The JSON last: where it is, the rest is too. A record that gives another report than at its end is of
        another version: that report is not the one which the audit holds."""
        document = document_of(run)
        if digest(document) != run.seal:
            log.warning("run=%s its report is not the one of its end any more, and is not kept", run.id)
            return False
        where = f"{self._prefix}{run.key}/{run.seal[:16]}/"
        self._objects.ensure(f"{where}report.html", page(document, run.seal).encode(), "text/html; charset=utf-8")
        self._objects.ensure(f"{where}timeline.png", timeline(document), "image/png")
        return self._objects.ensure(f"{where}report.json", to_json(document), "application/json")
