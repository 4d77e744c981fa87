"""All that the small Slack knows: one object that the methods of the Web API work on."""

from collections.abc import Callable
from dataclasses import dataclass, field

from practice.workspace.board import Board
from practice.workspace.changes import Changes
from practice.workspace.files import Files
from practice.workspace.manifest import Manifest
from practice.workspace.records import ApiCall
from practice.workspace.refusals import Refused
from practice.workspace.team import Channel, Team
from practice.workspace.tokens import Tokens
from practice.workspace.triggers import Triggers
from practice.workspace.views import Views


@dataclass
class State:
    """Everything is kept in memory and ends with the process."""

    manifest: Manifest
    team: Team
    now: Callable[[], float]
    tokens: Tokens = field(default_factory=Tokens)
    changes: Changes = field(default_factory=Changes)
    calls: list[ApiCall] = field(default_factory=list)
    base_url: str = ""
    """http://127.0.0.1:PORT, once the server listens."""

    def __post_init__(self) -> None:
        self.board = Board(self.team, self.now)
        self.triggers = Triggers(self.now)
        self.views = Views(self.now)
        self.files = Files(self.now)

    def joined_channel(self, ref: str) -> Channel:
        """The channel, for what only members may do. Refused: channel_not_found, not_in_channel."""
        channel = self.team.channel(ref)
        if not channel.joined and "chat:write.public" not in self.manifest.scopes:
            raise Refused("not_in_channel")
        return channel
