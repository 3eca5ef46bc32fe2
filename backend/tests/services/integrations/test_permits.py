"""No connector changes anything without a permit that is good, now, for that very change."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.services.integrations.gateway import Gateway
from app.services.integrations.meta.client import MetaClient
from app.services.integrations.ports import MUTATING, AdPlatform
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.desk import mint
from app.services.trust_engine.gate.errors import (
    PermitExpired,
    PermitForAnotherChange,
    PermitMissing,
    PermitRefused,
    PermitUsed,
)
from app.services.trust_engine.gate.permits import Change, Permit
from tests.factories.integrations import BROAD, US_ACCOUNT, connect
from tests.sandbox_process import Sandbox

CONNECTORS: list[type] = [MetaClient]
AFTER: dict[str, dict[str, int | str]] = {
    "set_daily_budget": {"daily_budget_micros": 333_000_000},
    "set_lifetime_budget": {"lifetime_budget_micros": 333_000_000},
    "set_status": {"status": "paused"},
}


def change_for(method: Callable[..., Any]) -> Change:
    return Change(
        platform="meta",
        account=US_ACCOUNT,
        entity_type="campaign",
        entity=BROAD,
        operation=method.__name__,
        before={},
        after=AFTER[method.__name__],
    )


async def minted(scopes: Scopes, change: Change) -> Permit:
    async with scopes() as scope:
        return mint(
            scope, change, decision_id=uuid7(), action_id=None, policy_version=1, evidence_hash="0" * 64
        )


def test_every_method_that_takes_a_permit_is_marked_and_no_other_writes() -> None:
    for connector in CONNECTORS:
        methods = [one for _, one in inspect.getmembers(connector, inspect.isfunction)]
        public = [one for one in methods if not one.__name__.startswith("_")]
        taking = {one for one in public if "permit" in inspect.signature(one).parameters}
        assert taking == {one for one in MUTATING if one in methods}
        writing = {one.__name__ for one in methods if "_transport.write(" in inspect.getsource(one)}
        assert writing == {"_write"}
    assert set(AFTER) == {one.__name__ for one in MUTATING}


async def _used(scopes: Scopes, platform: AdPlatform, change: Change) -> Permit:
    permit = await minted(scopes, change)
    async with scopes() as scope:
        await scope.session.execute(
            text("update trust_permits set used_at = now() where id = :id"), {"id": permit.id}
        )
    return permit


async def _expired(scopes: Scopes, platform: AdPlatform, change: Change) -> Permit:
    permit = await minted(scopes, change)
    async with scopes() as scope:
        await scope.session.execute(
            text("update trust_permits set expires_at = now() - interval '1 second' where id = :id"),
            {"id": permit.id},
        )
    return permit


async def _of_another_change(scopes: Scopes, platform: AdPlatform, change: Change) -> Permit:
    return await minted(scopes, replace(change, entity="1"))


async def _none(scopes: Scopes, platform: AdPlatform, change: Change) -> Permit:
    async with scopes() as scope:
        return Permit(scope.tenant_id, uuid7(), change.digest, real_now() + timedelta(minutes=5))


@pytest.mark.parametrize("method", MUTATING, ids=lambda one: one.__qualname__)
@pytest.mark.parametrize(
    "bad",
    [
        (_none, PermitMissing),
        (_used, PermitUsed),
        (_expired, PermitExpired),
        (_of_another_change, PermitForAnotherChange),
    ],
    ids=["none", "used", "expired", "of another change"],
)
async def test_a_bad_permit_changes_nothing(
    method: Callable[..., Any],
    bad: tuple[Callable[..., Any], type[PermitRefused]],
    scopes: Scopes,
    sandbox: Sandbox,
    platforms: Gateway,
) -> None:
    permit_of, refusal = bad
    connected = await connect(scopes, sandbox)
    platform = await IntegrationsService(scopes).connector(connected.dollars)
    before = sandbox.graph("GET", BROAD, fields="status,daily_budget,updated_time").json()
    change = change_for(method)
    permit = await permit_of(scopes, platform, change)
    with pytest.raises(refusal):
        await method(platform, change, permit)
    assert sandbox.graph("GET", BROAD, fields="status,daily_budget,updated_time").json() == before
    async with scopes() as scope:
        calls = (await scope.session.scalars(select(PlatformCall))).all()
    assert [call for call in calls if call.mutating] == []


async def test_a_good_permit_works_once(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> None:
    connected = await connect(scopes, sandbox)
    platform = await IntegrationsService(scopes).connector(connected.dollars)
    change = change_for(MetaClient.set_daily_budget)
    permit = await minted(scopes, change)
    await platform.set_daily_budget(change, permit)
    assert (await platform.read_entity("campaign", BROAD)).holds(change)
    with pytest.raises(PermitUsed):
        await platform.set_daily_budget(change, permit)
