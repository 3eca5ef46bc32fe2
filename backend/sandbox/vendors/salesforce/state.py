"""Everything that one org is made of."""

from collections import Counter, deque
from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from sandbox.vendors.salesforce import constants as sf
from sandbox.vendors.salesforce import ids
from sandbox.vendors.salesforce.errors import SalesforceError
from sandbox.vendors.salesforce.limits import Limits
from sandbox.vendors.salesforce.records import Change, Record, Records
from sandbox.vendors.salesforce.schema import FIELDS, Schema
from sandbox.vendors.salesforce.soql import Query
from sandbox.vendors.salesforce.stock import Stock
from sandbox.vendors.salesforce.tokens import Tokens
from sandbox.vendors.vendor import Ground

_ARCHIVE = "salesforce_archive"
_MOST_CURSORS = 10


class OrgState:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.tokens = Tokens(ground.world.seed, ground.store)
        self.limits = Limits()
        self.schema = Schema()
        self.records = Records(ground.store)
        self.stock: Stock | None = None
        self.cursors: dict[str, tuple[Query, list[Record]]] = {}
        self._opened: deque[str] = deque()
        self._archived = 0
        self.assigns_leads_to: str | None = None
        self.refuses_doubles = False
        self.calls: Counter[str] = Counter()
        """By method and path: how many were let through since somebody looked last."""

    def lay(self) -> None:
        """Once the worlds are open: the org is the first shop's."""
        self.stock = Stock(self.ground, next(iter(self.ground.world.shops.values())))
        for change in self.stock.first():
            self.records.schedule(change)
        for count, at in self.ground.store.document(_ARCHIVE) or []:
            self._import(self.stock, count, at)

    @property
    def currency(self) -> str:
        return next(iter(self.ground.world.shops.values())).shop.currency

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

    def today(self) -> str:
        """The org's day."""
        seconds = self.ground.clock.now()
        return "" if self.stock is None else self.stock.day(seconds).isoformat()

    def archive(self, count: int) -> int:
        """So many more contacts, imported in this one moment; how many such there are."""
        now = self.now()
        if self.stock is not None:
            kept = self.ground.store.document(_ARCHIVE) or []
            self.ground.store.keep(_ARCHIVE, [*kept, [count, now]])
            self._import(self.stock, count, now)
            self.records.run_to(now)
        return self._archived

    def set(self, record: Record, values: Mapping[str, Any]) -> Record:
        self._demand_parents(record.kind, values)
        return self.records.write(Change(self.now(), record.kind, record.id, values))

    def create(self, kind: str, values: Mapping[str, Any]) -> Record:
        self._demand_parents(kind, values)
        self._demand_no_double(kind, values)
        name = self.records.new_id(kind)
        common: dict[str, Any] = {"CurrencyIsoCode": self.currency}
        if "OwnerId" in FIELDS[kind]:
            common["OwnerId"] = sf.USER_ID
        return self.records.write(Change(self.now(), kind, name, common | dict(values)))

    def delete(self, record: Record) -> None:
        self.records.write(Change(self.now(), record.kind, record.id, deleted=True))

    def merge(self, record: Record, into: Record) -> None:
        """It goes into the bin, and names the one that is left."""
        change = Change(self.now(), record.kind, record.id, {"MasterRecordId": into.id}, deleted=True)
        self.records.write(change)

    def found(self, kind: str, text: Any) -> Record:
        name = ids.read(text)
        record = None if name is None else self.records.find(kind, name)
        if record is not None:
            return record
        if name is not None and self.records.deleted(kind, name):
            raise SalesforceError("ENTITY_IS_DELETED", "entity is deleted", status=404)
        message = f"Provided external ID field does not exist or is not accessible: {text}"
        raise SalesforceError("NOT_FOUND", message, status=404)

    def keep_cursor(self, query: Query, rows: list[Record]) -> str:
        """For the rest of what was found, as it was found; the oldest makes room."""
        name = f"01g{token_hex(8)[:15]}"
        self.cursors[name] = (query, rows)
        self._opened.append(name)
        while len(self._opened) > _MOST_CURSORS:
            self.cursors.pop(self._opened.popleft(), None)
        return name

    def _demand_no_double(self, kind: str, values: Mapping[str, Any]) -> None:
        """By names, as the standard matching rules go by them too; of who has no first name nothing is said."""
        named = values.get("FirstName"), values.get("LastName")
        if not self.refuses_doubles or kind not in {sf.CONTACT, sf.LEAD} or None in named:
            return
        for other in (*self.records.all(sf.CONTACT), *self.records.all(sf.LEAD)):
            if (other.value("FirstName"), other.value("LastName")) == named:
                message = "Use one of these records?"
                raise SalesforceError("DUPLICATES_DETECTED", message, fields=())

    def _demand_parents(self, kind: str, values: Mapping[str, Any]) -> None:
        for field in FIELDS[kind].values():
            name = values.get(field.name)
            if field.refers and name is not None and self.records.find(field.refers, name) is None:
                message = f"invalid cross reference id: {name}"
                raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", message, fields=(field.name,))

    def _import(self, stock: Stock, count: int, at: int) -> None:
        for change in stock.archive(sf.FIRST_ARCHIVED + self._archived, count, at):
            self.records.schedule(change)
        self._archived += count
