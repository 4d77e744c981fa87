"""Reports of ended runs, kept in a bucket, where whoever rewrites Redis cannot rewrite them.

An observer: what goes wrong here is told in the log and tried again, and no run waits for it. The keys are derived from
the run and its end, and S3 refuses to write over what is there, so that any number of workers may try any number of
times. That it is done is noted beside the run, so that none of the last 30 days is forgotten while S3 is away.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from workflows.aws.objects import Objects
from workflows.engine.store import Store
from workflows.errors import FiredrillError, PassingTrouble, UserError
from workflows.pause import Pause
from workflows.report.document import Document, digest, to_json
from workflows.report.page import page
from workflows.report.reading import document_of
from workflows.report.timeline import timeline

log = logging.getLogger(__name__)

#: Seconds: of how long ago a sweep looks at runs, and for how long S3 is not asked for one when it gave no answer.
BACK, SILENCE = 30 * 86400.0, 60.0
#: After so many refusals one after the other a sweep takes it that the next is refused too.
REFUSED = 3


class Archive:
    """`prefix` stands before every key."""

    def __init__(self, store: Store, objects: Objects, prefix: str) -> None:
        self._store = store
        self._objects = objects
        self._prefix = prefix
        self._silence = Pause()
        self._foreign: set[tuple[str, str]] = set()

    def keep(self, run_id: str) -> bool:
        """Whether its report came into the bucket by this call. Where S3 has just given no answer it is left to the
        next sweep."""
        if not self._silence.over(self._store.clock.now()):
            return False
        return self._keep_all(self._store.unkept([run_id]).items(), lambda: True) == 1

    def sweep(self, going: Callable[[], bool] = lambda: True) -> int:
        """Keep what has ended and is not kept yet, as long as that is `going` on: a worker may have died in between,
        or S3 been away. Gives how many were new."""
        return self._keep_all(self._unkept(going), going)

    def _unkept(self, going: Callable[[], bool]) -> Iterator[tuple[str, str]]:
        """Page by page: of a month there may be many, and nearly all of them kept."""
        for ids in self._store.pages_since(self._store.clock.now() - BACK):
            yield from self._store.unkept(ids).items()
            if not going():
                return

    def _keep_all(self, found: Iterable[tuple[str, str]], going: Callable[[], bool]) -> int:
        """`found` are runs, and the revision of each."""
        new = refused = 0
        for run_id, revision in found:
            if refused >= REFUSED or not going():
                break
            document = self._document(run_id, revision)
            if document is None:
                continue
            try:
                written = self._write(document)
            except FiredrillError as error:
                log.error("run=%s its report was not kept in the bucket: %s %s", run_id, error.text, error.hint)
                if isinstance(error, PassingTrouble):
                    self._silence = Pause(self._store.clock.now(), SILENCE)
                    break
                refused += 1
                continue
            self._store.keep(run_id, revision)
            new, refused = new + written, 0
        return new

    def _document(self, run_id: str, revision: str) -> Document | None:
        """Its report, if it is the one of its end, which the audit holds. A record that gives another is of another
        version, whose workers keep it; that is said once. One that goes on meanwhile has none yet."""
        if (run_id, revision) in self._foreign:
            return None
        with suppress(UserError):
            run = self._store.read(run_id)
            if run.status.open:
                return None
            document = document_of(run)
            if run.seal and digest(document) == run.seal:
                return document
        log.warning("run=%s its report is not the one of its end, and is not kept", run_id)
        self._foreign.add((run_id, revision))
        return None

    def _write(self, document: Document) -> bool:
        """Whether it was written now. The JSON last: where it is, the rest is too. Raises what Objects raises."""
        seal = digest(document)
        where = f"{self._prefix}{document.run.key}/{seal[:16]}/"
        self._objects.ensure(f"{where}report.html", page(document, seal).encode(), "text/html; charset=utf-8")
        self._objects.ensure(f"{where}timeline.png", timeline(document), "image/png")
        written = self._objects.ensure(f"{where}report.json", to_json(document), "application/json")
        if written:
            log.info("run=%s its report is kept in the bucket", document.run.id)
        return written
