"""A stop pauses everything that is active, at the platform, whatever happens on the way; and gives it back once."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import func, select, update

from app.core.config import Settings
from app.core.ids import uuid7
from app.db.roles import owner_dsn
from app.db.session import Scopes
from app.models.autopilot.actions import AutopilotAction
from app.models.autopilot.stops import AutopilotStopCampaign
from app.models.campaigns import Campaign
from app.models.integrations.ad_accounts import AdAccount, PlatformEdit
from app.models.integrations.connections import Connection
from app.models.notifications import Notification
from app.models.trust_engine.kinds import ActionKind, Origin, RiskClass
from app.services.autopilot.actions.requests import ActionRequests, CampaignChange
from app.services.autopilot.actions.rules import ActionState
from app.services.autopilot.actions.service import AutopilotActions, Wanted
from app.services.autopilot.enforcement.freeze import Freeze
from app.services.autopilot.enforcement.service import EnforcementService
from app.services.autopilot.stops.errors import AlreadyGivenBack, StillFrozen
from app.services.autopilot.stops.running import StopRuns, take_turn
from app.services.autopilot.stops.service import StopKind, StopService, StopWanted
from app.services.integrations.gateway import Gateway, gateway_by
from app.services.trust_engine.gate.service import GateService, KillSwitch, deciders, read_entry
from app.services.trust_engine.ledger.service import Ledger
from app.workers.runtime import Delivery, Outcome, Runtime
from tests.conftest import pointed_at
from tests.factories.access import Company
from tests.factories.integrations import BROAD, connect
from tests.factories.protocol import PlatformLog, waiting
from tests.factories.stops import Running, running_company
from tests.factories.trust import BUDGET, make_account, trusted
from tests.house.source import BACKEND
from tests.sandbox_process import Sandbox, running_sandbox

GO_ON = "autopilot.stops.go_on"


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    """Our own: all of its campaigns are paused."""
    with running_sandbox("--seed", "7", "--history", "2") as running:
        yield running


@pytest.fixture
async def way_out(settings: Settings, world: Sandbox) -> AsyncIterator[Gateway]:
    async with gateway_by(pointed_at(settings, world)) as opened:
        yield opened


@pytest.fixture
async def company(acme: Company, world: Sandbox, way_out: Gateway) -> AsyncIterator[Running]:
    running = await running_company(acme, world)
    ran = {entity for entity, status in running.held().items() if status == "ACTIVE"}
    yield running
    world.repair()
    for entity, status in running.held().items():
        if entity in ran and status != "ACTIVE":
            world.graph("POST", entity, status="ACTIVE")


def edit_of(entity: str, account: UUID, at: datetime) -> PlatformEdit:
    """By somebody else, as a synchronisation would have read it."""
    return PlatformEdit(
        ad_account_id=account,
        fingerprint=uuid7().hex,
        edited_at=at,
        entity_type="campaign",
        entity=entity,
        event_type="update_campaign_name",
        by_others=True,
        detail={},
    )


async def decided(company: Running, action: AutopilotAction) -> tuple[ActionKind, RiskClass]:
    assert action.decision_id is not None
    async with company.scopes() as scope:
        _, result = read_entry(await GateService(scope).decision(action.decision_id))
    return result.kind, result.risk


async def test_everything_active_is_paused_and_read_back_the_dearest_first(company: Running) -> None:
    active, known = await company.active(), await company.campaigns()
    assert len(active) > 3
    stop = await company.stop()
    await company.go_on(stop.id)
    actions = list((await company.actions()).values())
    assert {each.entity for each in actions} == active
    assert {each.state for each in actions} == {ActionState.VERIFIED}
    assert {company.held()[entity] for entity in active} == {"PAUSED"}
    dollars = [known[each.entity].daily_budget_micros for each in actions if each.currency == "USD"]
    dear = [each for each in dollars if each is not None]
    assert dear == sorted(dear, reverse=True)
    assert {await decided(company, each) for each in actions} == {(ActionKind.PAUSE_ALL, RiskClass.SAFETY)}
    assert all(each.safety and each.requested_label == stop.asked_label for each in actions)
    tally = (await company.shown(stop.id)).tally
    assert (tally.campaigns, tally.waiting, tally.pauses) == (len(active), 0, {"verified": len(active)})
    async with company.scopes() as scope:
        assert (await Ledger(scope).verify(deciders())).whole


async def test_an_emergency_stop_freezes_and_its_pauses_pass_all_the_same(company: Running) -> None:
    active = await company.active()
    stop = await company.stop(StopKind.EMERGENCY_STOP)
    async with company.scopes() as scope:
        switch = await KillSwitch(scope).state()
    assert (switch.tenant.engaged, switch.tenant.reason) == (True, stop.reason)
    await company.go_on(stop.id)
    actions = (await company.actions()).values()
    assert {each.state for each in actions} == {ActionState.VERIFIED}
    assert {company.held()[entity] for entity in active} == {"PAUSED"}
    kinds = {await decided(company, each) for each in actions}
    assert kinds == {(ActionKind.EMERGENCY_STOP, RiskClass.SAFETY)}
    async with company.scopes() as scope:
        assert (await Ledger(scope).verify(deciders())).whole


async def test_an_emergency_stop_that_fails_freezes_nothing(company: Running) -> None:
    async def asks_and_dies() -> None:
        async with company.scopes() as scope:
            wanted = StopWanted(StopKind.EMERGENCY_STOP, "The pixel is dead.")
            await StopService(scope, Freeze(scope)).ask(wanted)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await asks_and_dies()
    async with company.scopes() as scope:
        assert not (await KillSwitch(scope).state()).engaged


async def test_a_stop_of_one_account_leaves_the_others_alone_and_is_told(company: Running) -> None:
    stop = await company.stop(account=company.accounts.forints)
    await company.go_on(stop.id)
    paused = await company.actions()
    assert {each.currency for each in paused.values()} == {"HUF"}
    async with company.scopes() as scope:
        await StopService(scope, Freeze(scope)).give_back(stop.id, reason="It was a false alarm.")
        name = (await scope.session.get_one(AdAccount, (scope.tenant_id, company.accounts.forints))).name
        told = list(
            await scope.session.scalars(
                select(Notification).where(Notification.kind == "stop_changed").order_by(Notification.id)
            )
        )
    assert [(each.severity, each.facts["turned"], each.subject_id) for each in told] == [
        ("critical", "are paused", stop.id),
        ("warning", "are given back", stop.id),
    ]
    assert all((each.facts["whose"], each.facts["campaigns"]) == (name, str(len(paused))) for each in told)


@pytest.fixture
async def owner(settings: Settings) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(owner_dsn(settings))
    yield connection
    await connection.execute("DROP FUNCTION IF EXISTS break_off CASCADE")
    await connection.close()


async def test_one_that_breaks_every_turn_hinders_no_other_and_is_not_given_up(
    company: Running, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """The very first: the others are paused in the same run, and it is once it can be."""
    stop = await company.stop()
    async with company.scopes() as scope:
        first = await scope.session.scalar(
            select(Campaign.external_id)
            .join(AutopilotStopCampaign, AutopilotStopCampaign.campaign_id == Campaign.id)
            .where(AutopilotStopCampaign.stop_id == stop.id, AutopilotStopCampaign.place == 0)
        )
    await owner.execute(
        "CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$"
    )
    await owner.execute(
        "CREATE TRIGGER break_off BEFORE INSERT ON autopilot_actions FOR EACH ROW "
        f"WHEN (NEW.entity = '{first}') EXECUTE FUNCTION break_off()"
    )
    await company.go_on(stop.id)
    tally = (await company.shown(stop.id)).tally
    assert (tally.waiting, tally.pauses["verified"]) == (1, tally.campaigns - 1)
    await owner.execute("DROP FUNCTION break_off CASCADE")
    await company.go_on(stop.id)
    tally = (await company.shown(stop.id)).tally
    assert (tally.waiting, tally.pauses["verified"]) == (0, tally.campaigns)


async def test_what_is_paused_or_removed_meanwhile_is_told_as_it_is(company: Running) -> None:
    """We believe them active; the platform knows better. What somebody removed is told and not touched."""
    active = sorted(await company.active())
    paused, removed = active[0], active[1]
    company.edit(paused, "PAUSED")
    stop = await company.stop()
    log = PlatformLog(company.world, "POST", f"/{paused}")
    company.world.control("POST", "meta/edit", json={"object_id": removed, "changes": {"status": "ARCHIVED"}})
    await company.go_on(stop.id)
    by_entity = {each.entity: each for each in (await company.actions()).values()}
    assert by_entity[paused].state == ActionState.VERIFIED
    assert log.writes() == [], "it was not written again"
    assert (by_entity[removed].state, by_entity[removed].error_code) == (
        ActionState.FAILED,
        "autopilot.actions.edited_by_others",
    )
    assert (await company.shown(stop.id)).tally.pauses == {"verified": len(active) - 1, "failed": 1}
    await company.give_back(stop.id)
    await company.go_on(stop.id)
    lines = await company.lines(stop.id)
    assert (lines[paused].kept, lines[removed].kept) == ("paused_before", "not_confirmed")
    company.world.control("POST", "meta/edit", json={"object_id": removed, "changes": {"status": "ACTIVE"}})


async def test_what_the_platform_refuses_is_shown(acme: Company, world: Sandbox, way_out: Gateway) -> None:
    accounts = await connect(acme.scopes, world, token=world.read_only_token)
    company = Running(acme.scopes, world, accounts)
    await company.read()
    stop = await company.stop(account=accounts.forints)
    await company.go_on(stop.id)
    actions = (await company.actions()).values()
    assert actions
    assert {each.state for each in actions} == {ActionState.FAILED}
    assert all(each.error_code and each.error_detail for each in actions)
    assert (await company.shown(stop.id)).tally.pauses == {"failed": len(actions)}


async def test_accounts_that_it_cannot_write_to_are_counted_and_named(company: Running) -> None:
    dollars, forints = company.accounts.dollars, company.accounts.forints
    async with company.scopes() as scope:
        await scope.session.execute(
            update(AdAccount).where(AdAccount.id == forints).values(write_lease=False)
        )
    stop = await company.stop()
    assert [(each["ad_account_id"], each["why"]) for each in stop.out_of_reach] == [
        (str(forints), "no_write_lease")
    ]
    assert stop.out_of_reach[0]["campaigns"] > 0
    async with company.scopes() as scope:
        await scope.session.execute(update(Connection).values(read_only=True))
        reach = await StopService(scope, Freeze(scope)).reach(None)
    assert (reach.campaigns, reach.accounts) == (0, [])
    assert {each.id: each.why for each in reach.out_of_reach} == {dollars: "read_only", forints: "read_only"}
    await StopRuns(company.scopes).go_on(stop.id)
    tally = (await company.shown(stop.id)).tally
    assert tally.passed_over == {"unreached": tally.campaigns}, "the way was closed before their turn"


async def test_a_programs_raise_that_waits_gives_way(company: Running) -> None:
    broad = (await company.campaigns())[BROAD]
    await trusted(company.scopes, company.accounts.dollars)
    async with company.scopes() as scope:
        await EnforcementService(scope).set_limits({"level": 2})
        budget = broad.daily_budget_micros or 0
        raised = await AutopilotActions(scope).propose(
            Wanted(
                ad_account_id=company.accounts.dollars,
                campaign_id=broad.id,
                platform="meta",
                account="102030405060701",
                entity_type="campaign",
                entity=BROAD,
                entity_name=broad.name,
                operation="set_daily_budget",
                before={"daily_budget_micros": budget},
                after={"daily_budget_micros": budget + 1_000_000},
                currency="USD",
                reason="It earns.",
                idempotency_key=uuid7().hex,
                origin=Origin.AUTOPILOT,
            )
        )
        assert raised.state in {ActionState.AWAITING_APPROVAL, ActionState.HELD}
    await company.go_on((await company.stop()).id)
    assert (await company.actions())[raised.id].state == ActionState.EXPIRED


async def test_what_is_about_to_enable_a_campaign_does_not_begin_any_more(company: Running) -> None:
    company.edit(BROAD, "PAUSED")
    await company.read()
    await company.is_healthy()
    broad = (await company.campaigns())[BROAD]
    async with company.scopes() as scope:
        wanted = CampaignChange(broad.id, "It sells.", status="active")
        enabling = await ActionRequests(scope).change_campaign(wanted)
    assert enabling.state == ActionState.APPROVED
    await company.go_on((await company.stop()).id)
    assert (await company.actions())[enabling.id].state == ActionState.EXPIRED
    assert company.held()[BROAD] == "PAUSED"


async def test_it_gives_back_what_it_paused_and_nobody_touched_under_the_gates_eyes(company: Running) -> None:
    active = await company.active()
    stop = await company.stop()
    await company.go_on(stop.id)
    await company.read()
    await company.is_healthy()
    entities = sorted(active)
    foreign, by_us, by_hand = entities[0], entities[1], entities[2]
    async with company.scopes() as scope:
        paused = {each.entity: each for each in (await company.actions()).values()}
        assert paused[foreign].applied_at is not None
        scope.session.add(edit_of(foreign, paused[foreign].ad_account_id, scope.now()))
        await scope.session.execute(
            update(Campaign).where(Campaign.external_id == by_us).values(status="active")
        )
        wanted = CampaignChange((await company.campaigns())[by_hand].id, "It sells.", status="active")
        assert (await ActionRequests(scope).change_campaign(wanted)).state == ActionState.APPROVED
    await company.give_back(stop.id)
    await company.go_on(stop.id)
    lines = await company.lines(stop.id)
    kept = [lines[each].kept for each in (foreign, by_us, by_hand)]
    assert kept == ["edited_elsewhere", "not_paused_now", "changed_since"]
    back = active - {foreign, by_us, by_hand}
    held = company.held()
    assert {held[entity] for entity in back} == {"ACTIVE"}
    assert {held[foreign], held[by_us]} == {"PAUSED"}
    enabled = [each for each in (await company.actions()).values() if each.after == {"status": "active"}]
    assert {each.entity for each in enabled} == back | {by_hand}
    assert {(each.origin, each.safety) for each in enabled} == {("person", False)}
    assert {await decided(company, each) for each in enabled} == {(ActionKind.ENABLE, RiskClass.HIGH)}
    tally = (await company.shown(stop.id)).tally
    assert (tally.enables, tally.kept) == (
        {"verified": len(back)},
        {"edited_elsewhere": 1, "not_paused_now": 1, "changed_since": 1},
    )
    with pytest.raises(AlreadyGivenBack):
        await company.give_back(stop.id)
    async with company.scopes() as scope:
        assert (await Ledger(scope).verify(deciders())).whole


async def test_nothing_is_given_back_while_everything_is_frozen(company: Running) -> None:
    stop = await company.stop(StopKind.EMERGENCY_STOP)
    await company.go_on(stop.id)
    with pytest.raises(StillFrozen, match="release it first"):
        await company.give_back(stop.id)
    async with company.scopes() as scope:
        await Freeze(scope).set(engaged=False, reason="It counts again.")
    await company.give_back(stop.id)
    async with company.scopes() as scope:
        await Freeze(scope).set(engaged=True, reason="It does not.")
    await company.go_on(stop.id)
    shown = await company.shown(stop.id)
    assert shown.tally.kept == {"frozen": shown.tally.campaigns}
    assert shown.owed == shown.tally.campaigns
    with pytest.raises(StillFrozen):
        await company.give_back(stop.id)


async def test_what_the_gate_blocked_is_tried_again_once_somebody_asks_and_nothing_else(
    company: Running,
) -> None:
    """Some are blocked; of those, one is edited by others meanwhile. A person's no to another stands."""
    stop = await company.stop()
    await company.go_on(stop.id)
    await company.read()
    await company.is_healthy()
    await trusted(company.scopes, company.accounts.dollars, score=20.0)
    await company.give_back(stop.id)
    await company.go_on(stop.id)
    shown = await company.shown(stop.id)
    blocked = {entity for entity, line in (await company.lines(stop.id)).items() if line.currency == "USD"}
    enabled = shown.tally.campaigns - len(blocked)
    assert enabled > 0
    assert shown.tally.enables == {"verified": enabled, "blocked": len(blocked)}
    assert shown.owed == len(blocked)
    edited, said_no, *others = sorted(blocked)
    company.edit(edited, "PAUSED")
    async with company.scopes() as scope:
        lines = await company.lines(stop.id)
        await scope.session.execute(
            update(AutopilotAction)
            .where(AutopilotAction.id == lines[said_no].enable_action_id)
            .values(state="dismissed")
        )
        scope.session.add(edit_of(edited, company.accounts.dollars, scope.now()))
    await company.is_healthy()
    await company.give_back(stop.id)
    await company.go_on(stop.id)
    shown = await company.shown(stop.id)
    assert (shown.tally.enables, shown.tally.kept) == (
        {"verified": enabled + len(others), "dismissed": 1},
        {"edited_elsewhere": 1},
    )
    held = company.held()
    assert {held[each] for each in others} == {"ACTIVE"}
    assert {held[edited], held[said_no]} == {"PAUSED"}
    assert shown.owed == 0
    with pytest.raises(AlreadyGivenBack):
        await company.give_back(stop.id)
    async with company.scopes() as scope:
        told = await scope.session.scalars(
            select(Notification).where(Notification.kind == "stop_changed").order_by(Notification.id)
        )
        counts = [each.facts["campaigns"] for each in told]
        assert (await Ledger(scope).verify(deciders())).whole
    assert counts == [str(each) for each in (shown.tally.campaigns, shown.tally.campaigns, len(others) + 1)]


async def test_what_is_given_back_in_the_middle_is_not_paused_any_more(company: Running) -> None:
    """One pause is under way, one has passed the gate, the others have not had their turn."""
    stop = await company.stop()
    await _turns(company.scopes, stop.id, 2)
    under_way, passed = list(await company.actions())
    async with company.scopes() as scope:
        action = await AutopilotActions(scope).locked(under_way)
        await AutopilotActions(scope).advance(action, ActionState.EXECUTING, note="Execution began.")
    await company.give_back(stop.id)
    await company.go_on(stop.id)
    now = await company.actions()
    assert now[passed].state == ActionState.EXPIRED
    assert (now[under_way].state, now[under_way].halted) == ("executing", "The stop was given back.")
    tally = (await company.shown(stop.id)).tally
    assert tally.passed_over == {"given_back": tally.campaigns - 2}
    assert (await company.shown(stop.id)).row.returned_at is None, "the one that is under way is waited for"
    async with company.scopes() as scope:
        action = await AutopilotActions(scope).locked(under_way)
        await AutopilotActions(scope).advance(action, ActionState.FAILED, note="It was refused.")
    await company.go_on(stop.id)
    shown = await company.shown(stop.id)
    assert shown.row.returned_at is not None
    assert shown.tally.kept == {"not_paused": tally.campaigns - 2, "not_confirmed": 2}


async def test_what_somebody_else_paused_while_ours_was_refused_is_not_given_back(
    company: Running,
) -> None:
    """Our write left and was refused; the retry found it paused, by a person."""
    active = sorted(await company.active())
    refused, retried = active[0], active[1]
    await company.is_healthy()
    for entity in (refused, retried):
        fault = {"kind": "server_error", "path": f"/{entity}", "method": "POST", "count": 1}
        company.world.control("POST", "faults", json=fault)
    stop = await company.stop()
    await company.go_on(stop.id)
    states = {each.entity: each.state for each in (await company.actions()).values()}
    assert {states[refused], states[retried]} == {ActionState.APPROVED}
    company.edit(refused, "PAUSED")
    async with company.scopes() as scope:
        account = (await company.campaigns())[refused].ad_account_id
        scope.session.add(edit_of(refused, account, scope.now()))
    company.world.repair()
    await company.go_on(stop.id)
    states = {each.entity: each.state for each in (await company.actions()).values()}
    assert set(states.values()) == {ActionState.VERIFIED}
    await company.give_back(stop.id)
    await company.go_on(stop.id)
    lines = await company.lines(stop.id)
    assert (lines[refused].kept, lines[retried].kept) == ("paused_before", None)
    held = company.held()
    assert (held[refused], held[retried]) == ("PAUSED", "ACTIVE")


async def test_what_a_later_stop_halted_stays_so_until_that_one_is_given_back(company: Running) -> None:
    """Eight are about to be enabled again as a colleague stops everything: nothing runs yet, and nothing starts."""
    first = await company.stop()
    await company.go_on(first.id)
    await company.is_healthy()
    await company.give_back(first.id)
    await StopRuns(company.scopes).go_on(first.id)
    count = (await company.shown(first.id)).tally.campaigns
    assert (await company.shown(first.id)).tally.enables == {"approved": count}
    await company.read()
    second = await company.stop()
    assert (await company.shown(second.id)).tally.campaigns == 0
    shown = await company.shown(first.id)
    assert (shown.tally.enables, shown.owed) == ({"expired": count}, 0)
    with pytest.raises(AlreadyGivenBack):
        await company.give_back(first.id)
    assert set(company.held().values()) <= {"PAUSED", "ARCHIVED", "DELETED"}


async def test_an_earlier_stop_waits_for_a_later_one(company: Running) -> None:
    first = await company.stop()
    await company.go_on(first.id)
    await company.is_healthy()
    other = await company.stop(account=company.accounts.forints)
    await company.go_on(other.id)
    await company.give_back(first.id)
    await company.go_on(first.id)
    shown = await company.shown(first.id)
    forints = sum(each.currency == "HUF" for each in (await company.lines(first.id)).values())
    assert (shown.tally.kept, shown.owed) == ({"stopped_again": forints}, forints)
    assert shown.tally.enables == {"verified": shown.tally.campaigns - forints}
    await company.give_back(other.id)
    await company.go_on(other.id)
    await company.give_back(first.id)
    await company.go_on(first.id)
    assert (await company.shown(first.id)).tally.enables == {"verified": shown.tally.campaigns}


async def test_what_the_gate_holds_is_decided_anew_and_waits_in_one_place(company: Running) -> None:
    await company.is_healthy(65.0)
    stop = await company.stop(account=company.accounts.forints)
    await company.go_on(stop.id)
    await company.give_back(stop.id)
    await company.go_on(stop.id)
    shown = await company.shown(stop.id)
    assert (shown.tally.enables, shown.owed) == ({"held": shown.tally.campaigns}, shown.tally.campaigns)
    await company.is_healthy()
    await company.give_back(stop.id)
    await company.go_on(stop.id)
    enables = [each for each in (await company.actions()).values() if each.after == {"status": "active"}]
    states = sorted(each.state for each in enables)
    assert states == ["expired"] * shown.tally.campaigns + ["verified"] * shown.tally.campaigns
    assert (await company.shown(stop.id)).owed == 0


async def test_one_that_is_under_way_keeps_no_other_from_being_tried_again(company: Running) -> None:
    """Its pause is never read back; the others were blocked, and are tried again all the same."""
    stop = await company.stop()
    await company.go_on(stop.id)
    await trusted(company.scopes, company.accounts.dollars, score=20.0)
    await trusted(company.scopes, company.accounts.forints, score=20.0)
    stuck = next(iter(await company.actions()))
    async with company.scopes() as scope:
        await scope.session.execute(
            update(AutopilotAction).where(AutopilotAction.id == stuck).values(state="applied")
        )
    await company.give_back(stop.id)
    await StopRuns(company.scopes).go_on(stop.id)
    shown = await company.shown(stop.id)
    others = shown.tally.campaigns - 1
    assert (shown.tally.enables, shown.owed) == ({"blocked": others}, others)
    await company.is_healthy()
    await company.give_back(stop.id)
    await StopRuns(company.scopes).go_on(stop.id)
    assert (await company.shown(stop.id)).tally.enables == {"approved": others}


async def test_of_two_stops_the_one_that_paused_gives_back(company: Running) -> None:
    await company.is_healthy()
    first = await company.stop()
    second = await company.stop()
    await company.go_on(first.id)
    await company.go_on(second.id)
    await company.give_back(second.id)
    await company.go_on(second.id)
    count = (await company.shown(second.id)).tally.campaigns
    assert (await company.shown(second.id)).tally.kept == {"paused_before": count}
    await company.give_back(first.id)
    await company.go_on(first.id)
    assert (await company.shown(first.id)).tally.enables == {"verified": count}


async def _turns(scopes: Scopes, stop_id: UUID, count: int) -> None:
    """A worker that gets no further."""
    for _ in range(count):
        async with scopes() as scope:
            await take_turn(scope, stop_id)


_WORKER = """
import sys
from uuid import UUID
from app.core.config import get_settings
from app.workers import tasks
from app.workers.runtime import Delivery, Runtime
Runtime(get_settings()).run_task(sys.argv[1], Delivery(UUID(sys.argv[2]), int(sys.argv[3])))
"""


async def test_a_worker_killed_half_way_doubles_nothing_and_forgets_nothing(
    acme: Company, settings: Settings
) -> None:
    account = await make_account(acme.scopes)
    size = 150
    async with acme.scopes() as scope:
        scope.session.add_all(
            Campaign(
                id=uuid7(),
                ad_account_id=account.id,
                platform="meta",
                external_id=f"k{number}",
                name=f"Campaign {number}",
                status="active",
                effective_status="active",
                budget_level="campaign",
                daily_budget_micros=BUDGET + number,
                currency="USD",
                synced_at=scope.now(),
            )
            for number in range(size - 1)
        )
    async with acme.scopes() as scope:
        wanted = StopWanted(StopKind.PAUSE_ALL, "The pixel is dead.")
        stop = (await StopService(scope, Freeze(scope)).ask(wanted)).row
    [task] = await waiting(acme.scopes, GO_ON)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WORKER, GO_ON, str(task), str(acme.id), cwd=BACKEND, start_new_session=True
    )
    while (done := await _proposed(acme.scopes)) < size // 5:
        assert process.returncode is None
        await asyncio.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    assert done <= await _proposed(acme.scopes) < size, "it died in the middle"
    runtime = Runtime(settings)
    try:
        assert await runtime.deliver(GO_ON, Delivery(task, acme.id)) is Outcome.DONE
    finally:
        await runtime.aclose()
    async with acme.scopes() as scope:
        found = (await StopService(scope, Freeze(scope)).get(stop.id)).tally
        actions = list(await scope.session.scalars(select(AutopilotAction)))
        whole = await Ledger(scope).verify(deciders())
    assert (found.waiting, found.pauses) == (0, {"approved": size})
    assert len(actions) == len({each.entity for each in actions}) == size
    assert whole.whole
    assert whole.entries == size, "each was decided once"


async def _proposed(scopes: Scopes) -> int:
    async with scopes() as scope:
        return await scope.session.scalar(select(func.count()).select_from(AutopilotAction)) or 0


async def test_what_is_more_than_one_task_may_do_is_done_by_the_next(company: Running) -> None:
    stop = await company.stop()
    await StopRuns(company.scopes, most=3).go_on(stop.id)
    assert len(await company.actions()) == 3
    assert len(await waiting(company.scopes, GO_ON)) == 2, "the first one, and what goes on after it"
    await company.go_on(stop.id)
    assert (await company.shown(stop.id)).tally.waiting == 0


async def test_what_nobody_finished_is_taken_up_by_the_clock(company: Running) -> None:
    stop = await company.stop()
    assert await StopRuns(company.scopes).resume() == 1
    assert len(await waiting(company.scopes, GO_ON)) == 1, "it waits already"
    await company.go_on(stop.id)
    assert await StopRuns(company.scopes).resume() == 0
