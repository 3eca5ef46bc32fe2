"""A server that answers whatever it is told to: what no platform of the sandbox would say."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

_HEAD = b"HTTP/1.1 %d Odd\r\ncontent-type: application/json\r\n%s\r\n"


@dataclass
class Raw:
    """`body` is answered to every request, whole, or a byte a second where it `drips`."""

    url: str = ""
    status: int = 200
    body: bytes = b"{}"
    drips: bool = False
    asked: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            _, found, rest = head.partition(b"content-length:")
            if found:
                await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
            self.asked += 1
            writer.write(
                _HEAD % (self.status, b"content-length: %d\r\nconnection: close\r\n" % len(self.body))
            )
            for byte in self.body if self.drips else ():
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(1)
            writer.write(b"" if self.drips else self.body)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def answering() -> AsyncIterator[Raw]:
    raw = Raw()
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0)
    raw.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield raw
    finally:
        server.close()
