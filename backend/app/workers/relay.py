"""The relay: a process that hands on what transactions left in the outbox. `python -m app.workers.relay`.

Tasks go to Celery, live messages to their tenant's Redis Stream. It looks 25 times a second, and in a quiet time
five; with Redis or the database down the rows stay, and it tries again with growing pauses. Any number of relays may
run: rows are claimed with SKIP LOCKED, and one at a time writes live messages, for their order.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import uvloop
from prometheus_client import start_http_server
from redis.asyncio import Redis

from app.core.clock import real_now
from app.core.config import Settings, settings
from app.core.errors import StratumError
from app.core.live import STREAM_EXPIRES, STREAM_LENGTH, StreamEntry
from app.core.logging import configure_logging, get_logger
from app.core.metrics import OUTBOX_DEPTH, OUTBOX_FAILING, OUTBOX_OLDEST, RELAY_FAILURES, RELAY_LAG, RELAYED
from app.core.redis import make_redis
from app.core.sentry import start_sentry
from app.db import outbox
from app.db.outbox import LIVE, TASK, Message
from app.db.session import live_stream, make_engine, platform_scope
from app.workers.celery_app import celery_app, visibility_timeout
from app.workers.handlers import HANDLERS, Takes

log = get_logger(__name__)

_LOOK_EVERY = 0.04
_LOOK_AT_LEAST_EVERY = 0.2
_GROWTH = 1.2
_TASK_BATCH = 200
_LIVE_BATCH = 500
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_MEASURE_EVERY = 5.0
_UNKNOWN_WAITS = timedelta(minutes=1)
_LEASE_MARGIN = 60


class RelayUrlMissing(StratumError):
    """Set DATABASE_RELAY_URL: the role that sees the outbox alone."""

    code = "work.relay_url_missing"


class Relay:
    def __init__(self, settings: Settings) -> None:
        if settings.database_relay_url is None:
            raise RelayUrlMissing
        url = settings.database_relay_url.get_secret_value()
        self._engine = make_engine(url, settings, name="stratum-relay")
        self._looking = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._redis: Redis = make_redis(settings)
        self._lease = timedelta(
            seconds=settings.task_redelivery_seconds or visibility_timeout() + _LEASE_MARGIN
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. A part that fails pauses and goes on; what it did not hand over is still there."""
        log.info("work.relay_started")
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._keep_on(stop, "tasks", self.hand_over_tasks, _TASK_BATCH))
            parts.create_task(self._keep_on(stop, "live", self.hand_over_live, _LIVE_BATCH))
            parts.create_task(self._keep_measuring(stop))
        await self.aclose()
        log.info("work.relay_stopped")

    async def aclose(self) -> None:
        await self._redis.aclose()
        await self._engine.dispose()

    @staticmethod
    async def _keep_on(
        stop: asyncio.Event, part: str, turn: Callable[[], Awaitable[int]], batch: int
    ) -> None:
        """Take turns, each of which tells how many rows it found; the rest after one grows while it finds none."""
        failures, rest = 0, _LOOK_EVERY
        while not stop.is_set():
            try:
                found = await turn()
            except Exception as error:  # noqa: BLE001  (whatever is down: the rows stay, the relay lives)
                pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**failures)
                failures += 1
                RELAY_FAILURES.labels(part).inc()
                log.warning("work.relay_waits", part=part, pause_s=pause, error=repr(error))
            else:
                failures = 0
                rest = _LOOK_EVERY if found else min(_LOOK_AT_LEAST_EVERY, rest * _GROWTH)
                pause = 0.0 if found >= batch else rest
            await _wait(stop, pause)

    async def _keep_measuring(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.measure()
            except Exception as error:  # noqa: BLE001  (as above)
                RELAY_FAILURES.labels("gauges").inc()
                log.warning("work.relay_measures_nothing", error=repr(error))
            await _wait(stop, _MEASURE_EVERY)

    async def hand_over_tasks(self) -> int:
        """One batch to Celery; the rows stay, due again after the lease unless a worker has done them."""
        if not await self._is_due(TASK):
            return 0
        async with platform_scope(self._engine) as session:
            messages = await outbox.claim_tasks(session, limit=_TASK_BATCH, lease=self._lease)
            if not messages:
                return 0
            known = [message for message in messages if is_known(message)]
            await asyncio.to_thread(_publish, known)
            for message in messages:
                if not is_known(message):
                    log.error("work.unknown_task", task=message.name, task_id=str(message.id))
                    await outbox.hold_back(
                        session, message, error="no handler has this name", delay=_UNKNOWN_WAITS
                    )
        self._count(TASK, known)
        return len(messages)

    async def hand_over_live(self) -> int:
        """One batch to the tenants' streams, oldest first; a crash after the writing repeats it at most once."""
        if not await self._is_due(LIVE):
            return 0
        async with platform_scope(self._engine) as session:
            messages = await outbox.claim_live(session, limit=_LIVE_BATCH)
            if not messages:
                return 0
            async with self._redis.pipeline(transaction=False) as pipe:
                for message in messages:
                    entry = StreamEntry(message.name, message.created_at, message.payload)
                    pipe.xadd(
                        live_stream(message.tenant_id), entry.fields(), maxlen=STREAM_LENGTH, approximate=True
                    )
                for tenant_id in {message.tenant_id for message in messages}:
                    pipe.expire(live_stream(tenant_id), STREAM_EXPIRES)
                await pipe.execute()
            await outbox.drop_live(session, messages)
        self._count(LIVE, messages)
        return len(messages)

    async def _is_due(self, kind: str) -> bool:
        """One statement, where a turn is a transaction of three: an idle relay only looks."""
        async with self._looking.connect() as connection:
            return await outbox.is_due(connection, kind)

    @staticmethod
    def _count(kind: str, messages: Sequence[Message]) -> None:
        now = real_now()
        RELAYED.labels(kind).inc(len(messages))
        for message in messages:
            if message.handovers <= 1 and not message.attempts:
                RELAY_LAG.labels(kind).observe(max(0.0, (now - message.created_at).total_seconds()))

    async def measure(self) -> None:
        async with platform_scope(self._engine) as session:
            found = await outbox.backlog(session)
        for kind in (TASK, LIVE):
            mine = [each for each in found if each.kind == kind]
            OUTBOX_DEPTH.labels(kind, "waiting").set(sum(e.depth for e in mine if not e.handed_over))
            OUTBOX_DEPTH.labels(kind, "handed_over").set(sum(e.depth for e in mine if e.handed_over))
            OUTBOX_OLDEST.labels(kind).set(max((e.oldest_due_seconds for e in mine), default=0.0))
            OUTBOX_FAILING.labels(kind).set(sum(e.failing for e in mine))


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def is_known(message: Message) -> bool:
    """A name without a handler waits: an API newer than this relay may have written it."""
    handler = HANDLERS.get(message.name)
    return handler is not None and handler.takes is not Takes.PLATFORM


def _publish(messages: Sequence[Message]) -> None:
    """Blocking; raises where the broker is down, and then all of the batch comes again."""
    with celery_app.producer_pool.acquire(block=True) as producer:
        for message in messages:
            celery_app.send_task(
                message.name,
                args=(str(message.id), message.tenant_id),
                queue=message.queue or HANDLERS[message.name].queue,
                task_id=str(message.id),
                time_limit=HANDLERS[message.name].hard_limit,
                producer=producer,
                retry=False,
            )


async def main(settings: Settings) -> None:
    if settings.relay_metrics_port:
        start_http_server(settings.relay_metrics_port, settings.metrics_host)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    await Relay(settings).run(stop)


if __name__ == "__main__":
    configure_logging(settings)
    start_sentry(settings)
    uvloop.run(main(settings))
