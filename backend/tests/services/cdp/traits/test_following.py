"""Computed traits, as events come and time passes."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.models.cdp.profiles import CdpProfile
from app.models.cdp.traits import CdpTrait, CdpTraitTimer
from app.services.cdp.events.service import Ingestion
from app.services.cdp.traits.service import TraitFollowing, TraitService
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.traits import TraitLab


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> TraitLab:
    return TraitLab(acme, engine, ingestion)


def order(user: str, value: float = 10, currency: str = "EUR", **members: Any) -> dict[str, Any]:
    properties = {"revenue": value, "currency": currency, "n": value, "sku": f"cap-{value}"}
    return track("Order Completed", userId=user, properties=properties, **members)


async def only(lab: TraitLab, name: str) -> Any:
    return list((await lab.stored(name)).values())


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        ({"kind": "count"}, 3),
        ({"kind": "exists"}, True),
        ({"kind": "sum", "property": "n"}, 60.5),
        ({"kind": "sum", "currency": "EUR"}, 60_500_000),
        ({"kind": "average", "currency": "EUR"}, 20_166_667),
        ({"kind": "average", "property": "n"}, 20.166667),
        ({"kind": "min", "property": "n"}, 10),
        ({"kind": "max", "currency": "EUR"}, 30_500_000),
        ({"kind": "first", "property": "sku"}, "cap-10"),
        ({"kind": "last", "property": "sku"}, "cap-30.5"),
        ({"kind": "unique_count", "property": "sku"}, 3),
        ({"kind": "count", "window": {"kind": "last", "days": 2}}, 2),
        ({"kind": "count", "where": [{"property": "n", "test": {"op": "more_than", "number": 15}}]}, 2),
    ],
)
async def test_each_kind_comes_to_its_value(lab: TraitLab, definition: dict[str, Any], value: Any) -> None:
    await lab.trait("it", event="Order Completed", **definition)
    for amount, days in ((10, 3), (20, 1), (30.5, 0)):
        await lab.send(order("u-1", amount, timestamp=lab.ago(days=days)))
    await lab.send(
        track("Order Completed", userId="u-2", properties={"n": "much"}, timestamp=lab.ago(days=9))
    )
    await lab.send(track("Viewed", userId="u-3"))
    await lab.follow()
    stored = await lab.stored("it")
    assert value in stored.values()
    assert stored == await lab.computed({"event": "Order Completed", **definition})


async def test_what_is_of_no_event_is_absent(lab: TraitLab) -> None:
    await lab.trait("it", event="Bought", kind="count")
    await lab.send(track("Viewed", userId="u-1"))
    await lab.follow()
    assert await only(lab, "it") == []


async def test_a_window_that_passes_takes_the_value_away_and_the_segment_follows(lab: TraitLab) -> None:
    await lab.trait("lately", event="Order Completed", kind="count", window={"kind": "last", "days": 7})
    segment = await lab.segment(
        {"kind": "computed", "name": "lately", "test": {"op": "at_least", "number": 1}}
    )
    await lab.send(order("u-1"))
    await lab.follow()
    assert await only(lab, "lately") == [1]
    assert len(await lab.members(segment)) == 1
    lab.clock.at += timedelta(days=7, seconds=1)
    await lab.follow()
    assert await only(lab, "lately") == []
    assert await lab.members(segment) == set()


async def test_an_event_that_a_trait_does_not_read_computes_nothing(lab: TraitLab) -> None:
    await lab.trait("orders", event="Order Completed", kind="count")
    await lab.send(order("u-1"))
    await lab.follow()
    async with lab.scopes() as scope:
        await scope.session.execute(update(CdpProfile).values(computed={"orders": 99}))
    await lab.send(track("Viewed", userId="u-1"))
    await lab.follow()
    assert await only(lab, "orders") == [99]
    await lab.send(order("u-1"))
    await lab.follow()
    assert await only(lab, "orders") == [2]


async def test_a_profile_that_is_being_written_is_passed_over_and_not_forgotten(lab: TraitLab) -> None:
    await lab.trait("orders", event="Order Completed", kind="count")
    await lab.send(order("u-1"), order("u-2"))
    async with lab.scopes() as scope:
        lock = text("SELECT id FROM cdp_profiles WHERE tenant_id = :t ORDER BY id LIMIT 1 FOR UPDATE")
        await scope.session.execute(lock, {"t": lab.company.id})
        await TraitFollowing(lab.scopes).drain()
        assert await only(lab, "orders") == [1]
    await TraitFollowing(lab.scopes).drain()
    assert await only(lab, "orders") == [1, 1]
    async with lab.scopes() as scope:
        assert (await scope.session.scalars(CdpTraitTimer.__table__.select())).all() == []


async def test_what_is_removed_leaves_nobody_a_value(lab: TraitLab) -> None:
    trait = await lab.trait(
        "orders", event="Order Completed", kind="count", window={"kind": "last", "days": 7}
    )
    await lab.send(order("u-1"), order("u-2"), order("u-3"))
    await lab.follow()
    assert await only(lab, "orders") == [1, 1, 1]
    async with lab.scopes() as scope:
        await TraitService(scope).remove(trait)
    await lab.compute(trait)
    assert await only(lab, "orders") == []
    async with lab.scopes() as scope:
        names = await scope.session.scalars(CdpTrait.__table__.select().with_only_columns(CdpTrait.name))
        assert list(names) == ["churn"]
        assert (await scope.session.scalars(CdpTraitTimer.__table__.select())).all() == []
    await lab.trait("orders", event="Viewed", kind="count")


async def test_a_rhythm_takes_three_orders_and_is_their_median_gap(lab: TraitLab) -> None:
    await lab.begin()
    for days in (40, 30):
        await lab.send(order("u-1", timestamp=lab.ago(days=days)))
    await lab.follow()
    [two] = await only(lab, "churn")
    assert (two["orders"], "median_gap_days" in two) == (2, False)
    await lab.send(order("u-1", timestamp=lab.ago(days=8)))
    await lab.follow()
    [three] = await only(lab, "churn")
    assert (three["orders"], three["median_gap_days"]) == (3, 16)


@pytest.mark.parametrize(
    ("name", "op", "number", "before", "after"),
    [
        ("churn.ratio", "at_least", 2, False, True),
        ("churn.ratio", "less_than", 2, True, False),
        ("churn.ratio", "more_than", 2, False, True),
        ("churn.ratio", "at_most", 2, True, False),
        ("churn.days_since_last_order", "at_least", 20, False, True),
        ("churn.days_since_last_order", "equals", 20, False, True),
        ("churn.days_since_last_order", "equals", 19, True, False),
        ("churn.days_since_last_order", "at_most", 19, True, False),
        ("churn.days_since_last_order", "more_than", 19.5, False, True),
        ("churn.days_since_last_order", "less_than", 10**17, True, True),
    ],
)
async def test_who_is_overdue_enters_when_the_time_comes_though_nothing_is_written(
    lab: TraitLab, name: str, op: str, number: float, *, before: bool, after: bool
) -> None:
    await lab.begin()
    segment = await lab.segment({"kind": "computed", "name": name, "test": {"op": op, "number": number}})
    await lab.send(*[order("u-1", timestamp=lab.ago(days=days)) for days in (20, 10, 0)], track(userId="u-2"))
    await lab.follow()
    lab.clock.at += timedelta(days=20, hours=-1)
    await lab.follow()
    assert bool(await lab.members(segment)) is before
    stored = await only(lab, "churn")
    lab.clock.at += timedelta(hours=2)
    await lab.follow()
    assert bool(await lab.members(segment)) is after
    assert await lab.members(segment) == await lab.answer(segment)
    assert await only(lab, "churn") == stored
