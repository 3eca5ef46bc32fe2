"""Clients of the live streams, over real sockets."""

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import websockets
from httpx2 import AsyncClient, Timeout
from websockets.asyncio.client import ClientConnection

Message = dict[str, Any]


@contextlib.asynccontextmanager
async def ws(url: str, **query: object) -> AsyncIterator[ClientConnection]:
    """Past its greeting: it is subscribed then."""
    asked = "&".join(f"{name}={value}" for name, value in query.items() if value is not None)
    address = f"{url.replace('http', 'ws', 1)}/ws?{asked}"
    async with websockets.connect(address, max_queue=None, ping_interval=None) as connection:
        yield connection


async def told(connection: ClientConnection) -> Message:
    message: Message = json.loads(await connection.recv())
    return message


class Sse:
    """One SSE stream: its events, with their ids."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.last_id: str | None = None

    async def block(self) -> dict[str, str]:
        """The next block of lines, by field; comments under ``."""
        found: dict[str, str] = {}
        async for line in self._lines:
            if not line:
                break
            name, _, value = line.partition(":")
            found[name] = value.strip()
        self.last_id = found.get("id", self.last_id)
        return found

    async def told(self) -> Message:
        while True:
            block = await self.block()
            if not block:
                raise EOFError
            if "data" in block:
                message: Message = json.loads(block["data"])
                assert message["id"] == block["id"]
                return message


@contextlib.asynccontextmanager
async def sse(url: str, token: str | None = None, **params: str) -> AsyncIterator[Sse]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if "last_event_id" in params:
        headers["Last-Event-ID"] = params.pop("last_event_id")
    async with (
        AsyncClient(base_url=url, timeout=Timeout(60)) as client,
        client.stream("GET", "/api/v1/events/stream", headers=headers, params=params) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        stream = Sse(answer.aiter_lines())
        assert "connected" in (await stream.block())[""]
        yield stream
