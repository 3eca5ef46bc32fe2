"""HubSpot's contacts and deals, read by when they were modified.

The search ends at its ten-thousandth result, knows one order alone, and many objects may bear the same moment (an
import writes all in one). So a window of modification is walked by the objects' ids, each page being the first of
those beyond the last id: no page is deeper than its first result, and what is modified meanwhile leaves the window
and is in the next one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from app.services.integrations.crm.ports import (
    Gone,
    GonePage,
    Kind,
    Looked,
    RemoteCrm,
    RemoteDeal,
    RemoteObject,
    RemoteProperty,
    ValueKind,
    Window,
)
from app.services.integrations.hubspot.transport import VERSION, HubSpotTransport
from app.services.integrations.ports import PlatformError, PlatformErrorKind

MODIFIED: Mapping[Kind, str] = {"contacts": "lastmodifieddate", "deals": "hs_lastmodifieddate"}
BATCH = 100
_DEAL = (
    "pipeline",
    "dealstage",
    "amount",
    "deal_currency_code",
    "closedate",
    "hs_is_closed",
    "hs_is_closed_won",
)
OBJECTS = f"crm/objects/{VERSION}"
_KINDS: Mapping[str, ValueKind] = {
    "string": "text",
    "phone_number": "text",
    "number": "number",
    "bool": "bool",
    "enumeration": "choice",
    "date": "date",
    "datetime": "date",
}


_ARCHIVED_PAGE = 100
_NOT_FOUND = "OBJECT_NOT_FOUND"


class HubSpotCrm:
    page_size = 200
    sweep_every = timedelta(hours=6)
    """The list of what is archived knows no time: it is read whole."""
    person: Mapping[str, str] = {
        "firstname": "firstName",
        "lastname": "lastName",
        "city": "city",
        "state": "state",
        "zip": "postalCode",
        "country": "country",
    }

    def __init__(self, transport: HubSpotTransport) -> None:
        self._transport = transport

    async def account(self) -> RemoteCrm:
        body = await self._transport.get("read_account", f"account-info/{VERSION}/details")
        portal, currency = body.get("portalId"), body.get("companyCurrency")
        if portal is None:
            raise malformed("The account came without its id.")
        return RemoteCrm(str(portal), f"HubSpot {portal}", str(currency) if currency else None)

    async def properties(self, kind: Kind) -> list[RemoteProperty]:
        body = await self._transport.get("list_properties", f"crm/properties/{VERSION}/{kind}")
        found = [
            RemoteProperty(
                str(row["name"]),
                str(row.get("label") or row["name"]),
                str(row.get("type") or ""),
                _is_read_only(row),
                _KINDS.get(str(row.get("type")), "other"),
                _options(row),
                row.get("hubspotDefined") is True or row["name"] in _DEAL,
            )
            for row in rows_of(body)
            if row.get("name")
        ]
        return sorted(found, key=lambda each: each.name)

    async def newest(self, kind: Kind) -> datetime | None:
        modified = MODIFIED[kind]
        asked = {
            "filterGroups": [],
            "properties": [modified],
            "sorts": [{"propertyName": modified, "direction": "DESCENDING"}],
            "limit": 1,
        }
        rows = rows_of(await self._transport.ask(f"newest_{kind}", f"{OBJECTS}/{kind}/search", asked))
        return moment_of(_properties(rows[0]).get(modified)) if rows else None

    async def contacts(
        self, window: Window, after: str | None, properties: Sequence[str]
    ) -> list[RemoteObject]:
        rows = await self._page("contacts", window, after, properties)
        return [object_of(row, "contacts") for row in rows]

    async def contacts_by_id(self, ids: Sequence[str], properties: Sequence[str]) -> list[RemoteObject]:
        return list((await self.look_at_contacts(ids, properties)).rows)

    async def look_at_contacts(self, ids: Sequence[str], properties: Sequence[str]) -> Looked[RemoteObject]:
        rows, gone = await self._look("contacts", ids, properties)
        return Looked([object_of(row, "contacts") for row in rows], gone)

    async def look_at_deals(self, ids: Sequence[str], properties: Sequence[str] = ()) -> Looked[RemoteDeal]:
        rows, gone = await self._look("deals", ids, (*_DEAL, *properties))
        owners = await self._contacts_of([_id(row) for row in rows])
        return Looked([_deal(row, owners.get(_id(row), ())) for row in rows], gone)

    async def gone(self, kind: Kind, since: datetime | None, place: str | None) -> GonePage:
        """Until ninety days after it was deleted. HubSpot asks nobody about `since`."""
        del since
        query = {"archived": "true", "limit": str(_ARCHIVED_PAGE)} | (
            {} if place is None else {"after": place}
        )
        body = await self._transport.get(f"list_archived_{kind}", f"{OBJECTS}/{kind}", query)
        rows = [Gone(_id(row), moment_of(row.get("archivedAt"))) for row in rows_of(body)]
        paging = body.get("paging")
        following = paging.get("next") if isinstance(paging, dict) else None
        after = following.get("after") if isinstance(following, dict) else None
        return GonePage(rows, str(after) if after else None)

    async def _look(
        self, kind: Kind, ids: Sequence[str], properties: Iterable[str]
    ) -> tuple[list[dict[str, Any]], frozenset[str]]:
        """What is there, and which ids are not. One that was merged is answered as the other: its own id is gone."""
        found: list[dict[str, Any]] = []
        gone: set[str] = set()
        for some in in_batches(ids):
            asked = {
                "inputs": [{"id": each} for each in some],
                "properties": [*properties, MODIFIED[kind]],
                "propertiesWithHistory": [],
            }
            body = await self._transport.ask(f"read_{kind}", f"{OBJECTS}/{kind}/batch/read", asked)
            rows = rows_of(body)
            found += rows
            missing = set(some) - {_id(row) for row in rows}
            named, whole = _not_found(body)
            gone |= missing if whole else missing & named
        return list({_id(row): row for row in found}.values()), frozenset(gone)

    async def deals(
        self, window: Window, after: str | None, properties: Sequence[str] = ()
    ) -> list[RemoteDeal]:
        rows = await self._page("deals", window, after, (*_DEAL, *properties))
        owners = await self._contacts_of([_id(row) for row in rows])
        return [_deal(row, owners.get(_id(row), ())) for row in rows]

    async def _page(
        self, kind: Kind, window: Window, after: str | None, properties: Iterable[str]
    ) -> list[dict[str, Any]]:
        modified = MODIFIED[kind]
        filters = [{"propertyName": modified, "operator": "LTE", "value": _milliseconds(window.until)}]
        if window.since is not None:
            filters.append(
                {"propertyName": modified, "operator": "GTE", "value": _milliseconds(window.since)}
            )
        if after is not None:
            filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": after})
        asked = {
            "filterGroups": [{"filters": filters}],
            "properties": [*properties, modified],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "limit": self.page_size,
        }
        return rows_of(await self._transport.ask(f"list_{kind}", f"{OBJECTS}/{kind}/search", asked))

    async def _contacts_of(self, deals: Sequence[str]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        path = f"crm/associations/{VERSION}/deals/contacts/batch/read"
        for some in in_batches(deals):
            body = await self._transport.ask("list_associations", path, {"inputs": [{"id": e} for e in some]})
            for row in rows_of(body):
                start, ends = row.get("from"), row.get("to")
                if isinstance(start, dict) and isinstance(ends, list):
                    linked = [str(each["toObjectId"]) for each in ends if isinstance(each, dict)]
                    found[str(start.get("id"))] = tuple(linked)
        return found


def in_batches(ids: Sequence[str], most: int = BATCH) -> Iterable[Sequence[str]]:
    return (ids[start : start + most] for start in range(0, len(ids), most))


def rows_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = body.get("results")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise malformed("A list came without its rows.")
    return rows


def _not_found(body: Mapping[str, Any]) -> tuple[set[str], bool]:
    """Ids that a batch's faults say are not there; and whether they say nothing else."""
    faults = body.get("errors")
    named: set[str] = set()
    is_whole = True
    for each in faults if isinstance(faults, list) else ():
        context = each.get("context") if isinstance(each, dict) else None
        ids = context.get("ids") if isinstance(context, dict) else None
        if isinstance(ids, list) and each.get("category") == _NOT_FOUND:
            named |= {str(one) for one in ids}
        else:
            is_whole = False
    return named, is_whole


def _properties(row: Mapping[str, Any]) -> dict[str, str]:
    found = row.get("properties")
    if not isinstance(found, dict):
        raise malformed("An object came without its properties.")
    return {name: str(value) for name, value in found.items() if value not in (None, "")}


def _is_read_only(row: Mapping[str, Any]) -> bool:
    about = row.get("modificationMetadata")
    return isinstance(about, dict) and about.get("readOnlyValue") is True


def _options(row: Mapping[str, Any]) -> tuple[str, ...]:
    found = row.get("options")
    rows = found if isinstance(found, list) else []
    return tuple(str(each["value"]) for each in rows if isinstance(each, dict) and "value" in each)


def _id(row: Mapping[str, Any]) -> str:
    found = str(row.get("id", ""))
    if not (found.isascii() and found.isdigit()):
        raise malformed("An object came without its id.")
    return found


def object_of(row: Mapping[str, Any], kind: Kind) -> RemoteObject:
    properties = _properties(row)
    modified = moment_of(properties.pop(MODIFIED[kind], None) or row.get("updatedAt"))
    return RemoteObject(_id(row), modified, properties)


def _deal(row: Mapping[str, Any], contacts: tuple[str, ...]) -> RemoteDeal:
    said = _properties(row)
    closed = said.get("closedate")
    return RemoteDeal(
        id=_id(row),
        modified_at=moment_of(said.get(MODIFIED["deals"]) or row.get("updatedAt")),
        pipeline=said.get("pipeline"),
        stage=said.get("dealstage"),
        is_closed=said.get("hs_is_closed") == "true",
        is_won=said.get("hs_is_closed_won") == "true",
        amount=said.get("amount"),
        currency=said.get("deal_currency_code"),
        closed_at=None if closed is None else moment_of(closed),
        contacts=contacts,
        properties=said,
    )


def _milliseconds(at: datetime) -> str:
    return str(round(at.timestamp() * 1000))


def moment_of(text: Any) -> datetime:
    try:
        if isinstance(text, str) and text.isdecimal():
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        found = datetime.fromisoformat(str(text))
    except (ValueError, OverflowError, OSError) as error:
        raise malformed("A time came that is none.") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "hubspot.malformed", message)
