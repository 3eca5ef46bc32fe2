"""What a shop tells its CDP of a purchase reaches the platform once, in the platform's own form."""

import asyncio
import hashlib
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from app.core.clock import real_now
from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.calls import PlatformCall
from app.models.integrations.conversions import ConversionDelivery
from app.services.cdp.consents.service import Consents
from app.services.cdp.identity.service import Resolver
from app.services.integrations.conversions.rules import ValueHistory, is_outlier
from app.services.integrations.conversions.service import ConversionSender, ConversionService
from app.services.integrations.gateway import Gateway, gateway_by
from app.services.trust_engine.signals.repository import SignalRepository
from tests.conftest import pointed_at
from tests.factories.access import Company
from tests.factories.cdp import make_source
from tests.factories.integrations import US_ACCOUNT, Connected, connect
from tests.sandbox_process import US_PIXEL, Sandbox, running_sandbox


def order(**changes: Any) -> dict[str, Any]:
    number = uuid7().hex
    properties = {
        "order_id": number,
        "total": 12.34,
        "currency": "USD",
        "event_id": f"purchase.{number}",
        "email": "John_Smith@gmail.com",
        "phone": "+1 (650) 555-1212",
        "products": [{"product_id": "P1", "quantity": 2}],
    }
    event: dict[str, Any] = {
        "type": "track",
        "event": "Order Completed",
        "messageId": number,
        "anonymousId": "a-1",
        "userId": "u-7",
        "timestamp": real_now().isoformat(),
        "properties": properties,
        "context": {
            "ip": "8.8.8.8",
            "userAgent": "Mozilla/5.0",
            "fbp": "fb.1.1596403881668.1116446470",
            "page": {"url": "https://shop.example/thanks"},
            "traits": {
                "firstName": "Mary",
                "address": {"city": "St. John's", "state": "California", "country": "US"},
            },
            "consent": {"categoryPreferences": {"Advertising": True}},
        },
    }
    return {**event, **changes}


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> Connected:
    made = await connect(scopes, sandbox)
    async with scopes() as scope:
        await scope.session.execute(
            update(AdAccount).where(AdAccount.id == made.forints).values(conversions_enabled=False)
        )
    return made


async def told(company: Company, *events: dict[str, Any], headers: dict[str, str] | None = None) -> None:
    """The shop's events are accepted, and what follows their commit is done."""
    source = await make_source(company)
    began = real_now() - timedelta(seconds=1)
    answer = await company.client().post(
        "/v1/batch", json={"batch": list(events)}, auth=(source.key, ""), headers=headers
    )
    assert answer.status_code == 200, answer.text
    async with company.scopes() as scope:
        await Consents(scope).take_in(began, real_now())
        await ConversionService(scope).queue_accepted(began, real_now())


async def sent(scopes: Scopes, connected: Connected, *, batch: int = 200) -> list[ConversionDelivery]:
    await ConversionSender(scopes, batch=batch).send_due(connected.dollars)
    async with scopes() as scope:
        return list(await scope.session.scalars(select(ConversionDelivery).order_by(ConversionDelivery.id)))


def received(sandbox: Sandbox, event: dict[str, Any]) -> list[dict[str, Any]]:
    """What the platform got of this purchase."""
    rows = sandbox.control("GET", "meta/events", params={"pixel": US_PIXEL})
    rows = rows["events"] if isinstance(rows, dict) else rows
    return [row for row in rows if row["event_id"] == event["properties"]["event_id"]]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def test_a_purchase_arrives_once_in_the_platforms_form(
    acme: Company, scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    event = order()
    await told(acme, event)
    (delivery,) = await sent(scopes, connected)
    assert (delivery.status, delivery.event_name, delivery.platform_event) == (
        "acknowledged",
        "purchase",
        "Purchase",
    )
    (arrived,) = received(sandbox, event)
    body = arrived["event"]
    person = body["user_data"]
    assert person["em"] == sha256("john_smith@gmail.com")
    assert person["ph"] == sha256("16505551212")
    assert person["fn"] == sha256("mary")
    assert person["ct"] == sha256("stjohns")
    assert person["st"] == sha256("ca")
    assert person["country"] == sha256("us")
    assert person["client_ip_address"] == "8.8.8.8"
    assert person["fbp"] == "fb.1.1596403881668.1116446470"
    assert person["external_id"] == "u-7"
    assert (body["custom_data"]["value"], body["custom_data"]["currency"]) == (12.34, "USD")
    assert set(delivery.match_keys) == set(person)


async def test_no_address_lies_in_the_log_of_deliveries(
    acme: Company, scopes: Scopes, connected: Connected
) -> None:
    await told(acme, order())
    await sent(scopes, connected)
    async with scopes() as scope:
        rows = (await scope.session.execute(text("select d::text from conversion_deliveries d"))).scalars()
        assert not any("gmail" in row.lower() for row in rows)


async def test_the_same_batch_again_sends_nothing_again(
    acme: Company, scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    event = order()
    await told(acme, event)
    await sent(scopes, connected)
    await told(acme, event)
    assert len(await sent(scopes, connected)) == 1
    assert len(received(sandbox, event)) == 1


async def test_a_refusal_is_respected_and_written_down(
    acme: Company, scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    event = order()
    event["context"]["consent"] = {"categoryPreferences": {"Advertising": False, "Analytics": True}}
    await told(acme, event)
    (delivery,) = await sent(scopes, connected)
    assert (delivery.status, delivery.reason) == ("skipped", "consent_refused")
    assert received(sandbox, event) == []


async def test_silence_in_an_unknown_country_is_a_refusal(
    acme: Company, scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    event = order()
    event["context"] = {"traits": {"firstName": "Mary"}}
    await told(acme, event)
    (delivery,) = await sent(scopes, connected)
    assert (delivery.status, delivery.reason) == ("skipped", "consent_refused")
    assert received(sandbox, event) == []


async def test_a_browsers_signal_keeps_a_purchase_from_the_platform(
    acme: Company, scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    event = order()
    await told(acme, event, headers={"Sec-GPC": "1"})
    (delivery,) = await sent(scopes, connected)
    assert (delivery.status, delivery.reason) == ("skipped", "consent_refused")
    assert received(sandbox, event) == []


@pytest.mark.parametrize("resolved", [True, False], ids=["resolved", "not yet resolved"])
async def test_a_withdrawal_between_queueing_and_sending_is_obeyed(
    acme: Company, scopes: Scopes, connected: Connected, sandbox: Sandbox, resolved: bool
) -> None:
    event, other = order(), order(userId="u-8", anonymousId="a-8")
    other["properties"] |= {"email": "other@gmail.com", "phone": "+1 (650) 555-1213"}
    await told(acme, event, other)
    async with scopes() as scope:
        assert set(await scope.session.scalars(select(ConversionDelivery.status))) == {"queued"}
    if resolved:
        await Resolver(scopes).drain()
    # They say so as a visitor who has not signed in: by the anonymous id that the order names beside others.
    said = {"consent": {"categoryPreferences": {"Advertising": False}}}
    visit = {"type": "page", "messageId": uuid7().hex, "anonymousId": "a-1", "context": said}
    await told(acme, visit)
    found = {row.dedupe_key: row for row in await sent(scopes, connected)}
    delivery = found[event["properties"]["event_id"]]
    assert (delivery.status, delivery.reason) == ("skipped", "consent_refused")
    assert received(sandbox, event) == []
    assert len(received(sandbox, other)) == 1


async def test_an_old_event_stays_out_and_does_not_take_the_others_with_it(
    acme: Company, scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    old, fresh = order(timestamp=(real_now() - timedelta(days=8)).isoformat()), order()
    await told(acme, old, fresh)
    found = {row.dedupe_key: row for row in await sent(scopes, connected)}
    assert found[old["properties"]["event_id"]].reason == "older_than_seven_days"
    assert found[fresh["properties"]["event_id"]].status == "acknowledged"
    assert len(received(sandbox, fresh)) == 1


async def test_what_the_platform_refuses_is_found_and_the_others_arrive(
    acme: Company, scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    bad, good = order(), order()
    bad["properties"]["total"] = 10
    bad["properties"]["currency"] = "USD"
    bad["timestamp"] = (real_now() - timedelta(days=6, hours=23, minutes=40)).isoformat()
    await told(acme, bad, good)
    sandbox.control("POST", "faults", json={"kind": "server_error", "path": f"/{US_PIXEL}", "count": 1})
    try:
        first = {row.dedupe_key: row.status for row in await sent(scopes, connected)}
        assert set(first.values()) == {"failed"}
        async with scopes() as scope:
            await scope.session.execute(update(ConversionDelivery).values(next_attempt_at=None))
        second = {row.dedupe_key: row.status for row in await sent(scopes, connected)}
        assert set(second.values()) == {"acknowledged"}
    finally:
        sandbox.repair()


async def test_a_delivery_that_was_given_up_can_be_replayed(
    acme: Company, scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    event = order()
    await told(acme, event)
    async with scopes() as scope:
        await scope.session.execute(update(ConversionDelivery).values(status="dead", reason="meta.2"))
    (delivery,) = await sent(scopes, connected)
    assert delivery.status == "dead"
    async with scopes() as scope:
        await ConversionService(scope).replay(delivery.id)
    (delivery,) = await sent(scopes, connected)
    assert delivery.status == "acknowledged"
    assert len(received(sandbox, event)) == 1


async def test_an_account_that_is_switched_off_gets_nothing(
    acme: Company, scopes: Scopes, connected: Connected
) -> None:
    async with scopes() as scope:
        await scope.session.execute(
            update(AdAccount).where(AdAccount.external_id == US_ACCOUNT).values(conversions_enabled=False)
        )
    await told(acme, order())
    assert await sent(scopes, connected) == []


@pytest.fixture
async def ahead(settings: Settings) -> AsyncIterator[Sandbox]:
    """A platform whose clock is an hour ahead: what we hold for young enough it refuses for its age."""
    with running_sandbox("--seed", "7", "--history", "8") as running:
        running.advance(1)
        async with gateway_by(pointed_at(settings, running)):
            yield running


def too_old_there() -> dict[str, Any]:
    return order(timestamp=(real_now() - timedelta(days=6, hours=23, minutes=30)).isoformat())


async def _connected_to(scopes: Scopes, sandbox: Sandbox) -> Connected:
    made = await connect(scopes, sandbox)
    async with scopes() as scope:
        await scope.session.execute(
            update(AdAccount).where(AdAccount.id == made.forints).values(conversions_enabled=False)
        )
    return made


async def test_one_bad_event_has_its_request_refused_and_is_found_while_the_others_arrive_once(
    acme: Company, scopes: Scopes, ahead: Sandbox
) -> None:
    connected = await _connected_to(scopes, ahead)
    bad = [too_old_there() for _ in range(5)]
    good = [order() for _ in range(16)]
    mixed = [*good[:3], bad[0], *good[3:9], *bad[1:4], *good[9:], bad[4]]
    await told(acme, *mixed)
    found = {row.dedupe_key: row for row in await sent(scopes, connected)}
    assert len(found) == len(mixed)
    for event in bad:
        delivery = found[event["properties"]["event_id"]]
        assert (delivery.status, delivery.reason) == ("dead", "meta.100.2804003")
        assert received(ahead, event) == []
    for event in good:
        assert found[event["properties"]["event_id"]].status == "acknowledged"
        assert len(received(ahead, event)) == 1
    async with scopes() as scope:
        statement = select(PlatformCall.outcome).where(PlatformCall.operation == "send_events")
        calls = list(await scope.session.scalars(statement))
    assert "ok" in calls
    assert len(calls) <= 2 * len(bad) * len(mixed).bit_length(), "halves, not one by one"


async def test_a_batch_of_bad_ones_alone_does_not_keep_the_next_batch_waiting(
    acme: Company, scopes: Scopes, ahead: Sandbox
) -> None:
    """The oldest come first: four that are refused fill a batch, and the good one stands behind them."""
    connected = await _connected_to(scopes, ahead)
    bad, good = [too_old_there() for _ in range(4)], order()
    await told(acme, *bad, good)
    found = {row.dedupe_key: row.status for row in await sent(scopes, connected, batch=4)}
    assert found[good["properties"]["event_id"]] == "acknowledged"
    assert sorted(found.values()) == ["acknowledged", "dead", "dead", "dead", "dead"]


async def test_where_all_are_refused_the_platform_is_not_asked_about_each(
    acme: Company, scopes: Scopes, ahead: Sandbox
) -> None:
    """A pixel that was removed, say: halving a request finds nobody, and two for each event is a flood."""
    connected = await _connected_to(scopes, ahead)
    bad = [too_old_there() for _ in range(120)]
    await told(acme, *bad)
    found = await sent(scopes, connected, batch=120)
    async with scopes() as scope:
        statement = select(func.count()).where(PlatformCall.operation == "send_events")
        calls = await scope.session.scalar(statement) or 0
    assert calls <= 140, "64 halved, what is below them, and no more"
    assert {row.status for row in found} == {"dead", "failed"}
    for _ in range(4):
        async with scopes() as scope:
            await scope.session.execute(update(ConversionDelivery).values(next_attempt_at=None))
        found = await sent(scopes, connected, batch=120)
    assert {row.status for row in found} == {"dead"}, "nobody waits for ever"


async def test_a_platform_that_fails_on_the_way_to_the_bad_one_is_tried_again_for_the_rest(
    acme: Company, scopes: Scopes, ahead: Sandbox
) -> None:
    connected = await _connected_to(scopes, ahead)
    bad, good = too_old_there(), [order() for _ in range(3)]
    await told(acme, bad, *good)
    await _fail_second_call(ahead)
    await sent(scopes, connected)
    ahead.repair()
    async with scopes() as scope:
        await scope.session.execute(
            update(ConversionDelivery)
            .where(ConversionDelivery.status == "failed")
            .values(next_attempt_at=None)
        )
    found = {row.dedupe_key: row.status for row in await sent(scopes, connected)}
    assert found.pop(bad["properties"]["event_id"]) == "dead"
    assert set(found.values()) == {"acknowledged"}
    assert all(len(received(ahead, event)) == 1 for event in good)


async def _fail_second_call(sandbox: Sandbox) -> None:
    """Applied, and the answer lost: the platform's deduplication has to make the second sending harmless."""
    fault = {"kind": "drop_response", "path": f"/{US_PIXEL}", "method": "POST", "count": 1}
    sandbox.control("POST", "faults", json=fault)


async def test_a_sending_that_is_stopped_leaves_its_batch_due_for_the_next(
    acme: Company, scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    """Its task ran out of time, say: nobody waits until the claim of it would have lapsed."""
    event = order()
    await told(acme, event)
    sandbox.control(
        "POST", "faults", json={"kind": "latency", "path": f"/{US_PIXEL}", "seconds": 3, "count": 1}
    )
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await sent(scopes, connected)
    finally:
        sandbox.repair()
    (delivery,) = await sent(scopes, connected)
    assert (delivery.status, delivery.attempts) == ("acknowledged", 2)
    assert len(received(sandbox, event)) == 1


def priced(total: float) -> dict[str, Any]:
    event = order()
    event["properties"]["total"] = total
    return event


async def test_a_value_far_beyond_the_shops_history_waits_for_a_person_and_is_shown_as_evidence(
    acme: Company, scopes: Scopes, connected: Connected, sandbox: Sandbox
) -> None:
    usual = [priced(20 + 2 * number) for number in range(40)]
    dear, absurd = priced(400), priced(60_000)
    await told(acme, *usual, dear, absurd)
    found = {row.dedupe_key: row for row in await sent(scopes, connected)}
    held = found[absurd["properties"]["event_id"]]
    assert (held.status, held.reason) == ("quarantined", "outlier_value")
    assert received(sandbox, absurd) == []
    assert found[dear["properties"]["event_id"]].status == "acknowledged", "dear is not absurd"
    async with scopes() as scope:
        now = scope.now()
        seen = await SignalRepository(scope).deliveries(
            connected.dollars, since=now - timedelta(hours=1), until=now + timedelta(hours=1)
        )
    assert (seen.quarantined, seen.due, seen.acknowledged) == (1, 41, 41), "held back is not lost"
    released = await acme.client().post(f"/api/v1/integrations/conversions/{held.id}/replay")
    assert released.status_code == 202
    found = {row.dedupe_key: row for row in await sent(scopes, connected)}
    assert found[absurd["properties"]["event_id"]].status == "acknowledged"
    assert len(received(sandbox, absurd)) == 1


async def test_a_shop_without_a_history_has_no_outliers(
    acme: Company, scopes: Scopes, connected: Connected
) -> None:
    await told(acme, priced(20), priced(60_000))
    assert {row.status for row in await sent(scopes, connected)} == {"acknowledged"}


@pytest.mark.parametrize(
    ("value", "expected"), [(500, False), (999, False), (1001, True), (100_000, True), (1, False)]
)
def test_far_is_over_ten_times_the_usual_and_over_six_deviations(value: int, *, expected: bool) -> None:
    unit = 1_000_000
    steady = ValueHistory(100, math.log(90 * unit), math.log(100 * unit), math.log(110 * unit))
    assert is_outlier(value * unit, steady) is expected
    wild = ValueHistory(100, math.log(10 * unit), math.log(100 * unit), math.log(1000 * unit))
    assert not is_outlier(value * unit, wild)
    assert not is_outlier(value * unit, replace(steady, orders=29))
