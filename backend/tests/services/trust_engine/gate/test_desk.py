"""A permit works once, soon, for its own change, while nobody has pulled the switch."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope
from app.models.trust_engine.permits import TrustPermit
from app.services.trust_engine.gate.desk import PermitDesk, mint
from app.services.trust_engine.gate.errors import (
    PermitExpired,
    PermitForAnotherChange,
    PermitFrozen,
    PermitMissing,
    PermitRefused,
    PermitUsed,
)
from app.services.trust_engine.gate.kill_switch import KillSwitch
from app.services.trust_engine.gate.permits import Change, Permit
from tests.factories.access import Company


def change(after: int = 120) -> Change:
    return Change(
        platform="meta",
        account="act_1",
        entity_type="campaign",
        entity="42",
        operation="set_daily_budget",
        before={"daily_budget_micros": 100_000_000},
        after={"daily_budget_micros": after * 1_000_000},
    )


def mint_in(scope: TenantScope, *, safety: bool = False) -> Permit:
    return mint(
        scope,
        change(),
        decision_id=uuid7(),
        action_id=None,
        policy_version=1,
        evidence_hash="0" * 64,
        safety=safety,
    )


async def permit(scopes: Scopes, *, safety: bool = False) -> Permit:
    async with scopes() as scope:
        return mint_in(scope, safety=safety)


async def test_a_permit_works_once(scopes: Scopes) -> None:
    desk, minted = PermitDesk(scopes), await permit(scopes)
    await desk.use(minted, change())
    with pytest.raises(PermitUsed):
        await desk.use(minted, change())


async def test_of_twenty_who_use_a_permit_at_once_one_succeeds(scopes: Scopes) -> None:
    desk, minted = PermitDesk(scopes), await permit(scopes)
    outcomes = await asyncio.gather(*(desk.use(minted, change()) for _ in range(20)), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(isinstance(outcome, PermitUsed) for outcome in outcomes if outcome is not None)


async def test_a_permit_is_for_its_own_change(scopes: Scopes) -> None:
    desk, minted = PermitDesk(scopes), await permit(scopes)
    with pytest.raises(PermitForAnotherChange):
        await desk.use(minted, change(after=121))
    await desk.use(minted, change())


async def test_a_permit_that_was_never_committed_is_worth_nothing(scopes: Scopes) -> None:
    async with scopes() as scope:
        minted = mint_in(scope)
        await scope.session.rollback()
    with pytest.raises(PermitMissing):
        await PermitDesk(scopes).use(minted, change())


async def test_a_permit_grows_old(scopes: Scopes) -> None:
    minted = await permit(scopes)
    async with scopes() as scope:
        await scope.session.execute(update(TrustPermit).values(expires_at=real_now() - timedelta(seconds=1)))
    with pytest.raises(PermitExpired):
        await PermitDesk(scopes).use(minted, change())


async def test_a_permit_of_another_tenant_is_none(scopes: Scopes, globex: Company) -> None:
    minted = await permit(scopes)
    with pytest.raises(PermitMissing):
        await PermitDesk(globex.scopes).use(minted, change())


async def test_the_kill_switch_stops_every_permit_but_a_safety_actions(scopes: Scopes) -> None:
    desk, minted, safe = PermitDesk(scopes), await permit(scopes), await permit(scopes, safety=True)
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="The figures look wrong.")
    with pytest.raises(PermitFrozen):
        await desk.use(minted, change())
    await desk.use(safe, change())
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=False, reason="Mended.")
    await desk.use(minted, change())


async def test_the_switch_over_all_tenants_stops_each(scopes: Scopes, globex: Company) -> None:
    minted = await permit(scopes)
    async with globex.scopes() as scope:
        await KillSwitch(scope).set_for_platform(engaged=True, reason="A vendor is lying.")
    try:
        with pytest.raises(PermitRefused):
            await PermitDesk(scopes).use(minted, change())
    finally:
        async with globex.scopes() as scope:
            await KillSwitch(scope).set_for_platform(engaged=False, reason="Over.")
