"""Many at once: ingesters and resolvers of one tenant, and deaths between them."""

import asyncio
import random

from sqlalchemy import func, select, text

from app.models.cdp.identity import CdpIdentifier, CdpIdentityQueueItem, CdpProfileChange
from app.models.cdp.profiles import CdpProfile
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import GraphChanges, Resolver
from app.services.cdp.sources.service import Sender
from tests.factories.access import Company
from tests.factories.cdp import ingest, track


async def test_concurrent_ingesters_and_resolvers_count_every_event_once(
    acme: Company, ingestion: Ingestion
) -> None:
    sender, draw = Sender(acme.id, None), random.Random(4)  # noqa: S311  (a stream, not a secret)
    events = [
        track(
            userId=f"u-{draw.randrange(8)}" if draw.random() < 0.5 else None,
            anonymousId=f"a-{draw.randrange(20)}",
        )
        for _ in range(400)
    ]

    async def send(part: int) -> None:
        for start in range(part * 100, part * 100 + 100, 10):
            await ingest(ingestion, sender, *events[start : start + 10])
            await Resolver(acme.scopes, at_once=25).drain()

    async with asyncio.TaskGroup() as tasks:
        for part in range(4):
            tasks.create_task(send(part))
    await Resolver(acme.scopes).drain()
    async with acme.scopes() as scope:
        session = scope.session
        assert await session.scalar(select(func.count()).select_from(CdpIdentityQueueItem)) == 0
        assert await session.scalar(select(func.sum(CdpIdentifier.event_count))) == 400
        assert await session.scalar(select(func.sum(CdpProfile.event_count))) == 400
        feed = (await session.scalars(select(CdpProfileChange.seq).order_by(CdpProfileChange.seq))).all()
    assert len(feed) == len(set(feed)) > 0


async def test_a_resolver_that_dies_half_way_leaves_no_trace(acme: Company, ingestion: Ingestion) -> None:
    await ingest(ingestion, Sender(acme.id, None), *(track(userId=f"u-{n}") for n in range(5)))
    resolver = asyncio.create_task(Resolver(acme.scopes).drain())
    await asyncio.sleep(0.005)
    resolver.cancel()
    await asyncio.gather(resolver, return_exceptions=True)
    await Resolver(acme.scopes).drain()
    async with acme.scopes() as scope:
        assert await scope.session.scalar(select(func.sum(CdpProfile.event_count))) == 5


async def test_a_person_who_changes_the_graph_and_a_resolver_take_turns(
    acme: Company, ingestion: Ingestion
) -> None:
    sender = Sender(acme.id, None)
    await ingest(ingestion, sender, track(userId="u-1"), track(userId="u-2"))
    await Resolver(acme.scopes).drain()
    async with acme.scopes() as scope:
        one, other = (await scope.session.scalars(select(CdpProfile.id).order_by(CdpProfile.id))).all()
    await ingest(ingestion, sender, *(track(userId=f"u-{n % 2 + 1}") for n in range(50)))

    async def merge() -> None:
        async with acme.scopes() as scope:
            await GraphChanges(scope).merge(one, other, "They called us.")

    await asyncio.gather(merge(), Resolver(acme.scopes, at_once=10).drain())
    await Resolver(acme.scopes).drain()
    async with acme.scopes() as scope:
        [person] = (await scope.session.scalars(select(CdpProfile))).all()
    assert person.event_count == 52


async def test_no_other_tenant_is_seen(acme: Company, globex: Company, ingestion: Ingestion) -> None:
    for company in (acme, globex):
        await ingest(ingestion, Sender(company.id, None), track(userId="u-1", anonymousId="a-1"))
    await Resolver(acme.scopes).drain()
    async with globex.scopes() as scope:
        assert (await scope.session.execute(text("select count(*) from cdp_profiles"))).scalar_one() == 0
    await Resolver(globex.scopes).drain()
    async with acme.scopes() as scope:
        keys = set((await scope.session.scalars(select(CdpIdentifier.key))).all())
    async with globex.scopes() as scope:
        assert keys.isdisjoint((await scope.session.scalars(select(CdpIdentifier.key))).all())
