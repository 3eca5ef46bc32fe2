"""The pure world: its draws, its money, and that its campaigns answer to their budgets as their curves say."""

from datetime import UTC, datetime

import pytest

from sandbox.chance import Chance
from sandbox.services import Services, assemble
from sandbox.vendors.meta.activities import Actor
from sandbox.vendors.meta.money import offset, to_major, to_units
from sandbox.vendors.meta.vendor import Meta
from sandbox.vendors.meta.writes import update
from sandbox.world import truth
from sandbox.world.seasons import DAY

START = datetime(2026, 3, 2, 5, tzinfo=UTC).timestamp()
BROAD, RETARGETING, VIDEO = "120210000010100001", "120210000010100003", "120210000010100005"
ACCOUNT = "102030405060701"


def world_with(budgets: dict[str, float]) -> Services:
    """Ten days of past, and three weeks in which these campaigns had their budgets times these factors."""
    services = assemble(7, None, START, 10)
    services.clock.set_rate(0.0)
    meta = services.vendors.get(Meta).state
    for campaign, factor in budgets.items():
        node = meta.nodes.get(campaign)
        wanted = str(round(int(node.data["daily_budget"]) * factor))
        update(meta, node, {"daily_budget": wanted}, Actor("1", "Test"))
    services.clock.advance(21 * DAY)
    services.world.run_to(services.clock.now())
    return services


def profit(services: Services) -> dict[str, float]:
    rows = truth.campaigns(services.world.accounts[ACCOUNT], START, services.clock.now())
    return {row["campaign_id"]: row["incremental_profit"] for row in rows}


def test_money_moved_from_the_loser_to_the_winner_earns_more() -> None:
    as_it_was = profit(world_with({}))
    scaled = profit(world_with({BROAD: 1.5, VIDEO: 0.5}))
    assert scaled[BROAD] > as_it_was[BROAD] + 1000
    assert scaled[VIDEO] > as_it_was[VIDEO] + 1000


def test_money_put_into_a_saturated_campaign_is_lost() -> None:
    assert profit(world_with({RETARGETING: 2.0}))[RETARGETING] < profit(world_with({}))[RETARGETING]


def test_a_change_to_one_campaign_leaves_the_others_orders_as_they_were() -> None:
    def others(services: Services) -> list[tuple[str, int]]:
        orders = services.world.accounts[ACCOUNT].orders_between(START, services.clock.now())
        return [(o.id, o.cents) for o in orders if o.caused_by != BROAD]

    assert others(world_with({BROAD: 2.0})) == others(world_with({}))


def test_a_draw_depends_on_its_own_key_alone() -> None:
    def draws(chance: Chance) -> list[float]:
        return [chance.uniform() for _ in range(5)]

    assert draws(Chance(7, "orders", 1)) == draws(Chance(7, "orders", 1))
    others = [
        Chance(8, "orders", 1),
        Chance(7, "visits", 1),
        Chance(7, "orders", 2),
        Chance(7, "orders", 1).child(0),
    ]
    assert all(draws(other) != draws(Chance(7, "orders", 1)) for other in others)
    parent = Chance(7, "orders", 1)
    parent.child(3)
    assert draws(parent) == draws(Chance(7, "orders", 1))


def test_draws_have_the_distributions_that_they_claim() -> None:
    chance = Chance(1, "test")
    count = 20_000
    for mean in (0.3, 4.0, 80.0):
        found = [chance.poisson(mean) for _ in range(count)]
        assert sum(found) / count == pytest.approx(mean, rel=0.03)
    assert sum(chance.wobble(0.3) for _ in range(count)) / count == pytest.approx(1.0, abs=0.02)
    assert sum(chance.exponential(5.0) for _ in range(count)) / count == pytest.approx(5.0, rel=0.05)
    assert sum(chance.happens(0.2) for _ in range(count)) / count == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    ("currency", "units"),
    [("USD", 100), ("EUR", 100), ("BHD", 100), ("JOD", 100), ("HUF", 1), ("TWD", 1), ("COP", 1), ("CRC", 1), ("IDR", 1),
     ("JPY", 1)],
)  # fmt: skip
def test_offsets_are_metas_and_not_those_of_iso_4217(currency: str, units: int) -> None:
    assert offset(currency) == units
    assert to_major(to_units(1234, currency), currency) == 1234
