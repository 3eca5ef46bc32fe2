"""A circuit is shared by all processes, and each keeps its own while Redis is down."""

import pytest
from redis.asyncio import Redis

from app.core.ids import uuid7
from app.services.integrations.breaker import FAILURES_TO_OPEN, Breaker, _Memory


async def test_what_fails_in_one_process_is_spared_in_another(redis: Redis) -> None:
    key, one, other = uuid7().hex, Breaker(redis), Breaker(redis)
    for _ in range(FAILURES_TO_OPEN):
        await one.failed(key)
    assert (await other.refused_for(key))[0] == "circuit"
    assert (await other.state(key))[0] == "open"


async def test_half_open_lets_one_probe_through_and_its_success_closes(redis: Redis) -> None:
    key, one, other = uuid7().hex, Breaker(redis), Breaker(redis)
    for _ in range(FAILURES_TO_OPEN):
        await one.failed(key)
    await redis.delete(f"{key}:open")
    assert (await one.state(key))[0] == "half_open"
    assert (await one.refused_for(key))[0] is None
    assert (await other.refused_for(key))[0] == "circuit"
    await one.succeeded(key)
    assert (await other.refused_for(key))[0] is None
    assert (await other.state(key))[0] == "closed"


@pytest.mark.parametrize("seconds", [1, 120])
async def test_the_platforms_wait_is_shared(redis: Redis, seconds: int) -> None:
    key = uuid7().hex
    await Breaker(redis).wait(key, seconds)
    reason, left = await Breaker(redis).refused_for(key)
    assert reason == "rate_limit"
    assert 0 < left <= seconds


async def test_who_only_asks_leaves_the_probe_to_the_call_that_follows(redis: Redis) -> None:
    down = Redis.from_url("redis://127.0.0.1:9", socket_connect_timeout=0.2)
    for breaker in (Breaker(redis), Breaker(down)):
        key = uuid7().hex
        for _ in range(FAILURES_TO_OPEN):
            await breaker.failed(key)
        await redis.delete(f"{key}:open")
        breaker._memory.drop(f"{key}:open")
        assert (await breaker.refused_for(key, trying=False))[0] is None
        assert (await breaker.refused_for(key))[0] is None, "the probe is still there to be taken"
        assert (await breaker.refused_for(key, trying=False))[0] == "circuit", "it is out"
    await down.aclose()


async def test_no_platform_makes_us_wait_for_longer_than_a_day(redis: Redis) -> None:
    key = uuid7().hex
    await Breaker(redis).wait(key, 10**15)
    assert (await Breaker(redis).refused_for(key))[0] == "rate_limit"
    assert 86_000 < (await Breaker(redis).state(key))[1] <= 86_400


def test_what_a_process_remembers_for_itself_ends() -> None:
    memory = _Memory()
    for number in range(25_000):
        memory.add(f"account-{number}:operations", 1, 0)
    assert len(memory._entries) <= 10_001
    memory.put("kept", 1, 60)
    assert memory.get("kept") == 1


async def test_without_redis_each_process_counts_for_itself() -> None:
    down = Redis.from_url("redis://127.0.0.1:9", socket_connect_timeout=0.2)
    key, breaker = uuid7().hex, Breaker(down)
    for _ in range(FAILURES_TO_OPEN):
        assert (await breaker.refused_for(key))[0] is None
        await breaker.failed(key)
    assert (await breaker.refused_for(key))[0] == "circuit"
    await breaker.succeeded(key)
    assert (await breaker.refused_for(key))[0] is None
    await down.aclose()
