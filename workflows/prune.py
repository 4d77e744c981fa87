"""Remove the recovery points of a server that retention lets go, after an approval that names each of them."""

from workflows.engine.approval import approval
from workflows.engine.runbook import Runbook
from workflows.steps.pruning import choose_going, prune_question, remove_points, still_beyond, verdict_of_prune

PRUNING = Runbook(
    name="prune",
    letter="P",
    title="Pruning of {server}",
    takes=["would_go"],
    steps=[
        choose_going,
        approval("prune", title="Ask for approval", ask=prune_question, recheck=still_beyond),
        remove_points,
        verdict_of_prune,
    ],
)
