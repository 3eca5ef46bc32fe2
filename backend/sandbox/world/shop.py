"""One shop's past: orders that come of themselves, and those that the campaigns of its ad accounts cause."""

from collections.abc import Iterator
from typing import NamedTuple

from sandbox.chance import Chance
from sandbox.world import orders as buying
from sandbox.world.account import Account, AccountWorld
from sandbox.world.claims import Claimant
from sandbox.world.orders import Claim, Order
from sandbox.world.parameters import Shop
from sandbox.world.seasons import HOUR, ORDERS_BY_HOUR, demand, local
from sandbox.world.tape import Tape


class _Cause(NamedTuple):
    """`daily`: orders a day, before the hour and the season breathe on them."""

    account: str | None
    campaign: str | None
    daily: float


class ShopWorld:
    """Its accounts live through the hours together. Each platform claims for itself, and knows of no other."""

    def __init__(self, seed: int, shop: Shop, epoch_hour: int) -> None:
        self.seed = seed
        self.shop = shop
        self.tape = Tape(epoch_hour)
        self.accounts: dict[str, AccountWorld] = {}
        self._next_hour = epoch_hour

    def open_account(self, account: Account) -> AccountWorld:
        """Before time runs. The first one's claims are drawn from the orders' own streams."""
        if self.tape.orders:
            raise RuntimeError(f"{account.id} comes late: its shop has already sold")
        found = AccountWorld(self.seed, account, self.shop, self.tape, first=not self.accounts)
        self.accounts[account.id] = found
        return found

    def run_to(self, now: float) -> None:
        """Write every hour that has ended, and the orders of the hour that has begun."""
        current = int(now // HOUR)
        while self._next_hour < current:
            self._ensure_orders(self._next_hour)
            for account in self.accounts.values():
                account.deliver()
            self._next_hour += 1
        self._ensure_orders(current)

    def _ensure_orders(self, hour: int) -> None:
        if self.tape.holds(hour):
            return
        day, hour_of_day = local(hour, self.shop.timezone)
        breath = ORDERS_BY_HOUR[hour_of_day] * demand(day) / 24
        claimants = [Claimant(account, hour) for account in self.accounts.values()]
        placed = [o for cause in self._causes(hour) for o in self._caused(hour, breath, cause, claimants)]
        placed.sort(key=lambda order: order.at)
        self.tape.write(placed)

    def _causes(self, hour: int) -> Iterator[_Cause]:
        yield _Cause(None, None, self.shop.organic_orders)
        for name, account in self.accounts.items():
            for campaign in account.campaigns:
                spend = account.adstock_before(campaign, hour)
                yield _Cause(name, campaign, account.incremental(campaign, spend))

    def _caused(self, hour: int, breath: float, cause: _Cause, claimants: list[Claimant]) -> Iterator[Order]:
        name = cause.campaign or "organic"
        count = Chance(self.seed, "orders", self.shop.id, name, hour).poisson(cause.daily * breath)
        chance = Chance(self.seed, "order", self.shop.id, name, hour)
        for number in range(count):
            yield self._order(hour, cause, chance.child(number), claimants)

    def _order(self, hour: int, cause: _Cause, chance: Chance, claimants: list[Claimant]) -> Order:
        streams = [chance, *(chance.child(claimant.salt) for claimant in claimants[1:])]
        order_id = f"{self.shop.id.upper()}-{hour}-{chance.hex(6)}"
        lines = buying.basket(chance, self.shop)
        at = hour * HOUR + chance.uniform() * HOUR
        claims: dict[str, Claim] = {}
        for claimant, stream in zip(claimants, streams, strict=False):
            claim = claimant.claim(cause.campaign if cause.account == claimant.id else None, at, stream)
            if claim is not None:
                claims[claimant.id] = claim
        return Order(
            id=order_id,
            at=at,
            lines=lines,
            cents=buying.total_cents(self.shop, lines),
            person=int(self.shop.people * chance.uniform() ** 1.5),
            device=chance.below(3),
            guest=chance.happens(0.25),
            caused_by=cause.campaign,
            claims=claims,
            refund_at=buying.refund_time(chance, at),
            loss=chance.uniform(),
            doubling=chance.uniform(),
            keys=chance.uniform(),
        )
