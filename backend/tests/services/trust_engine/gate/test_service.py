"""The gate over a real account: decided, written down, and a permit on a PASS alone."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.db.session import Scopes, TenantScope
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.kinds import Component, Origin, Verdict
from app.models.trust_engine.permits import TrustPermit
from app.services.trust_engine.gate.errors import AccountNotFound
from app.services.trust_engine.gate.permits import Change
from app.services.trust_engine.gate.service import (
    Activity,
    Ask,
    Decision,
    GateService,
    KillSwitch,
    Limits,
    PermitDesk,
    Proposal,
    deciders,
    read_entry,
)
from app.services.trust_engine.health.service import HealthService
from app.services.trust_engine.ledger.service import Ledger
from app.services.trust_engine.policies.service import Policies
from tests.factories.access import Company
from tests.factories.trust import Account, make_account


async def risen(scopes: Scopes, **over: Any) -> Account:
    """An account whose mode has been earned: the newest evaluation stands for a run of them."""
    account = await make_account(scopes, **over)
    async with scopes() as scope:
        row = await HealthService(scope).evaluate(account.id)
        values = {
            column.name: getattr(row, column.name)
            for column in TrustEvaluation.__table__.columns
            if column.name not in ("id", "created_at")
        }
        evaluated_at = row.evaluated_at + timedelta(milliseconds=1)
        scope.session.add(
            TrustEvaluation(**{**values, "mode": row.target, "run": 0, "evaluated_at": evaluated_at})
        )
    return account


def proposal(account: Account, change: Change, origin: Origin = Origin.AUTOPILOT, **over: Any) -> Proposal:
    return Proposal(
        change=change,
        ad_account_id=account.id,
        ask=Ask(origin=origin, actor="autopilot", justified_by=(Component.VARIANCE,)),
        limits=over.get("limits", Limits(level=1)),
        activity=Activity(conversions=500),
    )


async def decide(scopes: Scopes, wanted: Proposal) -> Decision:
    async with scopes() as scope:
        return await GateService(scope).decide(wanted)


async def permits(scope: TenantScope) -> int:
    return await scope.session.scalar(select(func.count()).select_from(TrustPermit)) or 0


async def test_a_pass_mints_a_permit_for_this_very_change(scopes: Scopes) -> None:
    account = await risen(scopes)
    change = account.raise_by(15)
    decision = await decide(scopes, proposal(account, change))
    assert decision.verdict is Verdict.PASS, decision.reasons
    assert decision.permit is not None
    assert decision.permit.digest == change.digest
    await PermitDesk(scopes).use(decision.permit, change)


async def test_what_does_not_pass_gets_no_permit_and_says_why(scopes: Scopes) -> None:
    account = await risen(scopes, reported=0.1)
    decision = await decide(scopes, proposal(account, account.raise_by(15)))
    assert decision.verdict is Verdict.BLOCK
    assert decision.permit is None
    assert {"critical", "signal"} <= {reason.code for reason in decision.reasons}
    async with scopes() as scope:
        assert await permits(scope) == 0


async def test_a_persons_pause_passes_on_a_dead_account_under_the_kill_switch(scopes: Scopes) -> None:
    account = await risen(scopes, reported=0.1)
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Look first.")
    decision = await decide(scopes, proposal(account, account.pause(), Origin.PERSON))
    assert decision.verdict is Verdict.PASS
    assert decision.permit is not None
    await PermitDesk(scopes).use(decision.permit, account.pause())
    raise_ = await decide(scopes, proposal(account, account.raise_by(5), Origin.PERSON))
    assert raise_.verdict is Verdict.BLOCK


async def test_a_mode_that_has_not_risen_blocks(scopes: Scopes) -> None:
    account = await make_account(scopes)
    async with scopes() as scope:
        await HealthService(scope).evaluate(account.id)
    decision = await decide(scopes, proposal(account, account.raise_by(5)))
    assert decision.verdict is Verdict.BLOCK
    assert "rises slowly" in decision.reasons[0].sentence


async def test_an_account_that_was_never_evaluated_is_blocked(scopes: Scopes) -> None:
    account = await make_account(scopes)
    decision = await decide(scopes, proposal(account, account.raise_by(5)))
    assert decision.verdict is Verdict.BLOCK
    assert decision.reasons[0].code == "no_score"


async def test_a_policy_newer_than_the_evaluation_blocks_until_it_is_evaluated_again(scopes: Scopes) -> None:
    account = await risen(scopes)
    async with scopes() as scope:
        await Policies(scope).adopt({}, note="The same again.")
    decision = await decide(scopes, proposal(account, account.raise_by(5)))
    assert "stale_policy" in {reason.code for reason in decision.reasons}


async def test_a_read_only_connection_is_never_written_to(scopes: Scopes) -> None:
    account = await risen(scopes, read_only=True)
    assert (await decide(scopes, proposal(account, account.raise_by(5)))).verdict is Verdict.BLOCK


async def test_a_trial_writes_nothing(scopes: Scopes) -> None:
    account = await risen(scopes)
    async with scopes() as scope:
        decision = await GateService(scope).check(proposal(account, account.raise_by(15)))
        assert decision.verdict is Verdict.PASS
        assert decision.permit is None
        assert await permits(scope) == 0
        assert await GateService(scope).decisions(before_seq=None, limit=10) == []


async def test_every_decision_is_decided_again_from_the_ledger(scopes: Scopes) -> None:
    account = await risen(scopes)
    for percent in (5, 15, 25, 45, -10):
        await decide(scopes, proposal(account, account.raise_by(percent)))
    await decide(scopes, proposal(account, account.pause(), Origin.PERSON))
    async with scopes() as scope:
        found = await Ledger(scope).verify(deciders())
        assert found.whole, found.faults
        assert found.entries == 6
        newest = (await GateService(scope).decisions(before_seq=None, limit=1))[0]
        facts, result = read_entry(newest)
        assert facts.change.operation == "set_status"
        assert result.verdict is Verdict.PASS


async def test_the_evidence_in_the_ledger_outlives_what_comes_after(scopes: Scopes) -> None:
    account = await risen(scopes)
    await decide(scopes, proposal(account, account.raise_by(15)))
    async with scopes() as scope:
        await Policies(scope).adopt({}, note="Another one.")
        assert (await Ledger(scope).verify(deciders())).whole


async def test_another_tenants_account_is_not_decided_about(scopes: Scopes, globex: Company) -> None:
    account = await risen(scopes)
    with pytest.raises(AccountNotFound):
        await decide(globex.scopes, proposal(account, account.raise_by(5)))


async def test_what_had_passed_is_scored_by_the_policy_that_was_adopted_since(scopes: Scopes) -> None:
    """Else every change that was approved a moment ago would end there, as one by a stale policy."""
    account = await make_account(scopes)
    async with scopes() as scope:
        await HealthService(scope).evaluate(account.id)
        await Policies(scope).adopt({}, note="A new one.")

    async def freshened() -> tuple[int, UUID]:
        async with scopes() as scope:
            await GateService(scope).freshen(account.id)
            newest = await HealthService(scope).newest(account.id)
            assert newest is not None
            assert (await Policies(scope).current()).version == newest.policy_version
            return newest.policy_version, newest.id

    assert await freshened() == await freshened(), "once"
