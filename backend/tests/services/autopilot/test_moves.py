"""Money between two accounts: gated by both and by all together, cut first, raised after."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select

from app.db.session import Scopes
from app.models.campaigns import Campaign
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.kinds import SignalState
from app.services.autopilot.actions.errors import NotAMove
from app.services.autopilot.actions.execution import ActionExecution
from app.services.autopilot.actions.requests import ActionRequests, BudgetMove
from app.services.autopilot.actions.rules import ActionState
from app.services.autopilot.actions.service import AutopilotActions
from app.services.campaigns.service import CampaignService
from app.services.integrations.gateway import Gateway
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.service import GateService, KillSwitch, deciders, read_entry
from app.services.trust_engine.ledger.service import Ledger
from app.services.trust_engine.policies.service import Policies
from tests.factories.integrations import BROAD, connect
from tests.factories.trust import bare_account, trusted
from tests.sandbox_process import Sandbox, running_sandbox

CENT = 10_000


@dataclass(frozen=True)
class Pair:
    """A live campaign of the dollar account and one of the forint account, each with a budget of its own."""

    dollars: UUID
    forints: UUID
    broad: UUID
    broad_micros: int
    other: UUID
    other_external: str
    other_micros: int

    def move(self, *, give: int = 20, take: int = 5) -> BudgetMove:
        """`give` per cent less here, `take` per cent more there."""
        return BudgetMove(
            from_campaign_id=self.broad,
            from_daily_budget_micros=self.broad_micros * (100 - give) // 100 // CENT * CENT,
            to_campaign_id=self.other,
            to_daily_budget_micros=self.other_micros * (100 + take) // 100 // 1_000_000 * 1_000_000,
            reason="It earns more there.",
        )


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Our own: after another test's large change its campaigns would be learning, and wait."""
    with running_sandbox("--seed", "7") as running:
        yield running


@pytest.fixture
def mended(sandbox: Sandbox, platforms: Gateway) -> Iterator[Sandbox]:
    assert platforms.settings.meta_base_url == sandbox.url
    yield sandbox
    sandbox.repair()


@pytest.fixture
async def pair(scopes: Scopes, mended: Sandbox) -> Pair:
    connected = await connect(scopes, mended)
    for account in (connected.dollars, connected.forints):
        platform = await IntegrationsService(scopes).connector(account)
        campaigns, ad_sets = await platform.list_campaigns(), await platform.list_ad_sets()
        async with scopes() as scope:
            await CampaignService(scope).absorb(account, "meta", campaigns, ad_sets)
    async with scopes() as scope:
        broad = (await scope.session.scalars(select(Campaign).where(Campaign.external_id == BROAD))).one()
        other = (
            await scope.session.scalars(
                select(Campaign).where(
                    Campaign.ad_account_id == connected.forints,
                    Campaign.daily_budget_micros.is_not(None),
                    Campaign.status == "active",
                )
            )
        ).first()
        assert other is not None
        assert broad.daily_budget_micros is not None
        assert other.daily_budget_micros is not None
        return Pair(
            connected.dollars,
            connected.forints,
            broad.id,
            broad.daily_budget_micros,
            other.id,
            other.external_id,
            other.daily_budget_micros,
        )


async def state_of(scopes: Scopes, action_id: UUID) -> ActionState:
    async with scopes() as scope:
        return ActionState((await AutopilotActions(scope).get(action_id)).state)


async def propose(scopes: Scopes, move: BudgetMove) -> tuple[UUID, UUID, set[str]]:
    """The cut's id, the raise's, and the states of both."""
    async with scopes() as scope:
        cut, raised = await ActionRequests(scope).move_budget(move)
        assert (cut.other_half, raised.other_half) == (raised.id, cut.id)
        return cut.id, raised.id, {cut.state, raised.state}


async def test_the_cut_is_held_by_the_platform_before_the_raise_is_sent(
    scopes: Scopes, pair: Pair, mended: Sandbox
) -> None:
    for account in (pair.dollars, pair.forints):
        await trusted(scopes, account)
    move = pair.move()
    cut, raised, states = await propose(scopes, move)
    assert states == {"approved"}
    execution = ActionExecution(scopes)
    assert await execution.run(raised) is ActionState.APPROVED
    assert await execution.run(cut) is ActionState.VERIFIED
    assert await execution.run(raised) is ActionState.VERIFIED
    held = [
        mended.graph("GET", each, fields="daily_budget").json()["daily_budget"]
        for each in (BROAD, pair.other_external)
    ]
    assert held == [
        str(move.from_daily_budget_micros // CENT),
        str(move.to_daily_budget_micros // 1_000_000),
    ]
    async with scopes() as scope:
        newest = (await GateService(scope).decisions(before_seq=None, limit=1))[0]
        facts, _ = read_entry(newest)
        assert facts.move is not None
        assert facts.move.roll_up.score == pytest.approx(95.0)
        assert facts.move.other.account_name.startswith("Northwind")
        assert (await Ledger(scope).verify(deciders())).whole


async def test_between_its_halves_a_move_is_decided_on_what_is_measured_since(
    scopes: Scopes, pair: Pair, mended: Sandbox
) -> None:
    for account in (pair.dollars, pair.forints):
        await trusted(scopes, account)
    move = pair.move(give=10, take=4)
    cut, raised, _ = await propose(scopes, move)
    execution = ActionExecution(scopes)
    assert await execution.run(cut) is ActionState.VERIFIED
    await trusted(scopes, pair.forints)
    assert await execution.run(raised) is ActionState.APPROVED
    assert await execution.run(raised) is ActionState.VERIFIED


@pytest.mark.parametrize("sick", ["other", "third"])
async def test_health_that_falls_before_the_cut_is_sent_stops_it_in_whichever_account(
    scopes: Scopes, pair: Pair, mended: Sandbox, sick: str
) -> None:
    """The third is one that the roll-up alone knows of."""
    third = (await bare_account(scopes)).id
    for account in (pair.dollars, pair.forints, third):
        await trusted(scopes, account)
    cut, raised, states = await propose(scopes, pair.move(give=10))
    assert states == {"approved"}
    before = mended.graph("GET", BROAD, fields="daily_budget").json()
    await trusted(scopes, pair.forints if sick == "other" else third, score=20.0)
    assert await ActionExecution(scopes).run(cut) in {ActionState.HELD, ActionState.BLOCKED}
    assert await state_of(scopes, raised) is not ActionState.VERIFIED
    assert mended.graph("GET", BROAD, fields="daily_budget").json() == before


async def test_another_policy_has_both_accounts_of_a_move_scored_by_it(scopes: Scopes, pair: Pair) -> None:
    for account in (pair.dollars, pair.forints):
        await trusted(scopes, account)
    cut, _, _ = await propose(scopes, pair.move(give=10))
    async with scopes() as scope:
        await Policies(scope).adopt({}, note="Again.")
        version = (await Policies(scope).current()).version
    await ActionExecution(scopes).run(cut)
    async with scopes() as scope:
        scored = select(TrustEvaluation.ad_account_id).where(TrustEvaluation.policy_version == version)
        assert set(await scope.session.scalars(scored)) == {pair.dollars, pair.forints}
        found = {reason["code"] for reason in (await AutopilotActions(scope).get(cut)).reasons}
        assert "stale_policy" not in found


@pytest.mark.parametrize("sick", ["dollars", "forints"])
async def test_either_account_holds_both_halves(scopes: Scopes, pair: Pair, sick: str) -> None:
    """One account is healthy and the other is not: neither may be cut nor raised for the other's sake."""
    for account in (pair.dollars, pair.forints):
        bad = account == getattr(pair, sick)
        await trusted(scopes, account, variance=SignalState.BAD if bad else SignalState.GOOD)
    _, _, states = await propose(scopes, pair.move())
    assert states == {"held"}


async def test_an_account_without_a_score_blocks_both_halves(scopes: Scopes, pair: Pair) -> None:
    await trusted(scopes, pair.forints)
    _, _, states = await propose(scopes, pair.move())
    assert states == {"blocked"}


async def test_a_yes_to_one_half_is_a_yes_to_both_and_a_no_likewise(scopes: Scopes, pair: Pair) -> None:
    await trusted(scopes, pair.dollars)
    await trusted(scopes, pair.forints, freshness=SignalState.BAD)
    cut, raised, _ = await propose(scopes, pair.move())
    await trusted(scopes, pair.forints)
    async with scopes() as scope:
        await AutopilotActions(scope).approve(raised, reason="I looked.")
    assert {await state_of(scopes, each) for each in (cut, raised)} == {ActionState.APPROVED}
    await trusted(scopes, pair.forints, freshness=SignalState.BAD)
    cut, raised, states = await propose(scopes, pair.move(give=10))
    assert states == {"held"}
    async with scopes() as scope:
        await AutopilotActions(scope).dismiss(cut, reason="Not now.")
    assert {await state_of(scopes, each) for each in (cut, raised)} == {ActionState.DISMISSED}


async def test_a_cut_that_fails_takes_its_raise_along(scopes: Scopes, pair: Pair, mended: Sandbox) -> None:
    for account in (pair.dollars, pair.forints):
        await trusted(scopes, account)
    cut, raised, _ = await propose(scopes, pair.move())
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Stop everything.")
    assert await ActionExecution(scopes).run(cut) is ActionState.BLOCKED
    assert await state_of(scopes, raised) is ActionState.EXPIRED
    assert await ActionExecution(scopes).run(raised) is ActionState.EXPIRED
    held = mended.graph("GET", pair.other_external, fields="daily_budget").json()["daily_budget"]
    assert held == str(pair.other_micros // 1_000_000)


async def test_what_moves_nothing_between_accounts_is_no_move(scopes: Scopes, pair: Pair) -> None:
    upside_down = BudgetMove(
        from_campaign_id=pair.broad,
        from_daily_budget_micros=pair.broad_micros + CENT,
        to_campaign_id=pair.other,
        to_daily_budget_micros=pair.other_micros + 1_000_000,
        reason="More of everything.",
    )
    within = BudgetMove(
        from_campaign_id=pair.broad,
        from_daily_budget_micros=pair.broad_micros - CENT,
        to_campaign_id=pair.broad,
        to_daily_budget_micros=pair.broad_micros + CENT,
        reason="From itself to itself.",
    )
    for wrong in (upside_down, within):
        async with scopes() as scope:
            with pytest.raises(NotAMove):
                await ActionRequests(scope).move_budget(wrong)
