"""A receiver of webhooks: a real HTTP server that answers as it is told to, and keeps what it got.

It verifies signatures by code of its own, from the text of Standard Webhooks, and knows nothing of the application.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

_NO_CONTENT = 204
_REASONS = {200: "OK", 204: "No Content"}


@dataclass(frozen=True)
class Reply:
    """`after` seconds are waited before it; `rest` more bytes follow the body, one block after another."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    after: float = 0.0
    rest: int = 0


@dataclass(frozen=True)
class Post:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.message["items"]
        return found

    def is_signed_by(self, secret: str) -> bool:
        """Any of the signatures in the header will do."""
        key = base64.b64decode(secret.split("_", 1)[1])
        content = b".".join(
            [self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), self.body]
        )
        mine = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return any(
            hmac.compare_digest(each, f"v1,{mine}") for each in self.headers["webhook-signature"].split(" ")
        )


@dataclass
class Receiver:
    port: int = 0
    posts: list[Post] = field(default_factory=list)
    replies: deque[Reply] = field(default_factory=deque)
    always: Reply = field(default_factory=Reply)
    """Where no reply is left of those that were laid out."""
    gate: asyncio.Event | None = None
    """While it is shut, nothing is answered."""
    keeps: bool = True
    """Whether bodies are kept."""
    sent_back: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def items(self) -> list[dict[str, Any]]:
        return [item for post in self.posts for item in post.items]

    def topics(self) -> list[str]:
        return [item["topic"] for item in self.items]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await self._one(reader, writer)
        self._writers.discard(writer)
        writer.close()

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.posts.append(Post(lines[0].split(" ")[1], headers, body if self.keeps else b""))
        reply = self.replies.popleft() if self.replies else self.always
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(reply.after)
        content = b"" if reply.status == _NO_CONTENT else reply.body
        length = len(content) + reply.rest
        extra = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        reason = _REASONS.get(reply.status, "Because")
        told = "" if reply.status == _NO_CONTENT else f"content-length: {length}\r\n"
        start = f"HTTP/1.1 {reply.status} {reason}\r\n{told}{extra}\r\n"
        writer.write(start.encode() + content)
        self.sent_back += len(content)
        left = reply.rest
        while left > 0:
            writer.write(b"x" * min(left, 65_536))
            await writer.drain()
            self.sent_back += min(left, 65_536)
            left -= 65_536
        await writer.drain()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, limit=4 * 1_048_576)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        receiver.hang_up()
        await server.wait_closed()
