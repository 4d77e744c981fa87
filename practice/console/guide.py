"""What a newcomer is told, in four lines: what this is, type this, press that, look there."""

_TYPED = "/dr drill orders-db --live"


def lines() -> list[dict[str, str]]:
    """A word and its sentence. What stands between backticks is typed or pressed."""
    return [
        {
            "word": "What this is",
            "text": "A small Slack and a small cloud on your machine. The bot is the real one; nothing else is.",
        },
        {"word": "Type this", "text": f"`{_TYPED}` as Olga Operator, in #dr-ops."},
        {
            "word": "Press that",
            "text": "`Approve termination`, as Arun Approver: change who you are at the top. The server is destroyed.",
        },
        {
            "word": "Look there",
            "text": "The Cloud page, linked at the top: the disk that goes and comes back, and faults to switch on.",
        },
    ]
