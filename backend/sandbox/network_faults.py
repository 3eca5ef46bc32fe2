"""Faults of the wire, in front of every vendor: latency, refusals, resets, broken bodies, ambiguous calls."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sandbox.chance import Chance
from sandbox.faults import Fault
from sandbox.services import Services
from sandbox.vendors.vendor import PARTIAL, SHORT, Answer, Vendor

Scope = dict[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_OURS = ("/control", "/mailbox")
_BREAKS = frozenset({"drop_response", "connection_reset", "timeout"})
_OK = 200


class NetworkFaults:
    """Outermost: what it breaks is broken for the client, whatever the application did."""

    def __init__(self, app: App, services: Services) -> None:
        self._app = app
        self._vendors = services.vendors
        self._faults = services.faults
        self._clock = services.clock
        self._calls = services.calls
        self._seed = services.seed
        self._drawn = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if scope["type"] != "http" or path.startswith(_OURS) or path == "/":
            await self._app(scope, receive, send)
            return
        vendor, method = self._vendors.at(path), str(scope["method"])
        arrival = self._calls.arrived(method, path, vendor.name if vendor else None)
        try:
            await self._answer(vendor, path, scope, receive, send)
        finally:
            self._calls.ended(arrival)

    async def _answer(
        self, vendor: Vendor | None, path: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        method = str(scope["method"])
        fault = self._chosen(vendor, path, method)
        while fault is not None and fault.kind == "latency":
            # It has come whole: whoever goes away meanwhile does not stop it.
            receive = _replayed(await _whole(receive))
            await asyncio.sleep(fault.seconds if fault.seconds is not None else 1.0)
            fault = self._chosen(vendor, path, method, after=fault)
        if fault is None or vendor is None:
            await self._app(scope, receive, send)
        elif fault.kind == "partial_failure":
            await self._app(scope | {PARTIAL: fault.severity}, receive, send)
        elif fault.kind == "short_pages":
            await self._app(scope | {SHORT: True}, receive, send)
        elif fault.kind == "duplicate_request":
            await self._twice(scope, receive, send)
        elif fault.kind == "missing_fields":
            await self._hollowed(scope, receive, send)
        elif fault.kind in _BREAKS:
            await self._break(fault, scope, receive, send)
        else:
            await _respond(send, vendor.broken(fault, path))

    def _chosen(
        self, vendor: Vendor | None, path: str, method: str, after: Fault | None = None
    ) -> Fault | None:
        """The first open fault that matches and is drawn; each use counts against its limit."""
        for fault in self._faults.network():
            if after is not None and fault.id <= after.id:
                continue
            if not _concerns(fault, vendor, path) or fault.method not in {None, method}:
                continue
            if not fault.covers(self._clock.now()):
                continue
            if fault.probability < 1.0 and not self._drawn_under(fault.probability):
                continue
            if fault.skip > 0:
                self._faults.let_pass(fault)
                continue
            self._faults.spend_one(fault)
            return fault
        return None

    def _drawn_under(self, probability: float) -> bool:
        self._drawn += 1
        return Chance(self._seed, "network-fault", self._drawn).uniform() < probability

    async def _twice(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _whole(receive)
        await self._app(dict(scope), _replayed(body), _swallow)
        await self._app(dict(scope), _replayed(body), send)

    async def _hollowed(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts: list[Message] = []

        async def keep(message: Message) -> None:
            parts.append(message)

        await self._app(scope, receive, keep)
        start, body = parts[0], b"".join(part.get("body", b"") for part in parts[1:])
        if start["status"] == _OK:
            body = json.dumps(_without_fields(json.loads(body))).encode()
        headers = [each for each in start["headers"] if each[0] != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        await send({**start, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": body})

    async def _break(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "drop_response":
            await self._app(scope, receive, _swallow)
        elif fault.kind == "timeout":
            await asyncio.sleep(fault.seconds if fault.seconds is not None else 60.0)
        _reset(send)


def _concerns(fault: Fault, vendor: Vendor | None, path: str) -> bool:
    """By the path as it came or without its version; where the fault names the vendor, also behind its prefix."""
    if vendor is None or fault.vendor not in {None, vendor.name}:
        return False
    inner = path.removeprefix(vendor.prefix)
    bare = vendor.version.sub("", inner, count=1)
    ways = [path, vendor.prefix + bare]
    if fault.vendor is not None:
        ways += [inner, bare]
    return any(way.startswith(fault.path) for way in ways)


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = bool(message.get("more_body", False))
    return body


def _replayed(body: bytes) -> Receive:
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    return receive


def _without_fields(value: Any) -> Any:
    """Objects in lists are rows."""
    if isinstance(value, list):
        return [{} if isinstance(one, dict) else one for one in value]
    if isinstance(value, dict):
        return {name: _without_fields(one) for name, one in value.items()}
    return value


async def _swallow(message: Message) -> None:
    del message


async def _respond(send: Send, answer: Answer) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    raw += [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


def _reset(send: Send) -> None:
    """A real RST: uvicorn's `send` is a method of the cycle that holds the transport."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise TypeError("the server shows no transport to reset")
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
