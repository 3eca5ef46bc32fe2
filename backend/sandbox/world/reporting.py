"""What a platform says happened: late, over-claimed, restated, and distorted by faults."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from sandbox.chance import Chance
from sandbox.faults import Fault, FaultBook
from sandbox.world.account import AccountWorld
from sandbox.world.orders import Claim, Order
from sandbox.world.seasons import DAY, HOUR, day_start, local

ALL = float("inf")
NOON = 12
_BOT_CLICKS = 5.0


class Conversion(NamedTuple):
    """Claimed purchases of one order: `lag` seconds after the ad was clicked, or viewed; 2 where counted twice."""

    viewed: bool
    lag: float
    purchases: int
    value: float


@dataclass(slots=True)
class Totals:
    """Money in the account's major unit. An attribution window is a cut through `conversions`."""

    spend: float = 0.0
    impressions: int = 0
    clicks: int = 0
    conversions: list[Conversion] = field(default_factory=list)

    def within(self, *, click: float = 0.0, view: float = 0.0) -> tuple[int, float]:
        """Purchases and their value within so many seconds of a click, or of a view; 0 counts none of a kind."""
        count, value = 0, 0.0
        for one in self.conversions:
            window = view if one.viewed else click
            if window and one.lag <= window:
                count += one.purchases
                value += one.value
        return count, value

    def add(self, other: "Totals") -> None:
        self.spend += other.spend
        self.impressions += other.impressions
        self.clicks += other.clicks
        self.conversions += other.conversions


Cell = tuple[str, date, int]


def severity(windows: list[Fault], at: float) -> float:
    return max((f.severity for f in windows if f.covers(at)), default=0.0)


def lost_share(windows: list[Fault], at: float) -> float:
    """Slow loss: 5 % x severity a day, compounding from the fault's start."""
    kept = 1.0
    for fault in windows:
        if fault.covers(at):
            kept *= (1.0 - 0.05 * fault.severity) ** ((at - fault.start) / DAY)
    return 1.0 - kept


class Reporter:
    """Reads one account's claims and delivery through the faults that touch it, as known at `as_of`."""

    def __init__(self, world: AccountWorld, faults: FaultBook, now: float) -> None:
        self._world = world
        self._faults: Callable[[str], list[Fault]] = lambda kind: faults.windows(kind, world.id)
        stale = [f.start for f in self._faults("stale_api") if f.covers(now)]
        self.as_of = min([now, *stale])
        self._now = now
        self._shift = round(12 * severity(self._faults("timezone_shift"), now))
        self._reach = max(world.habits.click_days, world.habits.view_days) * DAY
        self._pixel = self._faults("pixel_drop")
        self._slow = self._faults("slow_loss")
        self._consent = self._faults("consent_banner_loss")
        self._double = self._faults("duplicated_events")
        self._hundred = self._faults("currency_100x")
        self._window = self._faults("attribution_window_change")
        self._restate = [f for f in self._faults("restatement") if f.covers(now)]

    def cells(self, since: date, until: date, *, by_conversion: bool = False) -> dict[Cell, Totals]:
        """Per (ad set, account day, hour), days inclusive; conversions on the click's day unless asked."""
        hidden = self._missing()
        found = self._archived(since, until)
        for line, hour, shown in self._delivery(since, until):
            if line not in hidden:
                _put(found, (line, *self._local(hour)), shown)
        for order, claim, at in self._claimed(since, until, by_conversion=by_conversion):
            if claim.line not in hidden:
                own = Totals(conversions=[self._conversion(order, claim)])
                _put(found, (claim.line, *self._local(int(at // HOUR))), own)
        return found

    def purchases_of(self, line: str, since: float) -> int:
        """Claimed conversions of one ad set from a moment on (its learning phase counts them)."""
        mine = self._world.id
        orders = self._world.orders_between(since, self.as_of)
        claims = ((order, order.claims.get(mine)) for order in orders)
        return sum(1 for o, claim in claims if claim and claim.line == line and self._reported(o, claim))

    def browser_events(self, start: float, end: float) -> list[Order]:
        """Purchases of which the pixel told the platform, claimed or not."""
        return [o for o in self._world.orders_between(start, min(end, self.as_of)) if not self._lost(o)]

    def keyed(self, order: Order) -> bool:
        """Whether the pixel's event of this purchase carried e-mail, phone and the shop's own id."""
        windows = self._faults("match_key_collapse")
        return not (windows and self._world.turned(order.keys) < severity(windows, order.at))

    def _local(self, hour: int) -> tuple[date, int]:
        return local(hour - self._shift, self._world.timezone)

    def _bounds(self, since: date, until: date) -> tuple[float, float]:
        timezone, shift = self._world.timezone, self._shift * HOUR
        after = date.fromordinal(until.toordinal() + 1)
        return day_start(since, timezone) + shift, day_start(after, timezone) + shift

    def _missing(self) -> set[str]:
        share = severity(self._faults("partial_sync"), self._now)
        seed = self._world.seed
        return {x for x in self._world.lines if share and Chance(seed, "partial", x).uniform() < share}

    def _delivery(self, since: date, until: date) -> Iterator[tuple[str, int, Totals]]:
        start, end = self._bounds(since, until)
        bots, micros = self._faults("bot_clicks"), self._faults("micros_unit")
        first, last = int(start // HOUR), int(min(end, self.as_of) // HOUR)
        for line in self._world.lines.values():
            for hour in range(max(first, line.first_hour), last):
                shown = line.delivered(hour)
                if shown is None or shown.impressions == 0:
                    continue
                clicks, spend = shown.clicks, shown.spend
                if bots:
                    clicks = round(clicks * (1 + _BOT_CLICKS * severity(bots, hour * HOUR)))
                if micros and severity(micros, hour * HOUR):
                    spend *= 1_000_000
                yield line.id, hour, Totals(spend, shown.impressions, clicks)

    def _archived(self, since: date, until: date) -> dict[Cell, Totals]:
        if self._world.archive is None:
            return {}
        days = self._world.archive.between(since, until)
        return {
            (line, day, NOON): Totals(
                one.spend,
                one.impressions,
                one.clicks,
                [Conversion(viewed=False, lag=HOUR, purchases=one.purchases, value=one.value)],
            )
            for (line, day), one in days.items()
        }

    def _claimed(
        self, since: date, until: date, *, by_conversion: bool
    ) -> Iterator[tuple[Order, Claim, float]]:
        start, end = self._bounds(since, until)
        last, mine = (end if by_conversion else end + self._reach), self._world.id
        for order in self._world.orders_between(start, min(last, self.as_of)):
            claim = order.claims.get(mine)
            if claim is None or not self._reported(order, claim):
                continue
            at = order.at if by_conversion else claim.at
            if start <= at < end:
                yield order, claim, at

    def _reported(self, order: Order, claim: Claim) -> bool:
        if claim.seen_at > self.as_of or self._lost(order):
            return False
        if self._window and severity(self._window, order.at) and order.at - claim.at > DAY:
            return False
        if not self._restate:
            return True
        keys = self._world.turned(order.keys)
        return not any(claim.at < f.start and keys < f.severity for f in self._restate)

    def _lost(self, order: Order) -> bool:
        turned = self._world.turned
        if self._pixel and turned(order.loss) < severity(self._pixel, order.at):
            return True
        if self._slow and turned(order.loss) < lost_share(self._slow, order.at):
            return True
        return bool(self._consent) and refuses(
            self._world.seed, order.person, severity(self._consent, order.at)
        )

    def _conversion(self, order: Order, claim: Claim) -> Conversion:
        turned = self._world.turned
        value = order.cents / 100 * self._world.exchange
        if self._hundred and turned(order.loss) < severity(self._hundred, order.at):
            value *= 100
        count = 2 if self._double and turned(order.doubling) < severity(self._double, order.at) else 1
        return Conversion(claim.viewed, order.at - claim.at, count, value * count)


def _put(cells: dict[Cell, Totals], key: Cell, more: Totals) -> None:
    cell = cells.get(key)
    if cell is None:
        cells[key] = more
    else:
        cell.add(more)


def refuses(seed: int, person: int, share: float) -> bool:
    """Whether this person says no to the banner, while `share` of all people do."""
    return share > 0.0 and Chance(seed, "banner", person).uniform() < share
