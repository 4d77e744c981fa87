"""What the bot finds about itself when somebody asks how it is: its token, its scopes, its channels."""

from collections.abc import Iterator, Sequence

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.posting import UNREACHABLE, said_no
from workflows.checkup import Finding

#: As deploy/slack-manifest.yaml has them, each with what is missing without it.
SCOPES = {
    "commands": "`/dr`",
    "chat:write": "the cards",
    "channels:read": "whether it is in a channel",
    "groups:read": "whether it is in a private channel",
    "channels:history": "its own message, after an answer of Slack's was lost",
    "groups:history": "the same in private channels",
    "files:write": "reports and timelines",
    "users:read": "whose account is deactivated",
    "usergroups:read": "who is in a user group",
    "app_mentions:read": "answers to mentions",
}
_INSTALL = "Add it under *OAuth & Permissions* and install the app again: docs/slack.md."


class SlackCheckup:
    """`channels` are those that the settings name."""

    def __init__(self, client: WebClient, channels: Sequence[str]) -> None:
        self._slack = client
        self._channels = tuple(dict.fromkeys(filter(None, channels)))

    def findings(self) -> Iterator[Finding]:
        try:
            yield from self._looked()
        except SlackApiError as error:
            word = error.response.get("error")
            if said_no(error):
                yield Finding(
                    "wrong", f"Slack refuses the bot: `{word}`.", "docs/slack.md says where its tokens come from."
                )
            else:
                yield Finding("not known", f"Slack has no time for the bot now (`{word}`). Ask again in a minute.")
        except UNREACHABLE as error:
            yield Finding("not known", f"Slack gives no answer ({type(error).__name__}).")

    def _looked(self) -> Iterator[Finding]:
        answer = self._slack.auth_test()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        has = {each.strip() for each in str(headers.get("x-oauth-scopes", "")).split(",")}
        missing = [scope for scope in SCOPES if scope not in has]
        if not missing:
            yield Finding("right", f"Slack: the bot is <@{answer['user_id']}>, and has all {len(SCOPES)} scopes.")
        for scope in missing:
            yield Finding("wrong", f"Slack: the scope `{scope}` is missing, and so is {SCOPES[scope]}.", _INSTALL)
        for channel in self._channels:
            yield self._member(channel)
        if not self._channels:
            yield Finding("not known", "No channel is named in firedrill.toml, so the shell's runs have no cards.")

    def _member(self, channel: str) -> Finding:
        try:
            member = self._slack.conversations_info(channel=channel)["channel"].get("is_member", False)
        except SlackApiError as error:
            if error.response.status_code != 200:
                raise
            word = error.response.get("error")
            return Finding(
                "wrong", f"Slack: {channel} cannot be looked at: `{word}`.", "Is its id right, and am I in it?"
            )
        if member:
            return Finding("right", f"Slack: the bot is in <#{channel}>.")
        return Finding("wrong", f"Slack: the bot is not in <#{channel}>.", "`/invite @Firedrill` there.")
