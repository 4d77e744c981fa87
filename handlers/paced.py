"""The client with which the bot's loops call Slack: each call is paid from the budget that all bots share, by rank.

What answers a click or a command goes by another client, which never waits and is only charged for.
"""

from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from workflows.engine.budget import Budget, Rank, Tier

#: Slack's tiers, as a bucket that never grants more than the tier in any minute: 20, 50 and 100 calls.
_TIER_2, _TIER_3, _TIER_4 = Tier(5, 4.0), Tier(15, 60 / 35), Tier(30, 60 / 70)
#: Posting is about one a second and channel, with short bursts.
_POST = Tier(4, 1.0)
_TIERS = {
    "chat.postMessage": _POST, "views.publish": _TIER_4, "users.info": _TIER_4, "usergroups.users.list": _TIER_2,
    "files.getUploadURLExternal": _TIER_4, "files.completeUploadExternal": _TIER_4,
}  # fmt: skip
#: Seconds without calls after a refusal by rate that does not say how many.
_UNSAID = 5.0


class NotYet(SlackClientError):
    """The call was not made: there is no room for it, and another try is worth it in so many seconds."""

    def __init__(self, rank: Rank, seconds: float) -> None:
        super().__init__(f"no room for a call in the next {seconds:.1f} s")
        self.rank = rank
        self.seconds = seconds


class PacedClient(WebClient):
    """As `client`, which is called when there is room; else raises NotYet. A refusal by rate stops all bots."""

    def __init__(self, client: WebClient, budget: Budget, rank: Rank = Rank.REPLY) -> None:
        super().__init__(token=client.token, base_url=client.base_url, retry_handlers=[])
        self._client = client
        self._budget = budget
        self._rank = rank

    def ranked(self, rank: Rank) -> "PacedClient":
        return PacedClient(self._client, self._budget, rank)

    def api_call(self, api_method: str, **options: Any) -> SlackResponse:
        kind = api_method
        if api_method == "chat.postMessage":
            kind += f":{(options.get('json') or options.get('params') or {}).get('channel', '')}"
        wait = self._budget.take(kind, _TIERS.get(api_method, _TIER_3), self._rank)
        if wait > 0:
            raise NotYet(self._rank, wait)
        try:
            return self._client.api_call(api_method, **options)
        except SlackApiError as error:
            if error.response.status_code == 429:
                self._budget.shut(float(error.response.headers.get("Retry-After", _UNSAID)))
            raise


def ranked(client: WebClient, rank: Rank) -> WebClient:
    """The client for calls of that rank; one without a budget is given back."""
    return client.ranked(rank) if isinstance(client, PacedClient) else client
