"""A door that closes: nobody is left without an answer, and nothing is written where somebody else reads by then."""

import logging
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection
from threading import Event, Thread
from typing import Any

import pytest

from bot.door import Door
from practice.redis_server import free_port


class Slow:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked, self.answer = Event(), Event()

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/slow":
            self.asked.set()
            self.answer.wait(30)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"here"]


@pytest.fixture
def app() -> Iterator[Slow]:
    app = Slow()
    yield app
    app.answer.set()


@pytest.fixture
def connection() -> Iterator[HTTPConnection]:
    connection = HTTPConnection("127.0.0.1", free_port(), timeout=30)
    yield connection
    connection.close()


@pytest.fixture
def door(app: Slow, connection: HTTPConnection) -> Door:
    return Door(app, connection.host, connection.port, "test")


def ask(connection: HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    return connection.getresponse().read()


def test_who_is_being_answered_when_it_closes_has_the_answer(
    app: Slow, connection: HTTPConnection, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[bytes] = []
    asking = Thread(target=lambda: answers.append(ask(connection, "/slow")))
    asking.start()
    assert app.asked.wait(30)
    ending = Thread(target=door.close)
    ending.start()
    while not refused(connection):
        pass
    app.answer.set()
    asking.join(30)
    ending.join(30)
    assert (answers, door.open) == ([b"here"], False)
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == []


def refused(connection: HTTPConnection) -> bool:
    try:
        with closing(HTTPConnection(connection.host, connection.port, timeout=30)) as another:
            another.connect()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass  # it was just closing
    return False


def test_a_request_that_is_half_here_when_it_closes_has_its_answer(connection: HTTPConnection, door: Door) -> None:
    assert ask(connection, "/") == b"here"
    half = connection.sock
    half.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n")
    ending = Thread(target=door.close)
    ending.start()
    while not refused(connection):
        pass
    half.sendall(b"Connection: close\r\n\r\n")
    assert half.makefile("rb").read().endswith(b"here")
    connection.close()
    ending.join(30)
    assert not door.open


def test_a_server_that_closes_itself_is_no_open_door(connection: HTTPConnection, door: Door) -> None:
    door._server.channel_class = no_memory
    with suppress(OSError):
        ask(connection, "/")
    door._thread.join(30)
    assert not door.open
    door.close()


def no_memory(_: object, accepted: socket.socket, *__: object, **___: object) -> None:
    accepted.close()
    raise MemoryError


def test_who_only_keeps_a_connection_holds_nothing_up(connection: HTTPConnection, door: Door) -> None:
    assert ask(connection, "/") == b"here"
    door.close()
    assert not door.open
