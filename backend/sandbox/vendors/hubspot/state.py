"""Everything that one HubSpot account is made of."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sandbox.vendors.hubspot import constants as ids
from sandbox.vendors.hubspot import schema
from sandbox.vendors.hubspot.hooks import Hooks
from sandbox.vendors.hubspot.limits import Limits
from sandbox.vendors.hubspot.records import Change, Record, Records
from sandbox.vendors.hubspot.stock import Stock
from sandbox.vendors.hubspot.tokens import Tokens
from sandbox.vendors.vendor import Ground

_ARCHIVE = "hubspot_archive"


class HubState:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.tokens = Tokens(ground.world.seed, ground.store)
        self.limits = Limits()
        self.hooks = Hooks(self.tokens.client_secret)
        self.records = Records(ground.store, self.hooks)
        self.made = schema.Definitions()
        self.calls: Counter[str] = Counter()
        """By path: how many were let through since somebody looked last."""
        self.stock: Stock | None = None
        self._archived = 0

    def lay(self) -> None:
        """Once the worlds are open: the CRM is the first shop's."""
        self.stock = Stock(self.ground, next(iter(self.ground.world.shops.values())))
        for change in self.stock.first():
            self.records.schedule(change)
        for count, at in self.ground.store.document(_ARCHIVE) or []:
            self._import(self.stock, count, at)

    @property
    def currency(self) -> str:
        return next(iter(self.ground.world.shops.values())).shop.currency

    @property
    def timezone(self) -> str:
        return next(iter(self.ground.world.shops.values())).shop.timezone

    def now(self) -> int:
        """Milliseconds; everything has come to pass that was to happen up to now."""
        seconds = self.ground.clock.now()
        if self.stock is not None:
            self.ground.world.run_to(seconds)
            for change in self.stock.orders(seconds):
                self.records.schedule(change)
        now = int(seconds * 1000)
        self.records.run_to(now)
        return now

    def archive(self, count: int) -> int:
        """So many more contacts, imported in this one moment; how many such there are."""
        now = self.now()
        if self.stock is not None:
            kept = self.ground.store.document(_ARCHIVE) or []
            self.ground.store.keep(_ARCHIVE, [*kept, [count, now]])
            self._import(self.stock, count, now)
            self.records.run_to(now)
        return self._archived

    def checked(self, kind: str, values: Any) -> dict[str, str | None]:
        return schema.checked(kind, values, self.made)

    def set(self, record: Record, values: Mapping[str, str | None]) -> Record:
        if record.kind == ids.CONTACTS:
            self.records.demand_free(values.get("email"), but=record.id)
        return self.records.write(Change(self.now(), record.kind, record.id, values))

    def create(self, kind: str, values: Mapping[str, str | None], linked: tuple[int, ...] = ()) -> Record:
        if kind == ids.CONTACTS:
            self.records.demand_free(values.get("email"))
        number = self.records.new_id(kind)
        return self.records.write(Change(self.now(), kind, number, values, linked=linked))

    def _import(self, stock: Stock, count: int, at: int) -> None:
        for change in stock.archive(ids.FIRST_ARCHIVED + self._archived, count, at):
            self.records.schedule(change)
        self._archived += count
