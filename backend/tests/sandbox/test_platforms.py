"""One shop, several platforms: each causes its own orders, claims for itself and reports in its own money and days."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.clock import Clock
from sandbox.faults import FaultBook
from sandbox.services import Services, assemble
from sandbox.store import Store
from sandbox.vendors.meta.vendor import Meta
from sandbox.world.account import Account
from sandbox.world.exchange import rate
from sandbox.world.journeys import Distortion, order_events, visits
from sandbox.world.northwind import US_SHOP
from sandbox.world.orders import Order
from sandbox.world.reporting import ALL, Conversion, Reporter, Totals
from sandbox.world.seasons import DAY, HOUR
from sandbox.world.world import World
from tests.sandbox.elsewhere import ACCOUNT, CAMPAIGN, CURVE, HABITS, LINE, Elsewhere

META = "102030405060701"
START = datetime(2026, 3, 2, 15, tzinfo=UTC).timestamp()
DAYS = 12


@cache
def alone() -> Services:
    return assemble(7, None, START, DAYS, table=(Meta,))


@cache
def together() -> Services:
    return assemble(7, None, START, DAYS, table=(Meta, Elsewhere))


def orders(services: Services) -> list[Order]:
    return services.world.accounts[META].orders_between(0.0, START + HOUR)


def reporter(services: Services, account: str) -> Reporter:
    return Reporter(services.world.accounts[account], services.faults, START)


def test_a_second_platform_adds_its_orders_and_leaves_the_others_as_they_were() -> None:
    def as_meta_sees_it(order: Order) -> Order:
        return replace(order, claims={META: order.claims[META]} if META in order.claims else {})

    both = orders(together())
    assert [as_meta_sees_it(o) for o in both if o.caused_by != CAMPAIGN] == orders(alone())
    added = [o for o in both if o.caused_by == CAMPAIGN]
    assert len(added) == pytest.approx(DAYS * 32, rel=0.4)
    assert both == sorted(both, key=lambda o: o.at)


def test_what_meta_delivers_does_not_depend_on_the_other_platform() -> None:
    def delivered(services: Services) -> object:
        return {name: line.hours for name, line in services.world.accounts[META].lines.items()}

    assert delivered(together()) == delivered(alone())


def test_each_platform_claims_most_of_its_own_and_some_of_everybody_elses() -> None:
    both = orders(together())
    own = [o for o in both if o.caused_by == CAMPAIGN]
    assert sum(ACCOUNT in o.claims for o in own) / len(own) == pytest.approx(0.9, abs=0.06)
    assert 0.02 < sum(META in o.claims for o in own) / len(own) < 0.4
    metas = [o for o in both if o.caused_by not in {None, CAMPAIGN}]
    assert 0.02 < sum(ACCOUNT in o.claims for o in metas) / len(metas) < 0.3
    organic = [o for o in both if o.caused_by is None]
    assert 0.02 < sum(ACCOUNT in o.claims for o in organic) / len(organic) < 0.3
    claims = sum(len(o.claims) for o in both)
    assert claims > sum(bool(o.claims) for o in both)


def test_each_platform_reports_late_by_itself() -> None:
    twice = [o for o in orders(together()) if len(o.claims) == 2]
    delays = [{name: claim.seen_at - o.at for name, claim in o.claims.items()} for o in twice]
    assert all(d[META] != d[ACCOUNT] for d in delays)
    assert sum(d[ACCOUNT] for d in delays) > sum(d[META] for d in delays)


def test_claims_are_as_old_as_the_platforms_longest_windows() -> None:
    long = [
        (o.at - o.claims[ACCOUNT].at, o.claims[ACCOUNT].viewed)
        for o in orders(together())
        if ACCOUNT in o.claims
    ]
    assert max(lag for lag, viewed in long if not viewed) > 7 * DAY
    assert max(lag for lag, _ in long) <= 28 * DAY
    assert max(o.at - o.claims[META].at for o in orders(together()) if META in o.claims) <= 7 * DAY


def test_a_platform_reports_its_own_claims_in_its_own_money_and_days() -> None:
    services = together()
    last = date(2026, 3, 1)
    cells = reporter(services, ACCOUNT).cells(last - timedelta(days=6), last)
    assert {line for line, _, _ in cells} == {LINE}
    total = Totals()
    for cell in cells.values():
        total.add(cell)
    start = datetime(2026, 2, 22, 15, tzinfo=UTC).timestamp()  # midnight in Tokyo
    shown = services.world.accounts[ACCOUNT].lines[LINE]
    hours = range(int(start // HOUR), int(start // HOUR) + 7 * 24)
    assert total.spend == pytest.approx(sum(d.spend for h in hours if (d := shown.delivered(h))))
    mine = [
        o
        for o in orders(services)
        if (c := o.claims.get(ACCOUNT)) and start <= c.at < start + 7 * DAY and c.seen_at <= START
    ]
    count, value = total.within(click=ALL, view=ALL)
    assert count == len(mine)
    assert value == pytest.approx(sum(o.cents for o in mine) / 100 * 150.0)


def test_windows_cut_the_same_claims_by_kind_and_lag() -> None:
    last = date(2026, 3, 1)
    total = Totals()
    for cell in reporter(together(), ACCOUNT).cells(last - timedelta(days=9), last).values():
        total.add(cell)
    day, week, month = (total.within(click=days * DAY)[0] for days in (1, 7, 28))
    assert 0 < day < week <= month
    assert total.within(view=7 * DAY)[0] > total.within(view=HOUR)[0] > 0
    assert total.within(click=7 * DAY, view=DAY)[0] == week + total.within(view=DAY)[0]
    assert total.within() == (0, 0.0)


def test_conversions_stand_on_the_clicks_day_or_on_their_own_when_asked() -> None:
    last = date(2026, 3, 1)
    start = datetime(2026, 2, 28, 15, tzinfo=UTC).timestamp()  # midnight in Tokyo
    told = [(o, c) for o in orders(together()) if (c := o.claims.get(ACCOUNT)) and c.seen_at <= START]
    for own in (False, True):
        cells = reporter(together(), ACCOUNT).cells(last, last, by_conversion=own)
        there = [o for o, c in told if start <= (o.at if own else c.at) < start + DAY]
        assert sum(cell.within(click=ALL, view=ALL)[0] for cell in cells.values()) == len(there)
        hours = {(line, day, hour) for (line, day, hour), cell in cells.items() if cell.conversions}
        assert {day for _, day, _ in hours} == {last}
        assert {hour for _, _, hour in hours} == {
            int(((o.at if own else o.claims[ACCOUNT].at) - start) // HOUR) for o in there
        }


@pytest.mark.parametrize("kind", ["pixel_drop", "restatement", "duplicated_events"])
def test_a_fault_of_one_account_leaves_the_other_platforms_reports_alone(kind: str) -> None:
    world = together().world
    last = date(2026, 3, 1)
    faults = FaultBook(Store(None), world.platforms)
    start = START if kind == "restatement" else 0.0
    faults.add(
        kind, severity=0.5, start=start, until=None, account=ACCOUNT, path="/", method=None, probability=1.0,
        remaining=None, seconds=None, status=None, code=None,
    )  # fmt: skip
    healthy = FaultBook(Store(None), world.platforms)

    def claimed(account: str, book: FaultBook) -> int:
        cells = Reporter(world.accounts[account], book, START).cells(last - timedelta(days=6), last)
        return sum(cell.within(click=ALL, view=ALL)[0] for cell in cells.values())

    assert claimed(META, faults) == claimed(META, healthy)
    assert claimed(ACCOUNT, faults) == pytest.approx(
        claimed(ACCOUNT, healthy) * (1.5 if kind == "duplicated_events" else 0.5), rel=0.2
    )


def test_what_one_platforms_pixel_loses_another_may_have() -> None:
    world = together().world
    metas, theirs = world.accounts[META], world.accounts[ACCOUNT]
    placed = orders(together())
    lost = [(metas.turned(o.loss) < 0.3, theirs.turned(o.loss) < 0.3) for o in placed]
    assert {(True, False), (False, True)} <= set(lost)
    assert sum(own for own, _ in lost) / len(lost) == pytest.approx(0.3, abs=0.03)
    assert sum(own for _, own in lost) / len(lost) == pytest.approx(0.3, abs=0.03)


def test_an_order_bears_the_click_ids_of_those_whose_ads_were_clicked() -> None:
    house = next(iter(together().world.shops.values()))

    def sent(order: Order, distortion: Distortion) -> tuple[dict[str, object], str]:
        events = list(order_events(house, order, distortion, journey=True))
        return events[-1].properties, str(events[0].properties["url"])

    own = next(o for o in orders(together()) if o.caused_by == CAMPAIGN and not o.claims.get(META)
               and (c := o.claims.get(ACCOUNT)) and not c.viewed)  # fmt: skip
    bought, url = sent(own, Distortion())
    assert str(bought["ttclid"]).startswith("E.C.P.")
    assert (
        f"ttclid={bought['ttclid']}&utm_source=tiktok&utm_medium=paid_social&utm_campaign={CAMPAIGN}" in url
    )
    assert "fbc" not in bought
    assert {"fbp", "ttp"} <= bought.keys()
    blind, _ = sent(own, Distortion(blind=frozenset({"tiktok"})))
    assert not {"ttclid", "ttp"} & blind.keys()
    assert "fbp" in blind

    clicked = (o for o in orders(together()) if len([c for c in o.claims.values() if not c.viewed]) == 2)
    twice = next(o for o in clicked if o.claims[ACCOUNT].at > o.claims[META].at)
    bought, url = sent(twice, Distortion())
    assert {"ttclid", "fbc"} <= bought.keys()
    assert "ttclid=" in url
    assert "fbclid=" not in url


def test_a_visit_by_an_ad_names_its_ad() -> None:
    house = next(iter(together().world.shops.values()))
    found = visits(house, int(START // HOUR) - 2, 0.2)
    theirs = [v for v in found if "ttclid" in v.context]
    assert theirs
    for visit in theirs:
        assert visit.context["campaign"] == {
            "source": "tiktok", "medium": "paid_social", "name": CAMPAIGN, "content": LINE,
        }  # fmt: skip
        assert f"ttclid={visit.context['ttclid']}" in visit.context["page"]["search"]
    metas = [v for v in found if "fbc" in v.context]
    assert metas
    for visit in metas:
        assert (
            f"fbclid={visit.context['fbc'].rsplit('.', 1)[1]}&utm_source=facebook" in visit.properties["url"]
        )
    assert any("campaign" not in v.context for v in found)


def test_a_restart_lives_the_same_past_again() -> None:
    store = Store(None)
    clock = Clock(store, START)

    def lived() -> World:
        world = World(7, store, clock.now(), 3)
        world.open_account(Account(ACCOUNT, "tiktok", "JPY", "Asia/Tokyo", HABITS), US_SHOP)
        world.open_account(Account("900101", "snapchat"), US_SHOP)
        world.first_campaign(ACCOUNT, CAMPAIGN, CURVE, {LINE: (45_000.0, None)})
        return world

    first = lived()
    first.run_to(START)
    first.add_campaign("900101", "900201", CURVE, START + 2 * HOUR)
    first.schedule("900101", "900301", "900201", START + 2 * HOUR, rate=500.0)
    first.schedule(ACCOUNT, LINE, CAMPAIGN, START + 3 * HOUR, rate=90_000.0)
    first.cap_spend("900101", START + 4 * HOUR, 100.0)
    first.run_to(START + 2 * DAY)
    again = lived()
    again.replay()
    again.run_to(START + 2 * DAY)
    for account in ("900101", ACCOUNT):
        assert again.accounts[account].spent == first.accounts[account].spent
    assert again.accounts["900101"].spent == pytest.approx(100.0)
    assert again.shops["nwus"].tape.orders == first.shops["nwus"].tape.orders


def test_ids_are_one_platforms_alone() -> None:
    world = World(7, Store(None), START, 2)
    world.open_account(Account("1", "meta"), US_SHOP)
    world.open_account(Account("2", "tiktok"), US_SHOP)
    world.first_campaign("1", "10", CURVE, {"100": (1.0, None)})
    with pytest.raises(ValueError, match="already"):
        world.open_account(Account("1", "tiktok"), US_SHOP)
    with pytest.raises(ValueError, match="already"):
        world.first_campaign("2", "10", CURVE, {})
    with pytest.raises(ValueError, match="already"):
        world.first_campaign("2", "11", CURVE, {"100": (1.0, None)})
    with pytest.raises(ValueError, match="already"):
        world.add_campaign("2", "10", CURVE, START)
    with pytest.raises(ValueError, match="whole hours"):
        world.open_account(Account("3", "tiktok", timezone="Asia/Kolkata"), US_SHOP)
    world.run_to(START)
    with pytest.raises(RuntimeError, match="late"):
        world.open_account(Account("4", "tiktok"), US_SHOP)


CURRENCIES = st.sampled_from(["USD", "EUR", "HUF", "JPY", "BHD", "TWD"])


@given(CURRENCIES, CURRENCIES, CURRENCIES)
def test_exchanging_twice_is_exchanging_once(first: str, second: str, third: str) -> None:
    assert rate(first, second) * rate(second, third) == pytest.approx(rate(first, third))
    assert rate(first, first) == 1.0


LAGS = st.floats(0, 90 * DAY)
CONVERSIONS = st.lists(
    st.builds(Conversion, st.booleans(), LAGS, st.integers(1, 2), st.floats(0, 1e6)), max_size=30
)


@given(CONVERSIONS, CONVERSIONS, LAGS, LAGS)
def test_a_cut_of_a_sum_is_the_sum_of_the_cuts(
    some: list[Conversion], more: list[Conversion], click: float, view: float
) -> None:
    whole = Totals(conversions=list(some))
    whole.add(Totals(conversions=list(more)))
    parts = [Totals(conversions=list(part)).within(click=click, view=view) for part in (some, more)]
    count, value = whole.within(click=click, view=view)
    assert count == sum(part[0] for part in parts)
    assert value == pytest.approx(sum(part[1] for part in parts))
    assert whole.within(click=click)[0] + whole.within(view=view)[0] == count
