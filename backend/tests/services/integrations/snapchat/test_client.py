"""The contract of an ad platform's connector, against Snapchat's wire."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.core.clock import real_now
from app.core.config import Settings
from app.db.session import Scopes
from app.services.integrations.ad_accounts.service import AdAccountService
from app.services.integrations.gateway import gateway_by
from app.services.integrations.ports import (
    SET_DAILY_BUDGET,
    SET_STATUS,
    AdPlatform,
    ConversionEvent,
    ConversionSettings,
    EventRefused,
    PlatformError,
    PlatformErrorKind,
    PreparedEvent,
)
from app.services.integrations.service import IntegrationsService
from app.services.integrations.vendors import vendor_of
from tests.conftest import pointed_at
from tests.factories.snapchat import (
    BRAND,
    CART,
    KW_PROSPECTING,
    LENS,
    PROSPECTING,
    US_ACCOUNT,
    US_PIXEL,
    VISITORS,
    Connected,
    connect,
)
from tests.sandbox_process import Sandbox, running_sandbox
from tests.services.integrations.conftest import Desk
from tests.services.integrations.snapchat.conftest import budget_change, calls_of, change_of

NEW_YORK = ZoneInfo("America/New_York")


def raw(sandbox: Sandbox, kind: str, entity: str) -> dict[str, Any]:
    body = sandbox.snapchat("GET", f"{kind}s/{entity}").json()
    found: dict[str, Any] = body[f"{kind}s"][0][kind]
    return found


def purchase(key: str, **changes: Any) -> ConversionEvent:
    facts: dict[str, Any] = {
        "dedupe_key": key,
        "name": "purchase",
        "at": real_now() - timedelta(hours=1),
        "identifiers": {"email": "ada@example.com", "sc_click_id": "Click-1", "user_agent": "Agent/1"},
        "value_micros": 42_500_000,
        "currency": "USD",
        "order_id": key,
        "url": "https://shop.northwind.example/thanks",
        "contents": ({"id": "boots", "quantity": 2},),
    }
    return ConversionEvent(**facts | changes)


def prepared(platform: AdPlatform, event: ConversionEvent) -> PreparedEvent:
    found = platform.prepare_event(event, real_now())
    assert isinstance(found, PreparedEvent)
    return found


async def test_campaigns_and_ad_squads_are_read(dollars: AdPlatform) -> None:
    campaigns = {one.external_id: one for one in await dollars.list_campaigns()}
    own = campaigns[PROSPECTING]
    assert (own.status, own.effective_status, own.currency, own.budget_level) == (
        "active",
        "active",
        "USD",
        "campaign",
    )
    assert own.daily_budget_micros
    assert own.objective == "SALES"
    assert (campaigns[VISITORS].daily_budget_micros, campaigns[VISITORS].budget_level) == (None, "unknown")
    assert (campaigns[BRAND].status, campaigns[BRAND].effective_status) == ("paused", "paused")
    squads = {one.external_id: one for one in await dollars.list_ad_sets()}
    assert (squads[CART].campaign, squads[CART].budget_level) == (VISITORS, "ad_set")
    assert squads[CART].daily_budget_micros
    assert squads[CART].lifetime_budget_micros is None
    assert squads[LENS].lifetime_budget_micros
    assert squads[LENS].ends_at


async def test_a_dinar_has_three_decimals_and_micros_all_the_same(dinars: AdPlatform) -> None:
    squads = await dinars.list_ad_sets()
    assert [one.daily_budget_micros for one in squads if one.daily_budget_micros] == [8_125_000]
    assert {one.currency for one in squads} == {"KWD"}


async def test_a_budget_is_set_and_nothing_else_of_the_campaign_changes(
    dollars: AdPlatform, desk: Desk, sandbox: Sandbox
) -> None:
    before = raw(sandbox, "campaign", PROSPECTING)
    change = await budget_change(dollars, 401_234_567)
    await dollars.set_daily_budget(change, desk.mint(change))
    assert (await dollars.read_entity("campaign", PROSPECTING)).holds(change)
    after = raw(sandbox, "campaign", PROSPECTING)
    assert after["daily_budget_micro"] == 401_234_567
    changing = {"daily_budget_micro", "updated_at"}
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }


async def test_an_ad_squads_budget_keeps_its_targeting(
    dollars: AdPlatform, desk: Desk, sandbox: Sandbox
) -> None:
    before = raw(sandbox, "adsquad", CART)
    change = await budget_change(dollars, 95_500_000, entity_type="ad_set", entity=CART)
    await dollars.set_daily_budget(change, desk.mint(change))
    after = raw(sandbox, "adsquad", CART)
    assert after["daily_budget_micro"] == 95_500_000
    assert after["targeting"] == before["targeting"]
    assert after.keys() == before.keys()


async def test_an_ad_squad_gets_no_second_kind_of_budget(dollars: AdPlatform, desk: Desk) -> None:
    change = change_of(
        SET_DAILY_BUDGET, {"daily_budget_micros": 50_000_000}, entity_type="ad_set", entity=LENS
    )
    with pytest.raises(PlatformError, match=r"snapchat\.other_budget"):
        await dollars.set_daily_budget(change, desk.mint(change))
    assert desk.used == []


async def test_a_campaign_is_stopped_and_started(dollars: AdPlatform, desk: Desk, sandbox: Sandbox) -> None:
    for before, after in (("active", "paused"), ("paused", "active")):
        change = change_of(SET_STATUS, {"status": after}, before={"status": before})
        await dollars.set_status(change, desk.mint(change))
        assert (await dollars.read_entity("campaign", PROSPECTING)).status == after
    stopped = change_of(SET_STATUS, {"status": "paused"}, entity_type="ad_set", entity=CART)
    await dollars.set_status(stopped, desk.mint(stopped))
    state = await dollars.read_entity("ad_set", CART)
    assert (state.status, state.effective_status) == ("paused", "paused")
    sandbox.control("POST", "snapchat/edit", json={"object_id": CART, "changes": {"status": "ACTIVE"}})


async def test_a_squad_of_a_stopped_campaign_is_not_effective(dollars: AdPlatform, sandbox: Sandbox) -> None:
    edit = {"object_id": VISITORS, "changes": {"status": "PAUSED"}}
    sandbox.control("POST", "snapchat/edit", json=edit)
    state = await dollars.read_entity("ad_set", CART)
    assert (state.status, state.effective_status) == ("active", "invalid_not_effective_active")
    sandbox.control("POST", "snapchat/edit", json=edit | {"changes": {"status": "ACTIVE"}})


async def test_a_budget_below_the_least_is_refused_in_snapchats_words(
    dollars: AdPlatform, desk: Desk
) -> None:
    change = await budget_change(dollars, 1_000_000)
    with pytest.raises(PlatformError, match=r"snapchat\.E2002: .*at least 20000000") as caught:
        await dollars.set_daily_budget(change, desk.mint(change))
    assert caught.value.kind is PlatformErrorKind.INVALID
    assert not (await dollars.read_entity("campaign", PROSPECTING)).holds(change)


async def test_metrics_come_by_campaign_and_by_the_accounts_day(
    dollars: AdPlatform, sandbox: Sandbox
) -> None:
    until = datetime.now(NEW_YORK).date() - timedelta(days=2)
    since = until - timedelta(days=39)
    reading = await dollars.fetch_metrics(since, until, ConversionSettings())
    own = sorted((one for one in reading.days if one.campaign == PROSPECTING), key=lambda one: one.day)
    assert [one.day for one in own] == [since + timedelta(days=n) for n in range(40)]
    assert all(one.spend_micros > 0 and one.clicks > 0 and one.rows == 2 for one in own)
    assert sum(one.conversions for one in own) > 0
    assert sum(one.conversion_value_micros for one in own) > 0
    assert {one.campaign for one in reading.days} == {
        PROSPECTING,
        VISITORS,
        "5a9c0002-0001-4000-8000-000000000003",
    }
    assert all(len(reading.ad_sets_by_day[one.day]) == 5 for one in own)
    spans = {"start_time": f"{until}T00:00:00", "end_time": f"{until + timedelta(days=1)}T00:00:00"}
    told = sandbox.snapchat(
        "GET", f"campaigns/{PROSPECTING}/stats", granularity="TOTAL", fields="spend", **spans
    )
    assert own[-1].spend_micros == told.json()["total_stats"][0]["total_stat"]["stats"]["spend"]


async def test_a_wider_window_counts_no_fewer_conversions(dollars: AdPlatform) -> None:
    until = datetime.now(NEW_YORK).date() - timedelta(days=2)
    found = []
    for click, view in ((1, 0), (1, 1), (7, 1), (28, 7)):
        reading = await dollars.fetch_metrics(
            until - timedelta(days=20), until, ConversionSettings("purchase", click, view)
        )
        found.append(sum((one.conversions for one in reading.days), Decimal(0)))
    assert found == sorted(found)
    assert found[0] < found[-1]


@pytest.mark.parametrize(
    ("conversion", "code"),
    [
        (ConversionSettings("purchase", 3, 1), "snapchat.no_such_window"),
        (ConversionSettings("purchase", 0, 1), "snapchat.no_such_window"),
        (ConversionSettings("purchase", 7, 28), "snapchat.no_such_window"),
        (ConversionSettings("lead", 7, 1), "snapchat.no_such_conversion"),
    ],
)
def test_what_snapchat_does_not_count_is_refused(conversion: ConversionSettings, code: str) -> None:
    with pytest.raises(PlatformError) as caught:
        vendor_of("snapchat").demand(conversion)
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.UNSUPPORTED, code)


async def test_an_edit_by_a_person_is_found_and_ours_are_told_apart(
    dollars: AdPlatform, desk: Desk, sandbox: Sandbox
) -> None:
    began = real_now() - timedelta(seconds=5)
    name = f"Site visitors {began:%H%M%S%f}"
    sandbox.control("POST", "snapchat/edit", json={"object_id": VISITORS, "changes": {"name": name}})
    change = await budget_change(dollars, 402_000_000)
    await dollars.set_daily_budget(change, desk.mint(change))
    edits = await dollars.recent_edits(began, real_now() + timedelta(minutes=1))
    by_hand = [one for one in edits if (one.entity, one.event_type) == (VISITORS, "updated_name")]
    assert [(one.entity_type, one.application_id) for one in by_hand] == [("campaign", None)]
    assert (by_hand[0].actor_name, by_hand[0].renames) == ("dana.reyes@northwind.example", True)
    budgets = (PROSPECTING, "updated_daily_budget_micro")
    ours = [one for one in edits if (one.entity, one.event_type) == budgets]
    newest = max(ours, key=lambda one: one.at)  # another test may have edited it a second ago
    assert (newest.application_id, newest.renames) == (sandbox.snapchat_facts["app_id"], False)


async def test_what_a_person_deleted_has_no_log_and_stops_nothing(
    dollars: AdPlatform, sandbox: Sandbox
) -> None:
    began = real_now() - timedelta(seconds=5)
    row = {
        "name": "Short-lived",
        "status": "PAUSED",
        "ad_account_id": US_ACCOUNT,
        "start_time": "2026-11-01T00:00:00Z",
    }
    made = sandbox.snapchat("POST", f"adaccounts/{US_ACCOUNT}/campaigns", json={"campaigns": [row]}).json()
    campaign = made["campaigns"][0]["campaign"]["id"]
    assert sandbox.snapchat("DELETE", f"campaigns/{campaign}").status_code == 200
    assert sandbox.snapchat("GET", f"campaigns/{campaign}/external_changelogs").status_code == 404
    edits = await dollars.recent_edits(began, real_now() + timedelta(minutes=1))
    assert campaign not in {one.entity for one in edits}


async def test_a_conversion_arrives_once_however_often_it_is_sent(
    dollars: AdPlatform, sandbox: Sandbox
) -> None:
    key = f"order-{real_now().timestamp()}"
    for _ in range(2):
        answer = await dollars.send_events(US_PIXEL, [prepared(dollars, purchase(key))])
        assert (answer.received, answer.response["status"]) == (1, "VALID")
    events = sandbox.control("GET", "snapchat/events", params={"pixel": US_PIXEL})["events"]
    mine = [one for one in events if one["event_id"] == key]
    assert [one["duplicate"] for one in mine] == [1, 0]
    event = mine[0]["event"]
    assert (event["event_name"], event["action_source"]) == ("PURCHASE", "WEB")
    assert event["custom_data"] == {
        "value": 42.5,
        "currency": "USD",
        "order_id": key,
        "content_ids": ["boots"],
        "contents": [{"id": "boots", "quantity": "2"}],
        "num_items": 2,
    }
    assert event["user_data"]["sc_click_id"] == "Click-1"
    assert "ada@example.com" not in str(event)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"at": datetime.now(UTC) - timedelta(days=38)}, "older_than_37_days"),
        ({"at": datetime.now(UTC) + timedelta(hours=1)}, "in_the_future"),
        ({"identifiers": {"country": "us", "ip": "8.8.8.8"}}, "nobody_to_match"),
        ({"value_micros": None}, "purchase_without_value"),
        ({"name": "refund"}, "no_such_event"),
    ],
)
def test_what_would_have_the_request_refused_is_left_out(
    dollars: AdPlatform, changes: dict[str, Any], reason: str
) -> None:
    assert dollars.prepare_event(purchase("x", **changes), real_now()) == EventRefused(reason)


@pytest.mark.parametrize(
    ("name", "told"),
    [("add_to_cart", "ADD_CART"), ("sign_up", "SIGN_UP"), ("search", "SEARCH")],
)
async def test_every_event_that_we_map_is_one_that_snapchat_takes(
    dollars: AdPlatform, name: str, told: str
) -> None:
    event = prepared(
        dollars, purchase(f"{name}-1", name=name, url=None, identifiers={"phone": "+36201234567"})
    )
    assert (event.body["event_name"], event.body["action_source"]) == (told, "OFFLINE")
    assert (await dollars.send_events(US_PIXEL, [event])).received == 1


async def test_a_lead_is_told_as_the_event_that_the_account_chose_and_not_before(
    scopes: Scopes, connected: Connected, desk: Desk
) -> None:
    async def choosing(event: str | None) -> AdPlatform:
        async with scopes() as scope:
            await AdAccountService(scope).change(connected.dollars, {"lead_event": event})
        return await IntegrationsService(scopes, desk).connector(connected.dollars)

    lead = purchase("lead-1", name="lead", url=None, identifiers={"phone": "+36201234567"})
    without = await choosing(None)
    assert without.prepare_event(lead, real_now()) == EventRefused("lead_event_not_chosen")
    chosen = await choosing("CUSTOM_EVENT_4")
    event = prepared(chosen, lead)
    assert event.body["event_name"] == "CUSTOM_EVENT_4"
    assert (await chosen.send_events(US_PIXEL, [event])).received == 1


async def test_limited_data_use_is_told(dollars: AdPlatform) -> None:
    body = prepared(dollars, purchase("lmu-1", limited_data_use=True)).body
    assert body["data_processing_options"] == ["LMU"]
    assert (await dollars.send_events(US_PIXEL, [PreparedEvent(body, ())])).received == 1


async def test_another_accounts_campaign_is_refused(dinars: AdPlatform) -> None:
    with pytest.raises(PlatformError, match=r"snapchat\.other_account"):
        await dinars.read_entity("campaign", PROSPECTING)
    with pytest.raises(PlatformError, match=r"snapchat\.other_account"):
        await dinars.read_entity("ad_set", CART)


@pytest.mark.parametrize(
    ("entity_type", "entity", "method", "after"),
    [
        ("campaign", KW_PROSPECTING, "set_daily_budget", {"daily_budget_micros": 70_000_000}),
        ("campaign", KW_PROSPECTING, "set_status", {"status": "paused"}),
        ("ad_set", "5a9c0003-0002-4000-8000-000000000020", "set_status", {"status": "paused"}),
    ],
)
async def test_an_entity_of_another_account_of_the_same_token_is_not_written_to(
    entity_type: Any,
    entity: str,
    method: str,
    after: dict[str, Any],
    *,
    dollars: AdPlatform,
    desk: Desk,
    sandbox: Sandbox,
) -> None:
    kind = {"campaign": "campaign", "ad_set": "adsquad"}[entity_type]
    was = raw(sandbox, kind, entity)
    change = change_of(method, after, entity_type=entity_type, entity=entity)
    with pytest.raises(PlatformError, match="other_account"):
        await getattr(dollars, method)(change, desk.mint(change))
    assert desk.used == []
    assert raw(sandbox, kind, entity) == was


@pytest.mark.parametrize("pixel", [f"x/../../v1/campaigns/{PROSPECTING}?a=", "a?b", "a#", "../me", ""])
async def test_a_pixel_id_is_no_way_to_another_call(dollars: AdPlatform, pixel: str, scopes: Scopes) -> None:
    with pytest.raises(PlatformError) as refused:
        await dollars.send_events(pixel, [])
    assert refused.value.code == "snapchat.not_an_id"
    assert await calls_of(scopes) == []


async def test_days_before_there_was_anything_are_empty(dollars: AdPlatform) -> None:
    reading = await dollars.fetch_metrics(date(2015, 1, 1), date(2015, 1, 2), ConversionSettings())
    assert reading.days == ()


async def test_a_deleted_campaigns_figures_stay_and_stop_nobody_elses(
    scopes: Scopes, settings: Settings, desk: Desk
) -> None:
    """The account tells what it spent; the campaign itself is not found any more."""
    until = datetime.now(NEW_YORK).date() - timedelta(days=3)
    since = until - timedelta(days=1)
    with running_sandbox("--seed", "7", "--history", "6") as own:
        async with gateway_by(pointed_at(settings, own)):
            connected = await connect(scopes, own)
            platform = await IntegrationsService(scopes, desk).connector(connected.dollars)
            before = await platform.fetch_metrics(since, until, ConversionSettings())
            assert own.snapchat("DELETE", f"campaigns/{PROSPECTING}").status_code == 200
            assert own.snapchat("GET", f"campaigns/{PROSPECTING}/stats").status_code == 404
            after = await platform.fetch_metrics(since, until, ConversionSettings())
    spent = [{(one.campaign, one.day): one.spend_micros for one in each.days} for each in (before, after)]
    assert (PROSPECTING, until) in spent[0]
    assert spent[0].keys() == spent[1].keys()
    assert all(abs(spent[0][key] - spent[1][key]) <= 2 for key in spent[0])
