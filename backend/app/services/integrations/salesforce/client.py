"""Salesforce's contacts, leads and opportunities, read by when they were modified.

A window of modification is walked by the records' ids, each page being the first of those beyond the last id: an
OFFSET ends at two thousand, and what is modified meanwhile leaves the window and is in the next one. Contacts come
first, then the leads that have not become one: their ids begin with other characters, so that the last id says
which of the two is under way.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.services.integrations.crm.ports import (
    Gone,
    GonePage,
    Kind,
    RemoteCrm,
    RemoteDeal,
    RemoteObject,
    RemoteProperty,
    ValueKind,
    Window,
)
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.salesforce.ids import malformed, whole_id
from app.services.integrations.salesforce.transport import SalesforceTransport

_BATCH = 200
_ADDRESSES = 50
"""In one query: an address bar holds sixteen thousand characters."""
_NOT_FOUND = 404
_LEADS_BEGIN = "00Q"
_FIELD = re.compile(r"[A-Za-z0-9_]{1,100}")
_KINDS: Mapping[Kind, tuple[str, ...]] = {"contacts": ("Contact", "Lead"), "deals": ("Opportunity",)}
_MERGEABLE = frozenset({"Contact", "Lead"})
_COMPOUND = frozenset({"address", "location", "base64"})
_VALUES: Mapping[str, ValueKind] = {
    **dict.fromkeys(("string", "textarea", "email", "phone", "url", "encryptedstring", "combobox"), "text"),
    **dict.fromkeys(("double", "currency", "percent", "int", "long"), "number"),
    **dict.fromkeys(("picklist", "multipicklist"), "choice"),
    **dict.fromkeys(("date", "datetime"), "date"),
    "boolean": "bool",
}
EXACT_DIGITS = 15
"""So many digits of a number come through JSON unchanged."""
_OF_LEAD: Mapping[str, str] = {
    f"mailing{part.lower()}": part for part in ("Street", "City", "State", "PostalCode", "Country")
}
_DEAL = ("StageName", "IsClosed", "IsWon", "Amount", "CloseDate")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Org:
    id: str
    name: str
    zone: ZoneInfo
    several_currencies: bool
    currency: str | None
    """Of an org that has but one."""


class SalesforceCrm:
    page_size = 200
    sweep_every = timedelta(0)
    person: Mapping[str, str] = {
        "FirstName": "firstName",
        "LastName": "lastName",
        "MailingCity": "city",
        "MailingState": "state",
        "MailingPostalCode": "postalCode",
        "MailingCountry": "country",
    }

    def __init__(self, transport: SalesforceTransport) -> None:
        self._transport = transport
        self._known_org: _Org | None = None
        self._fields: dict[str, Mapping[str, Row]] = {}

    async def account(self) -> RemoteCrm:
        org = await self._org()
        currency = await self._corporate_currency() if org.several_currencies else org.currency
        return RemoteCrm(org.id, org.name, currency)

    async def properties(self, kind: Kind) -> list[RemoteProperty]:
        found = [
            RemoteProperty(
                str(each["name"]),
                str(each.get("label") or each["name"]),
                str(each.get("type")),
                each.get("updateable") is False,
                _VALUES.get(str(each.get("type")), "other"),
                _options(each),
                each.get("custom") is not True,
            )
            for each in (await self.fields_of(_KINDS[kind][0])).values()
            if each.get("name") and each.get("type") not in _COMPOUND
        ]
        return sorted(found, key=lambda each: each.name)

    async def newest(self, kind: Kind) -> datetime | None:
        moments = []
        for each in _KINDS[kind]:
            ask = f"SELECT SystemModstamp FROM {each}{_where([*_unconverted(each)])}"  # noqa: S608
            rows = await self._seen(each, f"newest_{each}", f"{ask} ORDER BY SystemModstamp DESC LIMIT 1")
            moments += [_moment(row.get("SystemModstamp")) for row in rows]
        return max(moments, default=None)

    async def contacts(
        self, window: Window, after: str | None, properties: Sequence[str]
    ) -> list[RemoteObject]:
        last = None if after is None else whole_id(after)
        rows: list[RemoteObject] = []
        if last is None or not is_lead(last):
            found = await self._page("Contact", window, last, properties, self.page_size)
            rows = [_object(row, properties, {}) for row in found]
            last = None
        if len(rows) < self.page_size:
            names = await self.names_of_leads(properties)
            found = await self._page("Lead", window, last, names.values(), self.page_size - len(rows))
            rows += [_object(row, properties, names) for row in found]
        return rows

    async def contacts_by_id(self, ids: Sequence[str], properties: Sequence[str]) -> list[RemoteObject]:
        found: list[RemoteObject] = []
        for some in _by_batches([each for each in ids if not is_lead(each)]):
            ask = f"SELECT {_fields(properties)} FROM Contact WHERE Id IN ({_listed(some)}) ORDER BY Id"  # noqa: S608
            rows = await self._rows("read_contacts", ask)
            found += [_object(row, properties, {}) for row in rows]
        for some in _by_batches([each for each in ids if is_lead(each)]):
            names = await self.names_of_leads(properties)
            wheres = [f"Id IN ({_listed(some)})", *_unconverted("Lead")]
            ask = f"SELECT {_fields(names.values())} FROM Lead{_where(wheres)} ORDER BY Id"  # noqa: S608
            found += [_object(row, properties, names) for row in await self._seen("Lead", "read_leads", ask)]
        return found

    async def emails_of(self, emails: Sequence[str]) -> set[str]:
        """Which of these a contact has, or a lead that is none yet; in the case that they have there."""
        found: set[str] = set()
        for start in range(0, len(emails), _ADDRESSES):
            listed = ", ".join(f"'{_quoted(each)}'" for each in emails[start : start + _ADDRESSES])
            for kind in ("Contact", "Lead"):
                ask = f"SELECT Email FROM {kind}{_where([f'Email IN ({listed})', *_unconverted(kind)])}"  # noqa: S608
                found |= {str(row.get("Email")) for row in await self._seen(kind, f"find_{kind}", ask)}
        return found

    async def deals(
        self, window: Window, after: str | None, properties: Sequence[str] = ()
    ) -> list[RemoteDeal]:
        org = await self._org()
        fields = (*_DEAL, "CurrencyIsoCode") if org.several_currencies else _DEAL
        asked = await self.seen_of("Opportunity", properties)
        rows = await self._page("Opportunity", window, after, (*fields, *asked), self.page_size)
        people = await self._people_of([whole_id(row.get("Id")) for row in rows])
        return [_deal(row, people, org, asked) for row in rows]

    async def deals_by_id(self, ids: Sequence[str], properties: Sequence[str]) -> list[RemoteObject]:
        found: list[RemoteObject] = []
        for some in _by_batches(ids):
            ask = f"SELECT {_fields(properties)} FROM Opportunity WHERE Id IN ({_listed(some)}) ORDER BY Id"  # noqa: S608
            found += [_object(row, properties, {}) for row in await self._rows("read_deals", ask)]
        return found

    async def seen_of(self, kind: str, properties: Sequence[str]) -> list[str]:
        """Those of these that there are, and whoever signed in may see: a query that names another fails whole."""
        shown = await self.fields_of(kind) if properties else {}
        return [each for each in properties if each.lower() in shown]

    async def gone(self, kind: Kind, since: datetime | None, place: str | None) -> GonePage:
        """While it is in the org's bin: fifteen days, or until somebody empties it."""
        last = None if place is None else whole_id(place)
        rows: list[Gone] = []
        for each in _KINDS[kind]:
            if last is not None and last.startswith(_LEADS_BEGIN) and each != "Lead":
                continue
            rows += await self._deleted(each, since, last, self.page_size - len(rows))
            if len(rows) >= self.page_size:
                return GonePage(rows, rows[-1].id)
            last = None
        return GonePage(rows, None)

    async def _deleted(self, kind: str, since: datetime | None, after: str | None, limit: int) -> list[Gone]:
        fields = ("MasterRecordId",) if kind in _MERGEABLE else ()
        wheres = ["IsDeleted = true"]
        if since is not None:
            wheres.append(f"SystemModstamp >= {_literal(since, up=False)}")
        if after is not None:
            wheres.append(f"Id > '{whole_id(after)}'")
        ask = f"SELECT {_fields(fields)} FROM {kind}{_where(wheres)} ORDER BY Id LIMIT {limit}"  # noqa: S608
        found = await self._seen(kind, f"list_deleted_{kind}", ask, deleted=True)
        return [
            Gone(
                whole_id(row.get("Id")),
                _moment(row.get("SystemModstamp")),
                whole_id(row["MasterRecordId"]) if row.get("MasterRecordId") else None,
            )
            for row in found
        ]

    async def _page(
        self, kind: str, window: Window, after: str | None, fields: Iterable[str], limit: int
    ) -> list[Row]:
        wheres = [f"SystemModstamp <= {_literal(window.until, up=True)}", *_unconverted(kind)]
        if window.since is not None:
            wheres.append(f"SystemModstamp >= {_literal(window.since, up=False)}")
        if after is not None:
            wheres.append(f"Id > '{whole_id(after)}'")
        ask = f"SELECT {_fields(fields)} FROM {kind}{_where(wheres)} ORDER BY Id LIMIT {limit}"  # noqa: S608
        return await self._seen(kind, f"list_{kind}", ask)

    async def _people_of(self, deals: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """By deal: whom its roles name, the primary one first."""
        found: dict[str, list[str]] = {}
        for some in _by_batches(deals):
            ask = (
                "SELECT OpportunityId, ContactId FROM OpportunityContactRole "  # noqa: S608
                f"WHERE OpportunityId IN ({_listed(some)}) ORDER BY OpportunityId, IsPrimary DESC, Id"
            )
            for row in await self._rows("list_roles", ask):
                if row.get("ContactId"):
                    contact = whole_id(row["ContactId"])
                    found.setdefault(whole_id(row.get("OpportunityId")), []).append(contact)
        return {deal: tuple(dict.fromkeys(names)) for deal, names in found.items()}

    async def _seen(self, kind: str, operation: str, soql: str, *, deleted: bool = False) -> list[Row]:
        """To whoever may not see leads, Salesforce says that there is no such type: contacts alone are read then."""
        try:
            return await self._rows(operation, soql, deleted=deleted)
        except PlatformError as error:
            if kind == "Lead" and error.code == "salesforce.INVALID_TYPE":
                return []
            raise

    async def _rows(self, operation: str, soql: str, *, deleted: bool = False) -> list[Row]:
        """All that a query finds: wide rows come in smaller pieces than were asked for."""
        body = await self._transport.query(operation, soql, deleted=deleted)
        rows = _records(body)
        while body.get("done") is False:
            body = await self._transport.more(operation, str(body.get("nextRecordsUrl")))
            rows += _records(body)
        return rows

    async def _org(self) -> _Org:
        if self._known_org is None:
            ask = "SELECT Id, Name, TimeZoneSidKey FROM Organization LIMIT 1"
            rows = await self._rows("read_organization", ask)
            features = (await self._transport.get("read_settings", "connect/organization")).get("features")
            if not rows or not isinstance(features, dict):
                raise malformed("The org came without what it is.")
            row, currency = rows[0], features.get("defaultCurrencyIsoCode")
            self._known_org = _Org(
                whole_id(row.get("Id")),
                f"Salesforce {row.get('Name') or ''}".strip(),
                _zone(row.get("TimeZoneSidKey")),
                features.get("multiCurrency") is True,
                str(currency) if currency else None,
            )
        return self._known_org

    async def _corporate_currency(self) -> str | None:
        """None where whoever signed in may not see it: there every deal names its own."""
        ask = "SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true LIMIT 1"
        try:
            rows = await self._rows("read_currency", ask)
        except PlatformError as error:
            if error.kind in {PlatformErrorKind.INVALID, PlatformErrorKind.PERMISSION}:
                return None
            raise
        return str(rows[0]["IsoCode"]) if rows and rows[0].get("IsoCode") else None

    async def names_of_leads(self, properties: Sequence[str]) -> dict[str, str]:
        """What leads call a contact's properties; those that they do not have, or do not show, are left out."""
        shown = await self.fields_of("Lead")
        names = {each: _OF_LEAD.get(each.lower(), each) for each in properties}
        return {each: name for each, name in names.items() if name.lower() in shown}

    async def fields_of(self, kind: str) -> Mapping[str, Row]:
        """By their names in small letters; none of leads to whoever may not see them."""
        if kind not in self._fields:
            rows = await self._described(kind, if_seen=kind == "Lead")
            self._fields[kind] = {str(each.get("name")).lower(): each for each in rows}
        return self._fields[kind]

    async def _described(self, kind: str, *, if_seen: bool = False) -> list[Row]:
        try:
            body = await self._transport.get(f"describe_{kind}", f"sobjects/{kind}/describe")
        except PlatformError as error:
            if if_seen and error.status == _NOT_FOUND:
                return []
            raise
        fields = body.get("fields")
        if not isinstance(fields, list) or not all(isinstance(each, dict) for each in fields):
            raise malformed("A type came without its fields.")
        return fields


def _quoted(text: str) -> str:
    """As a query holds it."""
    return text.replace("\\", "\\\\").replace("'", "\\'")


def is_lead(name: str) -> bool:
    return name.startswith(_LEADS_BEGIN)


def _options(row: Row) -> tuple[str, ...]:
    """Of a list that takes nothing else."""
    found = row.get("picklistValues") if row.get("restrictedPicklist") is True else None
    rows = found if isinstance(found, list) else []
    return tuple(str(e["value"]) for e in rows if isinstance(e, dict) and e.get("active") and "value" in e)


def _by_batches(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))


def _unconverted(kind: str) -> tuple[str, ...]:
    """A lead that was converted is told as the contact that it became."""
    return ("IsConverted = false",) if kind == "Lead" else ()


def _where(wheres: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(wheres)}" if wheres else ""


def _fields(names: Iterable[str]) -> str:
    """Each once, in whatever case: Salesforce refuses a query that names one twice."""
    found = {name.lower(): name for name in (*names, "Id", "SystemModstamp")}
    if not all(_FIELD.fullmatch(name) for name in found.values()):
        raise PlatformError(
            PlatformErrorKind.INVALID,
            "salesforce.INVALID_FIELD",
            "A property's name is none that a field has.",
        )
    return ", ".join(found.values())


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(f"'{whole_id(each)}'" for each in ids)


def _literal(at: datetime, *, up: bool) -> str:
    """Whole seconds, which is all that Salesforce keeps."""
    plain = at.astimezone(UTC)
    if up and plain.microsecond:
        plain += timedelta(seconds=1)
    return plain.strftime("%Y-%m-%dT%H:%M:%SZ")


def _records(body: Mapping[str, Any]) -> list[Row]:
    rows = body.get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise malformed("A query came without its records.")
    return rows


def _object(row: Row, asked: Sequence[str], names: Mapping[str, str]) -> RemoteObject:
    """Under the names that were asked for; `names`: what this type calls them, where it is not a contact."""
    held = {name.lower(): value for name, value in row.items()}
    values = {name: _text(held.get(names.get(name, name if not names else "").lower())) for name in asked}
    properties = {name: value for name, value in values.items() if value is not None}
    return RemoteObject(whole_id(row.get("Id")), _moment(row.get("SystemModstamp")), properties)


def _deal(row: Row, people: Mapping[str, tuple[str, ...]], org: _Org, asked: Sequence[str]) -> RemoteDeal:
    name, currency = whole_id(row.get("Id")), row.get("CurrencyIsoCode")
    return RemoteDeal(
        id=name,
        modified_at=_moment(row.get("SystemModstamp")),
        pipeline=None,
        stage=_text(row.get("StageName")),
        is_closed=row.get("IsClosed") is True,
        is_won=row.get("IsWon") is True,
        amount=_text(row.get("Amount")),
        currency=str(currency) if currency else None,
        closed_at=_closed(row.get("CloseDate"), org.zone),
        contacts=people.get(name, ()),
        properties=_object(row, asked, {}).properties,
    )


def _text(value: Any) -> str | None:
    """A value as text, a number exactly; None for none, for a compound one, and for a number that JSON has rounded."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value or None
    if isinstance(value, int | float):
        number = Decimal(str(value))
        if not number.is_finite() or len(number.normalize().as_tuple().digits) > EXACT_DIGITS:
            return None
        return format(number.normalize(), "f")
    return None


def _closed(text: Any, zone: ZoneInfo) -> datetime | None:
    """A close date has no hour: its day's last second in the org's zone, so that it holds all that led to it."""
    if not text:
        return None
    try:
        day = date.fromisoformat(str(text))
        return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise malformed("A date came that is none.") from error


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _moment(text: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise malformed("A time came that is none.") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
