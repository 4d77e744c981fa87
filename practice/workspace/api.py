"""The Web API: who may call what, how often, and what becomes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from practice.workspace import api_chat, api_conversations, api_files, api_views
from practice.workspace.args import Args
from practice.workspace.faults import Faults
from practice.workspace.methods import Method
from practice.workspace.rates import Rates
from practice.workspace.records import ApiCall
from practice.workspace.refusals import Refused
from practice.workspace.state import State
from practice.workspace.team import BOT_ID, BOT_USER, DOMAIN, TEAM_ID


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP."""

    body: Mapping[str, Any]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        return "ok" if self.body.get("ok") else str(self.body.get("error"))


def rate_limited(seconds: int) -> Answer:
    """Slack's 429. The Python SDK reads Retry-After with int(), so it must be a whole number."""
    return Answer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(seconds)})


def auth_test(state: State, _args: Args) -> dict[str, Any]:
    return {
        "url": f"https://{DOMAIN}.slack.com/",
        "team": "Practice workspace",
        "user": state.manifest.bot_name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


class Api:
    """Answers calls, one at a time, in the server's thread."""

    def __init__(self, state: State, faults: Faults, issue_link: Callable[[], str]) -> None:
        self._state = state
        self._faults = faults
        self._rates = Rates(state.now)
        own = [
            Method("auth.test", auth_test, (), "none"),
            Method("apps.connections.open", lambda _state, _args: {"url": issue_link()}, (), "tier2", "app"),
            Method("api.test", lambda _state, args: {"args": dict(args)}, (), "tier4"),
        ]
        rooms = (api_chat.METHODS, api_conversations.METHODS, api_views.METHODS, api_files.METHODS)
        self._methods = {method.name: method for methods in (own, *rooms) for method in methods}

    def answer(self, name: str, token: str | None, args: Args) -> Answer:
        """Carry out one call. Every refusal becomes an answer."""
        scopes = {"x-oauth-scopes": ",".join(self._state.manifest.scopes)}
        try:
            limited = self._faults.meet(name)
            if limited:
                return rate_limited(limited.retry_after)
            method = self._allowed(name, token)
            wait = self._wait(method, args)
            if wait is not None:
                return rate_limited(wait)
            lock = self._state.changes.writing if method.changes else self._state.changes.reading
            with lock():
                return Answer({"ok": True, **method.run(self._state, args)}, headers=scopes)
        except Refused as refusal:
            return Answer(refusal.body(), headers=scopes)

    def note(self, name: str, args: Mapping[str, Any], outcome: str) -> None:
        """Keep the call for those who want to see what the app did; never its token."""
        kept = {key: value for key, value in args.items() if key != "token"}
        with self._state.changes.writing():
            self._state.calls.append(ApiCall(name, kept, outcome, self._state.now()))

    def _allowed(self, name: str, token: str | None) -> Method:
        method = self._methods.get(name)
        if method is None:
            raise Refused("unknown_method", req_method=name)
        self._state.tokens.check(token, method.token)
        granted = self._state.manifest.scopes
        if method.scopes and not any(scope in granted for scope in method.scopes):
            raise Refused("missing_scope", needed=method.scopes[0], provided=",".join(granted))
        return method

    def _wait(self, method: Method, args: Args) -> int | None:
        if not self._faults.counts_tiers:
            return None
        return self._rates.wait(method.name, method.tier, args.text("channel"))
