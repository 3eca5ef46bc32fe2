"""A stretch of wire that keeps an answer to itself: the platform has done it, and nobody will ever hear of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit


@contextlib.asynccontextmanager
async def between(sandbox: str, on_answer: Callable[[bytes], bool]) -> AsyncIterator[str]:
    """Its address; an answer is kept for ever where `on_answer` says so of the request."""
    address = urlsplit(sandbox)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(address.hostname, address.port)
        requested = bytearray()

        async def out() -> None:
            while part := await reader.read(65_536):
                requested.extend(part)
                back.write(part)
                await back.drain()

        going = asyncio.create_task(out())
        with contextlib.suppress(ConnectionError):
            while part := await there.read(65_536):
                if on_answer(bytes(requested)):
                    await asyncio.sleep(3_600)
                requested.clear()
                writer.write(part)
                await writer.drain()
        going.cancel()
        back.close()
        writer.close()

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
