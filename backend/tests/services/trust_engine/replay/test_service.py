"""Whole ledgers under another policy, held against a plain recomputation; what is missing is counted, not guessed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from random import Random
from uuid import UUID

import msgspec
import pytest
from msgspec import structs

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.connections import Connection
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.kinds import Origin, Verdict
from app.models.trust_engine.signals import TrustSignal
from app.services.trust_engine.gate.service import KIND, Ask, GateService, Proposal
from app.services.trust_engine.health.service import HealthService
from app.services.trust_engine.ledger.service import Ledger
from app.services.trust_engine.policies.rules import DEFAULT_POLICY, TrustPolicy
from app.services.trust_engine.policies.service import Policies, drafted
from app.services.trust_engine.replay.errors import PeriodBackwards, ReplayTookTooLong
from app.services.trust_engine.replay.rescoring_rules import Gap
from app.services.trust_engine.replay.service import Counterfactual, Period, Replay
from app.services.trust_engine.replay.tally_rules import Outcome
from tests.factories.access import Company
from tests.factories.trust import BUDGET, Account, make_account, trusted
from tests.services.trust_engine.replay.plain import health_of, modes_of, verdict_of
from tests.services.trust_engine.replay.worlds import Made, World, account_id, make_policy, make_world

THEN = make_world(1, decisions=1).made[0].at


async def _store(company: Company, world: World) -> None:
    async with company.scopes() as scope:
        connection = uuid7()
        scope.session.add(
            Connection(
                id=connection,
                platform="meta",
                status="active",
                external_user_id=connection.hex,
                scopes=[],
                read_only=False,
            )
        )
        await scope.session.flush()
        for number in range(len(world.evaluations)):
            scope.session.add(_account(connection, number))
        await scope.session.flush()
        for history in world.evaluations:
            for each in history:
                scope.session.add(
                    TrustEvaluation(
                        id=each.id,
                        ad_account_id=each.ad_account_id,
                        score=each.score,
                        status="healthy",
                        coverage=each.coverage,
                        target=each.state.mode,
                        mode=each.state.mode,
                        run=each.state.run,
                        candidate=each.state.candidate,
                        policy_version=each.policy_version,
                        components=[],
                        drivers=[],
                        absent=[],
                        capped_by=[],
                        evidence_digest=each.digest,
                        evaluated_at=each.evaluated_at,
                        expires_at=each.evaluated_at + timedelta(hours=1),
                    )
                )
        await scope.session.flush()
        for history in world.evaluations:
            for each in history:
                # Written in any order: a mean is summed up in the order of measuring all the same.
                for signal in reversed(each.signals):
                    scope.session.add(
                        TrustSignal(
                            id=uuid7(),
                            ad_account_id=each.ad_account_id,
                            evaluation_id=each.id,
                            component=signal.component,
                            state=signal.state,
                            score=signal.score,
                            broken=signal.broken,
                            reason=signal.reason,
                            evidence=signal.evidence,
                            observed_at=signal.observed_at,
                        )
                    )


def _account(connection: UUID, number: int) -> AdAccount:
    return AdAccount(
        id=account_id(number),
        connection_id=connection,
        platform="meta",
        external_id=f"act_{number}",
        name=f"Account {number}",
        currency="USD",
        timezone="UTC",
        status="active",
        enabled=True,
        write_lease=False,
        conversions_enabled=False,
    )


async def _write(scope: TenantScope, made: Made, action_id: UUID | None = None) -> UUID:
    entry = await Ledger(scope).append(
        KIND,
        f"gate/{made.decider}",
        {"inputs": made.facts, "result": made.result},
        verdict=made.result.verdict,
        ad_account_id=account_id(made.account),
        action_id=action_id,
    )
    return entry.id


async def _replayed(
    company: Company, policy: TrustPolicy | None, *, newest: int | None = None
) -> Counterfactual:
    async with company.scopes() as scope:
        now = scope.now()
        period = Period(now - timedelta(days=1), now + timedelta(seconds=1))
        return await Replay(scope).counterfactual(policy, period, newest=newest)


def _plainly(
    world: World, made: Sequence[Made], policy: TrustPolicy
) -> Counter[tuple[int, str, Verdict, Verdict]]:
    """By account, class, what was and what would have been; modes go on from before the first that is named."""
    document = msgspec.to_builtins(policy)
    modes: dict[str, str] = {}
    for number, history in enumerate(world.histories):
        named = {each.evaluated.id for each in made if each.evaluated and each.account == number}
        start = next((place for place, each in enumerate(history) if each.id in named), None)
        if start is not None:
            modes |= modes_of(history, start, document)
    return Counter(
        (
            each.account,
            each.result.risk.value,
            each.result.verdict,
            Verdict(
                verdict_of(
                    each,
                    None if each.evaluated is None else health_of(each.evaluated, document),
                    None if each.evaluated is None else modes[each.evaluated.id],
                    document,
                )
            ),
        )
        for each in made
    )


def _counted(found: Counterfactual) -> Counter[tuple[int, str, Verdict, Verdict]]:
    return Counter(
        {
            (int(key.account.removeprefix("act_")), key.risk.value, before, after): cell.count
            for key, group in found.tally.groups.items()
            for (before, after), cell in group.cells.items()
        }
    )


async def test_a_ledger_under_any_policy_is_what_a_plain_recomputation_says(acme: Company) -> None:
    """More rows than one batch, and more evaluations than decisions name."""
    world = make_world(20_261, evaluations=60, decisions=620)
    await _store(acme, world)
    async with acme.scopes() as scope:
        for made in world.made:
            await _write(scope, made)
    own = await _replayed(acme, None)
    assert own.tally.rows == 620
    assert all(before is after for before, after in own.tally.together.cells)
    assert (await _replayed(acme, DEFAULT_POLICY)).rescored is False
    for seed in range(4):
        policy = make_policy(Random(seed), stale=False)  # noqa: S311
        found = await _replayed(acme, policy)
        assert found.rescored
        assert found.tally.together.gaps == Counter()
        assert _counted(found) == _plainly(world, world.made, policy)
        short = await _replayed(acme, policy, newest=150)
        assert (short.cut_short, short.tally.rows, short.first_seq) == (True, 150, 471)
        assert _counted(short) == _plainly(world, world.made[-150:], policy)


async def _decided(company: Company, account: Account) -> UUID:
    async with company.scopes() as scope:
        decision = await GateService(scope).decide(
            Proposal(
                change=account.raise_by(10),
                ad_account_id=account.id,
                ask=Ask(origin=Origin.PERSON, actor="Ada"),
            )
        )
    assert decision.id is not None
    return decision.id


async def test_what_was_really_measured_is_scored_anew(acme: Company) -> None:
    account = await make_account(acme.scopes)
    async with acme.scopes() as scope:
        evaluation = await HealthService(scope).evaluate(account.id)
    assert (evaluation.mode, (evaluation.score or 0) >= 80) == ("frozen", True)
    await _decided(acme, account)
    own = await _replayed(acme, _policy(rise_after=3))
    assert set(own.tally.together.cells) == {(Verdict.BLOCK, Verdict.BLOCK)}
    trusting = await _replayed(acme, _policy(rise_after=1))
    assert trusting.tally.together.gaps == Counter()
    [((before, after), cell)] = trusting.tally.together.cells.items()
    assert (before, after, cell.count) == (Verdict.BLOCK, Verdict.PASS, 1)
    assert cell.money.raises == {"USD": BUDGET // 10}
    assert cell.reasons == {"critical:block": 1}
    assert cell.outcomes == {}


async def test_right_after_an_adoption_the_score_of_before_is_worked_out_anew(acme: Company) -> None:
    """The gate blocks what rests on another policy's score; what the present one would have said needs its own."""
    account = await make_account(acme.scopes)
    async with acme.scopes() as scope:
        await HealthService(scope).evaluate(account.id)
        await Policies(scope).adopt({"rise_after": 1}, note="Quicker.")
    decided = await _decided(acme, account)
    async with acme.scopes() as scope:
        again = await Replay(scope).decision(decided, None)
    blocked_by = {each.code for each in again.recorded.reasons if each.verdict is Verdict.BLOCK}
    assert blocked_by == {"stale_policy", "critical"}
    assert again.own.decision == again.recorded
    assert again.present.decision is not None
    assert (again.present.decision.verdict, again.present.gap) == (Verdict.PASS, None)


def _policy(**changes: object) -> TrustPolicy:
    return drafted(DEFAULT_POLICY, changes)


async def test_a_row_whose_signals_are_not_stored_is_counted_and_not_guessed(acme: Company) -> None:
    account = await make_account(acme.scopes)
    await trusted(acme.scopes, account.id)
    await _decided(acme, account)
    found = (await _replayed(acme, _policy(rise_after=1))).tally.together
    assert (dict(found.cells), found.gaps) == ({}, {(Verdict.PASS, Gap.EVIDENCE_GONE): 1})
    assert found.before[Verdict.PASS] == 1
    # What only the gate reads needs no score of its own.
    kept = await _replayed(acme, _policy(fx_max_age_hours=1))
    assert set(kept.tally.together.cells) == {(Verdict.PASS, Verdict.PASS)}


@pytest.mark.parametrize("part", ["digest", "signals"])
async def test_signals_that_are_not_those_of_then_are_no_evidence(acme: Company, part: str) -> None:
    world = make_world(1, accounts=1, evaluations=3, decisions=40)
    first = world.evaluations[0][0]
    told_otherwise = tuple(structs.replace(each, reason="Otherwise.") for each in first.signals)
    world.evaluations[0][0] = (
        replace(first, digest="0" * 64) if part == "digest" else replace(first, signals=told_otherwise)
    )
    await _store(acme, world)
    async with acme.scopes() as scope:
        for made in world.made:
            await _write(scope, made)
    found = await _replayed(acme, _policy(rise_after=1))
    gaps = {gap for _, gap in found.tally.together.gaps}
    assert gaps == {Gap.EVIDENCE_ALTERED}


async def test_how_what_passed_ended_stands_beside_what_would_have_held_it(acme: Company) -> None:
    account = await make_account(acme.scopes)
    passed = next(
        made
        for made in make_world(7).made
        if made.change == "cut"
        and made.spend_only
        and made.result.verdict is Verdict.PASS
        and not made.person
    )
    states = ["verified", "rolled_back", "verified", "watched", "expired", "failed", "verified"]
    async with acme.scopes() as scope:
        for number, state in zip(range(14), cycle(states), strict=False):
            action = _action(account.id, state)
            scope.session.add(action)
            await scope.session.flush()
            action.decision_id = await _write(scope, passed, action.id)
            if number == 0:
                # It was decided again: the first yes led to nothing by itself.
                action.decision_id = await _write(scope, passed, action.id)
    # A cut by spend alone passes under every policy, so the same to the same.
    cell = (await _replayed(acme, None)).tally.together.cells[Verdict.PASS, Verdict.PASS]
    assert cell.ended == {
        Outcome.VERIFIED: 6,
        Outcome.ROLLED_BACK: 2,
        Outcome.OPEN: 2,
        Outcome.FAILED: 2,
        Outcome.NOT_WRITTEN: 3,
    }
    assert (cell.rolled_back.count, cell.rolled_back.of, cell.rolled_back.low) == (2, 8, None)
    cut = passed.facts.platform.account_currency
    assert cell.outcomes[Outcome.ROLLED_BACK].cuts == {cut: 2 * BUDGET // 5}
    async with acme.scopes() as scope:
        period = Period(scope.now() - timedelta(days=1), scope.now() + timedelta(seconds=1))
        bands = await Replay(scope).calibration(period)
    [together, of_class] = bands
    assert (together.risk, of_class.risk, of_class.passed, of_class.ended) == (None, "cut", 14, 10)
    assert (of_class.verified.count, of_class.rolled_back.count, of_class.failed.count) == (6, 2, 2)
    assert of_class.verified.low is not None


def _action(ad_account_id: UUID, state: str) -> AutopilotAction:
    id_ = uuid7()
    return AutopilotAction(
        id=id_,
        ad_account_id=ad_account_id,
        platform="meta",
        account="act_1",
        entity_type="campaign",
        entity="c1",
        entity_name="Prospecting",
        operation="set_daily_budget",
        before={},
        after={},
        currency="USD",
        justified_by=[],
        reason="As asked.",
        origin="autopilot",
        requested_label="autopilot",
        idempotency_key=id_.hex,
        state="verified" if state == "watched" else state,
        watch_until=THEN if state != "watched" else THEN + timedelta(days=50_000),
        proposed_at=THEN,
        expires_at=THEN,
    )


async def test_who_would_wait_too_long_is_told_so(acme: Company) -> None:
    account = await make_account(acme.scopes)
    await _decided(acme, account)
    async with acme.scopes() as scope:
        period = Period(scope.now() - timedelta(days=1), scope.now() + timedelta(seconds=1))
        with pytest.raises(ReplayTookTooLong):
            await Replay(scope, patience=timedelta(seconds=-1)).counterfactual(_policy(), period)


def test_a_period_goes_forwards() -> None:
    with pytest.raises(PeriodBackwards):
        Period(THEN, THEN)


async def test_another_companys_decisions_are_not_replayed(acme: Company, globex: Company) -> None:
    account = await make_account(acme.scopes)
    await _decided(acme, account)
    assert (await _replayed(globex, _policy(rise_after=1))).tally.rows == 0
