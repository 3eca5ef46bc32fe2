"""A write reaches the platform once, is read back, and whatever breaks on the way is told truthfully."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.autopilot.actions import AutopilotAction
from app.models.trust_engine.kinds import Origin
from app.services.autopilot.actions.execution import ABANDONED_AFTER, MOST_ATTEMPTS, ActionExecution
from app.services.autopilot.actions.requests import ActionRequests, CampaignChange
from app.services.autopilot.actions.rules import ActionState
from app.services.autopilot.actions.service import AutopilotActions, change_of
from app.services.autopilot.enforcement.service import EnforcementService
from app.services.autopilot.strategies.service import StrategyService
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import PlatformError
from app.services.integrations.service import circuit_key
from app.services.trust_engine.gate.service import KillSwitch, Permit, PermitDesk
from app.services.trust_engine.incidents.service import Incidents
from app.services.trust_engine.policies.service import Policies
from tests.factories.autopilot import Target, approved_action, find_target
from tests.factories.integrations import BROAD, connect
from tests.factories.trust import trusted
from tests.sandbox_process import Sandbox

CENT = 10_000


@pytest.fixture
def faulty(sandbox: Sandbox, platforms: Gateway) -> Iterator[Sandbox]:
    """The sandbox, mended at the end."""
    assert platforms.settings.meta_base_url == sandbox.url
    yield sandbox
    sandbox.repair()


@pytest.fixture
async def target(scopes: Scopes, faulty: Sandbox) -> Target:
    return await find_target(scopes, (await connect(scopes, faulty)).dollars)


def held(sandbox: Sandbox) -> int:
    """The budget that the platform holds, in micros."""
    cents: str = sandbox.graph("GET", BROAD, fields="daily_budget").json()["daily_budget"]
    return int(cents) * CENT


def writes(sandbox: Sandbox) -> int:
    """Changes of the campaign in the platform's own log."""
    found = sandbox.graph(
        "GET", "act_102030405060701/activities", fields="object_id,event_type", limit="500"
    ).json()
    return sum(each["object_id"] == BROAD for each in found["data"])


async def action_of(scopes: Scopes, action_id: UUID) -> AutopilotAction:
    async with scopes() as scope:
        return await AutopilotActions(scope).get(action_id)


async def test_a_budget_is_changed_on_the_platform_read_back_and_verified(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    wanted = target.budget_micros + 100 * CENT
    action_id = await approved_action(scopes, target, wanted)
    assert await ActionExecution(scopes).run(action_id) is ActionState.VERIFIED
    assert held(faulty) == wanted
    async with scopes() as scope:
        steps = [each.to_state for each in await AutopilotActions(scope).timeline(action_id)]
    assert steps == ["executing", "applied", "verified"]


async def test_running_twice_writes_once(scopes: Scopes, target: Target, faulty: Sandbox) -> None:
    action_id = await approved_action(scopes, target, target.budget_micros + 200 * CENT)
    before = writes(faulty)
    for _ in range(3):
        assert await ActionExecution(scopes).run(action_id) is ActionState.VERIFIED
    assert writes(faulty) == before + 1


async def test_a_write_whose_answer_is_lost_is_read_back_and_not_sent_again(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    wanted = target.budget_micros + 300 * CENT
    action_id = await approved_action(scopes, target, wanted)
    before = writes(faulty)
    faulty.control(
        "POST", "faults", json={"kind": "drop_response", "path": f"/{BROAD}", "method": "POST", "count": 1}
    )
    assert await ActionExecution(scopes).run(action_id) is ActionState.VERIFIED
    assert (held(faulty), writes(faulty)) == (wanted, before + 1)


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    action_id = await approved_action(scopes, target, target.budget_micros + 400 * CENT)
    theirs = target.budget_micros + 12_300 * CENT
    faulty.graph("POST", BROAD, daily_budget=str(theirs // CENT))
    assert await ActionExecution(scopes).run(action_id) is ActionState.FAILED
    assert held(faulty) == theirs
    async with scopes() as scope:
        assert [each.kind for each in await Incidents(scope).live()] == ["external_edit"]


async def test_the_kill_switch_stops_an_approved_action(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    action_id = await approved_action(scopes, target, target.budget_micros + 500 * CENT)
    before = held(faulty)
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Stop everything.")
    assert await ActionExecution(scopes).run(action_id) is ActionState.BLOCKED
    assert held(faulty) == before


async def test_a_worker_that_died_after_the_write_is_resumed_without_a_second_one(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    """Dead between write and record: the permit is used, the platform holds it, our row says `executing`."""
    wanted = target.budget_micros + 600 * CENT
    action_id = await approved_action(scopes, target, wanted, state=ActionState.EXECUTING, attempts=1)
    faulty.graph("POST", BROAD, daily_budget=str(wanted // CENT))
    before = writes(faulty)
    assert await ActionExecution(scopes).run(action_id) is ActionState.VERIFIED
    assert writes(faulty) == before


async def test_a_worker_that_died_before_the_write_needs_a_new_decision(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    action_id = await approved_action(
        scopes, target, target.budget_micros + 700 * CENT, state=ActionState.EXECUTING, attempts=1
    )
    before = held(faulty)
    state = await ActionExecution(scopes).run(action_id)
    assert state in {ActionState.BLOCKED, ActionState.HELD}
    assert held(faulty) == before
    assert (await action_of(scopes, action_id)).decision_id is not None


async def test_a_used_permit_moves_nothing(scopes: Scopes, target: Target, faulty: Sandbox) -> None:
    action_id = await approved_action(scopes, target, target.budget_micros + 800 * CENT)
    action = await action_of(scopes, action_id)
    assert action.permit_id is not None
    assert action.permit_expires_at is not None
    async with scopes() as scope:
        tenant_id = scope.tenant_id
    change = change_of(action)
    permit = Permit(tenant_id, action.permit_id, change.digest, action.permit_expires_at)
    await PermitDesk(scopes).use(permit, change)
    before = held(faulty)
    assert await ActionExecution(scopes).run(action_id) is ActionState.FAILED
    assert held(faulty) == before
    assert (await action_of(scopes, action_id)).error_code == "trust_engine.gate.permit_used"


async def test_a_revoked_token_fails_the_action_and_says_so(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    action_id = await approved_action(scopes, target, target.budget_micros + 900 * CENT)
    faulty.control("POST", "faults", json={"kind": "token_revoked", "path": "/"})
    assert await ActionExecution(scopes).run(action_id) is ActionState.FAILED
    assert (await action_of(scopes, action_id)).error_code is not None


async def test_a_platform_that_cannot_be_read_leaves_the_action_to_be_resumed(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    wanted = target.budget_micros + 1000 * CENT
    action_id = await approved_action(scopes, target, wanted)
    faulty.control("POST", "faults", json={"kind": "server_error", "path": f"/{BROAD}", "method": "GET"})
    with pytest.raises(PlatformError):
        await ActionExecution(scopes).run(action_id)
    assert (await action_of(scopes, action_id)).state == ActionState.EXECUTING


async def test_the_kill_switch_pressed_while_a_write_is_on_its_way_does_not_belie_it(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    """What is in flight is taken up again when the switch is pressed: that must wait for the write's own end."""
    wanted = target.budget_micros + 1100 * CENT
    action_id = await approved_action(scopes, target, wanted)
    before = writes(faulty)
    faulty.control(
        "POST", "faults", json={"kind": "latency", "path": f"/{BROAD}", "method": "POST", "seconds": 2.5}
    )
    under_way = asyncio.create_task(ActionExecution(scopes).run(action_id))
    await asyncio.sleep(1)
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Stop everything.")
    assert await ActionExecution(scopes).run(action_id) is ActionState.EXECUTING
    assert await under_way is ActionState.VERIFIED
    assert (await action_of(scopes, action_id)).state == ActionState.VERIFIED
    assert (held(faulty), writes(faulty)) == (wanted, before + 1)


async def test_a_platform_that_does_not_hold_what_was_asked_opens_an_incident(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    """Accepted, and then read back as another budget: nothing is called verified."""
    wanted = target.budget_micros + 1200 * CENT
    action_id = await approved_action(scopes, target, wanted, state=ActionState.APPLIED, attempts=1)
    before = held(faulty)
    assert await ActionExecution(scopes).run(action_id) is ActionState.FAILED
    assert held(faulty) == before
    assert (await action_of(scopes, action_id)).error_code == "autopilot.actions.read_back_mismatch"
    async with scopes() as scope:
        (incident,) = await Incidents(scope).live()
    assert incident.kind == "read_back_mismatch"
    assert incident.evidence["asked"] == {"daily_budget_micros": wanted}
    assert incident.evidence["found"] == {"daily_budget_micros": before}


async def test_what_never_arrives_is_given_up_after_the_third_attempt(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    action_id = await approved_action(
        scopes, target, target.budget_micros + 1300 * CENT, state=ActionState.EXECUTING, attempts=3
    )
    before = held(faulty)
    assert await ActionExecution(scopes).run(action_id) is ActionState.FAILED
    assert held(faulty) == before
    assert (await action_of(scopes, action_id)).error_code == "autopilot.actions.gave_up"


async def test_what_the_platform_holds_already_is_not_written_again(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    wanted = target.budget_micros + 1400 * CENT
    action_id = await approved_action(scopes, target, wanted)
    faulty.graph("POST", BROAD, daily_budget=str(wanted // CENT))
    before = writes(faulty)
    assert await ActionExecution(scopes).run(action_id) is ActionState.VERIFIED
    assert writes(faulty) == before


async def test_only_what_a_dead_worker_left_behind_is_taken_up_again(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    long_ago = real_now() - ABANDONED_AFTER - timedelta(seconds=1)
    budget = target.budget_micros
    left = await approved_action(
        scopes, target, budget + CENT, state=ActionState.EXECUTING, executing_at=long_ago
    )
    await approved_action(
        scopes, target, budget + 2 * CENT, state=ActionState.EXECUTING, executing_at=real_now()
    )
    assert await ActionExecution(scopes).resume_abandoned() == 1
    async with scopes() as scope:
        rows = await scope.session.execute(
            text("select payload ->> 'action_id' from outbox where name = 'autopilot.actions.execute'")
        )
        assert list(rows.scalars()) == [str(left)]
    assert held(faulty) == budget


async def wanted(scopes: Scopes, target: Target, micros: int) -> UUID:
    """A raise that a person asks for and the gate lets pass, on the evidence of now."""
    async with scopes() as scope:
        change = CampaignChange(target.campaign_id, "It earns.", daily_budget_micros=micros)
        action = await ActionRequests(scope).change_campaign(change)
        assert action.state == ActionState.APPROVED, action.reasons
        return action.id


async def test_a_permit_is_worth_nothing_once_the_score_has_fallen(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    """Falling is instant: five minutes of a permit are not five minutes of spending while frozen."""
    await trusted(scopes, target.ad_account_id)
    action_id = await wanted(scopes, target, target.budget_micros + 1500 * CENT)
    before = writes(faulty)
    await trusted(scopes, target.ad_account_id, score=20.0)
    assert await ActionExecution(scopes).run(action_id) is ActionState.BLOCKED
    assert (held(faulty), writes(faulty)) == (target.budget_micros, before)


async def test_what_is_measured_since_is_decided_on_before_a_permit_is_used(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    """The score may do still, where the one signal that the change rests on does not."""
    await trusted(scopes, target.ad_account_id)
    action_id = await wanted(scopes, target, target.budget_micros + 1550 * CENT)
    before = (await action_of(scopes, action_id)).decision_id
    await trusted(scopes, target.ad_account_id, score=90.0)
    assert await ActionExecution(scopes).run(action_id) is ActionState.APPROVED
    assert await ActionExecution(scopes).run(action_id) is ActionState.VERIFIED
    assert (await action_of(scopes, action_id)).decision_id != before


async def test_what_is_measured_meanwhile_is_no_attempt_that_failed(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    await trusted(scopes, target.ad_account_id)
    action_id = await wanted(scopes, target, target.budget_micros + 1570 * CENT)
    async with scopes() as scope:
        (await AutopilotActions(scope).locked(action_id)).attempts = MOST_ATTEMPTS - 1
    await trusted(scopes, target.ad_account_id)
    assert await ActionExecution(scopes).run(action_id) is ActionState.APPROVED
    assert await ActionExecution(scopes).run(action_id) is ActionState.VERIFIED


async def test_a_permit_is_worth_nothing_under_another_policy(
    scopes: Scopes, target: Target, faulty: Sandbox
) -> None:
    await trusted(scopes, target.ad_account_id)
    action_id = await wanted(scopes, target, target.budget_micros + 1600 * CENT)
    async with scopes() as scope:
        await Policies(scope).adopt({}, note="A new one.")
    before = writes(faulty)
    assert await ActionExecution(scopes).run(action_id) is ActionState.BLOCKED
    assert (held(faulty), writes(faulty)) == (target.budget_micros, before)


async def test_a_persons_stop_waits_for_no_look_at_what_it_stops(
    scopes: Scopes, target: Target, faulty: Sandbox, platforms: Gateway
) -> None:
    """The platform asked us to wait: we would refuse ourselves the look that comes before every other write."""
    async with scopes() as scope:
        circuit = circuit_key(scope.tenant_id, target.platform, target.account)
        action = await ActionRequests(scope).pause_campaign(target.campaign_id, reason="Stop it.")
    await platforms.redis.set(f"{circuit}:wait", 1, ex=30)
    try:
        with pytest.raises(PlatformError):
            await ActionExecution(scopes).run(action.id)
        assert faulty.graph("GET", BROAD, fields="status").json()["status"] == "PAUSED"
        assert (await action_of(scopes, action.id)).state == ActionState.APPLIED
        await platforms.redis.delete(f"{circuit}:wait")
        assert await ActionExecution(scopes).run(action.id) is ActionState.VERIFIED
    finally:
        await platforms.redis.delete(f"{circuit}:wait")
        faulty.graph("POST", BROAD, status="ACTIVE")


async def test_a_stop_waits_for_no_silence(scopes: Scopes, target: Target, faulty: Sandbox) -> None:
    """A look that nobody answers would take all the time that an execution has."""
    async with scopes() as scope:
        action = await ActionRequests(scope).pause_campaign(target.campaign_id, reason="Stop it.")
    silent = {"kind": "timeout", "path": "/v", "method": "GET", "seconds": 25, "count": 1}
    faulty.control("POST", "faults", json=silent)
    try:
        async with asyncio.timeout(20):
            assert await ActionExecution(scopes, glance=0.5).run(action.id) is ActionState.VERIFIED
        assert faulty.graph("GET", BROAD, fields="status").json()["status"] == "PAUSED"
    finally:
        faulty.repair()
        faulty.graph("POST", BROAD, status="ACTIVE")


async def test_a_stop_is_not_given_up(scopes: Scopes, target: Target, faulty: Sandbox) -> None:
    async with scopes() as scope:
        action = await ActionRequests(scope).pause_campaign(target.campaign_id, reason="Stop it.")
        action.state, action.attempts = ActionState.EXECUTING, 30
    try:
        assert await ActionExecution(scopes).run(action.id) is ActionState.APPROVED
        again = await action_of(scopes, action.id)
        async with scopes() as scope:
            waits = "select max(available_at) from outbox where name = 'autopilot.actions.execute'"
            due = await scope.session.scalar(text(waits))
        assert again.permit_expires_at is not None
        assert due is not None
        assert due < again.permit_expires_at - timedelta(minutes=2), "its permit lives until it is tried"
        assert await ActionExecution(scopes).run(action.id) is ActionState.VERIFIED
    finally:
        faulty.graph("POST", BROAD, status="ACTIVE")


@pytest.mark.parametrize(("level", "state"), [(0, "proposed"), (2, "awaiting_approval")])
async def test_what_is_decided_again_may_come_to_wait_for_a_person(
    scopes: Scopes, target: Target, faulty: Sandbox, level: int, state: str
) -> None:
    """The level was lowered while its worker lay dead."""
    action_id = await approved_action(
        scopes,
        target,
        target.budget_micros - 1700 * CENT,
        state=ActionState.EXECUTING,
        attempts=1,
        origin=Origin.AUTOPILOT,
    )
    await trusted(scopes, target.ad_account_id)
    async with scopes() as scope:
        await EnforcementService(scope).set_limits({"level": level})
    assert await ActionExecution(scopes).run(action_id) is ActionState(state)
    assert held(faulty) == target.budget_micros


async def test_what_is_being_answered_does_not_lapse(scopes: Scopes, target: Target) -> None:
    """The yes is not committed yet when the clockwork looks: it waits for it, and does not overwrite it."""
    await trusted(scopes, target.ad_account_id)
    action_id = await approved_action(
        scopes, target, target.budget_micros + 1800 * CENT, state=ActionState.HELD
    )

    async def lapse() -> int:
        async with scopes() as scope:
            return await AutopilotActions(scope).expire_unanswered()

    async with scopes() as scope:
        await AutopilotActions(scope).approve(action_id, reason="I looked.")
        await scope.session.flush()
        lapsing = asyncio.create_task(lapse())
        waits = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
        for _ in range(200):
            if await scope.session.scalar(waits):
                break
            await asyncio.sleep(0.01)
    assert await lapsing == 0
    assert (await action_of(scopes, action_id)).state == ActionState.APPROVED


async def switched_off(scopes: Scopes, strategy: str) -> None:
    async with scopes() as scope:
        await StrategyService(scope).change(strategy, enabled=False)


@pytest.mark.parametrize("arrived", [False, True])
async def test_a_raise_under_way_is_not_tried_again_once_its_strategy_is_off(
    scopes: Scopes, target: Target, faulty: Sandbox, *, arrived: bool
) -> None:
    """What may have been sent is read back: it holds and is verified, or it does not and expires."""
    await trusted(scopes, target.ad_account_id)
    wants = target.budget_micros + 1700 * CENT
    of = {"strategy": "performance_scaling", "origin": Origin.AUTOPILOT, "state": ActionState.EXECUTING}
    left = await approved_action(scopes, target, wants, executing_at=real_now() - 2 * ABANDONED_AFTER, **of)
    if arrived:
        faulty.graph("POST", BROAD, daily_budget=str(wants // CENT))
    await switched_off(scopes, "performance_scaling")
    ended = await ActionExecution(scopes).run(left)
    assert ended is (ActionState.VERIFIED if arrived else ActionState.EXPIRED)
    assert held(faulty) == (wants if arrived else target.budget_micros)
    if not arrived:
        async with scopes() as scope:
            last = (await AutopilotActions(scope).timeline(left))[-1]
        assert last.note == "Its strategy was switched off. It is not tried again."


@pytest.mark.parametrize(
    ("columns", "cents", "stands"),
    [
        ({}, 100, False),
        ({"approved_by": "dana@northwind.example"}, 100, True),
        ({}, -100, True),
        ({"strategy": "reallocation"}, 100, True),
    ],
)
async def test_a_raise_that_waits_for_its_turn_lapses_with_its_strategy_and_nothing_else_does(
    scopes: Scopes, target: Target, columns: dict[str, str], cents: int, *, stands: bool
) -> None:
    of = {"strategy": "performance_scaling", "origin": Origin.AUTOPILOT} | columns
    action = await approved_action(scopes, target, target.budget_micros + cents * CENT, **of)
    await switched_off(scopes, "performance_scaling")
    found = await action_of(scopes, action)
    assert found.state == (ActionState.APPROVED if stands else ActionState.EXPIRED)
