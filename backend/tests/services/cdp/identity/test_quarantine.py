"""One event of which nothing can be made stops nobody: it stands apart, is seen, and counts once it is mended."""

import asyncio
from typing import Any

import asyncpg
import pytest
from httpx2 import AsyncClient
from prometheus_client import REGISTRY
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.ids import uuid7
from app.db.session import is_passing
from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentifier, CdpIdentityQuarantined, CdpIdentityQueueItem
from app.models.cdp.profiles import CdpProfile
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import GraphErasure, Resolver
from app.services.cdp.sources.service import Sender
from tests.factories.access import Company
from tests.factories.cdp import ingest, track
from tests.factories.segments import Lab
from tests.services.cdp.identity.test_order import found, said

QUARANTINE = "/api/v1/cdp/identity/quarantine"


async def spoil(owner: asyncpg.Connection, company: Company, *message_ids: str) -> dict[str, bytes]:
    """Alter what is sealed in stored events, as a broken disk would; what it was."""
    async with owner.transaction():
        await owner.execute("SELECT set_config('app.tenant_id', $1, true)", str(company.id))
        rows = await owner.fetch(
            "SELECT message_id, identifiers FROM cdp_events WHERE tenant_id = $1 AND message_id = ANY($2)",
            company.id,
            list(message_ids),
        )
        await owner.execute(
            "UPDATE cdp_events SET identifiers = set_byte(identifiers, 30, get_byte(identifiers, 30) # 1) "
            "WHERE tenant_id = $1 AND message_id = ANY($2)",
            company.id,
            list(message_ids),
        )
    assert len(rows) == len(message_ids)
    return {row[0]: row[1] for row in rows}


async def mend(owner: asyncpg.Connection, company: Company, was: dict[str, bytes]) -> None:
    async with owner.transaction():
        await owner.execute("SELECT set_config('app.tenant_id', $1, true)", str(company.id))
        for message_id, identifiers in was.items():
            await owner.execute(
                "UPDATE cdp_events SET identifiers = $3 WHERE tenant_id = $1 AND message_id = $2",
                company.id,
                message_id,
                identifiers,
            )


async def counted(company: Company) -> tuple[int, int, int]:
    """Events counted by identifiers and by profiles, and rows that wait."""
    async with company.scopes() as scope:
        session = scope.session
        return (
            await session.scalar(select(func.sum(CdpIdentifier.event_count))) or 0,
            await session.scalar(select(func.sum(CdpProfile.event_count))) or 0,
            await session.scalar(select(func.count()).select_from(CdpIdentityQueueItem)) or 0,
        )


async def listed(client: AsyncClient) -> list[dict[str, Any]]:
    answer = await client.get(QUARANTINE)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page["total"] == len(page["items"])
    items: list[dict[str, Any]] = page["items"]
    return items


async def told_on_the_overview(client: AsyncClient) -> list[dict[str, Any]]:
    items = (await client.get("/api/v1/dashboard/triage")).json()["items"]
    return [each for each in items if each["kind"] == "set_aside"]


def set_aside() -> float:
    return REGISTRY.get_sample_value("stratum_cdp_identity_quarantined_total") or 0


async def test_of_thousands_the_bad_ones_alone_stand_apart_and_count_once_mended(
    acme: Company, ingestion: Ingestion, client: AsyncClient, owner: asyncpg.Connection
) -> None:
    for part in range(6):
        await ingest(
            ingestion,
            Sender(acme.id, None),
            *(
                track(userId=f"u-{number % 1_500}", messageId=f"q-{number}")
                for number in range(part * 500, part * 500 + 500)
            ),
            track(userId=f"lost-{part}", messageId=f"lost-{part}"),
        )
    lost = [f"lost-{number}" for number in (0, 3, 5)]
    was, before = await spoil(owner, acme, *lost), set_aside()
    await Resolver(acme.scopes).drain()
    assert await counted(acme) == (3_003, 3_003, 0)
    apart = await listed(client)
    assert {(each["message_id"], each["code"]) for each in apart} == {
        (message_id, "security.unsealable") for message_id in lost
    }
    assert all(each["reason"].startswith("Unsealable") for each in apart)
    assert set_aside() == before + 3
    [told] = await told_on_the_overview(client)
    assert (told["title"], told["severity"], told["since"]) == (
        "3 events are set aside", "warning", apart[-1]["quarantined_at"],
    )  # fmt: skip

    queued = await client.post(f"{QUARANTINE}/retry")
    assert queued.json() == {"queued": 3}
    await Resolver(acme.scopes).drain()
    assert {each["message_id"] for each in await listed(client)} == set(lost), "nothing was mended yet"

    await mend(owner, acme, was)
    one = apart[0]["event_id"]
    assert (await client.post(f"{QUARANTINE}/{one}/retry")).json() == {"queued": 1}
    await Resolver(acme.scopes).drain()
    assert await counted(acme) == (3_004, 3_004, 0)
    assert (await client.post(f"{QUARANTINE}/{one}/retry")).status_code == 404
    assert (await client.post(f"{QUARANTINE}/retry")).json() == {"queued": 2}
    assert (await client.post(f"{QUARANTINE}/retry")).json() == {"queued": 0}
    await Resolver(acme.scopes).drain()
    assert await counted(acme) == (3_006, 3_006, 0)
    assert (await listed(client), await told_on_the_overview(client)) == ([], [])


async def test_what_stood_apart_comes_late_and_changes_nobody(
    acme: Company, ingestion: Ingestion, client: AsyncClient, owner: asyncpg.Connection
) -> None:
    """The same people as the fold of all events at once, although the ones that join them came last."""
    run = uuid7().hex
    nobody: dict[str, int | None] = {"user": None, "email": None, "device": None, "visitor": 0}
    drawn = [
        (1, nobody | {"user": 1, "email": 1, "visitor": 1}),
        (2, nobody | {"user": 2, "email": 1, "visitor": 2}),
        (3, nobody | {"visitor": 1}),
        (4, nobody | {"visitor": 2, "email": 2}),
        (5, nobody | {"user": 2, "device": 1}),
        (6, nobody | {"user": 1, "device": 1}),
    ]
    events = [said(run, number, each) for number, each in enumerate(drawn)]
    await ingest(ingestion, Sender(acme.id, None), *events)
    was = await spoil(owner, acme, f"{run}-0", f"{run}-3")
    await Resolver(acme.scopes).drain()
    assert len(await listed(client)) == 2
    await mend(owner, acme, was)
    await client.post(f"{QUARANTINE}/retry")
    await Resolver(acme.scopes).drain()
    stored, expected = await found(acme, run)
    del stored["profiles"]
    assert stored == expected


@pytest.mark.parametrize("known", [True, False])
async def test_segments_hear_of_what_stands_apart_once_its_person_is_known(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, owner: asyncpg.Connection, *, known: bool
) -> None:
    """It is stored under its person's key, so that computing a membership whole counts it."""
    lab = Lab(acme, engine, ingestion)
    segment = await lab.segment({"kind": "event", "event": "Bought"})
    if known:
        await lab.send(track("Viewed", userId="u-1"))
    await ingest(ingestion, Sender(acme.id, None), track("Bought", userId="u-1", messageId="bought"))
    await spoil(owner, acme, "bought")
    await Resolver(lab.scopes).drain()
    await lab.follow()
    assert len(await lab.members(segment)) == known
    await lab.send(track("Viewed", userId="u-1"))
    await lab.follow()
    assert await lab.members(segment) == await lab.answer(segment) != set()


async def test_a_deadlock_or_a_lost_connection_sets_nothing_aside(
    acme: Company, ingestion: Ingestion, client: AsyncClient, owner: asyncpg.Connection
) -> None:
    await ingest(ingestion, Sender(acme.id, None), track(userId="u-1"))
    await Resolver(acme.scopes).drain()
    for fault in ("deadlock", "terminated"):
        await ingest(ingestion, Sender(acme.id, None), track(userId="u-1"))
        rival = owner.transaction()
        await rival.start()
        await owner.execute("SELECT set_config('app.tenant_id', $1, true)", str(acme.id))
        await owner.execute("SET LOCAL deadlock_timeout = '30s'")
        await owner.execute("SELECT FROM cdp_profiles WHERE tenant_id = $1 FOR UPDATE", acme.id)
        resolving = asyncio.create_task(Resolver(acme.scopes).drain())
        pids: list[int] = []
        while not pids:
            await asyncio.sleep(0.02)
            rows = await owner.fetch(
                "SELECT pid FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            pids = [row[0] for row in rows]
        if fault == "deadlock":
            await owner.execute("SELECT FROM cdp_identifiers WHERE tenant_id = $1 FOR UPDATE", acme.id)
        else:
            await owner.execute("SELECT pg_terminate_backend($1)", pids[0])
        with pytest.raises(Exception) as raised:  # noqa: PT011  (which of the driver's it is, is its own affair)
            await resolving
        assert is_passing(raised.value), raised.value
        await rival.rollback()
        assert await listed(client) == []
        await Resolver(acme.scopes).drain()
    assert await counted(acme) == (3, 3, 0)


async def test_another_tenants_events_cannot_be_tried_again(
    acme: Company, globex: Company, ingestion: Ingestion, owner: asyncpg.Connection
) -> None:
    await ingest(ingestion, Sender(acme.id, None), track(userId="u-1", messageId="mine"))
    await spoil(owner, acme, "mine")
    await Resolver(acme.scopes).drain()
    theirs = globex.client()
    assert await listed(theirs) == []
    assert (await theirs.post(f"{QUARANTINE}/retry")).json() == {"queued": 0}
    async with acme.scopes() as scope:
        assert await scope.session.scalar(select(func.count()).select_from(CdpIdentityQuarantined)) == 1


async def test_an_erasure_takes_along_what_stands_apart_and_names_the_person(
    acme: Company, client: AsyncClient, ingestion: Ingestion, owner: asyncpg.Connection
) -> None:
    """Whoever it is anchored to: nobody may ever try it again."""
    mail = {"email": "jo@shop.example"}
    sender = Sender(acme.id, None)
    await ingest(ingestion, sender, track(userId="u-1", properties=mail))
    await Resolver(acme.scopes).drain()
    await ingest(
        ingestion, sender, track(userId="u-2", messageId="m-2", properties=mail), track(userId="u-3")
    )
    await spoil(owner, acme, "m-2")
    await Resolver(acme.scopes).drain()
    assert len(await listed(client)) == 1
    async with acme.scopes() as scope:
        mine = select(CdpIdentifier.profile_id).where(CdpIdentifier.type == "email")
        erasure, request = GraphErasure(scope), uuid7()
        keys = await erasure.bury((await scope.session.scalars(mine)).one(), scope.now(), request)
        await erasure.erase(keys, request)
        naming = select(func.count()).where(
            CdpEvent.user_id_hash.is_not(None), CdpEvent.email_hash.is_not(None)
        )
        anchored = naming.where(CdpEvent.person_key.not_in(keys))
        assert await scope.session.scalar(anchored) == 0
    assert await listed(client) == []
