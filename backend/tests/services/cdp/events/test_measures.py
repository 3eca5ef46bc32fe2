"""First-party evidence is counted exactly, and what was never seen is not zero."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.services.cdp.events.service import Ingestion, MatchKey, Measures
from app.services.cdp.sources.service import Sender, SourceKind
from tests.factories.access import Company
from tests.factories.cdp import ingest, make_source, track

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=3)
WINDOW = (NOON - timedelta(days=1), NOON + timedelta(days=2))


def order(number: int, at: datetime = NOON, **properties: Any) -> dict[str, Any]:
    return track(
        "Order Completed",
        timestamp=at.isoformat(),
        properties={"order_id": f"o-{number}", "currency": "EUR", **properties},
    )


@pytest.fixture
async def shop(acme: Company) -> Sender:
    source = await make_source(acme)
    return Sender(acme.id, source.id, SourceKind.SERVER)


async def test_orders_are_counted_once_and_valued_exactly(
    ingestion: Ingestion, shop: Sender, acme: Company
) -> None:
    events = [order(number, revenue="0.10") for number in range(3)]
    told_again = {**order(0, revenue="0.10"), "event": "Purchase"}
    without_value = order(9)
    refund = {**order(1, total="0.10"), "event": "Order Refunded"}
    await ingest(ingestion, shop, *events, told_again, without_value, refund)
    async with acme.scopes() as scope:
        days = await Measures(scope).orders_by_day(*WINDOW)
    assert [(d.orders, d.value_micros, d.orders_without_value) for d in days] == [(4, 300_000, 1)]
    assert [(d.refunds, d.refunded_micros, d.currency) for d in days] == [(1, 100_000, "EUR")]


async def test_a_day_is_the_accounts_own(ingestion: Ingestion, shop: Sender, acme: Company) -> None:
    late = NOON.replace(hour=23)
    await ingest(ingestion, shop, order(1, late, revenue=5))
    async with acme.scopes() as scope:
        utc = await Measures(scope).orders_by_day(*WINDOW)
        budapest = await Measures(scope).orders_by_day(*WINDOW, timezone="Europe/Budapest")
    assert [each.day for each in utc] == [late.date()]
    assert [each.day for each in budapest] == [late.date() + timedelta(days=1)]


async def test_the_share_of_repeats(ingestion: Ingestion, shop: Sender, acme: Company) -> None:
    now = datetime.now(UTC)
    hours = (now - timedelta(hours=1), now + timedelta(hours=1))
    async with acme.scopes() as scope:
        assert (await Measures(scope).repeats(*hours)).rate is None
    events = [track() for _ in range(8)]
    await ingest(ingestion, shop, *events, *events[:2], {"type": "track"})
    async with acme.scopes() as scope:
        repeats = await Measures(scope).repeats(*hours)
    assert (repeats.accepted, repeats.duplicates, repeats.rejected, repeats.rate) == (8, 2, 1, 0.2)


async def test_an_order_told_of_twice_by_one_source_is_a_duplicate(
    ingestion: Ingestion, shop: Sender, acme: Company
) -> None:
    page = Sender(acme.id, (await make_source(acme, kind=SourceKind.BROWSER)).id, SourceKind.BROWSER)
    told = [order(number, revenue=1) for number in range(4)]
    await ingest(ingestion, shop, *told)
    await ingest(ingestion, shop, *told)  # an SDK's retry
    await ingest(ingestion, page, *(order(number, revenue=1) for number in range(4)))
    async with acme.scopes() as scope:
        assert (await Measures(scope).order_tellings(*WINDOW)).again == 0
    await ingest(ingestion, shop, order(0, NOON + timedelta(seconds=1), revenue=1))
    async with acme.scopes() as scope:
        tellings = await Measures(scope).order_tellings(*WINDOW)
    assert (tellings.told, tellings.orders, tellings.again) == (9, 8, 1)


async def test_an_order_is_named_where_any_event_names_its_buyer(
    ingestion: Ingestion, shop: Sender, acme: Company
) -> None:
    """A second source that knows nobody takes nothing away."""
    page = Sender(acme.id, (await make_source(acme, kind=SourceKind.BROWSER)).id, SourceKind.BROWSER)
    who = {"userId": None, "anonymousId": "a-1"}
    named = order(1, revenue=1, email="ada@example.com") | who
    await ingest(ingestion, shop, named, order(2, revenue=1) | who)
    await ingest(ingestion, page, *(order(number, revenue=1) | who for number in (1, 2)))
    async with acme.scopes() as scope:
        days = await Measures(scope).named_by_day(*WINDOW)
    assert [(each.day, each.orders, each.named) for each in days] == [(NOON.date(), 2, 1)]


async def test_match_keys_are_counted_where_they_are_valid(
    ingestion: Ingestion, shop: Sender, acme: Company
) -> None:
    def purchase(**properties: Any) -> dict[str, Any]:
        return track("Purchase", properties={"value": 1, **properties})

    await ingest(
        ingestion,
        shop,
        {
            **purchase(email="a@b.example", phone="+36301234567"),
            "context": {"ip": "203.0.113.1", "userAgent": "x"},
        },
        purchase(email="not an address", phone="n/a", fbp="fb.1.2.3", fbc="fb.1.2.abc"),
        {**purchase(), "context": {"page": {"url": "https://s.example/?gclid=G1&fbclid=F1"}}},
        track("Product Viewed", properties={"email": "c@d.example"}),
    )
    now = datetime.now(UTC)
    async with acme.scopes() as scope:
        coverage = await Measures(scope).match_keys(now - timedelta(hours=1), now + timedelta(hours=1))
    assert coverage.events == 3
    assert coverage.present == {
        MatchKey.EMAIL: 1,
        MatchKey.PHONE: 1,
        MatchKey.EXTERNAL_ID: 3,
        MatchKey.IP: 1,
        MatchKey.USER_AGENT: 1,
        MatchKey.FBC: 2,
        MatchKey.FBP: 1,
        MatchKey.CLICK_ID: 1,
    }


async def test_the_newest_event_of_each_source(ingestion: Ingestion, shop: Sender, acme: Company) -> None:
    async with acme.scopes() as scope:
        assert await Measures(scope).newest_accepted_at() is None
    await ingest(ingestion, shop, track())
    await ingest(ingestion, shop, {"type": "track"})
    async with acme.scopes() as scope:
        found = await Measures(scope).freshness()
    assert [each.source_id for each in found] == [shop.source_id]
    assert datetime.now(UTC) - found[0].newest_accepted_at < timedelta(seconds=30)


async def test_browser_and_server_are_held_against_each_other(
    ingestion: Ingestion, shop: Sender, acme: Company
) -> None:
    page = Sender(acme.id, (await make_source(acme, kind=SourceKind.BROWSER)).id, SourceKind.BROWSER)
    await ingest(ingestion, shop, *(order(number, revenue=1) for number in (1, 2, 3)))
    await ingest(ingestion, page, *(order(number, revenue=1) for number in (3, 4)))
    async with acme.scopes() as scope:
        mismatch = await Measures(scope).browser_server_mismatch(*WINDOW)
        days = await Measures(scope).browser_server_by_day(*WINDOW)
    assert (mismatch.server_only, mismatch.browser_only, mismatch.both) == (2, 1, 1)
    assert [(each.day, each.browser, each.server) for each in days] == [(NOON.date(), 2, 3)]


async def test_an_order_told_of_without_a_source_is_a_servers(ingestion: Ingestion, acme: Company) -> None:
    await ingest(ingestion, Sender(acme.id, None, SourceKind.SERVER), order(1, revenue=1))
    async with acme.scopes() as scope:
        mismatch = await Measures(scope).browser_server_mismatch(*WINDOW)
    assert (mismatch.server_only, mismatch.browser_only, mismatch.both) == (1, 0, 0)


async def test_visits_half_an_hour_apart_are_two_sessions(
    ingestion: Ingestion, shop: Sender, acme: Company
) -> None:
    def page(minutes: int, visitor: str) -> dict[str, Any]:
        at = (NOON + timedelta(minutes=minutes)).isoformat()
        return {"type": "page", "anonymousId": visitor, "timestamp": at, "messageId": f"{visitor}-{minutes}"}

    await ingest(ingestion, shop, *(page(minutes, "a") for minutes in (0, 10, 50, 60)), page(5, "b"))
    async with acme.scopes() as scope:
        days = await Measures(scope).traffic_by_day(*WINDOW)
    assert [(each.pages, each.visitors, each.sessions) for each in days] == [(5, 2, 3)]
