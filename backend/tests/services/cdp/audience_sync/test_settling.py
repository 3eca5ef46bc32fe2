"""A platform acknowledges a request and works through it later: what came to nothing is told, and made up for."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import real_now
from app.core.config import Settings
from app.models.cdp.audience_sync import CdpAudienceBatch
from app.services.cdp.audience_sync.service import AudienceSyncService, Withdrawals, measure_all
from app.services.cdp.events.service import Ingestion
from app.services.integrations.gateway import gateway_by
from tests.conftest import pointed_at
from tests.factories.access import Company
from tests.factories.audience_platforms import FILLS
from tests.factories.audiences import VIPS, AudienceLab, person, sha
from tests.sandbox_process import running_sandbox


@pytest.fixture
async def lab(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, settings: Settings
) -> AsyncIterator[AudienceLab]:
    """A company with an account at Google, and a world whose clock is its own."""
    with running_sandbox("--seed", "7", "--history", "2") as own:
        async with gateway_by(pointed_at(settings, own)):
            found = AudienceLab(acme, engine, ingestion, sandbox=own, fills=FILLS["google"])
            found.account = await found.fills.account(found.scopes, own)
            await found.follow()
            yield found


async def batches(lab: AudienceLab, audience: UUID) -> list[CdpAudienceBatch]:
    run = await lab.last_run(audience)
    batch = CdpAudienceBatch
    async with lab.scopes() as scope:
        found = await scope.session.scalars(
            select(batch).where(batch.run_id == run.id).order_by(batch.number)
        )
        return list(found)


async def asked_to_run(lab: AudienceLab) -> int:
    waiting = text("select count(*) from outbox where name = 'cdp.audience_sync.run' and tenant_id = :t")
    async with lab.scopes() as scope:
        return int(await scope.session.scalar(waiting, {"t": lab.company.id}) or 0)


def breaks(lab: AudienceLab, verb: str, severity: float) -> None:
    assert lab.sandbox is not None
    path = f"/v1/audienceMembers:{verb}"
    fault = {
        "kind": "partial_failure",
        "vendor": "google",
        "path": path,
        "severity": severity,
        "count": 1,
    }
    lab.sandbox.control("POST", "faults", json=fault)


async def test_what_was_worked_through_is_asked_no_more(lab: AudienceLab) -> None:
    await lab.people(*[person(f"p{n}") for n in range(6)])
    audience = await lab.audience(await lab.segment(VIPS))
    assert await lab.sync(audience)
    assert [len(each.receipts) for each in await batches(lab, audience)] == [1, 1]
    await measure_all(lab.scopes)
    assert [len(each.receipts) for each in await batches(lab, audience)] == [1, 1]  # it is still at it
    assert lab.sandbox is not None
    lab.sandbox.advance(0.1)
    await measure_all(lab.scopes)
    found = await batches(lab, audience)
    assert [(each.receipts, each.invalid, each.error_code) for each in found] == [([], 0, None)] * 2
    assert (await lab.row(audience)).error_code is None


async def test_entries_that_came_to_nothing_are_counted(lab: AudienceLab) -> None:
    await lab.people(*[person(f"p{n}") for n in range(4)])
    audience = await lab.audience(await lab.segment(VIPS))
    breaks(lab, "ingest", 0.5)
    assert await lab.sync(audience)
    assert lab.sandbox is not None
    lab.sandbox.advance(0.1)
    await measure_all(lab.scopes)
    [batch] = await batches(lab, audience)
    assert (batch.received, batch.invalid, batch.error_code) == (4, 2, "google.processing_failed")
    assert (await lab.last_run(audience)).invalid == 2
    row = await lab.row(audience)
    assert (row.error_code, row.replace_asked) == (None, False)


async def test_a_removal_that_came_to_nothing_has_everybody_sent_anew(lab: AudienceLab) -> None:
    await lab.people(*[person(f"p{n}") for n in range(9)])
    segment = await lab.segment(VIPS)
    audience = await lab.audience(segment)
    assert await lab.sync(audience)
    await lab.people(person("p0", ads=False), person("p1", ads=False))
    breaks(lab, "remove", 1.0)
    assert await lab.sync(audience)
    stuck = {sha("p0@example.com"), sha("p1@example.com")}
    assert stuck < await lab.remote(audience)
    assert lab.sandbox is not None
    lab.sandbox.advance(0.1)
    before = await asked_to_run(lab)
    await measure_all(lab.scopes)
    row = await lab.row(audience)
    assert (row.error_code, row.replace_asked) == ("google.processing_failed", True)
    assert "2 entries" in str(row.error)
    assert await asked_to_run(lab) >= max(before, 1)
    assert await lab.sync(audience)
    assert await lab.remote(audience) == await lab.allowed(segment)
    assert not stuck & await lab.remote(audience)
    assert (await lab.row(audience)).error_code is None


async def test_what_two_ask_at_once_is_counted_once(lab: AudienceLab) -> None:
    await lab.people(*[person(f"p{n}") for n in range(4)])
    audience = await lab.audience(await lab.segment(VIPS))
    breaks(lab, "ingest", 0.5)
    assert await lab.sync(audience)
    assert lab.sandbox is not None
    lab.sandbox.advance(0.1)
    await asyncio.gather(measure_all(lab.scopes), measure_all(lab.scopes), measure_all(lab.scopes))
    assert (await lab.last_run(audience)).invalid == 2


async def test_one_that_is_switched_off_is_not_filled_again_unasked(lab: AudienceLab) -> None:
    await lab.people(*[person(f"p{n}") for n in range(9)])
    audience = await lab.audience(await lab.segment(VIPS))
    assert await lab.sync(audience)
    async with lab.scopes() as scope:
        await AudienceSyncService(scope).change(audience, {"enabled": False})
    lab.clock.at = real_now()
    await lab.people(person("p0", ads=False))
    assert await Withdrawals(lab.scopes).sweep() == 1
    breaks(lab, "remove", 1.0)
    assert await lab.sync(audience)
    assert lab.sandbox is not None
    lab.sandbox.advance(0.1)
    await measure_all(lab.scopes)
    row = await lab.row(audience)
    assert (row.error_code, row.replace_asked) == ("google.processing_failed", False)
    assert "switched off" in str(row.error)
