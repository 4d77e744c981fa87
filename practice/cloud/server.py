"""The door: HTTP on loopback, a key per start, faults, and the table that says who answers what."""

import hmac
import json
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from practice.cloud import wire
from practice.cloud.lagging import Lagging
from practice.cloud.parts import Parts
from practice.cloud.wire import Answer, Refusal, Request

log = logging.getLogger(__name__)

Handler = Callable[[Request], dict[str, Any]]

_CREDENTIAL = re.compile(r"Credential=([^/\s]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")

_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")

#: Of a foreign key, and of a Region in which the account is not known: by service.
_FOREIGN = {"ec2": ("AuthFailure", 401), "ssm": ("UnrecognizedClientException", 400)}

_MOST = 4 * 1024 * 1024


class Door:
    """The WSGI application. `table` maps (service, action) to who answers; everything else is moto's. EC2's handlers
    are called with the lab's lock held, SSM's take it themselves."""

    def __init__(self, table: Mapping[tuple[str, str], Handler], parts: Parts, key: str) -> None:
        self._table = table
        self._parts = parts
        self._control, self._faults, self._books = parts.control, parts.faults, parts.books
        self._lagging = Lagging(parts)
        self._key = key
        self.open = True
        #: What broke here itself, which its callers took for a 500 of AWS.
        self.broken: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer = self._forbidden(environ)
        if answer is None:
            answer = self._answered(environ)
        if answer is None:  # lost
            with suppress(OSError):  # whoever asked may be gone
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            answer = Answer(500, "text/plain", b"")
        headers = [("Content-Type", answer.kind), ("Content-Length", str(len(answer.body)))]
        headers += [("x-amzn-RequestId", answer.request)] if answer.request else []
        start_response(f"{answer.status} {'OK' if answer.status == 200 else 'Refused'}", headers)
        return [answer.body]

    def _forbidden(self, environ: dict[str, Any]) -> Answer | None:
        """No page of any origin may talk to the lab, whatever it knows, and nobody to moto's own pages."""
        if not self.open:
            return Answer(503, "text/plain", b"The lab is closed.")
        if not _LOOPBACK.fullmatch(environ.get("HTTP_HOST", "")) or "HTTP_ORIGIN" in environ:
            return Answer(403, "text/plain", b"The lab answers programs on this machine only.")
        if environ.get("PATH_INFO", "/").startswith(("/moto-api", "/latest/")):
            return Answer(403, "text/plain", b"There is nothing here.")
        if int(environ.get("CONTENT_LENGTH") or 0) > _MOST:
            return Answer(413, "text/plain", b"Too much.")
        return None

    def _answered(self, environ: dict[str, Any]) -> Answer | None:
        """None for an answer that is to be lost."""
        request, lost = None, False
        key, service, region = _scope(environ)
        action, params = "", dict[str, Any]()
        try:
            if not hmac.compare_digest(key, self._key):
                raise _foreign(service, "The access key is not the one of this lab.")
            if not self._control.has(region):
                raise _foreign(service, f"The account is not enabled for the Region {region!r}.")
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            action, params = _asked(service, environ, body)
            request = Request(service, action, region, params, body, environ)
            self._faults.coming_in(service, action)
            answer = self._carried_out(request)
            outcome = "ok" if answer.status < 300 else _code(answer)
            lost = answer.status < 300 and self._faults.going_out(action)
        except Refusal as refusal:
            outcome = refusal.code
            answer = wire.refused(service, refusal, request.id if request else "0")
        self._books.call(action, params, outcome)
        log.debug("call=%s.%s outcome=%s", service, action, outcome)
        return None if lost else answer

    def _carried_out(self, request: Request) -> Answer:
        handler = self._table.get((request.service, request.action))
        if handler is None:
            return self._passed(request)
        if request.service == "ssm":
            return wire.written(request, handler(request))
        with self._parts.lock:
            self._lagging.comes_in(request)
            return wire.written(request, self._lagging.shown(request, handler(request)))

    def _passed(self, request: Request) -> Answer:
        with self._parts.lock:
            answer = self._control.passed(request)
        if answer.status < 300 and not request.action.startswith(("Describe", "Get", "List")):
            self._books.effect(request.action, _subject(request.params), request.id)
        return answer


class Server:
    """A threaded HTTP server on a port of 127.0.0.1; 0 is a free one."""

    def __init__(self, door: Door, port: int = 0) -> None:
        self._door = door
        with socket.create_server(("127.0.0.1", port)) as listening:  # werkzeug's own would end the process
            self._server = _Listening("127.0.0.1", port, door, _Quiet, fd=listening.fileno())
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="lab", daemon=True)

    @property
    def broken(self) -> list[str]:
        return self._door.broken

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Connections that clients keep open are answered with 503 from here on."""
        self._door.open = False
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _foreign(service: str, message: str) -> Refusal:
    code, status = _FOREIGN.get(service, ("InvalidClientTokenId", 403))
    return Refusal(code, message, status)


class _Listening(ThreadedWSGIServer):
    def log(self, type: str, message: str, *args: Any) -> None:
        """What the application raised."""
        log.error(message, *args)
        if isinstance(self.app, Door):
            self.app.broken.append(message % args if args else message)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """To our own log, not to the terminal."""
        log.debug(message, *args)


def _scope(environ: Mapping[str, Any]) -> tuple[str, str, str]:
    """Key, service and Region that a request says it is signed with; what it seems to be for one that says nothing."""
    found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if found is None:
        return "", "ssm" if "HTTP_X_AMZ_TARGET" in environ else "ec2", ""
    key, region, service = found.groups()
    return key, service, region


#: What a request for an object says beside its bytes, and the header in which it does.
_OBJECT_HEADERS = {
    "ServerSideEncryption": "SERVER_SIDE_ENCRYPTION",
    "ObjectLockMode": "OBJECT_LOCK_MODE",
    "ObjectLockRetainUntilDate": "OBJECT_LOCK_RETAIN_UNTIL_DATE",
    "ChecksumSHA256": "CHECKSUM_SHA256",
}


def _asked(service: str, environ: Mapping[str, Any], body: bytes) -> tuple[str, dict[str, Any]]:
    """The action that a request asks for, and its parameters. S3 has neither in its bodies: those are the objects."""
    if service == "s3":
        bucket, _, key = environ.get("PATH_INFO", "/").removeprefix("/").partition("/")
        verb = str(environ.get("REQUEST_METHOD", "GET")).capitalize()
        said = {name: environ.get(f"HTTP_X_AMZ_{header}", "") for name, header in _OBJECT_HEADERS.items()}
        params = {"Bucket": bucket, "Key": key, **said}
        return f"{verb}{'Object' if key else 'Bucket'}", params
    form = wire.form_of(body)
    action = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2] or dict(form).get("Action", "")
    return action, wire.read(service, action, form, body)


def _code(answer: Answer) -> str:
    """The error's code in an answer of moto's."""
    if answer.body.startswith(b"{"):
        return str(json.loads(answer.body).get("__type", answer.status))
    found = re.search(rb"<Code>([^<]+)</Code>", answer.body)
    return found.group(1).decode() if found else str(answer.status)


def _subject(params: Mapping[str, Any]) -> str:
    """The id of the first thing that a request names."""
    for name, value in params.items():
        if name.endswith("Id") and isinstance(value, str):
            return value
        if name.endswith("Ids") and isinstance(value, list) and value:
            return str(value[0])
    return ""
