"""What follows from events that were stored: done once each, by sets, whatever one of them is like."""

import asyncio
import contextlib
import json
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import SystemClock
from app.core.config import Settings
from app.db.platform import Platform
from app.models.cdp.arrivals import CdpEventArrival
from app.models.cdp.consents import CdpConsentReceipt
from app.models.cdp.schemas import CdpSourceSchema
from app.services.cdp.arrivals.service import Arrival, Arrivals, arrival_stragglers, follow_up
from app.services.cdp.events.service import Ingestion
from app.services.cdp.sources.service import Sender
from tests.factories.access import Company
from tests.factories.cdp import ingest, track

_ALONE = "select payload from outbox where name = 'cdp.events.accepted_alone'"
_SPOIL = "update cdp_event_arrivals set said = jsonb_set(said, '{0,3}', '9223372036854775808') where id = :id"
_AGREED = {"consent": {"categoryPreferences": {"Advertising": True}}}


async def send(ingestion: Ingestion, company: Company, *events: dict[str, Any]) -> None:
    await ingest(ingestion, Sender(company.id, None), *events)


async def counted(company: Company) -> int:
    async with company.scopes() as scope:
        return int(await scope.session.scalar(select(func.sum(CdpSourceSchema.events))) or 0)


async def waiting(company: Company) -> int:
    async with company.scopes() as scope:
        return int(await scope.session.scalar(select(func.count()).select_from(CdpEventArrival)) or 0)


async def spoil(company: Company) -> None:
    """More events than can be counted: the last write that waits cannot be taken in."""
    async with company.scopes() as scope:
        newest = select(CdpEventArrival.id).order_by(CdpEventArrival.id.desc()).limit(1)
        await scope.session.execute(text(_SPOIL), {"id": await scope.session.scalar(newest)})


async def test_writes_that_wait_are_taken_in_together(acme: Company, ingestion: Ingestion) -> None:
    for _ in range(3):
        await send(ingestion, acme, track("Seen"), track("Seen", context=_AGREED))
    assert await Arrivals(acme.scopes).drain() == 3
    async with acme.scopes() as scope:
        shown = list(await scope.session.scalars(text("select payload from outbox where name = 'cdp_event'")))
        receipts = await scope.session.scalar(select(func.count()).select_from(CdpConsentReceipt))
    assert [(len(each["events"]), each["of"]) for each in shown] == [(6, 6)]
    assert receipts
    assert (await counted(acme), await waiting(acme)) == (6, 0)


async def test_at_once_and_again_each_write_is_taken_in_once(acme: Company, ingestion: Ingestion) -> None:
    async def one() -> None:
        await send(ingestion, acme, track("Seen"))
        await Arrivals(acme.scopes, at_once=2).drain()

    await asyncio.gather(*(one() for _ in range(8)))
    await Arrivals(acme.scopes).drain()
    assert (await counted(acme), await waiting(acme)) == (8, 0)


async def test_what_fails_half_way_waits_as_before(acme: Company, ingestion: Ingestion) -> None:
    await send(ingestion, acme, track("Seen"))
    with contextlib.suppress(ZeroDivisionError):
        async with acme.scopes() as scope:
            [row] = (await scope.session.scalars(select(CdpEventArrival))).all()
            said = Arrival.of(
                {"kinds": row.said, "sampled": list(zip(row.received_at, row.event_ids, strict=True))}
            )
            await scope.session.delete(row)
            await follow_up(scope, [said])
            raise ZeroDivisionError
    assert (await counted(acme), await waiting(acme)) == (0, 1)


async def test_a_write_at_fault_becomes_a_task_of_its_own_and_stops_nobody(
    acme: Company, ingestion: Ingestion
) -> None:
    await send(ingestion, acme, track("Seen"))
    await send(ingestion, acme, track("At fault"))
    await spoil(acme)
    await send(ingestion, acme, track("Seen"))
    await Arrivals(acme.scopes).drain()
    assert (await counted(acme), await waiting(acme)) == (2, 0)
    async with acme.scopes() as scope:
        [alone] = list(await scope.session.scalars(text(_ALONE)))
    arrival = Arrival.of(json.loads(json.dumps(alone["arrival"])))
    assert (arrival.kinds[0][2], arrival.events, len(arrival.sampled)) == ("At fault", 2**63, 1)
    assert arrival.since <= arrival.until
    mended = Arrival([(*arrival.kinds[0][:3], 1, *arrival.kinds[0][4:])], arrival.sampled)
    async with acme.scopes() as scope:
        await follow_up(scope, [mended])
    assert await counted(acme) == 3


async def test_it_gives_its_place_to_others_in_time(acme: Company, ingestion: Ingestion) -> None:
    for _ in range(3):
        await send(ingestion, acme, track("Seen"))
    assert await Arrivals(acme.scopes, at_once=1).drain(until=0.0) == 1
    assert await waiting(acme) == 2


async def test_what_nobody_took_in_is_taken_in_after_a_while(
    acme: Company, ingestion: Ingestion, engine: AsyncEngine, settings: Settings
) -> None:
    platform = Platform(engine, settings, SystemClock())
    await send(ingestion, acme, track("Seen"))
    for seconds, left in ((1, 1), (4, 0)):
        async with acme.scopes() as scope:
            aged = text("update cdp_event_arrivals set queued_at = now() - make_interval(secs => :seconds)")
            await scope.session.execute(aged, {"seconds": seconds})
        await arrival_stragglers(platform)
        assert await waiting(acme) == left


async def test_another_company_has_no_part_in_it(
    acme: Company, globex: Company, ingestion: Ingestion
) -> None:
    await send(ingestion, acme, track("Seen"))
    assert await Arrivals(globex.scopes).drain() == 0
    assert await waiting(acme) == 1
