"""From rows to a score: what each trouble in the database does to an account's health."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from app.db.outbox import OutboxMessage
from app.db.session import Scopes
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.incidents import TrustIncident
from app.models.trust_engine.kinds import AutopilotMode, Component, SignalState
from app.models.trust_engine.signals import TrustSignal
from app.services.integrations.gateway import Gateway
from app.services.integrations.service import circuit_key
from app.services.trust_engine.health.errors import AccountNotFound
from app.services.trust_engine.health.service import HealthReading, HealthService
from app.services.trust_engine.policies.service import Policies
from tests.factories.access import Company
from tests.factories.trust import make_account, make_call


async def evaluate(scopes: Scopes, **over: object) -> tuple[TrustEvaluation, dict[Component, SignalState]]:
    account = await make_account(scopes, **over)  # type: ignore[arg-type]  # the test varies one
    async with scopes() as scope:
        row = await HealthService(scope).evaluate(account.id)
        signals = (await HealthService(scope).of_account(account.id)).signals
    return row, {Component(each.component): SignalState(each.state) for each in signals}


async def test_a_healthy_account_scores_well_on_live_evidence(scopes: Scopes) -> None:
    row, states = await evaluate(scopes)
    assert row.score is not None
    assert row.score >= 80, row.drivers
    assert row.coverage == 1
    assert set(states.values()) == {SignalState.GOOD}
    assert row.mode == AutopilotMode.FROZEN  # trust is earned


async def test_a_dropped_pixel_is_seen_within_the_day(scopes: Scopes) -> None:
    row, states = await evaluate(scopes, reported=0.2)
    assert states[Component.VARIANCE] is SignalState.BAD
    assert row.score is not None
    assert row.score < 40
    assert Component.VARIANCE in row.capped_by


async def test_orders_told_of_twice_break_an_invariant(scopes: Scopes) -> None:
    row, states = await evaluate(scopes, doubled=0.5)
    assert states[Component.INVARIANTS] is SignalState.BAD
    assert row.score is not None
    assert row.score < 40
    assert Component.INVARIANTS in row.capped_by


async def test_a_storm_of_retries_freezes_nobody(scopes: Scopes) -> None:
    account = await make_account(scopes)
    async with scopes() as scope:
        await scope.session.execute(text("UPDATE cdp_event_counts SET duplicates = 10 * accepted"))
        row = await HealthService(scope).evaluate(account.id)
        signals = (await HealthService(scope).of_account(account.id)).signals
    evidence = next(each.evidence for each in signals if each.component == Component.INVARIANTS)
    assert (evidence["duplicates"], evidence["duplicates_share"]) == ("holds", 0)
    assert row.score is not None
    assert row.score >= 80


async def test_the_platforms_own_match_quality_is_taken_where_it_is_lower_and_recent(scopes: Scopes) -> None:
    account = await make_account(scopes)

    async def emq(figure: str, hours_ago: int) -> TrustSignal:
        async with scopes() as scope:
            row = await scope.session.get_one(AdAccount, (scope.tenant_id, account.id))
            row.match_quality, row.match_quality_at = (
                Decimal(figure),
                scope.now() - timedelta(hours=hours_ago),
            )
            await scope.session.flush()
            await HealthService(scope).evaluate(account.id)
            signals = (await HealthService(scope).of_account(account.id)).signals
        return next(each for each in signals if each.component == Component.EMQ)

    low, old = await emq("4.50", 1), await emq("4.50", 49)
    assert (low.score, low.evidence["platform_score"], low.evidence["proxy"]) == (45, 4.5, False)
    assert low.evidence["platform_at"] is not None
    assert (old.score, old.evidence["platform_score"], old.evidence["proxy"]) == (100, None, True)


async def test_collapsed_match_keys_are_dead(scopes: Scopes) -> None:
    row, states = await evaluate(scopes, keys=["client_user_agent"])
    assert states[Component.EMQ] is SignalState.BAD
    assert row.capped_by == [Component.EMQ]


async def test_lost_events_are_seen(scopes: Scopes) -> None:
    row, states = await evaluate(scopes, acknowledged=0.6)
    assert states[Component.EVENT_LOSS] is SignalState.BAD
    assert row.score == 39


async def test_a_fall_says_since_when_for_what_and_what_to_do(scopes: Scopes) -> None:
    """Most conversions are refused, and the token is gone: both come from the rows themselves."""
    account = await make_account(scopes)
    async with scopes() as scope:
        before = await HealthService(scope).evaluate(account.id)
    async with scopes() as scope:
        await scope.session.execute(
            text(
                "UPDATE conversion_deliveries SET status = 'dead', acknowledged_at = NULL, reason = CASE "
                "WHEN ascii(dedupe_key) % 4 = 0 THEN 'meta.2' ELSE 'meta.100.2804003' END"
            )
        )
        scope.session.add_all(make_call(account.id, refused="meta.190") for _ in range(100))
        scope.session.add_all(make_call(account.id, refused="meta.1") for _ in range(20))
    async with scopes() as scope:
        await HealthService(scope).evaluate(account.id)
        signals = (await HealthService(scope).of_account(account.id)).signals
        incidents = (await scope.session.scalars(select(TrustIncident))).all()
    found = {each.component: each for each in signals}
    was = f"It was 100 of 100 until {before.evaluated_at:%Y-%m-%d %H:%M} UTC."
    assert "What failed, failed most often with meta.100.2804003." in found[Component.EVENT_LOSS].reason
    assert "What failed, failed most often with meta.190." in found[Component.API_HEALTH].reason
    assert all(found[each].reason.endswith(was) for each in (Component.EVENT_LOSS, Component.API_HEALTH))
    mends = {each.subject: each.mend or "" for each in incidents}
    assert "meta.100.2804003" in mends[Component.EVENT_LOSS]
    assert "Sign in at the platform again" in mends[Component.API_HEALTH]


@pytest.mark.parametrize(
    ("browser", "state"), [(None, SignalState.GOOD), (1.0, SignalState.GOOD), (0.0, SignalState.BAD)]
)
async def test_a_browser_that_falls_silent_beside_its_server_is_seen(
    scopes: Scopes, browser: float | None, state: SignalState
) -> None:
    account = await make_account(scopes, browser=browser)
    async with scopes() as scope:
        await HealthService(scope).evaluate(account.id)
        signals = (await HealthService(scope).of_account(account.id)).signals
    found = next(each for each in signals if each.component == Component.EVENT_LOSS)
    assert found.state == state, found.evidence
    assert ("browser_percent_of_usual" in found.evidence) is (browser is not None)
    signals_by = {each.component: each for each in signals}
    assert signals_by[Component.INVARIANTS].evidence["duplicates"] == "holds"


async def test_an_open_circuit_is_seen_at_once_and_a_call_that_succeeds_closes_it(
    scopes: Scopes, platforms: Gateway
) -> None:
    account = await make_account(scopes)

    async def api() -> tuple[object, float | None]:
        async with scopes() as scope:
            await HealthService(scope).evaluate(account.id)
            signals = (await HealthService(scope).of_account(account.id)).signals
        found = next(each for each in signals if each.component == Component.API_HEALTH)
        return found.evidence["circuit"], found.score

    async with scopes() as scope:
        key = circuit_key(scope.tenant_id, "meta", account.external_id)
    for _ in range(5):
        await platforms.breaker.failed(key)
    assert await api() == ("open", 0)
    await platforms.breaker.succeeded(key)
    assert await api() == ("closed", 100)


async def test_metrics_older_than_two_days_cap_the_score(scopes: Scopes) -> None:
    row, _ = await evaluate(scopes, metrics_age=timedelta(hours=48))
    assert row.score == 39
    assert row.capped_by == [Component.FRESHNESS]


async def test_a_tenant_without_orders_has_sources_absent_by_design(scopes: Scopes) -> None:
    row, states = await evaluate(scopes, with_orders=False)
    assert row.absent == [Component.CDP_QUALITY, Component.VARIANCE]
    assert states[Component.VARIANCE] is SignalState.ABSENT


async def test_the_mode_rises_only_after_evaluations_that_lie_apart(scopes: Scopes) -> None:
    account = await make_account(scopes)
    modes = []
    for _ in range(5):
        async with scopes() as scope:
            modes.append((await HealthService(scope).evaluate(account.id)).mode)
    assert modes == [AutopilotMode.FROZEN] * 5
    async with scopes() as scope:
        row = await HealthService(scope).newest(account.id)
        assert row is not None
        assert row.run == 1


async def test_an_account_is_evaluated_by_the_clock_when_it_is_due(scopes: Scopes) -> None:
    await make_account(scopes)

    async def due() -> int:
        async with scopes() as scope:
            return len(await HealthService(scope).evaluate_due())

    assert [await due(), await due()] == [1, 0]
    async with scopes() as scope:
        await Policies(scope).adopt({"rise_after": 4}, note="More careful.")
    assert [await due(), await due()] == [1, 0]


async def test_an_evaluation_is_told_live(scopes: Scopes) -> None:
    await evaluate(scopes)
    async with scopes() as scope:
        told = (await scope.session.scalars(select(OutboxMessage.name))).all()
    assert "emq_update" in told


async def test_evidence_cannot_be_rewritten_by_the_application(scopes: Scopes) -> None:
    await evaluate(scopes)
    for table in ("trust_evaluations", "trust_signals", "trust_policies"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with scopes() as scope:
                await scope.session.execute(text(f"UPDATE {table} SET id = id"))  # noqa: S608  (a fixed list)


async def test_the_roll_up_names_the_most_careful_mode(scopes: Scopes) -> None:
    await make_account(scopes)
    async with scopes() as scope:
        await HealthService(scope).evaluate_all()
        found = await HealthReading(scope).overview()
    assert found.mode is AutopilotMode.FROZEN
    assert found.roll_up.score == found.platforms["meta"].score
    assert len(found.accounts) == 1


async def test_another_tenants_account_does_not_exist(scopes: Scopes, globex: Company) -> None:
    account = await make_account(scopes)
    async with globex.scopes() as scope:
        with pytest.raises(AccountNotFound):
            await HealthService(scope).evaluate(account.id)
