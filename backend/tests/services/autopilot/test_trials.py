"""What is only tried is decided exactly as what is proposed."""

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.context import Actor, ActorKind
from app.db.session import Scopes, TenantScope, open_scope
from app.models.trust_engine.kinds import CalendarKind, Component, SignalState
from app.services.autopilot.actions.requests import ActionRequests, CampaignChange
from app.services.autopilot.actions.trials import ActionTrials, Trial
from app.services.autopilot.enforcement.service import EnforcementService
from app.services.trust_engine.calendar.service import Calendar, Window
from app.services.trust_engine.gate.service import KillSwitch
from tests.factories.access import Company
from tests.factories.autopilot import Target, approved_action
from tests.factories.trust import BUDGET, Account, make_account, trusted

GROUNDS: tuple[dict[str, Any], ...] = (
    {},
    {"spend_only": True},
    {"justified_by": (Component.VARIANCE,)},
    {"justified_by": (Component.API_HEALTH,)},
)
limits = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["advisory", "soft_block", "hard_block"]),
        "level": st.sampled_from([0, 1, 2]),
        "max_daily_budget_micros": st.sampled_from([None, BUDGET, 10 * BUDGET]),
        "max_campaign_budget_micros": st.sampled_from([None, BUDGET * 2]),
        "max_daily_increase_micros": st.sampled_from([None, BUDGET // 20]),
        "currency": st.sampled_from(["USD", "EUR"]),
        "increase_limit_pct": st.sampled_from([5.0, 30.0]),
        "total_raise_pct": st.sampled_from([3.0, 20.0]),
        "max_changes_per_day": st.sampled_from([0, 1, 5]),
        "min_hours_between": st.sampled_from([0.0, 4.0]),
        "roas_floor": st.sampled_from([0.0, 99.0]),
        "cpa_ceiling_micros": st.sampled_from([None, 1]),
    }
)


async def _a_past(scopes: Scopes, account: Account) -> None:
    """A change of ours from an hour ago: what cooldowns and counts are held against."""
    target = Target(account.id, account.campaign_id, BUDGET)
    async with scopes() as scope:
        now = scope.now()
    await approved_action(
        scopes,
        target,
        BUDGET * 101 // 100,
        account=account.external_id,
        entity="c1",
        state="verified",
        applied_at=now - timedelta(hours=1),
    )


async def _arrange(scope: TenantScope, wanted: dict[str, Any], *, freeze: bool, kill: bool) -> None:
    await EnforcementService(scope).set_limits(wanted)
    if freeze:
        now = scope.now()
        window = Window(CalendarKind.CHANGE_FREEZE, "Audit", now - timedelta(1), now + timedelta(1))
        await Calendar(scope).enter(window)
    if kill:
        await KillSwitch(scope).set(engaged=True, reason="Look first.")


@pytest.fixture
async def healthy(scopes: Scopes) -> dict[bool, Account]:
    """A trusted account without a past of changes, and one with it."""
    found = {past: await make_account(scopes, with_orders=False) for past in (False, True)}
    for account in found.values():
        await trusted(scopes, account.id, variance=SignalState.BAD)
    await _a_past(scopes, found[True])
    return found


class _Undone(Exception):
    """Ends an example's transaction without a trace."""


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    wanted=limits,
    percent=st.sampled_from([-50, -1, 1, 4, 19, 25, 60]),
    pause=st.booleans(),
    grounds=st.sampled_from(GROUNDS),
    past=st.booleans(),
    learning=st.booleans(),
    freeze=st.booleans(),
    kill=st.booleans(),
    program=st.booleans(),
)
async def test_a_trial_and_the_real_decision_agree(
    *,
    healthy: dict[bool, Account],
    acme: Company,
    engine: AsyncEngine,
    wanted: dict[str, Any],
    percent: int,
    grounds: dict[str, Any],
    pause: bool,
    past: bool,
    learning: bool,
    freeze: bool,
    kill: bool,
    program: bool,
) -> None:
    account = healthy[past]
    kind = ActorKind.API_KEY if program else ActorKind.USER
    with contextlib.suppress(_Undone):
        async with open_scope(engine, acme.id, actor=Actor(kind, "Ada")) as scope:
            await _arrange(scope, wanted, freeze=freeze, kill=kill)
            await scope.session.execute(
                text("update campaigns set learning = :learning where id = :id"),
                {"learning": learning, "id": account.campaign_id},
            )
            await scope.session.flush()
            after = BUDGET * (100 + percent) // 100
            changed: dict[str, tuple[Any, Any]] = (
                {"status": ("active", "paused")} if pause else {"daily_budget_micros": (BUDGET, after)}
            )
            _, tried = await ActionTrials(scope).check(
                Trial(account.id, "campaign", "c1", changed, **grounds)
            )
            change = CampaignChange(
                account.campaign_id,
                "As tried.",
                daily_budget_micros=None if pause else after,
                status="paused" if pause else None,
                **grounds,
            )
            real = await ActionRequests(scope).change_campaign(change)
            assert real.verdict == tried.verdict
            assert [each["code"] for each in real.reasons] == [each.code for each in tried.reasons]
            assert (tried.id, tried.permit) == (None, None)
            raise _Undone
