"""HTTP mode: signed requests to the app's request URL, whose body is the ack."""

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession

from practice.workspace.couriers import Ack, patiently

_FORM = "application/x-www-form-urlencoded"


def signed_headers(secret: str, body: str, content_type: str) -> dict[str, str]:
    """Slack's signature, version 0. Its time is the real one: the app compares it with its own clock."""
    timestamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={digest}",
    }


def written(kind: str, payload: dict[str, Any]) -> tuple[str, str]:
    """Body and content type: commands are forms, interactions a form with JSON in it, events JSON."""
    if kind == "slash_commands":
        return urlencode(payload), _FORM
    if kind == "interactive":
        return urlencode({"payload": json.dumps(payload)}), _FORM
    return json.dumps(payload), "application/json"


class HttpCourier:
    """One POST a delivery."""

    def __init__(self, request_url: str, secret: str, now: Callable[[], float]) -> None:
        self._request_url = request_url
        self._secret = secret
        self._now = now

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Ack:
        """The error is dispatch_failed when nobody answers or not with 200, operation_timeout when too late."""
        id_ = str(uuid.uuid4())
        started = time.perf_counter()
        body, content_type = written(kind, payload)
        sending = asyncio.ensure_future(self._post(body, signed_headers(self._secret, body, content_type)))
        if not await patiently(sending, self._now):
            sending.cancel()
            return Ack(id_, error="operation_timeout")
        try:
            status, answer_type, text = sending.result()
        except ClientError:
            return Ack(id_, error="dispatch_failed")
        if status != 200:
            return Ack(id_, error="dispatch_failed")
        return Ack(id_, _ack_payload(answer_type, text), time.perf_counter() - started)

    async def _post(self, body: str, headers: dict[str, str]) -> tuple[int, str, str]:
        async with (
            ClientSession(trust_env=False) as session,
            session.post(self._request_url, data=body.encode(), headers=headers) as answer,
        ):
            return answer.status, answer.content_type, await answer.text()


def _ack_payload(content_type: str, text: str) -> Any:
    if not text:
        return None
    return json.loads(text) if content_type == "application/json" else {"text": text}
