"""The shop's orders as Shopify holds them: those of the world, as its tape has them, and those made by hand."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.vendors.shopify import constants as ids
from sandbox.vendors.vendor import Ground
from sandbox.world.orders import Order
from sandbox.world.people import Person, person
from sandbox.world.shop import ShopWorld

_DOCUMENT = "shopify_changes"
_SUBSCRIBED = 0.55


@dataclass(frozen=True, slots=True)
class Refund:
    """`amount` in the shop's currency, `presentment` in the buyer's; both decimal text."""

    id: int
    at: int
    amount: str
    presentment: str


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought. Marketing states are Shopify's words; None where it was never asked."""

    customer: int | None
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    city: str | None = None
    province: str | None = None
    zip: str | None = None
    country: str | None = None
    email_state: str = "NOT_SUBSCRIBED"
    sms_state: str = "NOT_SUBSCRIBED"
    state_at: int | None = None
    no_sale: bool = False


@dataclass(frozen=True, slots=True)
class Sale:
    """An order. Times are whole seconds; money is decimal text, `current` what is left of it after edits."""

    id: int
    name: str
    at: int
    updated: int
    currency: str
    total: str
    current: str
    presentment_currency: str
    rate: str
    buyer: Buyer
    lines: tuple[tuple[str, str, int], ...] = ()
    refunds: tuple[Refund, ...] = ()
    cancelled_at: int | None = None
    test: bool = False
    financial_status: str = "PAID"

    def presented(self, amount: str) -> str:
        """In the buyer's currency."""
        return amount if self.rate == "1" else str(Decimal(amount) * Decimal(self.rate))

    @property
    def refunded(self) -> Decimal:
        return sum((Decimal(each.amount) for each in self.refunds), Decimal(0))


@dataclass(slots=True)
class _Index:
    """Ids by when they were updated last."""

    rows: list[tuple[int, int]] = field(default_factory=list)

    def move(self, number: int, before: int | None, after: int) -> None:
        if before is not None:
            place = bisect_left(self.rows, (before, number))
            if self.rows[place : place + 1] == [(before, number)]:
                del self.rows[place]
        insort(self.rows, (after, number))


class Records:
    """Nothing of the world is read before somebody asks: its past is long."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._store: Store = ground.store
        self._seen = ground.world.epoch
        self._orders: dict[int, Order] = {}
        self._numbers: dict[str, int] = {}
        self._changed: dict[int, Sale] = {
            row["id"]: _read(row) for row in self._store.document(_DOCUMENT) or []
        }
        self._index = _Index(sorted((sale.updated, sale.id) for sale in self._changed.values()))
        self._made = ids.FIRST_NEW_ORDER + sum(number >= ids.FIRST_NEW_ORDER for number in self._changed)
        self._refunds = ids.FIRST_NEW_REFUND + sum(
            refund.id >= ids.FIRST_NEW_REFUND for sale in self._changed.values() for refund in sale.refunds
        )

    @property
    def house(self) -> ShopWorld:
        return next(iter(self._ground.world.shops.values()))

    def now(self) -> int:
        """Whole seconds; every order and refund up to now is here."""
        seconds = self._ground.clock.now()
        house = self.house
        self._ground.world.run_to(seconds)
        placed = house.tape.orders_between(self._seen, seconds)
        for order in placed:
            number = ids.FIRST_ORDER + len(self._numbers)
            self._numbers[order.id], self._orders[number] = number, order
            if number not in self._changed:
                self._index.rows.append((int(order.at), number))
        for order in house.tape.refunds_between(self._seen, seconds):
            number = self._numbers.get(order.id, 0)
            if number and number not in self._changed:
                self._index.rows.append((int(order.refund_at or order.at), number))
        if placed:
            newest: dict[int, int] = {}
            for at, number in self._index.rows:
                newest[number] = max(at, newest.get(number, 0))
            self._index.rows = sorted((at, number) for number, at in newest.items())
        self._seen = max(self._seen, seconds)
        return int(seconds)

    def find(self, number: int) -> Sale | None:
        now = self.now()
        if number in self._changed:
            return self._changed[number]
        order = self._orders.get(number)
        return None if order is None else self._of_world(number, order, now)

    def by_name(self, name: str) -> Sale | None:
        now = self.now()
        number = self._numbers.get(name)
        if number is not None:
            return self.find(number)
        del now
        return next((sale for sale in self._changed.values() if sale.name == name), None)

    def between(self, since: int | None, until: int | None) -> Iterator[tuple[int, int]]:
        """(updated, id) of all that were updated in that time, in that order."""
        self.now()
        rows = self._index.rows
        start = 0 if since is None else bisect_left(rows, (since, 0))
        for row in rows[start:]:
            if until is not None and row[0] > until:
                return
            yield row

    def count(self) -> int:
        self.now()
        return len(self._index.rows)

    def make(self, sale: Mapping[str, Any]) -> Sale:
        number = self._made
        self._made += 1
        return self.keep(Sale(id=number, **sale))

    def keep(self, sale: Sale) -> Sale:
        before = self.find(sale.id)
        self._changed[sale.id] = sale
        self._index.move(sale.id, None if before is None else before.updated, sale.updated)
        self._store.keep(_DOCUMENT, [asdict(each) for each in self._changed.values()])
        return sale

    def refund(self, sale: Sale, amount: str, *, removes: bool) -> Sale:
        """Money back; with `removes`, for items that are taken out of the order as well."""
        now = max(self.now(), sale.updated + 1)
        refund = Refund(self._refunds, now, amount, sale.presented(amount))
        self._refunds += 1
        current = str(Decimal(sale.current) - Decimal(amount)) if removes else sale.current
        given = sale.refunded + Decimal(amount)
        status = "REFUNDED" if given >= Decimal(sale.total) else "PARTIALLY_REFUNDED"
        return self.keep(
            replace(
                sale,
                refunds=(*sale.refunds, refund),
                current=current,
                updated=now,
                financial_status=status,
            )
        )

    def of_person(self, index: int) -> Buyer:
        who = person(self.house.seed, self.house.shop, index)
        return self._buyer(who, ids.FIRST_CUSTOMER + index)

    def _of_world(self, number: int, order: Order, now: int) -> Sale:
        shop = self.house.shop
        total = _money(order.cents)
        who = person(self.house.seed, shop, order.person)
        buyer = self._buyer(who, None if order.guest else ids.FIRST_CUSTOMER + order.person)
        sale = Sale(
            id=number,
            name=order.id,
            at=int(order.at),
            updated=int(order.at),
            currency=shop.currency,
            total=total,
            current=total,
            presentment_currency=shop.currency,
            rate="1",
            buyer=buyer,
            lines=tuple((f"NW-{i + 1:03d}", f"Product {i + 1}", n) for i, n in order.lines),
        )
        if order.refund_at is None or order.refund_at > now:
            return sale
        at = int(order.refund_at)
        refund = Refund(ids.FIRST_REFUND + number - ids.FIRST_ORDER, at, total, total)
        return replace(sale, refunds=(refund,), current="0.00", updated=at, financial_status="REFUNDED")

    def _buyer(self, who: Person, customer: int | None) -> Buyer:
        chance = Chance(self.house.seed, "shopify-marketing", self.house.shop.id, who.index)
        subscribed = "SUBSCRIBED" if chance.happens(_SUBSCRIBED) else "NOT_SUBSCRIBED"
        return Buyer(
            customer=customer,
            email=who.email,
            phone=who.phone,
            first_name=who.first_name,
            last_name=who.last_name,
            city=who.city,
            province=who.state,
            zip=who.postal_code,
            country=who.country,
            email_state=subscribed,
            state_at=int(self._ground.world.epoch) if subscribed == "SUBSCRIBED" else None,
            no_sale=not who.allows_ads,
        )


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _read(row: Mapping[str, Any]) -> Sale:
    return Sale(
        **{
            **row,
            "buyer": Buyer(**row["buyer"]),
            "lines": tuple((sku, title, count) for sku, title, count in row["lines"]),
            "refunds": tuple(Refund(**each) for each in row["refunds"]),
        }
    )
