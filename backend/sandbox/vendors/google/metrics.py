"""Reports: the world's cells, summed by entity and segments, as Google counts: by click, in the action's window."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.vendors.google.book import Entity
from sandbox.vendors.google.constants import BILLABLE_UNITS
from sandbox.vendors.google.fields import CONVERSION_SEGMENTS
from sandbox.vendors.google.plan import Plan
from sandbox.vendors.google.rows import ad_group_row, campaign_row, rows
from sandbox.vendors.google.state import MICROS, GoogleState
from sandbox.vendors.google.times import account_day
from sandbox.world.seasons import DAY

Row = dict[str, Any]


@dataclass(slots=True)
class Sums:
    spend: float = 0.0
    impressions: int = 0
    clicks: int = 0
    conversions: float = 0.0
    value: float = 0.0
    views: int = 0
    by_date: float = 0.0
    value_by_date: float = 0.0

    @property
    def any(self) -> bool:
        return bool(self.impressions or self.spend or self.clicks or self.any_conversion)

    @property
    def any_conversion(self) -> bool:
        return bool(self.conversions or self.views or self.by_date)

    def metrics(self, unit: int) -> Row:
        """`unit` is the smallest amount that the currency is billed in, in micros."""
        cost = round(self.spend * MICROS / unit) * unit
        found: Row = {
            "metrics.cost_micros": cost,
            "metrics.impressions": self.impressions,
            "metrics.clicks": self.clicks,
            "metrics.conversions": self.conversions,
            "metrics.conversions_value": round(self.value, 6),
            "metrics.all_conversions": self.conversions,
            "metrics.all_conversions_value": round(self.value, 6),
            "metrics.view_through_conversions": self.views,
            "metrics.conversions_by_conversion_date": self.by_date,
            "metrics.conversions_value_by_conversion_date": round(self.value_by_date, 6),
        }
        ratios = {
            "metrics.ctr": (self.clicks, self.impressions),
            "metrics.average_cpc": (float(cost), self.clicks),
            "metrics.cost_per_conversion": (float(cost), self.conversions),
        }
        return found | {name: above / below for name, (above, below) in ratios.items() if below}


def measured(google: GoogleState, customer: str, plan: Plan) -> Iterator[Row]:
    """Rows with metrics. What has none is left out where a segment is shown, as at Google."""
    shown = _entities(google, customer, plan.query.resource)
    sums = _sums(google, customer, plan)
    unit = BILLABLE_UNITS[google.customers[customer].currency]
    actions = [one for one in google.book.of(customer, "conversion_action") if one.hidden.get("world")]
    for key, row in shown.items():
        found = sums.get(key, {})
        if not plan.segments:
            total = found.get((), Sums())
            yield row | total.metrics(unit)
            continue
        for segments in sorted(found, key=repr):
            yield from _segmented(row, dict(segments), found[segments], plan, (unit, actions))


def _segmented(
    row: Row, segments: Row, sums: Sums, plan: Plan, money: tuple[int, list[Entity]]
) -> Iterator[Row]:
    unit, actions = money
    if not CONVERSION_SEGMENTS & set(plan.segments):
        if sums.any:
            yield row | segments | sums.metrics(unit)
        return
    if not sums.any_conversion:
        return
    for action in actions:
        yield (
            row
            | segments
            | {
                "segments.conversion_action": action.name,
                "segments.conversion_action_name": action.data["name"],
                "segments.conversion_action_category": action.data["category"],
            }
            | sums.metrics(unit)
        )


def _entities(google: GoogleState, customer: str, resource: str) -> dict[str, Row]:
    if resource == "customer":
        return {customer: next(iter(rows(google, customer, "customer")))}
    read = campaign_row if resource == "campaign" else ad_group_row
    with_budget = resource == "campaign"
    found = {}
    for entity in google.book.of(customer, resource):
        row = read(google, entity)
        if with_budget:
            budget = google.book.get(entity.data["campaign_budget"])
            own = {f"campaign_budget.{n}": v for n, v in budget.data.items() if v is not None}
            row |= own | {"campaign_budget.resource_name": budget.name, "campaign_budget.id": int(budget.id)}
        found[entity.id] = row
    return found


def _sums(google: GoogleState, customer: str, plan: Plan) -> dict[str, dict[tuple[Any, ...], Sums]]:
    world, reporter = google.ground.account(customer), google.ground.reporter(customer)
    since, until = _span(google, customer, plan)
    click, view = _windows(google, customer)
    dates = [(name, test) for name, test in plan.tests if name.startswith("segments.")]
    found: dict[str, dict[tuple[Any, ...], Sums]] = {}

    def place(line: str, day: date, hour: int) -> Sums | None:
        key = _key(plan.query.resource, customer, world.lines[line].campaign, line)
        segments = _segments(day, hour)
        if not since <= day <= until:
            return None
        if not all(test(segments[name]) for name, test in dates if name in segments):
            return None
        cut = tuple((name, segments[name]) for name in plan.segments if name in segments)
        return found.setdefault(key, {}).setdefault(cut, Sums())

    for (line, day, hour), totals in reporter.cells(since, until).items():
        into = place(line, day, hour)
        if into is not None:
            count, value = totals.within(click=click)
            into.spend += totals.spend
            into.impressions += totals.impressions
            into.clicks += totals.clicks
            into.conversions += count
            into.value += value
            into.views += totals.within(view=view)[0]
    if any(name.endswith("_by_conversion_date") for name in plan.metrics):
        for (line, day, hour), totals in reporter.cells(since, until, by_conversion=True).items():
            into = place(line, day, hour)
            if into is not None:
                count, value = totals.within(click=click)
                into.by_date += count
                into.value_by_date += value
    return found


def _key(resource: str, customer: str, campaign: str, line: str) -> str:
    return {"customer": customer, "campaign": campaign, "ad_group": line}[resource]


def _span(google: GoogleState, customer: str, plan: Plan) -> tuple[date, date]:
    """All days that the world has, where the query names none."""
    zone = google.timezone(customer)
    first = account_day(google.world.epoch, zone) - timedelta(days=1)
    today = account_day(google.now(), zone)
    return max(first, plan.since or first), min(today, plan.until or today)


def _windows(google: GoogleState, customer: str) -> tuple[float, float]:
    """Seconds after a click and after a view, of the action by which the world's purchases count."""
    for action in google.book.of(customer, "conversion_action"):
        if action.hidden.get("world"):
            days = action.data
            return (
                float(days["click_through_lookback_window_days"]) * DAY,
                float(days["view_through_lookback_window_days"]) * DAY,
            )
    return 0.0, 0.0


def _segments(day: date, hour: int) -> Row:
    return {
        "segments.date": day.isoformat(),
        "segments.week": (day - timedelta(days=day.weekday())).isoformat(),
        "segments.month": day.replace(day=1).isoformat(),
        "segments.hour": hour,
    }
