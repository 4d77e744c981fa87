"""AWS's wire formats, read and written by botocore's own models: the EC2 query protocol, JSON, and their errors."""

import functools
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import botocore.session

XML, JSON = "text/xml;charset=UTF-8", "application/x-amz-json-1.1"
_JSON_SERVICES = ("kms", "ssm")

_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"


class Refusal(Exception):
    """The lab's answer is an error, as AWS would give it. `status` is the HTTP one."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Request:
    """One request, understood. `body` is what came over the wire, `environ` its WSGI environment."""

    service: str
    action: str
    region: str
    params: dict[str, Any]
    body: bytes = b""
    environ: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: f"{secrets.token_hex(4)}-0000-4000-8000-{secrets.token_hex(6)}")

    def stop_if_dry(self) -> None:
        """Raises Refusal where the caller only wanted to know whether the call would be allowed."""
        if self.params.get("DryRun"):
            raise Refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


@dataclass(frozen=True)
class Answer:
    """What goes back over the wire. `request` is the id that AWS gives a request, which the JSON services have in
    the head of their answers only."""

    status: int
    kind: str
    body: bytes
    request: str = ""


@functools.cache
def model(service: str) -> Any:
    """botocore's model of a service."""
    return botocore.session.get_session().get_service_model(service)


def read(service: str, action: str, form: list[tuple[str, str]], body: bytes) -> dict[str, Any]:
    """The parameters of a request, named and typed as boto3 has them. Raises Refusal for what is not well formed."""
    try:
        if service == "ec2":
            return _read_ec2(action, form)
        if form:
            return {name: value for name, value in form if name not in {"Action", "Version"}}
        return dict(json.loads(body or b"{}"))
    except (ValueError, TypeError, AttributeError) as error:
        code = "MalformedQueryString" if form else "SerializationException"
        raise Refusal(code, f"The request is not well formed: {error}") from error


def form_of(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form; [] for a body that is none."""
    if body.startswith(b"{"):
        return []
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def _read_ec2(action: str, form: list[tuple[str, str]]) -> dict[str, Any]:
    if action not in model("ec2").operation_names:
        raise Refusal("InvalidAction", f"The action {action} is not valid for this web service.")
    tree: dict[str, Any] = {}
    for name, value in form:
        *path, last = name.split(".")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
            if not isinstance(branch, dict):
                raise Refusal("MalformedQueryString", f"The parameter {name} is given twice.")
        branch[last] = value
    shape = model("ec2").operation_model(action).input_shape
    return dict(_typed(tree, shape)) if shape is not None else {}


def _query_name(name: str, shape: Any) -> str:
    given = shape.serialization.get("queryName")
    if given:
        return str(given)
    given = str(shape.serialization.get("name", name))
    return given[0].upper() + given[1:]


def _typed(value: Any, shape: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        named = ((name, _query_name(name, each), each) for name, each in shape.members.items())
        return {name: _typed(value[key], each) for name, key, each in named if key in value}
    if kind == "list":
        return [_typed(value[at], shape.member) for at in sorted(value, key=int)]
    if kind == "boolean":
        return str(value).lower() == "true"
    return int(value) if kind in {"integer", "long"} else value


def written(request: Request, answer: Mapping[str, Any]) -> Answer:
    """An answer in boto3's words, as the service writes it."""
    if request.service != "ec2":
        return Answer(200, JSON, json.dumps(answer).encode(), request.id)
    shape = model("ec2").operation_model(request.action).output_shape
    parts = [f'<{request.action}Response xmlns="{_NAMESPACE}"><requestId>{request.id}</requestId>']
    parts += _members(answer, shape) if shape is not None else ["<return>true</return>"]
    parts.append(f"</{request.action}Response>")
    return Answer(200, XML, "".join(parts).encode(), request.id)


def _members(value: Mapping[str, Any], shape: Any) -> Iterator[str]:
    for name, member in shape.members.items():
        given = value.get(name)
        if given is not None:
            yield from _element(given, member, member.serialization.get("name", name))


def _element(value: Any, shape: Any, name: str) -> Iterator[str]:
    yield f"<{name}>"
    if shape.type_name == "structure":
        yield from _members(value, shape)
    elif shape.type_name == "list":
        for each in value:
            yield from _element(each, shape.member, shape.member.serialization.get("name", "item"))
    else:
        yield escape(_text(value))
    yield f"</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return stamp(value.timestamp()) if isinstance(value, datetime) else str(value)


def stamp(moment: float) -> str:
    """A moment as AWS writes it: `2026-11-24T03:20:00.000Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(moment * 1000) % 1000:03}Z"


def refused(service: str, refusal: Refusal, request_id: str) -> Answer:
    """An error, as the service writes it."""
    code, message = escape(refusal.code), escape(refusal.message)
    if service == "ec2":
        text = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    elif service in _JSON_SERVICES:
        text = json.dumps({"__type": refusal.code, "message": refusal.message})
    else:
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    return Answer(refusal.status, JSON if service in _JSON_SERVICES else XML, text.encode(), request_id)
