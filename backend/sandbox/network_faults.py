"""Faults of the wire, in front of every vendor: latency, refusals, resets, broken bodies, ambiguous calls."""

import asyncio
import json
import re
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sandbox.chance import Chance
from sandbox.clock import Clock
from sandbox.faults import Fault, FaultBook
from sandbox.vendors.meta.errors import GraphError, bad_token, rate_limited
from sandbox.vendors.meta.usage import Usage

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_VERSION = re.compile(r"^/v\d+\.\d+(?=/|$)")
_OURS = ("/control", "/mailbox")
_REASONS = {
    "token_expired": ("Session has expired.", 463),
    "token_revoked": ("The session has been invalidated.", 460),
}


class NetworkFaults:
    """Outermost: what it breaks is broken for the client, whatever the application did."""

    def __init__(self, app: App, faults: FaultBook, clock: Clock, seed: int) -> None:
        self._app = app
        self._faults = faults
        self._clock = clock
        self._seed = seed
        self._drawn = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if scope["type"] != "http" or path.startswith(_OURS) or path == "/":
            await self._app(scope, receive, send)
            return
        fault = self._chosen(path, str(scope["method"]))
        while fault is not None and fault.kind == "latency":
            await asyncio.sleep(fault.seconds if fault.seconds is not None else 1.0)
            fault = self._chosen(path, str(scope["method"]), after=fault)
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await self._break(fault, scope, receive, send)

    def _chosen(self, path: str, method: str, after: Fault | None = None) -> Fault | None:
        """The first open fault that matches and is drawn; each use counts against its limit."""
        bare = _VERSION.sub("", path)
        for fault in self._faults.network():
            if after is not None and fault.id <= after.id:
                continue
            matches = path.startswith(fault.path) or bare.startswith(fault.path)
            if not matches or fault.method not in {None, method} or not fault.covers(self._clock.now()):
                continue
            if fault.probability < 1.0 and not self._drawn_under(fault.probability):
                continue
            self._faults.spend_one(fault)
            return fault
        return None

    def _drawn_under(self, probability: float) -> bool:
        self._drawn += 1
        return Chance(self._seed, "network-fault", self._drawn).uniform() < probability

    async def _break(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "drop_response":
            await self._app(scope, receive, _swallow)
            _reset(send)
        elif fault.kind == "connection_reset":
            _reset(send)
        elif fault.kind == "timeout":
            await asyncio.sleep(fault.seconds if fault.seconds is not None else 60.0)
            _reset(send)
        else:
            status, headers, body = _answer(fault)
            await _respond(send, status, headers, body)


async def _swallow(message: Message) -> None:
    del message


def _answer(fault: Fault) -> tuple[int, dict[str, str], bytes]:
    if fault.kind == "malformed_json":
        return 200, {}, b'{"data":[{"id":"1202100000'
    if fault.kind == "rate_limit":
        minutes = max(1, round((fault.seconds if fault.seconds is not None else 300.0) / 60))
        headers = Usage().headers(fault.account or "0", wait_minutes=minutes)
        error = rate_limited(fault.code or 80004, status=fault.status, headers=headers)
    elif fault.kind == "server_error":
        transient = {"is_transient": True}
        error = GraphError("An unknown error has occurred.", 1, status=fault.status or 500, extra=transient)
    else:
        reason, subcode = _REASONS[fault.kind]
        error = bad_token(f"Error validating access token: {reason}", subcode)
    return error.status, error.headers, json.dumps(error.body()).encode()


async def _respond(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    raw += [
        (b"content-type", b"application/json; charset=UTF-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _reset(send: Send) -> None:
    """A real RST: uvicorn's `send` is a method of the cycle that holds the transport."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise TypeError("the server shows no transport to reset")
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
