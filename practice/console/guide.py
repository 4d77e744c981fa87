"""What a newcomer is told, in four lines: what this is, type this, press that, look there."""

from practice.workspace import Person

#: Who says it in the channel.
GUIDE = Person("U0GUIDE", "practice-guide", "Practice Guide")

_TYPED = "/dr drill orders-db --live"


def lines() -> list[dict[str, str]]:
    """A word and its sentence. What stands between backticks is typed or pressed."""
    return [
        {
            "word": "What this is",
            "text": "A small Slack and a small cloud on your machine. The bot is the real one; nothing else is.",
        },
        {"word": "Type this", "text": f"`{_TYPED}` as Olga Operator, in the channel."},
        {
            "word": "Press that",
            "text": "`Approve termination`, as Arun Approver: change who you are at the top. The server is destroyed.",
        },
        {
            "word": "Look there",
            "text": "The Cloud page, linked at the top: the disk that goes and comes back, and faults to switch on.",
        },
    ]


def message() -> str:
    """The same as one message in the channel."""
    return "\n".join(f"*{each['word']}:* {each['text']}" for each in lines())
