"""One ad account's past: what each hour delivered, written once and never changed.

What a campaign does next follows from what was set before: budgets enter as daily rates per ad set.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from math import log

from sandbox.chance import Chance
from sandbox.world import exchange
from sandbox.world.archive import Archive
from sandbox.world.lines import CampaignState, Delivered, Line
from sandbox.world.orders import Order
from sandbox.world.parameters import Curve, Habits, Shop
from sandbox.world.seasons import DELIVERY_BY_HOUR, local
from sandbox.world.tape import Tape

_FATIGUE_KEEP = 0.5 ** (1 / (14 * 24))


@dataclass(frozen=True, slots=True)
class Account:
    """An ad account at a platform. Its money and its days are its own; empty means as the shop's."""

    id: str
    platform: str
    currency: str = ""
    timezone: str = ""
    habits: Habits = field(default_factory=Habits)


@lru_cache(maxsize=1_000)
def _day_sway(seed: int, line: str, day: int) -> float:
    """The same for every hour of an ad set's day."""
    return Chance(seed, "day", line, day).wobble(0.04)


class AccountWorld:
    """Money in the account's major unit. `tape` holds the orders of the shop, whoever caused them."""

    def __init__(self, seed: int, account: Account, shop: Shop, tape: Tape, *, first: bool) -> None:
        self.seed = seed
        self.id = account.id
        self.platform = account.platform
        self.currency = account.currency or shop.currency
        self.timezone = account.timezone or shop.timezone
        self.habits = account.habits
        self.shop = shop
        self.tape = tape
        self.epoch_hour = tape.epoch_hour
        self.exchange = exchange.rate(shop.currency, self.currency)
        """One unit of the shop's money in the account's."""
        self.lines: dict[str, Line] = {}
        self.campaigns: dict[str, CampaignState] = {}
        self.archive: Archive | None = None
        self.spend_cap: float | None = None
        self.spent = 0.0
        self.first = first
        chance = Chance(seed, "account", account.id)
        self.salt = chance.bits()
        self._turn = 0.0 if first else chance.uniform()
        self._next_hour = tape.epoch_hour

    @property
    def closed_hour(self) -> int:
        """The first hour whose delivery is not yet written."""
        return self._next_hour

    def turned(self, draw: float) -> float:
        """An order's draw as this account's pixel sees it: what one platform loses, another may have."""
        return (draw + self._turn) % 1.0

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

    def orders_between(self, start: float, end: float) -> list[Order]:
        """The shop's orders placed in [start, end), in order of time."""
        return self.tape.orders_between(start, end)

    def delivered_clicks(self, line: str, hour: int) -> int:
        shown = self.lines[line].delivered(hour)
        return 0 if shown is None else shown.clicks

    def deliver(self) -> None:
        """Write the next hour. The account's day sways its spending; the shop's people are awake by theirs."""
        hour = self._next_hour
        day, _ = local(hour, self.timezone)
        shape = DELIVERY_BY_HOUR[local(hour, self.shop.timezone)[1]]
        totals = dict.fromkeys(self.campaigns, 0.0)
        left = float("inf") if self.spend_cap is None else max(0.0, self.spend_cap - self.spent)
        for line in self.lines.values():
            chance = Chance(self.seed, "delivery", line.id, hour)
            steady = _day_sway(self.seed, line.id, day.toordinal())
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
        self._next_hour += 1

    def adstock_before(self, campaign: str, hour: int) -> float:
        """Adstocked daily spend with which an hour begins."""
        spend = self.campaigns[campaign].adstock_at(hour - 1)
        if spend or hour != self.epoch_hour:
            return spend
        return sum(x.adstock for x in self.lines.values() if x.campaign == campaign)

    def incremental(self, campaign: str, spend: float) -> float:
        """Orders a day that this adstocked spend causes now, worn by fatigue; before seasonality."""
        state = self.campaigns[campaign]
        curve = state.curve
        lines = [line for line in self.lines.values() if line.campaign == campaign]
        worn = max((self._fatigue(line, curve) for line in lines), default=0.0)
        return state.pull * curve.orders(spend) / (1 + worn)

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
