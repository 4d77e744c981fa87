"""The Bolt app: over Socket Mode or HTTP, with the same listeners; and the notifier beside it."""

import logging
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Thread

from slack_bolt import App
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.door import Door
from bot.health import Health, health_of
from bot.settings import Settings, SettingsError
from bot.slack_client import Line, Observed, ObservedClient, both
from bot.wiring import Parts, answers, check_world, desk_of, note_policy, parts, persistence
from handlers.access import Access
from handlers.actions import Actions
from handlers.anchor import Anchor
from handlers.announcer import Announcer
from handlers.answers import Answers
from handlers.commands import Commands
from handlers.directory import SlackDirectory
from handlers.forms.listeners import Forms
from handlers.home import Home
from handlers.home_clicks import HomeClicks
from handlers.membership import Membership
from handlers.mentions import Mentions
from handlers.notifier import Notifier
from handlers.occurrences import Occurrences
from handlers.paced import PacedClient
from handlers.scenery import Scenery
from handlers.slack_checkup import SlackCheckup
from handlers.views import Views
from handlers.watchman import Watchman
from handlers.weekly import Weekly
from workflows.checkup import Answering
from workflows.engine.board import Cards
from workflows.engine.budget import Budget
from workflows.engine.checkups import Checkups
from workflows.engine.gauges import Gauges
from workflows.engine.viewers import Viewers
from workflows.engine.watchbook import Watchbook
from workflows.schedules.calendar import Calendar

log = logging.getLogger(__name__)

#: Listeners at work at once. Bolt's five are used up by five slow answers, and then nothing is acknowledged.
LISTENERS = 20
#: Slack's words for a token that is no good. Whatever else it says at the start, it may say otherwise a minute later.
REFUSED = {
    "not_authed", "invalid_auth", "account_inactive", "token_expired", "token_revoked", "not_allowed_token_type",
    "no_permission", "missing_scope", "org_login_required", "access_denied", "two_factor_setup_required",
}  # fmt: skip


def client_of(settings: Settings, observed: Observed) -> WebClient:
    """A client that repeats nothing by itself: a message whose answer was lost is looked for, not sent again."""
    environment = settings.environment
    return ObservedClient(
        observed,
        token=environment.slack_bot_token, base_url=environment.slack_api_url, timeout=15, retry_handlers=[],
    )  # fmt: skip


def app_of(settings: Settings, client: WebClient, answered: Answers, cards: Cards) -> App:
    """The app with all listeners but Home's."""
    os.environ.pop("SLACK_BOT_TOKEN", None)  # it is on the client; Bolt would warn that it has it twice
    app = App(
        client=client,
        signing_secret=settings.environment.slack_signing_secret or None,
        request_verification_enabled=bool(settings.environment.slack_signing_secret),
        token_verification_enabled=False,
        listener_executor=ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener"),
    )
    views, membership = Views(answered), Membership()
    forms = forms_of(settings, answered, membership)
    Commands(answered, views, forms, membership, cards, settings.file.slack.channel).register(app)
    forms.register(app)
    Mentions(answered).register(app)
    Actions(answered, views).register(app)
    Occurrences(answered).register(app)
    views.register(app)
    return app


def forms_of(settings: Settings, answered: Answers, membership: Membership) -> Forms:
    profiles = tuple(dict.fromkeys(each.name for each in settings.profiles.all))
    return Forms(answered, membership, profiles, settings.file.slack.channel)


def home_of(settings: Settings, built: Parts, client: WebClient, access: Access, answered: Answers, app: App) -> Home:
    """Home, with its listeners."""
    channel = settings.file.slack.channel
    calendar = Calendar(built.agenda, built.clock, settings.schedules)
    scenery = Scenery(built.store, built.board, Cards(built.redis, built.clock), client, channel, calendar)
    home = Home(Viewers(built.redis, built.clock), scenery, client, access)
    home.register(app)
    forms = forms_of(settings, answered, Membership())
    HomeClicks(home, scenery, answered, Views(answered), forms, built.store, built.board, channel).register(app)
    return home


def run(settings: Settings, stop: Event) -> bool:
    """Until told to stop; False when one of its loops has died: then a supervisor must start anew. Raises SettingsError
    when Slack refuses the tokens, or Redis is not there."""
    _check_tokens(settings)
    built = parts(settings)
    check_world(settings, built.board, settings.practice_slack)
    for doubt in persistence(built):
        log.warning("%s", doubt)
    note_policy(settings, built, "bot")
    health = health_of(settings, Gauges(built.redis, built.clock), settings.file.health.bot, stop)
    budget = Budget(built.redis, built.clock, settings.file.slack.calls)
    client = client_of(settings, both(health.metrics.slack, budget.charge))
    paced = PacedClient(client_of(settings, health.metrics.slack), budget)
    cards = Cards(built.redis, built.clock)
    people = SlackDirectory(client, built.board, settings.policy.members(), paced)
    answered = answers(settings, built, people.look)
    app = app_of(settings, client, answered, cards)
    access = Access(settings.policy, people.look)
    home = home_of(settings, built, paced, access, answered, app)
    notifier = Notifier(built.store, cards, paced, access, settings.file.slack.channel)
    _reach("SLACK_BOT_TOKEN", client.auth_test, stop)
    announcer, watchman = _announcer(settings, built, paced, access), _watchman(settings, built, paced)
    loops = {
        "notifier": notifier.work, "home": home.work, "announcer": announcer.work, "watchman": watchman.work,
        "directory": people.work, "doctor": _doctor(settings, built, client).work,
    }  # fmt: skip
    if settings.file.audit.anchor == "channel":
        loops["anchor"] = _anchor(settings, built, paced).work
    if weekly := _weekly(settings, built, paced):
        loops["digest"] = weekly.work
    threads = {name: Thread(target=work, args=(stop,), name=name, daemon=True) for name, work in loops.items()}
    for thread in threads.values():
        health.watch(thread).start()
    lost = Event()
    Thread(target=health.guard, args=(stop, lost), name="guard", daemon=True).start()
    _serve(settings, app, health, stop)
    threads["notifier"].join(timeout=10)
    return not lost.is_set()


def _anchor(settings: Settings, built: Parts, client: WebClient) -> Anchor:
    channel = settings.file.slack.channel
    return Anchor(built.chainer, Cards(built.redis, built.clock), built.board, client, channel, built.clock)


def _doctor(settings: Settings, built: Parts, client: WebClient) -> Answering:
    checkup = SlackCheckup(client, [settings.file.slack.channel, settings.file.announcements.channel])
    return Answering("bot", Checkups(built.redis, built.clock), checkup.findings)


def _announcer(settings: Settings, built: Parts, client: WebClient, access: Access) -> Announcer:
    table = settings.file.announcements
    default = settings.file.slack.channel
    for each in settings.schedules:
        if not (table.channel or each.channel or default):
            log.warning("schedule=%s has no channel to be announced in: name one under [announcements]", each.id)
    return Announcer(
        built.agenda, desk_of(settings, built).hasty(), Cards(built.redis, built.clock), built.board, client, access,
        table.channel, default, table.ahead,
    )  # fmt: skip


def _watchman(settings: Settings, built: Parts, client: WebClient) -> Watchman:
    channel = settings.file.announcements.channel or settings.file.slack.channel
    return Watchman(Watchbook(built.redis), Cards(built.redis, built.clock), built.board, client, channel)


def _weekly(settings: Settings, built: Parts, client: WebClient) -> Weekly | None:
    """None where nobody wants a digest, or there is no channel for it."""
    channel = settings.file.announcements.channel or settings.file.slack.channel
    rule = settings.file.announcements.digest_rule
    if not channel or rule is None:
        return None
    return Weekly(built.store, built.agenda, built.board, Cards(built.redis, built.clock), client, channel, rule)


def _check_tokens(settings: Settings) -> None:
    environment = settings.environment
    if settings.file.audit.anchor == "channel" and not settings.file.slack.channel:
        raise SettingsError('`anchor = "channel"` needs a channel.', 'Name it under [slack]: channel = "C0123ABCD".')
    if not environment.slack_bot_token:
        raise SettingsError("SLACK_BOT_TOKEN is not set.", "docs/slack.md says where Slack shows it.")
    if not environment.slack_app_token and not environment.slack_signing_secret:
        raise SettingsError(
            "Neither SLACK_APP_TOKEN (for Socket Mode) nor SLACK_SIGNING_SECRET (for HTTP) is set.",
            "docs/slack.md says where Slack shows them.",
        )


def _reach(token: str, call: Callable[[], object], stop: Event) -> None:
    """Slack's first answer. While it is away it is tried again, with growing pauses. Raises SettingsError when it
    refuses the token."""
    pause = 1.0
    while not stop.is_set():
        try:
            call()
            break
        except (SlackClientError, OSError) as error:
            word = error.response.get("error") if isinstance(error, SlackApiError) else type(error).__name__
            if word in REFUSED:
                raise SettingsError(f"Slack refuses {token}: `{word}`.", "docs/slack.md") from error
            log.warning("Slack cannot be reached (%s); again in %.0f s", word, pause)
            stop.wait(pause)
            pause = min(pause * 2, 30)


def _serve(settings: Settings, app: App, health: Health, stop: Event) -> None:
    environment = settings.environment
    if environment.slack_app_token:
        _socket(app, environment.slack_app_token, health, stop)
    else:
        _http(app, environment.slack_host, environment.slack_port, stop)


def _socket(app: App, token: str, health: Health, stop: Event) -> None:
    handler = SocketModeHandler(app, token)
    line = Line(handler.client.is_connected)
    handler.client.on_open_listeners.append(line.opened)
    health.add(line.look, line.gauges)
    _reach("SLACK_APP_TOKEN", handler.connect, stop)
    log.info("connected by Socket Mode")
    stop.wait()
    _hang_up(handler)


def _hang_up(handler: SocketModeHandler) -> None:
    """So that Slack sends nothing more here. The client's own close leaves its reader asleep for ten seconds: the
    socket is shut down first, and closed only when the reader has seen it."""
    handler.client.auto_reconnect_enabled = False
    session = handler.client.current_session
    if session is not None and session.sock is not None and session.sock.sock is not None:
        with suppress(OSError):
            session.sock.sock.shutdown(socket.SHUT_RDWR)
        handler.client.current_session_runner.shutdown()  # type: ignore[no-untyped-call]
    handler.close()  # type: ignore[no-untyped-call]


def _http(app: App, host: str, port: int, stop: Event) -> None:
    """HTTP: Slack posts to /slack/events; every request's signature is checked."""
    try:
        door = Door(SlackRequestHandler(app, path="/slack/events"), host, port, "http")
    except OSError as error:
        raise SettingsError(
            f"Nothing can listen on {host}:{port} ({error.strerror}).", "SLACK_HOST and SLACK_PORT name the address."
        ) from error
    log.info("listening for Slack on %s:%d, path /slack/events", host, port)
    while not stop.wait(1.0):
        if not door.open:
            raise SettingsError(f"The HTTP server on port {port} has ended.", "The log says why; start it anew.")
    door.close()
