"""Decisions of one tenant come one after another: who decides knows all that was let pass before."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from uuid import UUID

from sqlalchemy import text, update

from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.campaigns import Campaign
from app.models.trust_engine.kinds import Origin
from app.services.autopilot.actions.service import AutopilotActions, Wanted
from app.services.autopilot.enforcement.service import EnforcementService
from tests.factories.rules import a_herd
from tests.factories.trust import BUDGET, UNIT, Account, make_account, trusted

_WAITING = text(
    "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and state = 'active'"
    " and datname = current_database()"
)


async def until_somebody_waits(scopes: Scopes, *, count: int = 1) -> None:
    """Until so many transactions wait for a lock, whoever holds it."""
    for _ in range(400):
        async with scopes() as scope:
            if (await scope.session.scalar(_WAITING) or 0) >= count:
                return
        await asyncio.sleep(0.05)
    raise AssertionError("nobody waits")


def raise_of(account: Account, entity: str, campaign_id: UUID | None) -> Wanted:
    return Wanted(
        ad_account_id=account.id,
        campaign_id=campaign_id,
        platform="meta",
        account=account.external_id,
        entity_type="campaign",
        entity=entity,
        entity_name=entity,
        operation="set_daily_budget",
        before={"daily_budget_micros": BUDGET},
        after={"daily_budget_micros": BUDGET + 10 * UNIT},
        currency="USD",
        reason="It earns more.",
        idempotency_key=uuid7().hex,
        origin=Origin.AUTOPILOT,
    )


async def test_of_two_raises_at_once_the_second_knows_the_first(scopes: Scopes) -> None:
    """The cap has room for one of them; read before the first is there, the second would be alone under it."""
    account = await make_account(scopes)
    await trusted(scopes, account.id)
    async with scopes() as scope:
        await EnforcementService(scope).set_limits({"level": 1, "max_daily_increase_micros": 20 * UNIT})
        other = await (await a_herd(scope)).campaign("Other")
        await scope.session.execute(
            update(Campaign).where(Campaign.id == other).values(ad_account_id=account.id, external_id="c2")
        )

    async def second() -> str:
        async with scopes() as scope:
            return (await AutopilotActions(scope).propose(raise_of(account, "c2", other))).state

    async with AsyncExitStack() as first:
        scope = await first.enter_async_context(scopes())
        raised = await AutopilotActions(scope).propose(raise_of(account, "c1", account.campaign_id))
        late = asyncio.create_task(second())
        await until_somebody_waits(scopes)
    assert raised.state == "approved"
    assert await late == "held"


async def test_a_trial_waits_for_nobody(scopes: Scopes) -> None:
    account = await make_account(scopes)
    await trusted(scopes, account.id)
    async with scopes() as scope:
        await EnforcementService(scope).set_limits({"level": 1})
    wanted = raise_of(account, "c1", account.campaign_id)
    async with scopes() as scope:
        await AutopilotActions(scope).propose(wanted)
        async with scopes() as another, asyncio.timeout(20):
            await AutopilotActions(another).trial(replace(wanted, idempotency_key=uuid7().hex))
