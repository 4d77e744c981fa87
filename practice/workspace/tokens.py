"""The two tokens and the secret of one start, and what each of them opens."""

import secrets
from dataclasses import dataclass, field
from typing import Literal

from practice.workspace.refusals import Refused

TokenKind = Literal["bot", "app"]


@dataclass(frozen=True)
class Tokens:
    """Made anew at every start; good for nothing outside this process."""

    bot: str = field(default_factory=lambda: f"xoxb-practice-{secrets.token_hex(16)}", repr=False)
    app: str = field(default_factory=lambda: f"xapp-1-practice-{secrets.token_hex(16)}", repr=False)
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    def check(self, token: str | None, wanted: TokenKind) -> None:
        """Refused: not_authed without a token, invalid_auth for a foreign one, not_allowed_token_type."""
        if not token:
            raise Refused("not_authed")
        kinds: dict[str, TokenKind] = {self.bot: "bot", self.app: "app"}
        kind = next((kind for own, kind in kinds.items() if secrets.compare_digest(own.encode(), token.encode())), None)
        if kind is None:
            raise Refused("invalid_auth")
        if kind != wanted:
            raise Refused("not_allowed_token_type")
