"""How Slack writes the ids of people, groups of people and channels; for what is read from firedrill.toml. Pure."""

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_REST = "[A-Z0-9]{2,30}"
MEMBER = rf"[UW]{_REST}"
_PERSON = 'is not a member id, such as U0123ABCD: "Copy member ID" in the person\'s profile'
_CHANNEL = "is not a channel id, such as C0123ABCD: it stands at the end of the channel's details"


def _written(pattern: str, wrong: str) -> AfterValidator:
    def check(given: str) -> str:
        if not re.fullmatch(pattern, given):
            raise PydanticCustomError("slack_id", "{given} {wrong}", {"given": given[:40] or "nothing", "wrong": wrong})
        return given

    return AfterValidator(check)


Member = Annotated[str, _written(MEMBER, _PERSON)]
#: A person, or a user group, which stands for whoever is in it.
People = Annotated[str, _written(f"[UWS]{_REST}", f"{_PERSON}; nor a user group's, such as S0123ABCD")]
#: Where somebody asks: a channel, or a direct message.
Place = Annotated[str, _written(f"[CGD]{_REST}", _CHANNEL)]
#: Where the bot posts; nothing where it posts elsewhere.
Channel = Annotated[str, _written(f"|[CG]{_REST}", _CHANNEL)]
