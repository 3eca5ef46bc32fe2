"""Many webhooks at a time: the slow, the dead and the greedy hold up nobody else."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.db.locks import exclusive
from app.db.platform import Platform
from app.db.session import make_engine, platform_scope
from app.services.cdp.events.service import Ingestion
from app.services.cdp.segments.service import Following
from app.services.cdp.webhooks.service import Pump, forget_old_tries
from tests.factories.access import Company, make_company
from tests.factories.cdp import track
from tests.factories.segments import Lab
from tests.factories.webhooks import make_webhook
from tests.receiver import Receiver, Reply, receiving
from tests.workers.processes import eventually


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def platform(app: FastAPI, settings: Settings) -> Platform:
    """Without the webhooks that other tests left behind."""
    assert settings.database_owner_url is not None
    owner = make_engine(settings.database_owner_url.get_secret_value(), settings)
    async with platform_scope(owner) as session:
        await session.execute(text("delete from cdp_webhooks"))
    await owner.dispose()
    return Platform(app.state.engine, settings, app.state.clock)


async def test_a_dead_one_and_slow_ones_hold_up_nobody(
    acme: Company, globex: Company, ingestion: Ingestion, platform: Platform, receiver: Receiver
) -> None:
    """The slow ones answer only once the prompt one has everything: whoever waited for them would wait for ever."""
    engine = platform.engine
    slow_ones, prompt = Lab(acme, engine, ingestion), Lab(globex, engine, ingestion)
    async with receiving() as slow:
        slow.gate = asyncio.Event()
        for _ in range(12):
            await make_webhook(acme, slow.url)
        await make_webhook(acme, "http://127.0.0.1:9/")
        hook = await make_webhook(globex, receiver.url)
        await slow_ones.send(track(userId="u-1"))
        await prompt.send(*(track(userId=f"u-{number}") for number in range(3_000)))
        pumping = asyncio.create_task(Pump(platform, places=10, of_a_tenant=8, seconds=90).run())

        async def has_all() -> bool:
            return len(receiver.items) == 3_000

        await eventually(has_all)
        assert len({item["id"] for item in receiver.items}) == 3_000
        assert 0 < len(slow.posts) <= 8
        slow.gate.set()
        await pumping
        assert len(slow.posts) == 12
    assert (await hook.read())["waiting"] == 0


async def test_only_one_pump_works_at_a_time(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, platform: Platform, receiver: Receiver
) -> None:
    lab = Lab(acme, engine, ingestion)
    await make_webhook(acme, receiver.url)
    await lab.send(track(userId="u-1"))
    async with exclusive(engine, "cdp.webhooks.pump") as mine:
        assert mine
        await Pump(platform).run()
        assert receiver.posts == []
    await Pump(platform).run()
    assert receiver.topics() == ["profile.created"]


async def test_who_has_nothing_to_tell_or_is_to_wait_is_not_due(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, platform: Platform, receiver: Receiver
) -> None:
    lab = Lab(acme, engine, ingestion)
    hook = await make_webhook(acme, receiver.url)
    receiver.replies.append(Reply(500, {"Retry-After": "60"}))
    await Pump(platform).run()
    assert receiver.posts == []
    await lab.send(track(userId="u-1"))
    await Pump(platform).run()
    await Pump(platform).run()
    assert len(receiver.posts) == 1
    await hook.set(next_attempt_at=None)
    await Pump(platform).run()
    assert len(receiver.posts) == 2
    await lab.send(track(userId="u-1"))
    await hook.change(enabled=False)
    await Pump(platform).run()
    assert len(receiver.posts) == 2


async def test_fifty_thousand_moves_are_a_bounded_number_of_requests_in_flat_memory(
    app: FastAPI, engine: AsyncEngine, ingestion: Ingestion, platform: Platform
) -> None:
    """Of eighty messages no more is held at a time than of ten, but for a few in the buffers."""
    async with AsyncExitStack() as stack:
        company = await make_company(app, stack, "Initech")
        lab = Lab(company, engine, ingestion)
        segment = await lab.segment({"kind": "event", "event": "Order Completed"}, "Buyers")
        await lab.send(track("Order Completed", userId="u-1"))
        await Following(lab.scopes).drain()
        receiver = await stack.enter_async_context(receiving())
        hook = await make_webhook(company, receiver.url, ["segment.entered", "segment.left"])
        peaks = []
        for count, keeps in ((5_000, True), (5_000, False), (40_000, False)):
            async with lab.scopes() as scope:
                await scope.session.execute(
                    text(
                        "insert into cdp_segment_transitions (segment_id, version, profile_id, entered, reason, at) "
                        "select :segment, 1, p.id, n % 2 = 0, 'events', now() from cdp_profiles p, "
                        "generate_series(1, cast(:count as integer)) n"
                    ),
                    {"segment": segment, "count": count},
                )
            receiver.keeps = keeps
            tracemalloc.start()
            while (await hook.read())["waiting"]:
                await Pump(platform).run()
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert len(receiver.posts) == 100
        assert max(len(post.body) for post in receiver.posts) < 1_100_000
        first = [post for post in receiver.posts if post.body]
        assert [len(post.items) for post in first] == [500] * 10
        seqs = [int(item["id"][1:]) for post in first for item in post.items]
        assert seqs == sorted(set(seqs))
        assert sum(each.items for each in await hook.log()) == 50_000
        assert peaks[2] - peaks[1] < 8 * max(len(post.body) for post in first)


async def test_the_log_keeps_thirty_days_and_the_newest(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, platform: Platform, receiver: Receiver
) -> None:
    lab = Lab(acme, engine, ingestion)
    hook = await make_webhook(acme, receiver.url)
    await lab.send(track(userId="u-1"))
    await Pump(platform).run()
    async with lab.scopes() as scope:
        await scope.session.execute(
            text(
                "insert into cdp_webhook_deliveries (id, webhook_id, message_id, kind, at, attempt, acknowledged, "
                "duration_ms, items) select gen_random_uuid(), :hook, gen_random_uuid(), 'feed', "
                "now() - make_interval(days => 20) - make_interval(mins => n * 10), 1, true, 1, 1 "
                "from generate_series(1, 6000) n"
            ),
            {"hook": hook.id},
        )
    await forget_old_tries(lab.scopes)
    async with lab.scopes() as scope:
        count, oldest = (
            await scope.session.execute(
                text(
                    "select count(*), min(at) > now() - make_interval(days => 30) from cdp_webhook_deliveries"
                )
            )
        ).one()
    assert oldest
    assert 1_000 < count <= 5_000
