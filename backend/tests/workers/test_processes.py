"""Real worker, relay and Beat processes; killed, they lose nothing and double nothing."""

import asyncio
import contextlib
import os
import random
import signal
import time

import psutil
import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from app.core.ids import uuid7
from app.db.session import live_stream
from tests.factories.access import Company
from tests.workers.processes import Process, eventually, relay, running, worker


async def marks(company: Company, prefix: str) -> list[str]:
    async with company.scopes() as scope:
        found = await scope.session.scalars(
            text("select entity_id from audit_logs where entity = 'stand' and entity_id like :like"),
            {"like": f"{prefix}%"},
        )
        return list(found)


async def enqueue_many(company: Company, prefix: str, count: int) -> None:
    async with company.scopes() as scope:
        for number in range(count):
            name = ("stand.note", "stand.step_by_step")[number % 2]
            await scope.enqueue(name, {"mark": f"{prefix}-{number}"})


async def all_done(company: Company) -> bool:
    async with company.scopes() as scope:
        return not await scope.session.scalar(text("select count(*) from outbox where kind = 'task'"))


async def test_an_enqueued_task_is_done_by_a_worker_process(acme: Company) -> None:
    with worker() as working, relay() as relaying:
        async with acme.scopes() as scope:
            await scope.enqueue("stand.chain", {"mark": "chain", "left": 3})
        await eventually(lambda: all_done(acme), watched=(working, relaying))
        assert sorted(await marks(acme, "chain")) == ["chain-0", "chain-1", "chain-2", "chain-3"]
        assert relaying.terminate() == 0
        assert working.terminate() == 0


@pytest.mark.long
async def test_killed_workers_and_relays_lose_nothing_and_double_nothing(acme: Company) -> None:
    """Every half second or so one of them is killed, whatever it is doing; Redis is emptied once."""
    total = 400
    environment = {"TASK_REDELIVERY_SECONDS": "2"}
    processes: dict[str, contextlib.AbstractContextManager[Process]] = {}
    alive: dict[str, Process] = {}
    makers = {"worker": worker, "relay": relay}
    dice = random.Random(7)  # noqa: S311  (the same storm each time)
    for name, make in makers.items():
        processes[name] = make(**environment)
        alive[name] = processes[name].__enter__()
    try:
        for batch in range(8):
            await enqueue_many(acme, f"storm{batch}", total // 8)
            await asyncio.sleep(dice.uniform(0.3, 1.5))
            victim = dice.choice(list(makers))
            alive[victim].kill()
            processes[victim].__exit__(None, None, None)
            processes[victim] = makers[victim](**environment)
            alive[victim] = processes[victim].__enter__()
        await eventually(lambda: all_done(acme), within=100, watched=tuple(alive.values()))
    finally:
        for process in processes.values():
            process.__exit__(None, None, None)
    found = await marks(acme, "storm")
    assert len(found) == len(set(found)) == total


async def test_a_task_whose_worker_is_killed_half_way_is_done_by_another(acme: Company) -> None:
    mark = uuid7().hex
    with relay(TASK_REDELIVERY_SECONDS="1"), worker() as first:
        async with acme.scopes() as scope:
            await scope.enqueue("stand.slow_note", {"mark": mark, "seconds": 1.5})

        async def started() -> bool:
            async with acme.scopes() as scope:
                return bool(await scope.session.scalar(text("select starts from outbox")))

        await eventually(started, watched=(first,))
        first.kill()
        assert await marks(acme, mark) == []
        with worker() as second:
            await eventually(lambda: all_done(acme), watched=(second,))
    assert await marks(acme, mark) == [mark]


async def test_tasks_survive_a_redis_that_forgot_everything(acme: Company, redis: Redis) -> None:
    with relay(TASK_REDELIVERY_SECONDS="1") as relaying:
        await enqueue_many(acme, "lost", 10)

        async def handed_over() -> bool:
            async with acme.scopes() as scope:
                return not await scope.session.scalar(text("select count(*) from outbox where handovers = 0"))

        await eventually(handed_over, watched=(relaying,))
        await redis.flushdb()
        with worker() as working:
            await eventually(lambda: all_done(acme), watched=(relaying, working))
    assert len(await marks(acme, "lost")) == 10


async def test_a_task_that_kills_its_worker_ends_as_a_dead_letter(acme: Company) -> None:
    with relay(TASK_REDELIVERY_SECONDS="1") as relaying, worker() as working:
        async with acme.scopes() as scope:
            await scope.enqueue("stand.deadly", {})
        await eventually(lambda: all_done(acme), within=30, watched=(relaying, working))
    letters = (await acme.client().get("/api/v1/work/dead-letters")).json()["items"]
    assert [each["error_code"] for each in letters] == ["work.worker_killed"]


async def test_live_messages_arrive_within_a_tenth_of_a_second_and_in_order(
    acme: Company, globex: Company, redis: Redis
) -> None:
    with relay() as relaying:
        for company in (acme, globex):
            for number in range(30):
                async with company.scopes() as scope:
                    await scope.announce("emq_update", {"n": number})

        async def arrived() -> bool:
            return await redis.xlen(live_stream(globex.id)) == 30

        await eventually(arrived, watched=(relaying,))
        for company in (acme, globex):
            entries = await redis.xrange(live_stream(company.id))
            told = [dict(entry[1] or {})[b"payload"] for entry in entries or []]
            assert told == [b'{"n":%d}' % n for n in range(30)]
        took = []
        for number in range(10):
            async with acme.scopes() as scope:
                await scope.announce("emq_update", {"n": number})
            committed = time.perf_counter()
            await redis.xread({live_stream(acme.id): "$"}, block=1500)
            took.append(time.perf_counter() - committed)
    assert sorted(took)[5] < 0.1


async def test_beat_schedules_survive_an_emptied_redis_and_only_one_beat_ticks(redis: Redis) -> None:
    words = ("celery", "-A", "app.workers.celery_app", "beat", "--loglevel", "INFO")

    async def has_schedule() -> bool:
        return bool(await redis.exists("redbeat::schedule"))

    with running(*words) as beat:
        await eventually(has_schedule, watched=(beat,))
        with running(*words) as second:
            await asyncio.sleep(2)
            assert "Acquired lock" not in second.output()
    await redis.flushdb()
    with running(*words) as beat:
        await eventually(has_schedule, watched=(beat,))
        assert await redis.zcard("redbeat::schedule") >= 1


async def test_a_relay_outlives_a_redis_that_comes_late(acme: Company, redis: Redis) -> None:
    """Its address answers nothing at first, so it waits; the rows stay, and go when another relay can."""
    async with acme.scopes() as scope:
        await scope.announce("emq_update", {})
    with relay(REDIS_URL="redis://127.0.0.1:9/0") as blind:

        async def complained() -> bool:
            return "work.relay_waits" in blind.output()

        await eventually(complained, watched=(blind,))
        assert psutil.pid_exists(blind.pid)
        os.kill(blind.pid, signal.SIGTERM)
    with relay() as relaying:

        async def arrived() -> bool:
            return await redis.xlen(live_stream(acme.id)) == 1

        await eventually(arrived, watched=(relaying,))
