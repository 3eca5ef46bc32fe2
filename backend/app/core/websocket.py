"""The WebSocket connection manager: one Redis reader per process, fanned out to its WebSocket and SSE clients.

A client has a bounded queue: one that does not keep up is dropped, and may come back with the id of the last
message that it got. Who may listen is asked anew every two seconds, for all clients at once.
"""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import FrameType
from typing import Any

from redis.exceptions import RedisError
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.core.clock import real_now
from app.core.errors import TooManyRequests, Unavailable
from app.core.live import RESYNC, START, Id, LiveMessage, LiveStreams, message, parse_id
from app.core.logging import get_logger
from app.core.metrics import LIVE_CLIENTS, LIVE_DROPPED, LIVE_SENT

log = get_logger(__name__)

QUEUE_LENGTH = 256
HEARTBEAT_SECONDS = 15.0
SEND_SECONDS = 10.0
_CLIENTS_OF_ONE = 20
_READ_BLOCK_MS = 150
_CHECK_EVERY = 2.0
_CHECK_FAILS_FOR = 30.0
_PAUSE_SECONDS = 1.0
_CLOSE_SECONDS = 1.0

_REACHED = (RedisError, OSError, TimeoutError)


class Ending(Enum):
    """Why the server ends a stream: a WebSocket close code, and a word for people and metrics."""

    LEAVING = (1001, "client_left")
    RESTART = (1012, "server_restarts")
    UNAVAILABLE = (1013, "unavailable")
    REVOKED = (4401, "revoked")
    SLOW = (4408, "too_slow")

    @property
    def code(self) -> int:
        return self.value[0]

    @property
    def reason(self) -> str:
        return self.value[1]


class LiveUnavailable(Unavailable):
    """Live messages are not available at the moment: try again shortly."""

    code = "events.unavailable"


class TooManyStreams(TooManyRequests):
    """Too many live streams are open under this sign-in: close some."""

    code = "events.too_many_streams"


@dataclass(eq=False, slots=True)
class Client:
    """One listener. `subject` is what the validity check knows it by; `after` is the last message that it has."""

    tenant_id: int
    subject: Hashable
    expires_at: datetime | None
    after: Id | None
    cursor: Id = START
    queue: asyncio.Queue[LiveMessage] = field(default_factory=lambda: asyncio.Queue(QUEUE_LENGTH))
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    ending: Ending = Ending.LEAVING

    def offer(self, live: LiveMessage) -> None:
        if self.ended.is_set():
            return
        try:
            self.queue.put_nowait(live)
        except asyncio.QueueFull:
            self.end(Ending.SLOW)

    def end(self, ending: Ending) -> None:
        if not self.ended.is_set():
            self.ending = ending
            self.ended.set()


@dataclass(slots=True)
class _Followed:
    """A tenant with listeners here: its stream, and how far it is read."""

    stream: str
    cursor: Id
    clients: set[Client] = field(default_factory=set)


Validity = Callable[[int, set[Hashable]], Awaitable[set[Hashable]]]
"""Which of a tenant's subjects may still listen."""


class ConnectionManager:
    def __init__(
        self, streams: LiveStreams, *, stream_of: Callable[[int], str], still_valid: Validity
    ) -> None:
        self._streams = streams
        self._stream_of = stream_of
        self._still_valid = still_valid
        self._followed: dict[int, _Followed] = {}
        self._anyone = asyncio.Event()
        self._is_up = True
        self._tasks: list[asyncio.Task[None]] = []
        self._handlers: dict[signal.Signals, Any] = {}

    # Starting and stopping

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._check())]
        self._listen_to_signals()

    async def stop(self) -> None:
        self.end_all(Ending.RESTART)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def end_all(self, ending: Ending) -> None:
        for client in self._clients():
            client.end(ending)

    def _clients(self) -> list[Client]:
        return [client for followed in self._followed.values() for client in followed.clients]

    def _listen_to_signals(self) -> None:
        """End the streams when the server is told to stop: it waits for open answers before the lifespan ends."""
        loop = asyncio.get_running_loop()

        def wrapped(before: Callable[[int, FrameType | None], Any]) -> Any:
            def handler(number: int, frame: FrameType | None) -> None:
                loop.call_soon_threadsafe(self.end_all, Ending.RESTART)
                before(number, frame)

            return handler

        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)
            if callable(before):
                with contextlib.suppress(ValueError):  # not the main thread: nobody signals us there
                    signal.signal(number, wrapped(before))
                    self._handlers[number] = before

    # Listening

    @contextlib.asynccontextmanager
    async def subscribe(
        self, tenant_id: int, subject: Hashable, *, expires_at: datetime | None, after: str | None
    ) -> AsyncIterator[Client]:
        """A client that gets what comes from now on. `LiveUnavailable` while Redis is down."""
        if not self._is_up:
            raise LiveUnavailable
        self._refuse_too_many(tenant_id, subject)
        followed = await self._follow(tenant_id)
        resumes = parse_id(after) or START if after is not None else None
        client = Client(tenant_id, subject, expires_at, resumes, cursor=followed.cursor)
        followed.clients.add(client)
        self._anyone.set()
        LIVE_CLIENTS.inc()
        try:
            yield client
        finally:
            LIVE_CLIENTS.dec()
            if client.ended.is_set():
                LIVE_DROPPED.labels(client.ending.reason).inc()
                log.info("events.stream_ended", tenant_id=tenant_id, reason=client.ending.reason)
            followed.clients.discard(client)
            if not followed.clients and self._followed.get(tenant_id) is followed:
                del self._followed[tenant_id]

    def _refuse_too_many(self, tenant_id: int, subject: Hashable) -> None:
        followed = self._followed.get(tenant_id)
        if followed and Counter(client.subject for client in followed.clients)[subject] >= _CLIENTS_OF_ONE:
            raise TooManyStreams(retry_after=30)

    async def _follow(self, tenant_id: int) -> _Followed:
        if tenant_id not in self._followed:
            stream = self._stream_of(tenant_id)
            try:
                last = await self._streams.last_id(stream)
            except _REACHED as error:
                raise LiveUnavailable from error
            self._followed.setdefault(tenant_id, _Followed(stream, last))
        return self._followed[tenant_id]

    async def messages(self, client: Client) -> AsyncIterator[LiveMessage | None]:
        """What the client missed, then what comes; None when it is time for a heartbeat. Ends with the client."""
        async for missed in self._missed(client):
            yield missed
        ended = asyncio.create_task(client.ended.wait())
        getting = asyncio.create_task(client.queue.get())
        try:
            while not client.ended.is_set():
                await asyncio.wait(
                    {getting, ended}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if not getting.done():
                    if not client.ended.is_set():
                        yield None
                    continue
                live = getting.result()
                getting = asyncio.create_task(client.queue.get())
                # Where another process was ahead of this one, the client has some of it already.
                if live.id > client.cursor or not live.stored:
                    client.cursor = live.id
                    yield live
        finally:
            ended.cancel()
            getting.cancel()

    async def _missed(self, client: Client) -> AsyncIterator[LiveMessage]:
        if client.after is None:
            return
        stream, until = self._stream_of(client.tenant_id), client.cursor
        try:
            if await self._streams.is_lost(stream, client.after, now=real_now()):
                yield _resync(until)
                return
            reached = client.after
            while batch := await self._streams.between(stream, reached, until):
                for missed in batch:
                    yield missed
                reached = batch[-1].id
            client.cursor = max(client.cursor, client.after)
        except _REACHED:
            client.end(Ending.UNAVAILABLE)

    # The one reader

    async def _read(self) -> None:
        while True:
            if not self._followed:
                self._anyone.clear()
                await self._anyone.wait()
            try:
                if not self._is_up:
                    await self._catch_up()
                after = {followed.stream: followed.cursor for followed in self._followed.values()}
                if after:
                    self._fan_out(await self._streams.read(after, block_ms=_READ_BLOCK_MS))
            except _REACHED as error:
                self._say_down(error)
                await asyncio.sleep(_PAUSE_SECONDS)

    def _fan_out(self, found: dict[str, list[LiveMessage]]) -> None:
        for followed in self._followed.values():
            for live in found.get(followed.stream, ()):
                if live.id > followed.cursor:
                    followed.cursor = live.id
                    for client in followed.clients:
                        client.offer(live)

    def _say_down(self, error: Exception) -> None:
        if self._is_up:
            self._is_up = False
            log.warning("events.redis_down", error=repr(error))
            self._tell_all("unavailable")

    async def _catch_up(self) -> None:
        """Redis answers again: who may have missed something is told to read everything anew."""
        now = real_now()
        for followed in list(self._followed.values()):
            last = await self._streams.last_id(followed.stream)
            if followed.cursor != last and await self._streams.is_lost(
                followed.stream, followed.cursor, now=now
            ):
                followed.cursor = last
                for client in followed.clients:
                    client.offer(_resync(last))
        self._is_up = True
        log.info("events.redis_back")
        self._tell_all("available")

    def _tell_all(self, status: str) -> None:
        now = real_now()
        for followed in self._followed.values():
            said = message(
                "platform_status",
                {"platform": "stratum", "part": "live", "status": status},
                at=now,
                message_id=followed.cursor,
            )
            for client in followed.clients:
                client.offer(said)

    # Who may listen

    async def _check(self) -> None:
        failing_since: datetime | None = None
        while True:
            await asyncio.sleep(_CHECK_EVERY)
            now = real_now()
            try:
                for tenant_id, followed in list(self._followed.items()):
                    await self._check_tenant(tenant_id, followed, now)
                failing_since = None
            except Exception as error:  # noqa: BLE001  (the database is down: not for long, or nobody listens)
                failing_since = failing_since or now
                log.warning("events.check_failed", error=repr(error))
                if (now - failing_since).total_seconds() > _CHECK_FAILS_FOR:
                    self.end_all(Ending.UNAVAILABLE)

    async def _check_tenant(self, tenant_id: int, followed: _Followed, now: datetime) -> None:
        clients = list(followed.clients)
        valid = await self._still_valid(tenant_id, {client.subject for client in clients})
        for client in clients:
            if client.subject not in valid or (client.expires_at and client.expires_at <= now):
                client.end(Ending.REVOKED)


def _resync(last: Id) -> LiveMessage:
    return message(RESYNC, {"reason": "messages_lost"}, at=real_now(), message_id=last)


async def serve_websocket(websocket: WebSocket, manager: ConnectionManager, client: Client) -> None:
    """Send the client its messages until it leaves, or is told to."""
    await until_first(_send_all(websocket, manager, client), _until_it_leaves(websocket), client.ended.wait())
    if client.ended.is_set():
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await websocket.close(client.ending.code, client.ending.reason)


async def _send_all(websocket: WebSocket, manager: ConnectionManager, client: Client) -> None:
    hello = message("connected", {}, at=real_now(), message_id=client.after or client.cursor)
    await websocket.send_text(hello.data.decode())
    async for live in manager.messages(client):
        data = live or message("heartbeat", {}, at=real_now(), message_id=client.cursor)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await websocket.send_text(data.data.decode())
        except TimeoutError:
            client.end(Ending.SLOW)
            return
        except WebSocketDisconnect:
            return
        LIVE_SENT.inc()


async def _until_it_leaves(websocket: WebSocket) -> None:
    """What a client says is not heard; that it left is."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def until_first(*works: Awaitable[Any]) -> None:
    """Until one of them ends; the others are cancelled."""
    tasks: Sequence[asyncio.Future[Any]] = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
