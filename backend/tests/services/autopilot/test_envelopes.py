"""A yes given beforehand: to what lies within it, once for each, and to nothing else."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update

from app.auth.permissions import Role
from app.core.context import SYSTEM
from app.core.errors import Invalid
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.autopilot.actions import AutopilotAction
from app.models.tenants import Membership
from app.models.trust_engine.kinds import Origin, SignalState
from app.models.trust_engine.permits import TrustPermit
from app.models.users import User
from app.services.autopilot.actions.rules import ActionState
from app.services.autopilot.actions.service import AutopilotActions, Wanted
from app.services.autopilot.enforcement.service import EnforcementService
from app.services.autopilot.envelopes.errors import (
    EnvelopeCampaignNotFound,
    EnvelopeEnded,
    EnvelopePersonNeeded,
)
from app.services.autopilot.envelopes.rules import Asked, Terms, covers
from app.services.autopilot.envelopes.service import Envelopes, EnvelopeWanted
from app.services.trust_engine.gate.service import deciders
from app.services.trust_engine.ledger.service import Ledger
from tests.factories.access import Company
from tests.factories.trust import BUDGET, UNIT, Account, make_account, trusted

NOW = datetime(2026, 11, 30, 22, tzinfo=UTC)


@pytest.fixture
async def account(acme: Company) -> Account:
    """Trusted, and nothing happens there without a person's approval."""
    made = await make_account(acme.scopes)
    await trusted(acme.scopes, made.id)
    async with acme.scopes() as scope:
        await EnforcementService(scope).set_limits({"level": 2})
    return made


def wanted(account: Account, **over: Any) -> Wanted:
    """A raise of ten, unless told otherwise."""
    ten = Wanted(
        ad_account_id=account.id,
        campaign_id=account.campaign_id,
        platform="meta",
        account=account.external_id,
        entity_type="campaign",
        entity="c1",
        entity_name="Prospecting",
        operation="set_daily_budget",
        before={"daily_budget_micros": BUDGET},
        after={"daily_budget_micros": BUDGET + 10 * UNIT},
        currency="USD",
        reason="It earns more.",
        idempotency_key=uuid7().hex,
        origin=Origin.AUTOPILOT,
    )
    return replace(ten, **over)


async def given_to(acme: Company, account: Account, **over: Any) -> UUID:
    async with acme.scopes() as scope:
        night = EnvelopeWanted(
            ad_account_id=None if "campaign_ids" in over else account.id,
            most_daily_micros=2 * BUDGET,
            most_raised_micros=15 * UNIT,
            ends_at=scope.now() + timedelta(hours=12),
            reason="For the night.",
        )
        return (await Envelopes(scope).give(replace(night, **over))).row.id


async def proposed(scopes: Scopes, change: Wanted) -> AutopilotAction:
    async with scopes() as scope:
        return await AutopilotActions(scope).propose(change)


async def test_what_lies_within_it_is_approved_under_the_givers_name(acme: Company, account: Account) -> None:
    envelope = await given_to(acme, account)
    action = await proposed(acme.scopes, wanted(account))
    assert (action.state, action.envelope_id) == (ActionState.APPROVED, envelope)
    assert (action.approved_by, action.approval_reason) == (acme.person().email, "For the night.")
    assert action.permit_id is not None
    async with acme.scopes() as scope:
        *_, last = await AutopilotActions(scope).timeline(action.id)
    assert (last.note or "").startswith(f"Approved beforehand by {acme.person().email}.")
    async with acme.scopes() as scope:
        found = await Envelopes(scope).get(envelope)
        assert (found.actions, found.raised_micros) == (1, 10 * UNIT)
        assert (await Ledger(scope).verify(deciders())).whole


async def test_without_one_it_waits_for_a_person(acme: Company, account: Account) -> None:
    action = await proposed(acme.scopes, wanted(account))
    assert (action.state, action.envelope_id) == (ActionState.AWAITING_APPROVAL, None)


@pytest.mark.parametrize(
    ("terms", "change"),
    [
        ({"most_daily_micros": BUDGET + 5 * UNIT}, {}),
        ({"most_raised_micros": 9 * UNIT}, {}),
        ({"most_daily_micros": None}, {}),
        ({}, {"currency": "EUR"}),
        ({}, {"operation": "set_status", "before": {"status": "paused"}, "after": {"status": "active"}}),
    ],
)
async def test_what_goes_beyond_it_waits_for_a_person(
    acme: Company, account: Account, terms: dict[str, object], change: dict[str, Any]
) -> None:
    await given_to(acme, account, **terms)
    action = await proposed(acme.scopes, wanted(account, **change))
    assert (action.envelope_id, action.approved_by) == (None, None)
    assert action.state != ActionState.APPROVED


async def test_it_is_of_the_campaigns_that_it_names(acme: Company, account: Account) -> None:
    await given_to(acme, account, campaign_ids=[account.campaign_id])
    assert (await proposed(acme.scopes, wanted(account))).state == ActionState.APPROVED
    with pytest.raises(EnvelopeCampaignNotFound):
        await given_to(acme, account, campaign_ids=[uuid7()])


async def test_half_of_a_move_has_no_yes(acme: Company, account: Account) -> None:
    """Its cut would be made for a raise that nobody has approved."""
    action = await proposed(acme.scopes, wanted(account))
    await given_to(acme, account)
    async with acme.scopes() as scope:
        assert await Envelopes(scope).covering(action, scope.now()) is not None
        action.other_half = uuid7()
        assert await Envelopes(scope).covering(action, scope.now()) is None


async def test_an_envelope_stands_in_for_nothing_but_the_approval(acme: Company, account: Account) -> None:
    """What the gate holds for its signals it holds, whoever said yes to it."""
    await given_to(acme, account)
    await trusted(acme.scopes, account.id, variance=SignalState.BAD)
    action = await proposed(acme.scopes, wanted(account))
    assert (action.state, action.envelope_id) == (ActionState.HELD, None)


async def executing(scopes: Scopes, action_id: UUID) -> None:
    """A worker has it in hand, and its write has left."""
    async with scopes() as scope:
        actions = AutopilotActions(scope)
        await actions.advance(await actions.locked(action_id), ActionState.EXECUTING, note="It began.")
        sent = update(TrustPermit).where(TrustPermit.action_id == action_id, TrustPermit.used_at.is_(None))
        await scope.session.execute(sent.values(used_at=scope.now()))


async def test_its_yes_is_one_to_a_single_decision(acme: Company, account: Account) -> None:
    """Revoked meanwhile, it is none to the next, and stands in for no limit that was set since."""
    envelope = await given_to(acme, account)
    action = await proposed(acme.scopes, wanted(account))
    await executing(acme.scopes, action.id)
    async with acme.scopes() as scope:
        await AutopilotActions(scope).decide_again(await AutopilotActions(scope).locked(action.id))
        assert (await AutopilotActions(scope).get(action.id)).envelope_id == envelope, "it stands still"
    await executing(acme.scopes, action.id)
    async with acme.scopes() as scope:
        await Envelopes(scope).revoke(envelope, reason="The stock is out.")
        await EnforcementService(scope).set_limits({"mode": "soft_block", "increase_limit_pct": 1})
    async with acme.scopes() as scope:
        actions = AutopilotActions(scope)
        again = await actions.locked(action.id)
        await actions.decide_again(again)
        assert (again.state, again.envelope_id, again.approved_by) == (ActionState.HELD, None, None)
        [limit] = [each for each in again.reasons if each["code"] == "raise_too_large"]
        assert limit["verdict"] == "hold"


async def test_who_approves_what_it_covered_before_says_so_themselves(
    acme: Company, account: Account
) -> None:
    envelope = await given_to(acme, account)
    action = await proposed(acme.scopes, wanted(account))
    await executing(acme.scopes, action.id)
    async with acme.scopes() as scope:
        await Envelopes(scope).revoke(envelope, reason="The stock is out.")
    async with acme.scopes() as scope:
        await AutopilotActions(scope).decide_again(await AutopilotActions(scope).locked(action.id))
    async with acme.scopes() as scope:
        await scope.session.execute(update(AutopilotAction).values(envelope_id=envelope))
    async with acme.scopes() as scope:
        approved = await AutopilotActions(scope).approve(action.id, reason="I looked.")
        assert (approved.state, approved.envelope_id) == (ActionState.APPROVED, None)
        *_, last = await AutopilotActions(scope).timeline(action.id)
        assert not (last.note or "").startswith("Approved beforehand")


async def test_what_may_have_come_to_the_platform_counts_although_it_failed(
    acme: Company, account: Account
) -> None:
    """Or an envelope would fill up again by failing."""
    envelope = await given_to(acme, account)
    never, sent = [await proposed(acme.scopes, wanted(account, entity=each)) for each in ("c1", "c2")]
    assert (never.state, sent.state) == (ActionState.APPROVED, ActionState.AWAITING_APPROVAL)
    async with acme.scopes() as scope:
        actions = AutopilotActions(scope)
        await actions.advance(await actions.locked(never.id), ActionState.FAILED, note="It never left.")
        assert (await Envelopes(scope).get(envelope)).raised_micros == 0
    sent = await proposed(acme.scopes, wanted(account, entity="c3"))
    await executing(acme.scopes, sent.id)
    async with acme.scopes() as scope:
        actions = AutopilotActions(scope)
        await actions.advance(await actions.locked(sent.id), ActionState.FAILED, note="It was rounded.")
        assert (await Envelopes(scope).get(envelope)).raised_micros == 10 * UNIT
    assert (await proposed(acme.scopes, wanted(account, entity="c4"))).state == ActionState.AWAITING_APPROVAL


async def test_what_is_switched_off_takes_along_what_nobody_looked_at(
    acme: Company, account: Account
) -> None:
    await given_to(acme, account)
    covered = await proposed(acme.scopes, wanted(account))
    async with acme.scopes() as scope:
        await AutopilotActions(scope).halting.of([covered.id], "The rule was switched off.")
        found = await AutopilotActions(scope).get(covered.id)
        assert (found.state, found.halted) == (ActionState.EXPIRED, "The rule was switched off.")


@pytest.mark.parametrize(
    ("of", "then"),
    [
        (Membership, {"role": Role.ANALYST}),
        (Membership, {"is_active": False}),
        (User, {"is_active": False}),
        (Membership, None),
    ],
    ids=["may no more", "switched off here", "switched off", "left"],
)
async def test_it_holds_while_its_giver_may_approve(
    acme: Company,
    globex: Company,
    account: Account,
    of: type[Membership | User],
    then: dict[str, object] | None,
) -> None:
    """What they are elsewhere counts for nothing here; where they may again, it holds again."""
    envelope, giver = await given_to(acme, account), acme.person().id
    async with globex.scopes() as scope:
        scope.session.add(Membership(user_id=giver, role=Role.ADMIN))
    who = User.id == giver if of is User else Membership.user_id == giver
    async with acme.scopes() as scope:
        await scope.session.execute(
            delete(of).where(who) if then is None else update(of).where(who).values(then)
        )
    action = await proposed(acme.scopes, wanted(account))
    assert (action.state, action.envelope_id) == (ActionState.AWAITING_APPROVAL, None)
    async with acme.scopes() as scope:
        assert not (await Envelopes(scope).get(envelope)).giver_may
        if then is None:
            scope.session.add(Membership(user_id=giver, role=Role.MANAGER))
        else:
            back = {"role": Role.MANAGER} if "role" in then else {"is_active": True}
            await scope.session.execute(update(of).where(who).values(back))
    action = await proposed(acme.scopes, wanted(account, entity="c2"))
    assert (action.state, action.envelope_id) == (ActionState.APPROVED, envelope)


async def test_two_at_once_share_its_ceiling(acme: Company, account: Account) -> None:
    """Room for one raise of ten, not for two."""
    envelope = await given_to(acme, account)
    both = await asyncio.gather(*(proposed(acme.scopes, wanted(account)) for _ in range(2)))
    assert sorted(each.envelope_id == envelope for each in both) == [False, True]
    async with acme.scopes() as scope:
        assert (await Envelopes(scope).get(envelope)).raised_micros == 10 * UNIT


async def test_revoked_it_covers_nothing_more_and_only_once(acme: Company, account: Account) -> None:
    envelope = await given_to(acme, account)
    async with acme.scopes() as scope:
        await Envelopes(scope).revoke(envelope, reason="The stock is out.")
    assert (await proposed(acme.scopes, wanted(account))).state == ActionState.AWAITING_APPROVAL
    with pytest.raises(EnvelopeEnded):
        async with acme.scopes() as scope:
            await Envelopes(scope).revoke(envelope, reason="Again.")


async def test_nobody_says_yes_for_ever_nor_backwards(acme: Company, account: Account) -> None:
    async with acme.scopes() as scope:
        now = scope.now()
    for ends_at in (now + timedelta(days=15), now - timedelta(hours=1)):
        with pytest.raises(Invalid):
            await given_to(acme, account, ends_at=ends_at)


async def test_a_program_cannot_say_yes_beforehand(acme: Company, account: Account) -> None:
    async with acme.scopes() as scope:
        program = replace(scope, actor=SYSTEM)
        terms = EnvelopeWanted(
            ad_account_id=account.id,
            most_daily_micros=None,
            most_raised_micros=0,
            ends_at=scope.now() + timedelta(hours=1),
            reason="Mine.",
        )
        with pytest.raises(EnvelopePersonNeeded):
            await Envelopes(program).give(terms)


@given(
    before=st.integers(1, 10**9),
    after=st.integers(1, 10**9),
    most=st.none() | st.integers(1, 10**9),
    ceiling=st.integers(0, 10**9),
    so_far=st.integers(0, 10**9),
)
def test_no_raise_goes_beyond_either_ceiling_and_every_cut_is_covered(
    before: int, after: int, most: int | None, ceiling: int, so_far: int
) -> None:
    terms = Terms(
        campaigns=(),
        currency="USD",
        most_daily_micros=most,
        most_raised_micros=ceiling,
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=8),
    )
    asked = Asked(
        campaign_id=None,
        currency="USD",
        before={"daily_budget_micros": before},
        after={"daily_budget_micros": after},
    )
    covered = covers(terms, asked, now=NOW, raised_so_far=so_far)
    if after <= before:
        assert covered
    elif covered:
        assert most is not None
        assert after <= most
        assert so_far + after - before <= ceiling
    assert not covers(terms, asked, now=NOW + timedelta(hours=8), raised_so_far=so_far)
    others = replace(terms, campaigns={uuid7()})
    for campaign in (None, uuid7()):
        assert not covers(others, replace(asked, campaign_id=campaign), now=NOW, raised_so_far=so_far)
