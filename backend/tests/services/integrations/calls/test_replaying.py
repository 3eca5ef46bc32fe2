"""A failed call is made again by the way that is safe for it: exactly, by its batch's own way, or not at all."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.outbox import OutboxMessage
from app.db.session import Scopes
from app.models.audit_logs import AuditLogEntry
from app.models.integrations.calls import PlatformCall
from app.models.integrations.connections import Connection
from app.models.integrations.conversions import ConversionDelivery
from app.services.cdp.events.service import Ingestion
from app.services.integrations.calls.errors import (
    CallNotFound,
    CallsPause,
    GateNeeded,
    NothingLeft,
    NotMadeAgain,
    SignInNeeded,
)
from app.services.integrations.calls.replaying import CallReplays, ReadsAgain, Replayed
from app.services.integrations.calls.rules import Way
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import AdPlatform, PlatformError
from app.services.integrations.service import IntegrationsService, circuit_key
from tests.factories import google, snapchat, tiktok
from tests.factories.access import Company
from tests.factories.audiences import VIPS, AudienceLab, person, sha
from tests.factories.integrations import BROAD, US_ACCOUNT, connect
from tests.sandbox_process import US_PIXEL, Sandbox
from tests.services.integrations.conversions.test_sending import order, received, sent, told


class Dollars(Protocol):
    @property
    def connection_id(self) -> UUID: ...

    @property
    def dollars(self) -> UUID: ...


CONNECT: dict[str, Callable[[Scopes, Sandbox], Awaitable[Dollars]]] = {
    "meta": connect,
    "google": google.connect,
    "tiktok": tiktok.connect,
    "snapchat": snapchat.connect,
}


@pytest.fixture
async def mended(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> AsyncIterator[Sandbox]:
    """The sandbox, whose faults end with the test."""
    yield sandbox
    sandbox.repair()


async def failed(scopes: Scopes, operation: str | None = None) -> list[PlatformCall]:
    """Newest first."""
    statement = (
        select(PlatformCall).where(PlatformCall.outcome != "ok").order_by(PlatformCall.started_at.desc())
    )
    if operation is not None:
        statement = statement.where(PlatformCall.operation == operation)
    async with scopes() as scope:
        return list(await scope.session.scalars(statement))


async def replay(scopes: Scopes, call_id: UUID) -> Replayed:
    async with scopes() as scope:
        return await CallReplays(scope).replay(call_id)


async def tasks(scopes: Scopes, name: str) -> list[dict[str, Any]]:
    async with scopes() as scope:
        statement = select(OutboxMessage.payload).where(OutboxMessage.name == name)
        return list(await scope.session.scalars(statement))


async def calm(scopes: Scopes, platforms: Gateway) -> None:
    """What the breaker and the limits remember is forgotten."""
    async with scopes() as scope:
        names = [name async for name in platforms.redis.scan_iter(match=scope.key("circuit", "*"))]
    if names:
        await platforms.redis.delete(*names)


async def a_failed_list(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway, vendor: str = "meta"
) -> tuple[Dollars, PlatformCall]:
    """A list of campaigns that the platform has not answered; it answers again by now."""
    connected = await CONNECT[vendor](scopes, sandbox)
    platform: AdPlatform = await IntegrationsService(scopes).connector(connected.dollars)
    sandbox.control("POST", "faults", json={"kind": "server_error", "vendor": vendor})
    try:
        with pytest.raises(PlatformError):
            await platform.list_campaigns()
    finally:
        sandbox.repair()
    await calm(scopes, platforms)
    return connected, (await failed(scopes))[0]


@pytest.mark.parametrize("vendor", CONNECT)
async def test_a_read_is_made_again_just_as_it_was_asked(
    scopes: Scopes, mended: Sandbox, platforms: Gateway, vendor: str
) -> None:
    _, first = await a_failed_list(scopes, mended, platforms, vendor)
    assert first.asked is not None
    assert await replay(scopes, first.id) == Replayed(Way.READ, 1)
    assert await tasks(scopes, "integrations.read_again") == [{"call_id": str(first.id)}]
    await ReadsAgain(scopes).read(first.id)
    async with scopes() as scope:
        view = await CallReplays(scope).look(first.id)
    (again,) = view.replays
    assert again.outcome == "ok", again.error_message
    assert (again.operation, again.method, again.path, again.asked) == (
        *(first.operation, first.method, first.path),
        first.asked,
    )


async def test_what_only_a_sync_keeps_is_then_read_by_one(
    scopes: Scopes, mended: Sandbox, platforms: Gateway
) -> None:
    connected, first = await a_failed_list(scopes, mended, platforms)
    await ReadsAgain(scopes).read(first.id)
    assert await tasks(scopes, "integrations.sync_account") == [{"ad_account_id": str(connected.dollars)}]


async def test_a_read_that_fails_again_says_so_and_may_be_asked_for_again(
    scopes: Scopes, mended: Sandbox, platforms: Gateway
) -> None:
    _, first = await a_failed_list(scopes, mended, platforms)
    mended.control("POST", "faults", json={"kind": "server_error", "vendor": "meta"})
    await ReadsAgain(scopes).read(first.id)
    async with scopes() as scope:
        view = await CallReplays(scope).look(first.id)
    assert {each.outcome for each in view.replays} == {"transient"}
    assert await tasks(scopes, "integrations.sync_account") == []


async def test_who_replays_stands_in_the_audit_trail(
    scopes: Scopes, mended: Sandbox, platforms: Gateway
) -> None:
    _, first = await a_failed_list(scopes, mended, platforms)
    await replay(scopes, first.id)
    async with scopes() as scope:
        entry = await scope.session.scalar(
            select(AuditLogEntry).where(AuditLogEntry.action == "integrations.calls.replayed")
        )
    assert entry is not None
    assert (entry.entity_id, entry.after) == (
        str(first.id),
        {"operation": "list_campaigns", "way": "read", "queued": 1},
    )


async def test_a_read_of_which_not_all_is_known_has_its_account_read_again(
    scopes: Scopes, mended: Sandbox, platforms: Gateway
) -> None:
    connected = await connect(scopes, mended)
    for asked in (None, {"pageToken": "[redacted]"}):
        call_id = await a_call(
            scopes, operation="list_campaigns", asked=asked, ad_account_id=connected.dollars
        )
        assert await replay(scopes, call_id) == Replayed(Way.SYNC, 1)
    assert await tasks(scopes, "integrations.sync_account") == [{"ad_account_id": str(connected.dollars)}]


async def test_a_batch_of_conversions_goes_again_and_arrives_once(
    acme: Company, scopes: Scopes, mended: Sandbox, platforms: Gateway
) -> None:
    connected = await connect(scopes, mended)
    events = [order(), order()]
    await told(acme, *events)
    mended.control("POST", "faults", json={"kind": "server_error", "path": f"/{US_PIXEL}"})
    assert {each.status for each in await sent(scopes, connected)} == {"failed", "queued"}
    mended.repair()
    await calm(scopes, platforms)
    async with scopes() as scope:
        statement = update(ConversionDelivery).where(ConversionDelivery.status == "failed")
        await scope.session.execute(statement.values(status="dead", attempts=9))
    (call,) = await failed(scopes, "send_events")
    assert call.asked is None
    assert await replay(scopes, call.id) == Replayed(Way.CONVERSIONS, 2)
    assert await tasks(scopes, "integrations.send_conversions")
    rows = [each for each in await sent(scopes, connected) if each.ad_account_id == connected.dollars]
    assert {each.status for each in rows} == {"acknowledged"}
    assert [len(received(mended, event)) for event in events] == [1, 1]
    with pytest.raises(NothingLeft):
        await replay(scopes, call.id)


async def test_an_audiences_batch_goes_again_by_the_audience(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, mended: Sandbox, platforms: Gateway
) -> None:
    lab = AudienceLab(acme, engine, ingestion, sandbox=mended)
    lab.connected = await connect(lab.scopes, mended)
    await lab.follow()
    await lab.people(person("a"))
    audience = await lab.audience(await lab.segment(VIPS))
    await lab.sync(audience)
    await lab.people(person("b"))
    external_id = (await lab.row(audience)).external_id
    mended.control(
        "POST", "faults", json={"kind": "server_error", "path": f"/{external_id}", "method": "POST"}
    )
    assert not await lab.sync(audience)
    mended.repair()
    await calm(lab.scopes, platforms)
    assert (await lab.row(audience)).next_attempt_at is not None
    call = (await failed(lab.scopes, "add_members"))[0]
    assert call.asked is None
    async with lab.scopes() as scope:
        await scope.session.execute(delete(OutboxMessage))
    assert await replay(lab.scopes, call.id) == Replayed(Way.AUDIENCE, 1)
    assert await tasks(lab.scopes, "cdp.audience_sync.run") == [{"audience_id": str(audience)}]
    assert (await lab.row(audience)).next_attempt_at is None
    assert await lab.sync(audience)
    assert await lab.remote(audience) == {sha("a@example.com"), sha("b@example.com")}


async def a_call(scopes: Scopes, **facts: Any) -> UUID:
    call_id = uuid7()
    known = {
        "started_at": real_now(),
        "platform": "meta",
        "operation": "set_daily_budget",
        "method": "POST",
        "path": BROAD,
        "mutating": False,
        "attempt": 1,
        "outcome": "transient",
        "duration_ms": 5,
    }
    async with scopes() as scope:
        scope.session.add(PlatformCall(id=call_id, **{**known, **facts}))
    return call_id


@pytest.mark.parametrize("outcome", ["ambiguous", "transient", "invalid", "rate_limited"])
async def test_a_change_is_never_sent_again(
    scopes: Scopes, mended: Sandbox, platforms: Gateway, outcome: str
) -> None:
    connected = await connect(scopes, mended)
    before = mended.graph("GET", BROAD, fields="daily_budget").json()
    asked = {"daily_budget": "999900"}
    call_id = await a_call(
        scopes, mutating=True, outcome=outcome, asked=asked, ad_account_id=connected.dollars
    )
    async with scopes() as scope:
        queued = await scope.session.scalar(select(func.count()).select_from(OutboxMessage))
    with pytest.raises(GateNeeded):
        await replay(scopes, call_id)
    await ReadsAgain(scopes).read(call_id)
    async with scopes() as scope:
        assert await scope.session.scalar(select(func.count()).select_from(OutboxMessage)) == queued
        calls = await scope.session.scalar(select(func.count()).select_from(PlatformCall))
    assert calls == 1
    assert mended.graph("GET", BROAD, fields="daily_budget").json() == before


async def test_a_call_that_succeeded_or_belongs_to_a_sign_in_is_not_made_again(
    scopes: Scopes, mended: Sandbox, platforms: Gateway
) -> None:
    connected = await connect(scopes, mended)
    good = await a_call(scopes, outcome="ok", ad_account_id=connected.dollars)
    sign_in = await a_call(scopes, operation="inspect_token", path="debug_token", outcome="auth")
    for call_id in (good, sign_in):
        with pytest.raises(NotMadeAgain):
            await replay(scopes, call_id)
    with pytest.raises(CallNotFound):
        await replay(scopes, uuid7())


async def test_without_a_sign_in_or_while_calls_pause_it_is_refused_at_once(
    scopes: Scopes, mended: Sandbox, platforms: Gateway
) -> None:
    connected, first = await a_failed_list(scopes, mended, platforms)
    async with scopes() as scope:
        circuit = circuit_key(scope.tenant_id, "meta", US_ACCOUNT)
    await platforms.breaker.wait(circuit, 60)
    with pytest.raises(CallsPause):
        await replay(scopes, first.id)
    await calm(scopes, platforms)
    async with scopes() as scope:
        await scope.session.execute(update(Connection).values(status="needs_sign_in"))
    with pytest.raises(SignInNeeded):
        await replay(scopes, first.id)
    assert connected.dollars == first.ad_account_id
    assert await tasks(scopes, "integrations.read_again") == []
