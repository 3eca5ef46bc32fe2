"""Images are decoded in a process of their own, one for each: bounded in memory, time, and how many at once.

A decoder is code in C that reads whatever a stranger sends. What goes wrong in it ends that process alone, which has
none of our secrets in its memory or environment. It is no sandbox: whoever takes the decoder over has this process's
user, its network and its files.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from app.core.logging import get_logger
from app.services.campaigns.assets.errors import Busy
from app.services.campaigns.assets.faults import ImageFault
from app.services.campaigns.assets.images import Taken

log = get_logger(__name__)

AT_ONCE = 2
MOST_WAITING = 16
MOST_OF_A_TENANT = 4
"""One in its place, three that wait for it: one tenant does not fill the queue of all."""
SECONDS = 30.0

_ROOT = Path(__file__).parents[4]
_CODE = (
    f"import sys; sys.path.insert(0, {str(_ROOT)!r}); "
    "from app.services.campaigns.assets.decoding_process import main; main()"
)
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What of the environment an interpreter may need to start."""
_ENDED = ImageFault(
    "damaged", "The image cannot be decoded: open it in an image editor and export it once more."
)
_SLOW = ImageFault("too_slow", "The image takes too long to decode: make it smaller and export it once more.")


@dataclass(slots=True)
class _Share:
    """A tenant's one place, and how many of its images are in it or wait."""

    place: asyncio.Lock = field(default_factory=asyncio.Lock)
    here: int = 0


_places = asyncio.Semaphore(AT_ONCE)
_waiting = 0
_shares: dict[int, _Share] = {}


async def decoded(file: IO[bytes], most_bytes: int, *, tenant_id: int) -> Taken:
    """The image in the file, as it is to be stored; an `ImageFault` says why it is not taken.

    The file is read only when its turn has come. `Busy` where too many wait already, in all or of this tenant.
    """
    async with _turn(tenant_id):
        file.seek(0)
        data = await asyncio.to_thread(file.read)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-IBc",
            _CODE,
            str(most_bytes),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
        )
        try:
            async with asyncio.timeout(SECONDS):
                told, _ = await process.communicate(data)
        except TimeoutError as error:
            log.warning("campaigns.assets.decoder_too_slow", size_bytes=len(data))
            raise _SLOW from error
        finally:
            await _end(process)
    if process.returncode != 0:
        log.warning("campaigns.assets.decoder_ended", status=process.returncode, size_bytes=len(data))
        raise _ENDED
    return _taken(told)


@asynccontextmanager
async def _turn(tenant_id: int) -> AsyncIterator[None]:
    global _waiting  # noqa: PLW0603  (a process has one queue before its decoders)
    share = _shares.get(tenant_id) or _Share()
    if _waiting >= MOST_WAITING or share.here >= MOST_OF_A_TENANT:
        raise Busy(retry_after=5)
    _shares[tenant_id] = share
    share.here += 1
    try:
        async with AsyncExitStack() as held:
            _waiting += 1
            try:
                await held.enter_async_context(share.place)
                await held.enter_async_context(_places)
            finally:
                _waiting -= 1
            yield
    finally:
        share.here -= 1
        if not share.here:
            del _shares[tenant_id]


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


def _taken(told: bytes) -> Taken:
    line, _, rest = told.partition(b"\n")
    said: dict[str, Any] = json.loads(line)
    if "fault" in said:
        raise ImageFault(*said["fault"])
    content, thumbnail = said["sizes"]
    return Taken(content=rest[:content], thumbnail=rest[content : content + thumbnail], **said["facts"])
