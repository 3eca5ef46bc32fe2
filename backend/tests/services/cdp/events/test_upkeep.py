"""Partitions come and go by the maintenance role, which reads nobody's events; nothing is refused for want of one."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.db.platform import Platform
from app.db.roles import owner_dsn
from app.db.session import open_scope
from app.services.cdp.events.service import Ingestion
from app.services.cdp.events.upkeep import EventUpkeep
from app.services.cdp.sources.service import Sender, SourceKind
from tests.factories.access import Company
from tests.factories.cdp import ingest, track

_PARTITIONS = """
select c.relname, c.relrowsecurity and c.relforcerowsecurity as forced,
  has_table_privilege('stratum_app', c.oid, 'select, insert, update, delete') as open
from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'cdp_events'::regclass
"""


@pytest.fixture
def platform(app: FastAPI, settings: Settings) -> Platform:
    return Platform(app.state.engine, settings, app.state.clock)


@pytest.fixture
async def owner(settings: Settings) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(owner_dsn(settings))
    yield connection
    await connection.close()


async def test_months_ahead_have_partitions_and_none_is_open_to_the_application(
    platform: Platform, owner: Any
) -> None:
    await EventUpkeep(platform).make_partitions()
    partitions = {row["relname"]: row for row in await owner.fetch(_PARTITIONS)}
    today = datetime.now(UTC).date()
    ahead = (today.replace(day=1) + timedelta(days=93)).strftime("cdp_events_p_%Y_%m")
    assert {today.strftime("cdp_events_p_%Y_%m"), ahead, "cdp_events_p_default"} <= partitions.keys()
    assert all(row["forced"] and not row["open"] for row in partitions.values())


async def test_the_application_reaches_a_partition_only_through_its_parent(
    engine: AsyncEngine, acme: Company
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with open_scope(engine, acme.id) as scope:
            await scope.session.execute(text("select * from cdp_events_p_default"))


async def test_the_maintenance_role_reads_no_event(platform: Platform) -> None:
    for table in ("cdp_events", "cdp_event_dedupe", "cdp_event_verdicts"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with platform.maintenance() as session:
                await session.execute(text(f"select * from {table}"))  # noqa: S608  (names written above)


async def test_an_event_of_a_month_without_partition_is_kept_and_moves_when_it_is_made(
    platform: Platform, owner: Any, ingestion: Ingestion, acme: Company
) -> None:
    await ingest(ingestion, Sender(acme.id, None, SourceKind.SERVER), track("Early"))
    far = datetime(2031, 5, 17, tzinfo=UTC)
    await owner.execute("update cdp_events set received_at = $1 where tenant_id = $2", far, acme.id)
    where = "select tableoid::regclass::text from cdp_events where tenant_id = $1"
    assert await owner.fetchval(where, acme.id) == "cdp_events_p_default"
    async with platform.maintenance() as session:
        made = text("select cdp_events_make_partition(:month)")
        assert await session.scalar(made, {"month": date(2031, 5, 2)}) is True
    async with platform.maintenance() as session:
        assert await session.scalar(made, {"month": date(2031, 5, 2)}) is False
    assert await owner.fetchval(where, acme.id) == "cdp_events_p_2031_05"
    async with acme.scopes() as scope:
        assert await scope.session.scalar(text("select event_name from cdp_events")) == "Early"


async def test_old_months_are_dropped_and_recent_ones_cannot_be(platform: Platform, owner: Any) -> None:
    made = text("select cdp_events_make_partition(:month)")
    async with platform.maintenance() as session:
        await session.execute(made, {"month": date(2020, 1, 1)})
    assert await EventUpkeep(platform).drop_partitions() == 1
    async with platform.maintenance() as session:
        await session.execute(text("select cdp_events_drop_partitions('2999-01-01')"))
    left = {row["relname"] for row in await owner.fetch(_PARTITIONS)}
    assert datetime.now(UTC).strftime("cdp_events_p_%Y_%m") in left
    assert "cdp_events_p_2020_01" not in left


async def test_message_ids_are_forgotten_after_their_time_and_never_within_a_day(
    platform: Platform, owner: Any, ingestion: Ingestion, acme: Company
) -> None:
    sender = Sender(acme.id, None, SourceKind.SERVER)
    await ingest(ingestion, sender, track(messageId="old"), track(messageId="young"), {"type": "track"})
    await owner.execute(
        "update cdp_event_dedupe set seen_at = now() - interval '8 days' "
        "where tenant_id = $1 and message_id = 'old'",
        acme.id,
    )
    await EventUpkeep(platform).forget()
    async with platform.maintenance() as session:
        await session.execute(
            text("select cdp_events_forget(now() + interval '1 day', now() - interval '1 day', 9)")
        )
    async with acme.scopes() as scope:
        assert list(await scope.session.scalars(text("select message_id from cdp_event_dedupe"))) == ["young"]
        assert await scope.session.scalar(text("select count(*) from cdp_event_verdicts")) == 1


async def test_what_sources_sent_is_forgotten_after_its_time_and_never_within_a_day(
    platform: Platform, owner: Any, ingestion: Ingestion, acme: Company
) -> None:
    await ingest(ingestion, Sender(acme.id, None, SourceKind.SERVER), track())
    old = (
        "insert into cdp_event_counts select tenant_id, hour - interval '401 days', source_id, shard, accepted, "
        "duplicates, rejected, newest_accepted_at from cdp_event_counts where tenant_id = $1"
    )
    await owner.execute(old, acme.id)
    hours = text("select hour from cdp_event_counts order by hour")
    async with acme.scopes() as scope:
        assert len(list(await scope.session.scalars(hours))) == 2
    await EventUpkeep(platform).run()
    async with platform.maintenance() as session:
        await session.execute(text("select cdp_event_counts_forget(now() + interval '1 day', 9)"))
    async with acme.scopes() as scope:
        left = list(await scope.session.scalars(hours))
    assert [datetime.now(UTC) - hour < timedelta(hours=2) for hour in left] == [True]
