"""The contract of an ad platform's connector, against the wire."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.models.integrations.connections import Connection
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import (
    SET_DAILY_BUDGET,
    SET_STATUS,
    AdPlatform,
    ConversionSettings,
    PlatformError,
    PlatformErrorKind,
)
from app.services.integrations.service import IntegrationsService, circuit_key
from app.services.trust_engine.gate.permits import Change
from tests.factories.access import Company
from tests.factories.integrations import BROAD, INTERESTS, US_ACCOUNT, Connected, connect
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> Connected:
    return await connect(scopes, sandbox)


@pytest.fixture
async def dollars(scopes: Scopes, connected: Connected, desk: Desk) -> AdPlatform:
    return await IntegrationsService(scopes, desk).connector(connected.dollars)


@pytest.fixture
async def forints(scopes: Scopes, connected: Connected, desk: Desk) -> AdPlatform:
    return await IntegrationsService(scopes, desk).connector(connected.forints)


async def calls_of(scopes: Scopes) -> list[PlatformCall]:
    async with scopes() as scope:
        return list(await scope.session.scalars(select(PlatformCall).order_by(PlatformCall.started_at)))


async def budget_change(
    platform: AdPlatform, micros: int, entity: str = BROAD, account: str = US_ACCOUNT
) -> Change:
    state = await platform.read_entity("campaign", entity)
    return Change(
        platform="meta",
        account=account,
        entity_type="campaign",
        entity=entity,
        operation=SET_DAILY_BUDGET,
        before=state.facts(SET_DAILY_BUDGET),
        after={"daily_budget_micros": micros},
    )


async def test_campaigns_are_read_over_every_page(dollars: AdPlatform) -> None:
    campaigns = await dollars.list_campaigns()
    assert {one.external_id for one in campaigns} >= {BROAD, INTERESTS}
    broad = next(one for one in campaigns if one.external_id == BROAD)
    assert (broad.status, broad.currency, broad.budget_level) == ("active", "USD", "campaign")
    assert broad.daily_budget_micros
    interests = next(one for one in campaigns if one.external_id == INTERESTS)
    assert (interests.daily_budget_micros, interests.budget_level) == (None, "unknown")


async def test_a_forint_budget_is_not_a_hundred_times_itself(forints: AdPlatform, sandbox: Sandbox) -> None:
    campaign = (await forints.list_campaigns())[0]
    raw = sandbox.graph("GET", campaign.external_id, fields="daily_budget").json()
    assert campaign.daily_budget_micros == int(raw["daily_budget"]) * 1_000_000


async def test_a_budget_is_set_and_reads_back(dollars: AdPlatform, desk: Desk, sandbox: Sandbox) -> None:
    change = await budget_change(dollars, 901_230_000)
    await dollars.set_daily_budget(change, desk.mint(change))
    assert (await dollars.read_entity("campaign", BROAD)).holds(change)
    assert sandbox.graph("GET", BROAD, fields="daily_budget").json()["daily_budget"] == "90123"


async def test_a_campaign_is_stopped_and_started(dollars: AdPlatform, desk: Desk) -> None:
    for before, after in (("active", "paused"), ("paused", "active")):
        change = Change(
            platform="meta", account=US_ACCOUNT, entity_type="campaign", entity=BROAD, operation=SET_STATUS,
            before={"status": before}, after={"status": after},
        )  # fmt: skip
        await dollars.set_status(change, desk.mint(change))
        assert (await dollars.read_entity("campaign", BROAD)).status == after


async def test_what_the_units_cannot_hold_spends_no_permit(dollars: AdPlatform, desk: Desk) -> None:
    change = await budget_change(dollars, 901_230_001)
    permit = desk.mint(change)
    with pytest.raises(PlatformError) as caught:
        await dollars.set_daily_budget(change, permit)
    assert caught.value.kind is PlatformErrorKind.INVALID
    assert desk.used == []


async def test_a_read_only_connection_changes_nothing(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway, desk: Desk
) -> None:
    connected = await connect(scopes, sandbox, read_only=True)
    platform = await IntegrationsService(scopes, desk).connector(connected.dollars)
    change = await budget_change(platform, 500_000_000)
    with pytest.raises(PlatformError, match=r"meta\.read_only"):
        await platform.set_daily_budget(change, desk.mint(change))
    assert desk.used == []
    assert not any(call.mutating for call in await calls_of(scopes))


async def test_who_does_not_hold_the_lease_changes_nothing(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway, desk: Desk
) -> None:
    connected = await connect(scopes, sandbox, write_lease=False)
    platform = await IntegrationsService(scopes, desk).connector(connected.dollars)
    change = await budget_change(platform, 500_000_000)
    with pytest.raises(PlatformError, match=r"meta\.read_only"):
        await platform.set_daily_budget(change, desk.mint(change))


async def test_metrics_come_by_campaign_and_by_the_accounts_day(dollars: AdPlatform) -> None:
    until = real_now().date() - timedelta(days=2)
    since = until - timedelta(days=6)
    reading = await dollars.fetch_metrics(since, until, ConversionSettings())
    days = {one.day for one in reading.days if one.campaign == BROAD}
    assert days == {since + timedelta(days=n) for n in range(7)}
    broad = [one for one in reading.days if one.campaign == BROAD]
    assert all(one.spend_micros > 0 and one.clicks > 0 and one.rows == 2 for one in broad)
    assert sum(one.conversions for one in broad) > 0
    assert sum(one.conversion_value_micros for one in broad) > 0


async def test_an_edit_by_a_person_is_found(dollars: AdPlatform, sandbox: Sandbox) -> None:
    began = real_now() - timedelta(minutes=1)
    sandbox.control(
        "POST", "meta/edit", json={"object_id": INTERESTS, "changes": {"name": "Interests, by hand"}}
    )
    edits = await dollars.recent_edits(began, real_now() + timedelta(minutes=1))
    by_hand = [one for one in edits if one.entity == INTERESTS and one.application_id is None]
    assert by_hand[0].event_type == "update_campaign_name"
    assert by_hand[0].entity_type == "campaign"


async def test_a_passing_fault_is_read_through(dollars: AdPlatform, scopes: Scopes, faults: Sandbox) -> None:
    faults.control("POST", "faults", json={"kind": "server_error", "count": 2, "path": f"/{BROAD}"})
    assert (await dollars.read_entity("campaign", BROAD)).external_id == BROAD
    outcomes = [call.outcome for call in await calls_of(scopes)]
    assert outcomes == ["transient", "transient", "ok"]


@pytest.mark.parametrize("kind", ["connection_reset", "malformed_json", "server_error"])
async def test_a_lasting_fault_of_a_read_is_transient(
    kind: str, dollars: AdPlatform, faults: Sandbox
) -> None:
    faults.control("POST", "faults", json={"kind": kind, "path": f"/{BROAD}"})
    with pytest.raises(PlatformError) as caught:
        await dollars.read_entity("campaign", BROAD)
    assert caught.value.kind is PlatformErrorKind.TRANSIENT


async def test_an_applied_write_whose_answer_is_lost_is_ambiguous_and_sent_once(
    dollars: AdPlatform, desk: Desk, scopes: Scopes, faults: Sandbox
) -> None:
    change = await budget_change(dollars, 777_000_000)
    faults.control("POST", "faults", json={"kind": "drop_response", "method": "POST", "path": f"/{BROAD}"})
    with pytest.raises(PlatformError) as caught:
        await dollars.set_daily_budget(change, desk.mint(change))
    assert caught.value.kind is PlatformErrorKind.AMBIGUOUS
    assert [call.outcome for call in await calls_of(scopes) if call.mutating] == ["ambiguous"]
    assert (await dollars.read_entity("campaign", BROAD)).holds(change)


@pytest.mark.parametrize("kind", ["connection_reset", "malformed_json", "server_error"])
async def test_a_write_that_may_have_been_applied_is_never_called_failed(
    kind: str, dollars: AdPlatform, desk: Desk, faults: Sandbox
) -> None:
    change = await budget_change(dollars, 640_000_000)
    faults.control("POST", "faults", json={"kind": kind, "method": "POST", "path": f"/{BROAD}"})
    with pytest.raises(PlatformError) as caught:
        await dollars.set_daily_budget(change, desk.mint(change))
    assert caught.value.kind is PlatformErrorKind.AMBIGUOUS
    assert not (await dollars.read_entity("campaign", BROAD)).holds(change)


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80000, 80004])
async def test_a_rate_limit_is_obeyed_for_as_long_as_the_platform_says(
    code: int, dollars: AdPlatform, scopes: Scopes, faults: Sandbox
) -> None:
    faults.control("POST", "faults", json={"kind": "rate_limit", "code": code, "seconds": 120, "count": 1})
    with pytest.raises(PlatformError) as first:
        await dollars.read_entity("campaign", BROAD)
    assert first.value.kind is PlatformErrorKind.RATE_LIMITED
    assert first.value.retry_after == 120
    with pytest.raises(PlatformError) as second:
        await dollars.read_entity("campaign", BROAD)
    assert second.value.code == "meta.waiting"
    assert 100 < (second.value.retry_after or 0) <= 120
    assert len(await calls_of(scopes)) == 1


async def test_a_stop_goes_out_while_reads_wait(dollars: AdPlatform, desk: Desk, faults: Sandbox) -> None:
    faults.control("POST", "faults", json={"kind": "rate_limit", "code": 80004, "seconds": 120, "count": 1})
    with pytest.raises(PlatformError):
        await dollars.read_entity("campaign", BROAD)
    stop = Change(
        platform="meta", account=US_ACCOUNT, entity_type="campaign", entity=BROAD, operation=SET_STATUS,
        before={"status": "active"}, after={"status": "paused"},
    )  # fmt: skip
    await dollars.set_status(stop, desk.mint(stop))
    assert faults.graph("GET", BROAD, fields="status").json()["status"] == "PAUSED"
    faults.graph("POST", BROAD, status="ACTIVE")


@pytest.mark.parametrize("kind", ["token_expired", "token_revoked"])
async def test_a_dead_token_asks_for_a_new_sign_in(
    kind: str, dollars: AdPlatform, connected: Connected, scopes: Scopes, faults: Sandbox
) -> None:
    faults.control("POST", "faults", json={"kind": kind, "count": 1})
    with pytest.raises(PlatformError) as caught:
        await dollars.list_campaigns()
    assert caught.value.kind is PlatformErrorKind.AUTH
    async with scopes() as scope:
        connection = await scope.session.get_one(Connection, (scope.tenant_id, connected.connection_id))
    assert connection.status == "needs_sign_in"
    with pytest.raises(PlatformError, match=r"meta\.not_connected"):
        await IntegrationsService(scopes).connector(connected.dollars)


async def test_the_circuit_opens_after_five_failures_and_spares_the_platform(
    dollars: AdPlatform, scopes: Scopes, faults: Sandbox
) -> None:
    faults.control("POST", "faults", json={"kind": "server_error", "path": f"/{BROAD}"})
    for _ in range(2):
        with pytest.raises(PlatformError):
            await dollars.read_entity("campaign", BROAD)
    made = len(await calls_of(scopes))
    assert made == 5
    with pytest.raises(PlatformError, match=r"meta\.circuit_open"):
        await dollars.read_entity("campaign", BROAD)
    assert len(await calls_of(scopes)) == made


async def test_another_accounts_campaign_is_refused(forints: AdPlatform) -> None:
    with pytest.raises(PlatformError, match=r"meta\.other_account"):
        await forints.read_entity("campaign", BROAD)


async def test_a_change_for_another_account_spends_no_permit(
    forints: AdPlatform, dollars: AdPlatform, desk: Desk
) -> None:
    change = await budget_change(dollars, 500_000_000)
    with pytest.raises(PlatformError, match=r"meta\.other_change"):
        await forints.set_daily_budget(change, desk.mint(change))
    assert desk.used == []


@pytest.mark.parametrize("method", ["set_daily_budget", "set_status"])
async def test_an_entity_of_another_account_of_the_same_token_is_not_written_to(
    dollars: AdPlatform, forints: AdPlatform, desk: Desk, sandbox: Sandbox, method: str
) -> None:
    """A permit says `act_…701` and names a campaign of `act_…702`: the token reaches both."""
    foreign = (await forints.list_campaigns())[0]
    after: dict[str, Any] = {"set_daily_budget": {"daily_budget_micros": 7_000_000}}.get(
        method, {"status": "paused"}
    )
    was = sandbox.graph("GET", foreign.external_id, fields="daily_budget,status").json()
    change = Change(
        platform="meta", account=US_ACCOUNT, entity_type="campaign", entity=foreign.external_id,
        operation=method, before={}, after=after,
    )  # fmt: skip
    with pytest.raises(PlatformError, match="other_account"):
        await getattr(dollars, method)(change, desk.mint(change))
    assert desk.used == []
    assert sandbox.graph("GET", foreign.external_id, fields="daily_budget,status").json() == was


async def test_every_call_is_in_the_log_without_its_secrets(
    dollars: AdPlatform, connected: Connected, scopes: Scopes, sandbox: Sandbox
) -> None:
    await dollars.read_entity("campaign", BROAD)
    (call,) = await calls_of(scopes)
    assert (call.operation, call.method, call.path, call.status) == ("read_entity", "GET", BROAD, 200)
    assert call.ad_account_id == connected.dollars
    assert call.trace
    assert sandbox.meta_token not in repr(vars(call))


async def test_another_tenant_sees_no_call(dollars: AdPlatform, globex: Company) -> None:
    await dollars.read_entity("campaign", BROAD)
    assert await calls_of(globex.scopes) == []


async def test_an_unknown_day_range_is_told_by_the_platforms_own_code(dollars: AdPlatform) -> None:
    with pytest.raises(PlatformError) as caught:
        await dollars.fetch_metrics(date(2015, 1, 1), date(2015, 1, 2), ConversionSettings())
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.INVALID, "meta.3018")


async def test_a_call_that_may_not_leave_costs_no_permit(
    scopes: Scopes, connected: Connected, dollars: AdPlatform, desk: Desk, platforms: Gateway
) -> None:
    change = await budget_change(dollars, 77_000_000)
    permit = desk.mint(change)
    async with scopes() as scope:
        circuit = circuit_key(scope.tenant_id, "meta", US_ACCOUNT)
    await platforms.breaker.wait(circuit, 2)
    with pytest.raises(PlatformError) as refused:
        await dollars.set_daily_budget(change, permit)
    assert (refused.value.code, desk.used) == ("meta.waiting", [])
    await asyncio.sleep(2.1)
    await dollars.set_daily_budget(change, permit)


@pytest.mark.parametrize(
    "pixel", [f"{BROAD}?daily_budget=100&x=", f"x/../{BROAD}?daily_budget=100&x=", f"{BROAD}#", "../me"]
)
async def test_a_pixel_id_cannot_turn_a_conversion_into_a_budget_change(
    dollars: AdPlatform, desk: Desk, pixel: str
) -> None:
    before = await dollars.read_entity("campaign", BROAD)
    with pytest.raises(PlatformError) as refused:
        await dollars.send_events(pixel, [])
    assert refused.value.code == "meta.not_a_node"
    assert (await dollars.read_entity("campaign", BROAD)).daily_budget_micros == before.daily_budget_micros
    assert desk.used == []
