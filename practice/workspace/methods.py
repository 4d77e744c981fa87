"""What a method of the Web API is: its name, its token, its scopes, its rate tier, and what it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from practice.workspace.args import Args
from practice.workspace.state import State
from practice.workspace.tokens import TokenKind

Run = Callable[[State, Args], dict[str, Any]]
"""Gives the body of the answer without `ok`; raises Refused. Called with the workspace's lock held."""


@dataclass(frozen=True)
class Method:
    name: str
    run: Run
    scopes: tuple[str, ...] = ()
    """Any one of these is enough; none means that every token may."""
    tier: str = "tier3"
    token: TokenKind = "bot"
    changes: bool = False
    """Whether those who wait should be woken after it."""
