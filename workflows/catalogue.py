"""All runbooks by name."""

from workflows.backup import BACKUP
from workflows.clone import CLONE_DRILL
from workflows.drill import LIVE_DRILL
from workflows.prune import PRUNING
from workflows.restore import RESTORE
from workflows.validate import VALIDATION

RUNBOOKS = {book.name: book for book in (BACKUP, RESTORE, LIVE_DRILL, CLONE_DRILL, VALIDATION, PRUNING)}
