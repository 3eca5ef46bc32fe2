"""Bodies that are read as they come, up to a bound."""

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import IO

from starlette.requests import Request

from app.core.errors import TooLarge
from app.services.cdp.events.errors import BatchTooLarge
from app.services.cdp.events.service import MAX_BATCH_BYTES

_DIGITS = 12
BOUNDED_BY_ITSELF = 2**62
"""The bound of a route that reads by `batch_body`: senders are owed a 400, where a bound further out answers 413."""

DRAINED_BYTES = 16 * 1_048_576
"""How much of a body past its bound is read and thrown away, so that the client hears the answer."""


_HELD_BYTES = 1_048_576


def says_gpc(request: Request) -> bool:
    """Whether the browser's user has opted out of sale and sharing (`Sec-GPC: 1`)."""
    return request.headers.get("sec-gpc", "").strip() == "1"


async def batch_body(request: Request) -> bytes:
    """The whole body; `BatchTooLarge` past the limit of a batch."""
    said = request.headers.get("content-length", "")
    if len(said) > _DIGITS or (said.isdecimal() and int(said) > DRAINED_BYTES):
        raise BatchTooLarge
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BATCH_BYTES:
            chunks.append(chunk)
        elif size > DRAINED_BYTES:
            break
    if size > MAX_BATCH_BYTES:
        raise BatchTooLarge
    return b"".join(chunks)


@asynccontextmanager
async def spooled_body(
    request: Request, *, most: int, too_large: Callable[[], TooLarge]
) -> AsyncIterator[IO[bytes]]:
    """The whole body as a file, which lies on disk once it is large: `too_large` past `most` bytes."""
    size = 0
    with tempfile.SpooledTemporaryFile(max_size=_HELD_BYTES) as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise too_large()
            file.write(chunk)
        file.seek(0)
        yield file
