"""Customers ranked in quintiles."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.outbox import OutboxMessage
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.traits import CdpRfm
from app.services.cdp.events.service import Ingestion
from app.services.cdp.traits.rules import cell
from app.services.cdp.traits.service import Ranking
from app.services.tenants.service import TenantService
from app.services.trust_engine.fx_rates.service import FxRates
from tests.api.cdp.test_privacy import WorkerDiedError, die, scopes_that
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.traits import TraitLab


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> TraitLab:
    return TraitLab(acme, engine, ingestion)


def order(lab: TraitLab, user: int, days: float, value: float, currency: str = "USD") -> dict[str, Any]:
    return track(
        "Order Completed",
        userId=f"u-{user}",
        timestamp=lab.ago(days=days),
        properties={"revenue": value, "currency": currency},
    )


async def summary(lab: TraitLab) -> dict[str, Any]:
    async with lab.scopes() as scope:
        return (await scope.session.scalars(select(CdpRfm))).one().summary


def quintiles(values: dict[UUID, Any]) -> dict[UUID, int]:
    """By counting, for each, how many are less."""
    return {
        who: 1 + 5 * sum(other < value for other in values.values()) // len(values)
        for who, value in values.items()
    }


async def expected(lab: TraitLab) -> dict[UUID, Any]:
    async with lab.scopes() as scope:
        rows = (await scope.session.scalars(select(CdpProfile).where(CdpProfile.order_count > 0))).all()
        r = quintiles({each.id: each.last_order_at for each in rows})
        f = quintiles({each.id: each.order_count for each in rows})
        m = quintiles({each.id: each.revenue.get("USD", 0) - each.refunded.get("USD", 0) for each in rows})
        return {
            each.id: {
                "recency": r[each.id],
                "frequency": f[each.id],
                "monetary": m[each.id],
                "cell": cell(r[each.id], f[each.id], m[each.id]),
            }
            for each in rows
        }


async def test_equal_values_are_ranked_alike_and_each_by_how_many_are_less(lab: TraitLab) -> None:
    await lab.begin()
    for user in range(40):
        await lab.send(
            *[order(lab, user, days=user % 7 + time, value=user % 5 * 10) for time in range(1 + user % 4)]
        )
    await lab.send(track(userId="visitor"))
    await lab.send(track("Order Refunded", userId="u-4", properties={"revenue": 30, "currency": "USD"}))
    await lab.rank()
    assert await lab.stored("rfm") == await expected(lab)
    told = await summary(lab)
    assert (told["customers"], told["ranked"], told["currency"]) == (40, 40, "USD")
    assert sum(each["customers"] for each in told["cells"]) == 40
    once = await lab.stored("rfm")
    await lab.rank()
    assert await lab.stored("rfm") == once


async def test_a_segment_of_a_cell_follows_the_ranking(lab: TraitLab) -> None:
    await lab.begin()
    segment = await lab.segment(
        {"kind": "computed", "name": "rfm.cell", "test": {"op": "is", "text": "Loyal"}}
    )
    await lab.send(*[order(lab, user, days=user, value=100 - user) for user in range(30)])
    await lab.rank()
    await lab.follow()
    loyal = {who for who, value in (await lab.stored("rfm")).items() if value["cell"] == "Loyal"}
    assert loyal
    assert await lab.members(segment) == loyal


async def test_few_customers_are_not_ranked_and_lose_their_cells(lab: TraitLab) -> None:
    await lab.begin()
    await lab.send(*[order(lab, user, days=user, value=10) for user in range(24)])
    await lab.rank()
    assert await lab.stored("rfm") == {}
    told = await summary(lab)
    assert (told["customers"], told["cells"], told["thresholds"]) == (24, [], None)
    await lab.send(order(lab, 24, days=1, value=10))
    await lab.rank()
    assert len(await lab.stored("rfm")) == 25


async def test_what_was_paid_in_another_currency_counts_by_a_recorded_rate_or_not_at_all(
    lab: TraitLab,
) -> None:
    await lab.begin()
    await lab.send(*[order(lab, user, days=1, value=user) for user in range(25)])
    await lab.send(
        order(lab, 90, days=1, value=5, currency="GBP"), order(lab, 91, days=1, value=5, currency="SEK")
    )
    await lab.send(track("Order Completed", userId="u-92", properties={"sku": "cap"}))
    async with lab.scopes() as scope:
        assert (await TenantService(scope).current()).currency == "USD"
        at = scope.now() - timedelta(days=1)
        await FxRates(scope).record("GBP", "USD", Decimal(100), as_of=at, source="The bank")
    await lab.rank()
    told = await summary(lab)
    assert (told["customers"], told["ranked"], told["without_rate"]) == (28, 26, ["SEK"])
    [rate] = told["rates"]
    assert (rate["currency"], Decimal(rate["rate"]), rate["source"]) == ("GBP", Decimal(100), "The bank")
    stored = await lab.stored("rfm")
    assert len(stored) == 26
    assert sum(each["revenue_micros"] for each in told["cells"]) == (sum(range(25)) + 500) * 1_000_000


async def test_a_cell_may_have_paid_more_than_a_bigint_holds(lab: TraitLab) -> None:
    await lab.begin()
    large = 9_000_000_000_000
    await lab.send(*[order(lab, user, days=1, value=large if user < 5 else user) for user in range(25)])
    await lab.rank()
    told = await summary(lab)
    assert sum(each["customers"] for each in told["cells"]) == 25
    paid = (5 * large + sum(range(5, 25))) * 1_000_000
    assert sum(each["revenue_micros"] for each in told["cells"]) == paid


async def begun(lab: TraitLab) -> int:
    """How many tasks that rank were begun because it was due."""
    await Ranking(lab.scopes).begin_if_due()
    async with lab.scopes() as scope:
        tasks = await scope.session.scalars(
            select(OutboxMessage.id).where(OutboxMessage.name == "cdp.traits.rank")
        )
        return len(tasks.all())


async def test_a_ranking_is_due_once_a_day(lab: TraitLab) -> None:
    await lab.begin()
    tasks, times = 0, []
    for hours in (0, 23, 2):
        lab.clock.at += timedelta(hours=hours)
        before, tasks = tasks, await begun(lab)
        if tasks > before:
            await lab.rank()
        async with lab.scopes() as scope:
            standing = (await scope.session.scalars(select(CdpRfm))).one()
            assert standing.computed_at is not None
            times.append(standing.computed_at)
    assert times[0] == times[1] < times[2]
    assert tasks == 2


async def test_a_ranking_whose_worker_dies_is_made_by_its_task_again(lab: TraitLab) -> None:
    await lab.begin()
    await lab.send(*[order(lab, user, days=user, value=user) for user in range(25)])
    assert await begun(lab) == 1
    with pytest.raises(WorkerDiedError):
        await Ranking(scopes_that(lab.scopes, 5, die), at_once=7).run()
    assert 0 < len(await lab.stored("rfm")) < 25
    await lab.rank()
    assert await lab.stored("rfm") == await expected(lab)
    assert await begun(lab) == 1
