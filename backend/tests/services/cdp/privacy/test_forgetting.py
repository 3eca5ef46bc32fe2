"""Events go when their time is over; whatever had counted them is computed without them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.db.platform import Platform
from app.db.roles import owner_dsn
from app.services.cdp.events.service import Ingestion
from app.services.cdp.events.upkeep import EventUpkeep
from app.services.cdp.privacy.service import Forgetting, Keeping, PrivacySettings
from app.services.cdp.segments.service import Recomputation
from app.workers.cdp_tasks import events_forgotten
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.traits import TraitLab

_LONG_AGO = datetime(2020, 1, 15, tzinfo=UTC)
Forget = Callable[[TraitLab], Awaitable[object]]


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> TraitLab:
    return TraitLab(acme, engine, ingestion)


@pytest.fixture
def months(app: FastAPI, settings: Settings) -> Forget:
    """As all tenants' events go: by whole months."""
    return lambda _: EventUpkeep(Platform(app.state.engine, settings, app.state.clock)).drop_partitions()


async def rows(lab: TraitLab) -> None:
    """As one tenant's events go that keeps them for less long."""
    async with lab.scopes() as scope:
        await PrivacySettings(scope).change(Keeping(event_days=7))
    await Forgetting(lab.scopes).run()


async def tasks(lab: TraitLab, name: str) -> list[dict[str, Any]]:
    async with lab.scopes() as scope:
        waiting = text("select payload from outbox where name = :name and tenant_id = :tenant order by seq")
        return list(await scope.session.scalars(waiting, {"name": name, "tenant": lab.company.id}))


@pytest.mark.parametrize("by", ["months", "rows"])
async def test_who_was_in_by_an_event_that_is_gone_leaves(
    lab: TraitLab, months: Forget, settings: Settings, by: str
) -> None:
    await lab.begin()
    ever = await lab.segment({"kind": "event", "event": "Viewed"}, "Ever")
    await lab.segment({"kind": "event", "event": "Viewed", "window": {"kind": "last", "days": 5}}, "Lately")
    looks, days = {"kind": "count", "event": "Viewed"}, {"window": {"kind": "last", "days": 5}}
    counted, counted_lately = await lab.trait("looks", **looks), await lab.trait("lately", **looks, **days)
    await lab.send(track("Viewed", userId="u-1"), track("Viewed", userId="u-2"))
    await lab.follow()
    [stays, goes] = sorted(await lab.members(ever))
    await received_long_ago(lab, settings, goes)
    await (months(lab) if by == "months" else rows(lab))
    [told] = await tasks(lab, "cdp.events.forgotten")
    before = len(await tasks(lab, "cdp.segments.recompute"))
    async with lab.scopes() as scope:
        await events_forgotten(scope, **told)
    recomputed = await tasks(lab, "cdp.segments.recompute")
    assert [each["segment_id"] for each in recomputed[before:]] == [str(ever)]
    await Recomputation(lab.scopes).run(ever)
    assert await lab.members(ever) == {stays}
    await lab.compute(counted)
    assert await lab.stored("looks") == await lab.computed(looks) == {stays: 1}
    async with lab.scopes() as scope:
        computing = set(
            await scope.session.scalars(text("select id from cdp_traits where computing_since is not null"))
        )
    assert counted_lately not in computing


async def received_long_ago(lab: TraitLab, settings: Settings, profile: UUID) -> None:
    owner = await asyncpg.connect(owner_dsn(settings))
    await owner.execute("select cdp_events_make_partition($1)", date(2020, 1, 1))
    await owner.execute(
        "update cdp_events set received_at = $1, event_time = $1 where tenant_id = $2 and person_key = $3",
        _LONG_AGO,
        lab.company.id,
        profile,
    )
    await owner.close()
