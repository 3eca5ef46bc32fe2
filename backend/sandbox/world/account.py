"""One ad account's past: an hourly tape of delivery and orders, written once and never changed.

What a campaign does next follows from what was set before: budgets enter as daily rates per ad set.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from math import log

from sandbox.chance import Chance
from sandbox.world import orders as buying
from sandbox.world.orders import Claim, Order
from sandbox.world.parameters import Curve, Shop
from sandbox.world.seasons import DAY, DELIVERY_BY_HOUR, HOUR, ORDERS_BY_HOUR, demand, local

_FATIGUE_KEEP = 0.5 ** (1 / (14 * 24))
_LOOK_BACK_HOURS = 168
_ORGANIC_VIEWS = 0.6


@dataclass(slots=True)
class Delivered:
    spend: float
    impressions: int
    clicks: int


@dataclass(slots=True)
class Line:
    """One ad set: the daily rate that was set for it, from when, and what each hour delivered."""

    id: str
    campaign: str
    first_hour: int
    times: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    hours: list[Delivered] = field(default_factory=list)
    adstock: float = 0.0
    slow: float = 0.0
    base: float = 0.0
    until: float | None = None

    def rate_at(self, at: float) -> float:
        if self.until is not None and at >= self.until:
            return 0.0
        index = bisect_right(self.times, at) - 1
        return self.rates[index] if index >= 0 else 0.0

    def mean_rate(self, hour: int) -> float:
        """The schedule's mean over the hour: a change at half past counts for half."""
        start, end = float(hour * HOUR), float((hour + 1) * HOUR)
        at, total = start, 0.0
        for time in [t for t in self.times[bisect_right(self.times, start) :] if t < end] + [end]:
            total += self.rate_at(at) * (time - at)
            at = time
        return total / HOUR

    def delivered(self, hour: int) -> Delivered | None:
        index = hour - self.first_hour
        return self.hours[index] if 0 <= index < len(self.hours) else None


@dataclass(slots=True)
class CampaignState:
    curve: Curve
    adstock: list[float] = field(default_factory=list)
    first_hour: int = 0
    pull: float = 1.0
    """The share of its orders that it still causes: creatives wear out, competitors come."""

    def adstock_at(self, hour: int) -> float:
        """Adstocked daily spend at the end of an hour."""
        index = hour - self.first_hour
        return self.adstock[index] if 0 <= index < len(self.adstock) else 0.0


class AccountWorld:
    def __init__(self, seed: int, shop: Shop, epoch_hour: int) -> None:
        self.seed = seed
        self.shop = shop
        self.epoch_hour = epoch_hour
        self.lines: dict[str, Line] = {}
        self.campaigns: dict[str, CampaignState] = {}
        self.spend_cap: float | None = None
        self.spent = 0.0
        self.orders: list[list[Order]] = []
        self.refunds: dict[int, list[Order]] = {}
        self._next_hour = epoch_hour

    @property
    def closed_hour(self) -> int:
        """The first hour whose delivery is not yet written."""
        return self._next_hour

    def add_campaign(self, campaign: str, curve: Curve) -> None:
        self.campaigns[campaign] = CampaignState(curve, first_hour=self._next_hour)

    def schedule(self, line: str, campaign: str, at: float, rate: float, until: float | None = None) -> None:
        """From `at` on, this ad set may spend `rate` a day (0 = it does not deliver), `until` its end."""
        entry = self.lines.get(line)
        if entry is None:
            entry = self.lines[line] = Line(line, campaign, self._next_hour)
            if self._next_hour == self.epoch_hour:
                entry.adstock = entry.slow = rate  # the past before the past: as if it had always run so
        if entry.base == 0.0:
            entry.base = rate
        entry.until = until
        if not entry.times or entry.rates[-1] != rate:
            entry.times.append(at)
            entry.rates.append(rate)

    def run_to(self, now: float) -> None:
        """Write every hour that has ended, and the orders of the hour that has begun."""
        current = int(now // HOUR)
        while self._next_hour < current:
            self._ensure_orders(self._next_hour)
            self._deliver(self._next_hour)
            self._next_hour += 1
        self._ensure_orders(current)

    def orders_between(self, start: float, end: float) -> list[Order]:
        """Orders placed in [start, end), in order of time."""
        first = max(0, int(start // HOUR) - self.epoch_hour)
        last = min(len(self.orders), int(end // HOUR) - self.epoch_hour + 1)
        return [o for hour in self.orders[first:last] for o in hour if start <= o.at < end]

    def refunds_between(self, start: float, end: float) -> list[Order]:
        hours = range(int(start // HOUR), int(end // HOUR) + 1)
        found = [
            o for h in hours for o in self.refunds.get(h, ()) if o.refund_at and start <= o.refund_at < end
        ]
        return sorted(found, key=lambda o: o.refund_at or 0.0)

    def delivered_clicks(self, line: str, hour: int) -> int:
        shown = self.lines[line].delivered(hour)
        return 0 if shown is None else shown.clicks

    def _deliver(self, hour: int) -> None:
        day, hour_of_day = local(hour, self.shop.timezone)
        shape = DELIVERY_BY_HOUR[hour_of_day]
        totals = dict.fromkeys(self.campaigns, 0.0)
        left = float("inf") if self.spend_cap is None else max(0.0, self.spend_cap - self.spent)
        for line in self.lines.values():
            chance = Chance(self.seed, "delivery", line.id, hour)
            steady = Chance(self.seed, "day", line.id, day.toordinal()).wobble(0.04)
            spend = min(left, line.mean_rate(hour) / 24 * shape * steady * chance.wobble(0.08))
            left -= spend
            self.spent += spend
            state = self.campaigns[line.campaign]
            keep = 0.5 ** (1 / state.curve.half_life_hours)
            pace = spend * 24 / shape
            line.adstock = keep * line.adstock + (1 - keep) * pace
            line.slow = _FATIGUE_KEEP * line.slow + (1 - _FATIGUE_KEEP) * pace
            totals[line.campaign] += line.adstock
            line.hours.append(self._shown(line, state.curve, spend, chance))
        for campaign, state in self.campaigns.items():
            state.adstock.append(totals[campaign])

    def _shown(self, line: Line, curve: Curve, spend: float, chance: Chance) -> Delivered:
        if spend <= 0.0:
            return Delivered(0.0, 0, 0)
        pressure = max(0.3, line.adstock / line.base) if line.base else 1.0
        cpm = curve.cpm * (1 + 0.12 * log(pressure)) * chance.wobble(0.05)
        impressions = round(spend / cpm * 1000)
        rate = curve.click_rate / (1 + self._fatigue(line, curve))
        return Delivered(spend, impressions, min(impressions, chance.poisson(impressions * rate)))

    @staticmethod
    def _fatigue(line: Line, curve: Curve) -> float:
        return curve.fatigue * max(0.0, line.slow / line.base - 1.0) if line.base else 0.0

    def _ensure_orders(self, hour: int) -> None:
        if len(self.orders) > hour - self.epoch_hour:
            return
        day, hour_of_day = local(hour, self.shop.timezone)
        breath = ORDERS_BY_HOUR[hour_of_day] * demand(day) / 24
        placed = self._caused(hour, None, self.shop.organic_orders * breath)
        for campaign, state in self.campaigns.items():
            spend = state.adstock_at(hour - 1) or self._before(campaign, hour)
            placed += self._caused(hour, campaign, self.incremental(campaign, spend) * breath)
        placed.sort(key=lambda order: order.at)
        self.orders.append(placed)
        for order in placed:
            if order.refund_at is not None:
                self.refunds.setdefault(int(order.refund_at // HOUR), []).append(order)

    def _before(self, campaign: str, hour: int) -> float:
        return (
            sum(x.adstock for x in self.lines.values() if x.campaign == campaign)
            if hour == self.epoch_hour
            else 0.0
        )

    def incremental(self, campaign: str, spend: float) -> float:
        """Orders a day that this adstocked spend causes now, worn by fatigue; before seasonality."""
        state = self.campaigns[campaign]
        curve = state.curve
        lines = [line for line in self.lines.values() if line.campaign == campaign]
        worn = max((self._fatigue(line, curve) for line in lines), default=0.0)
        return state.pull * curve.orders(spend) / (1 + worn)

    def _caused(self, hour: int, campaign: str | None, mean: float) -> list[Order]:
        cause = campaign or "organic"
        count = Chance(self.seed, "orders", self.shop.id, cause, hour).poisson(mean)
        chance = Chance(self.seed, "order", self.shop.id, cause, hour)
        return [self._order(hour, campaign, chance.child(number)) for number in range(count)]

    def _order(self, hour: int, campaign: str | None, chance: Chance) -> Order:
        order_id = f"{self.shop.id.upper()}-{hour}-{chance.hex(6)}"
        lines = buying.basket(chance, self.shop)
        at = hour * HOUR + chance.uniform() * HOUR
        lag, delay = buying.claim_lag(chance), buying.report_lag(chance)
        claim = self._claim(campaign, at, lag, chance)
        return Order(
            id=order_id,
            at=at,
            lines=lines,
            cents=buying.total_cents(self.shop, lines),
            person=int(self.shop.people * chance.uniform() ** 1.5),
            device=chance.below(3),
            guest=chance.happens(0.25),
            caused_by=campaign,
            claim=claim,
            seen_at=at + delay,
            refund_at=buying.refund_time(chance, at),
            loss=chance.uniform(),
            doubling=chance.uniform(),
            keys=chance.uniform(),
        )

    def _claim(self, campaign: str | None, at: float, lag: float, chance: Chance) -> Claim | None:
        draw, share = chance.uniform(), chance.uniform()
        if campaign is None:
            claimed = self._overclaimer(int(at // HOUR), draw)
            viewed = share < _ORGANIC_VIEWS
        else:
            claimed = campaign if draw < buying.CLICK_CLAIM + buying.VIEW_CLAIM else None
            viewed = draw >= buying.CLICK_CLAIM
        if claimed is None:
            return None
        return self._claim_on(claimed, at, min(lag, 0.95 * DAY) if viewed else lag, chance, viewed=viewed)

    def _overclaimer(self, hour: int, draw: float) -> str | None:
        """Organic buyers who had seen an ad anyway: who spends more claims more of them."""
        edge = 0.0
        for campaign, state in self.campaigns.items():
            spend = state.adstock_at(hour - 1) or self._before(campaign, hour)
            edge += state.curve.overclaim * buying.saturation(spend, state.curve.scale)
            if draw < edge:
                return campaign
        return None

    def _claim_on(
        self, campaign: str, at: float, lag: float, chance: Chance, *, viewed: bool
    ) -> Claim | None:
        """To the campaign's ad sets by their spend, at an hour in which that ad set did deliver."""
        lines = [line for line in self.lines.values() if line.campaign == campaign and line.adstock > 0.0]
        if not lines:
            return None
        mark = chance.uniform() * sum(line.adstock for line in lines)
        line = lines[-1]
        for candidate in lines:
            mark -= candidate.adstock
            if mark < 0.0:
                line = candidate
                break
        when = self._delivering(line, at - lag, at)
        return None if when is None else Claim(line.id, when, viewed)

    def _delivering(self, line: Line, touch: float, at: float) -> float | None:
        """The touch itself, or else the last hour before it in which the ad set was shown."""
        hour = int(touch // HOUR)
        if hour < self.epoch_hour:
            return touch
        if hour >= self._next_hour and line.rate_at(hour * HOUR) > 0.0:
            return touch
        newest = min(hour, self._next_hour - 1)
        for earlier in range(newest, max(newest - _LOOK_BACK_HOURS, line.first_hour - 1), -1):
            shown = line.delivered(earlier)
            if shown is not None and shown.spend > 0.0:
                moved = touch if earlier == hour else (earlier + 0.5) * HOUR
                return moved if at - moved <= 7 * DAY else None
        return None
