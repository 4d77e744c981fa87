"""What every image is tagged with when it is asked for, whoever asks."""

from workflows.aws import Aws, tags
from workflows.facts.evidence import Recorded
from workflows.steps.source import Source


def marks_of(
    home: Aws,
    server: str,
    instance_id: str,
    run_key: str,
    consistency: str,
    facts: Recorded,
    launch: str,
    source: Source,
    keep: str = "",
) -> dict[str, str]:
    """`consistency` is what is certain by then; `keep` how long the point stays, where somebody has said so."""
    forwards = " ".join(str(each.index) for each in source.interfaces if each.forwards)
    return {
        tags.INSTALLATION: home.installation,
        tags.SERVER: server,
        tags.RUN: run_key,
        tags.SOURCE: instance_id,
        tags.CONSISTENCY: consistency,
        tags.FACTS: facts.digest,
        tags.LAUNCH: launch,
        tags.PROOF: "created",
        **({tags.KEEP: keep} if keep else {}),
        **({tags.FORWARDS: forwards} if forwards else {}),
    }
