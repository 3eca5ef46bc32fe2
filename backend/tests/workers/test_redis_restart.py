"""Redis is stopped and comes back, under Beat, worker and relay: they go on, and no work is lost."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.redis import RedisServer, start_redis
from launcher.system import free_port
from tests.factories.access import Company
from tests.workers.processes import eventually, relay, running, worker
from tests.workers.test_processes import all_done, enqueue_many, marks

_KOMBUS = "object has no attribute 'hostname'"
pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="stratum-redis-") as name:
        yield Path(name) / "data"


@pytest.fixture
def own_redis(folder: Path) -> Iterator[RedisServer]:
    server = start_redis(folder, free_port())
    yield server
    server.stop()


async def test_scheduled_and_enqueued_work_goes_on_after_redis_restarts(
    acme: Company, own_redis: RedisServer, folder: Path
) -> None:
    environment = {"REDIS_URL": own_redis.url, "TASK_REDELIVERY_SECONDS": "5"}
    beat = running("celery", "-A", "tests.workers.stand", "beat", "--loglevel", "INFO", **environment)
    with worker(**environment) as working, relay(**environment) as relaying, beat as beating:
        everyone = (working, relaying, beating)

        def ticks() -> int:
            return working.output().count("stand.ticked")

        async def all_is_done() -> bool:
            # kombu's Redis transport lets a worker die that loses its connection with a message unacknowledged.
            assert working.is_alive() or _KOMBUS in working.output(), "no other death is forgiven"
            working.keep_up()
            return await all_done(acme)

        async def ticked_since(before: int) -> bool:
            return ticks() > before + 1

        await eventually(lambda: ticked_since(0), within=60, watched=everyone)
        await enqueue_many(acme, "before", 20)
        await asyncio.to_thread(own_redis.stop)
        await enqueue_many(acme, "during", 20)
        await asyncio.sleep(8)
        again = await asyncio.to_thread(start_redis, folder, own_redis.port)
        try:
            before = ticks()
            await enqueue_many(acme, "after", 20)
            await eventually(all_is_done, within=120, watched=everyone)
            await eventually(lambda: ticked_since(before), within=90, watched=everyone)
            assert relaying.is_alive()
            assert beating.is_alive()
        finally:
            again.stop()
    for when in ("before", "during", "after"):
        found = await marks(acme, when)
        assert len(found) == len(set(found)) == 20, when
