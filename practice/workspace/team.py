"""Who and what there is: people, the bot, the channels it is in, a group."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from practice.workspace.mrkdwn import Names
from practice.workspace.records import Person
from practice.workspace.refusals import Refused

TEAM_ID = "T0PRACTICE"
DOMAIN = "practice"
APP_ID = "A0PRACTICE"
BOT_ID = "B0PRACTICE"
BOT_USER = "U0BOT"
SLACKBOT = "USLACKBOT"

PEOPLE = (
    Person("U0OPERATOR", "operator", "Olga Operator"),
    Person("U0APPROVER", "approver", "Arun Approver"),
    Person("U0APPROVER2", "second-approver", "Sofia Second"),
    Person("U0BYSTANDER", "bystander", "Ben Bystander"),
)
CHANNELS: Mapping[str, str] = {
    "C0DROPS": "dr-ops",
    "C0ANNOUNCE": "dr-announcements",
    "C0RANDOM": "random",
}
NOT_JOINED = "random"
"""The bot is a member of every channel but this one, so that `not_in_channel` can be met."""
GROUPS: Mapping[str, tuple[str, ...]] = {"S0APPROVERS": ("U0APPROVER", "U0APPROVER2")}


def direct_of(person: str) -> str:
    """The id of the bot's conversation with the person of that id."""
    return f"D{person[1:]}"


@dataclass(frozen=True)
class Channel:
    id: str
    name: str
    joined: bool
    """Whether the bot is a member."""

    @property
    def direct(self) -> bool:
        """Whether it is the conversation of the bot with one person."""
        return self.id.startswith("D")

    def wire(self, members: int) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "is_channel": not self.direct,
            "is_group": False,
            "is_im": self.direct,
            "is_private": self.direct,
            "is_archived": False,
            "is_member": self.joined,
            "num_members": members,
        }


@dataclass(frozen=True)
class Team:
    """The cast. Slack's `channel_not_found` and `user_not_found` come from here."""

    bot_name: str
    people: Sequence[Person]
    channel_names: Mapping[str, str]
    """Channel id → name."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: GROUPS)
    gone: set[str] = field(default_factory=set)
    """Whose account was deactivated."""
    absent: set[tuple[str, str]] = field(default_factory=set)
    """Channel and person: everybody is in every channel but these."""

    @cached_property
    def channels(self) -> dict[str, Channel]:
        return {id_: Channel(id_, name, name != NOT_JOINED) for id_, name in self.channel_names.items()}

    @cached_property
    def directs(self) -> dict[str, Channel]:
        """By the person's id, which chat.postMessage takes for it."""
        return {each.id: Channel(direct_of(each.id), self.bot_name, True) for each in self.people}

    @cached_property
    def names(self) -> Names:
        people = {person.id: person.name for person in self.people}
        return Names({**people, BOT_USER: self.bot_name, SLACKBOT: "Slackbot"}, dict(self.channel_names))

    def person(self, ref: str) -> Person:
        """By id or by name, with or without the @."""
        for person in self.people:
            if ref.removeprefix("@") in (person.id, person.name):
                return person
        raise Refused("user_not_found")

    def channel(self, ref: str, *, by_name: bool = True) -> Channel:
        """By id, and where Slack takes that too, by name with or without the #."""
        known = {**self.channels, **{each.id: each for each in self.directs.values()}}
        if ref in known:
            return known[ref]
        if by_name:
            for channel in self.channels.values():
                if channel.name == ref.removeprefix("#"):
                    return channel
        raise Refused("channel_not_found")

    def leave(self, ref: str, person: str) -> None:
        """Somebody, by id or name, or the bot, without a name, is no member of that channel any more."""
        channel = self.channel(ref)
        if person:
            self.absent.add((channel.id, self.person(person).id))
        else:
            self.channels[channel.id] = replace(channel, joined=False)

    def users(self) -> Iterable[dict[str, Any]]:
        """Everybody as users.list shows them, the bot among them."""
        yield from (self._user(person.id, person.name, person.real_name, bot=False) for person in self.people)
        yield self._user(BOT_USER, self.bot_name.lower().replace(" ", "-"), self.bot_name, bot=True)

    def _user(self, id_: str, name: str, real_name: str, *, bot: bool) -> dict[str, Any]:
        return {
            "id": id_,
            "team_id": TEAM_ID,
            "name": name,
            "real_name": real_name,
            "deleted": id_ in self.gone,
            "is_bot": bot,
            "is_admin": False,
            "tz": "Etc/UTC",
            "tz_offset": 0,
            "profile": {"real_name": real_name, "display_name": name},
        }
