"""The data API: queries, descriptions, rows singly and in collections."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.vendors.salesforce import constants as sf
from sandbox.vendors.salesforce import soql
from sandbox.vendors.salesforce.errors import SalesforceError, no_such_field, not_found, not_supported
from sandbox.vendors.salesforce.records import Record
from sandbox.vendors.salesforce.search import Search
from sandbox.vendors.salesforce.state import OrgState

_BATCH, _LEAST_BATCH = 2_000, 200
_MOST_READ, _MOST_WRITTEN = 2_000, 200
Said = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """`parts` of the path behind the version; `refused`: places of a collection that an ordered fault refuses."""

    method: str
    version: str
    parts: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    batch: str = ""
    """What the query's options ask for: `batchSize=500`."""
    refused: frozenset[int] = frozenset()
    rows: int = _BATCH
    """The most of a page that a fault allows."""
    assigns: bool = True
    """Whether the company's assignment rule gives leads to somebody: unless a header says otherwise."""


class Rest:
    def __init__(self, org: OrgState) -> None:
        self._org = org
        self._search = Search(org.schema, org.records)

    def answer(self, call: Call) -> Said:
        self._org.now()
        said = self._about(call) if call.method == "GET" else None
        if said is not None:
            return 200, said
        first, *rest = call.parts or ("",)
        if first == "sobjects" and 0 < len(rest) <= 2:  # noqa: PLR2004 - a type, or one of its rows
            return self._row(call, self._there(rest[0]), rest[1] if rest[1:] else None)
        if call.parts[:2] == ("composite", "sobjects") and len(rest) <= 2:  # noqa: PLR2004 - with a type, or without
            return self._collection(call, rest[1] if rest[1:] else None)
        raise not_supported(call.method, "/".join(call.parts))

    def _about(self, call: Call) -> dict[str, Any] | None:
        """All that is read but rows by their ids."""
        match call.parts:
            case ():
                root = f"/services/data/v{call.version}"
                found = {name: f"{root}/{name}" for name in ("sobjects", "query", "limits", "composite")}
            case ("limits",):
                found = self._org.limits.body()
            case ("query" | "queryAll" as name,):
                found = self._query(call, deleted=name == "queryAll")
            case ("query" | "queryAll", cursor):
                found = self._more(call, cursor)
            case ("connect" | "chatter", "organization"):
                found = self._organization()
            case ("sobjects", *rest):
                return self._descriptions(rest, call.version)
            case _:
                return None
        return found

    def _there(self, name: str) -> str:
        """A type in an address: where there is none, there is nothing."""
        try:
            return self._org.schema.kind(name)
        except SalesforceError as error:
            raise not_found() from error

    def _descriptions(self, rest: list[str], version: str) -> dict[str, Any] | None:
        if not rest:
            rows = [self._described(kind, version) for kind in self._org.schema.kinds]
            return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": rows}
        if rest[1:] not in ([], ["describe"]):
            return None
        kind = self._there(rest[0])
        found = self._described(kind, version)
        if not rest[1:]:
            return {"objectDescribe": found, "recentItems": []}
        schema = self._org.schema
        fields = [
            each.described(locked=(kind, each.name) in schema.locked_fields) for each in schema.fields(kind)
        ]
        return found | {"fields": fields, "childRelationships": []}

    def _query(self, call: Call, *, deleted: bool) -> dict[str, Any]:
        text = call.query.get("q", "")
        query = soql.read(text)
        rows = self._search.run(query, deleted=deleted)
        if not query.fields:
            return {"totalSize": len(rows), "done": True, "records": []}
        return self._page(call, query, rows, 0, "")

    def _more(self, call: Call, name: str) -> dict[str, Any]:
        cursor, _, start = name.partition("-")
        held = self._org.cursors.get(cursor)
        if held is None or not start.isdecimal() or not start.isascii():
            raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(call, *held, int(start[:9]), cursor)

    def _page(
        self, call: Call, query: soql.Query, rows: list[Record], start: int, cursor: str
    ) -> dict[str, Any]:
        end = start + min(_batch_size(call.batch), call.rows)
        shown = [self._search.written(query, row, call.version) for row in rows[start:end]]
        said: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows)}
        if end < len(rows):
            cursor = cursor or self._org.keep_cursor(query, rows)
            said["nextRecordsUrl"] = f"/services/data/v{call.version}/query/{cursor}-{end}"
        return said | {"records": shown}

    def _organization(self) -> dict[str, Any]:
        several = self._org.schema.multi_currency
        features: dict[str, Any] = {
            "chatter": True,
            "multiCurrency": several,
            "defaultCurrencyIsoCode": None if several else self._org.currency,
        }
        settings = {"userId": sf.USER_ID, "hasRestDataApiAccess": True, "userLocale": "en_US"}
        settings["userDefaultCurrencyIsoCode"] = self._org.currency if several else None
        return {
            "accessTimeout": 120,
            "features": features,
            "name": sf.ORG_NAME,
            "orgId": sf.ORG_ID,
            "userSettings": settings,
        }

    def _described(self, kind: str, version: str) -> dict[str, Any]:
        root = f"/services/data/v{version}/sobjects/{kind}"
        return {
            "name": kind,
            "label": kind,
            "labelPlural": f"{kind}s",
            "keyPrefix": sf.PREFIXES[kind],
            "custom": False,
            "queryable": True,
            "createable": kind in sf.WRITABLE,
            "updateable": kind in sf.WRITABLE,
            "deletable": kind in sf.WRITABLE,
            "urls": {
                "sobject": root,
                "describe": f"{root}/describe",
                "rowTemplate": f"{root}/{{ID}}",
            },
        }

    def _row(self, call: Call, kind: str, name: str | None) -> Said:
        if call.method == "POST" and name is None:
            record = self._create(kind, call.body)
            return 201, {"id": record.id, "success": True, "errors": []}
        if name is None:
            raise not_supported(call.method, kind)
        record = self._org.found(kind, name)
        if call.method == "GET":
            asked = call.query.get("fields", "")
            wanted = [each.strip() for each in asked.split(",") if each.strip()]
            return 200, self._shown(record, wanted, call.version)
        _demand_writable(kind)
        if call.method == "PATCH":
            self._org.set(record, self._org.schema.checked(kind, call.body, new=False))
            return 204, None
        if call.method == "DELETE":
            self._org.delete(record)
            return 204, None
        raise not_supported(call.method, f"{kind}/{name}")

    def _collection(self, call: Call, kind: str | None) -> Said:
        if kind is not None:
            return 200, self._read_many(call, self._org.schema.kind(kind))
        if call.method == "DELETE":
            names = _listed(call.query.get("ids"))
            acts = [(self._delete_one, {"id": name}) for name in names]
        else:
            body = call.body if isinstance(call.body, dict) else {}
            if body.get("allOrNone"):
                raise not_supported(call.method, "composite/sobjects with allOrNone")
            rows = body.get("records")
            if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
                raise SalesforceError("JSON_PARSER_ERROR", "records is no list of objects")
            act = {"POST": self._create_one, "PATCH": self._update_one}.get(call.method)
            if act is None:
                raise not_supported(call.method, "composite/sobjects")
            acts = [(act, self._assigned(call, row)) for row in rows]
        if len(acts) > _MOST_WRITTEN:
            message = f"Record size limit reached. Collection size cannot be larger than {_MOST_WRITTEN}."
            raise SalesforceError("ENTITY_TOO_MANY_RECORDS", message)
        with self._org.records.at_once():
            return 200, self._done(acts, call.refused)

    def _done(self, acts: list[Any], refused: frozenset[int]) -> list[dict[str, Any]]:
        """One word for each record; each stands alone, as without `allOrNone`."""
        found: list[dict[str, Any]] = []
        for place, (act, row) in enumerate(acts):
            if place in refused:
                found.append({"success": False, "errors": [_locked().of_record()]})
                continue
            try:
                found.append({"id": act(row), "success": True, "errors": []})
            except SalesforceError as error:
                found.append({"success": False, "errors": [error.of_record()]})
        return found

    def _read_many(self, call: Call, kind: str) -> list[dict[str, Any] | None]:
        if call.method == "GET":
            names: Any = _listed(call.query.get("ids"))
            wanted: Any = _listed(call.query.get("fields"))
        elif call.method == "POST" and isinstance(call.body, dict):
            names, wanted = call.body.get("ids"), call.body.get("fields")
        else:
            raise not_supported(call.method, f"composite/sobjects/{kind}")
        if not _texts(names) or not _texts(wanted) or not wanted:
            raise SalesforceError("JSON_PARSER_ERROR", "ids and fields are lists of texts")
        if len(names) > _MOST_READ:
            message = f"Record size limit reached. Collection size cannot be larger than {_MOST_READ}."
            raise SalesforceError("ENTITY_TOO_MANY_RECORDS", message)
        found: list[dict[str, Any] | None] = []
        for name in names:
            try:
                found.append(self._shown(self._org.found(kind, name), wanted, call.version))
            except SalesforceError as error:
                if error.code not in {"NOT_FOUND", "ENTITY_IS_DELETED"}:
                    raise
                found.append(None)
        return found

    def _shown(self, record: Record, wanted: list[str], version: str) -> dict[str, Any]:
        for name in wanted:
            if self._org.schema.find(record.kind, name) is None:
                raise no_such_field(name, record.kind)
        names = wanted or [each.name for each in self._org.schema.fields(record.kind)]
        return self._search.fields(record, [(name,) for name in dict.fromkeys(["Id", *names])], version)

    def _create(self, kind: str, body: Any) -> Record:
        _demand_writable(kind)
        values = self._org.schema.checked(kind, body, new=True)
        return self._org.create(kind, values)

    def _create_one(self, row: dict[str, Any]) -> str:
        return self._create(self._kind_of(row), row).id

    def _update_one(self, row: dict[str, Any]) -> str:
        kind = self._kind_of(row)
        _demand_writable(kind)
        values = {name: value for name, value in row.items() if name.lower() != "id"}
        record = self._org.found(kind, row.get("id") or row.get("Id"))
        return self._org.set(record, self._org.schema.checked(kind, values, new=False)).id

    def _assigned(self, call: Call, row: dict[str, Any]) -> dict[str, Any]:
        """With the owner that the company's rule gives a lead."""
        kind = row.get("attributes", {}).get("type") if isinstance(row.get("attributes"), dict) else None
        owner = self._org.assigns_leads_to if call.assigns and kind == sf.LEAD else None
        return row if owner is None else row | {"OwnerId": owner}

    def _delete_one(self, row: dict[str, Any]) -> str:
        name = str(row["id"])
        kind = next((each for each in sf.WRITABLE if name.startswith(sf.PREFIXES[each])), None)
        if kind is None:
            raise SalesforceError("MALFORMED_ID", f"malformed id {name}")
        record = self._org.found(kind, name)
        self._org.delete(record)
        return record.id

    def _kind_of(self, row: dict[str, Any]) -> str:
        told = row.get("attributes")
        if not isinstance(told, dict) or not isinstance(told.get("type"), str):
            raise SalesforceError("INVALID_TYPE", "attributes.type says of which type a record is")
        return self._org.schema.kind(told["type"])


def _locked() -> SalesforceError:
    return SalesforceError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")


def _demand_writable(kind: str) -> None:
    if kind not in sf.WRITABLE:
        message = f"entity type {kind} does not support this operation"
        raise SalesforceError("INVALID_TYPE_FOR_OPERATION", message)


def _batch_size(options: str) -> int:
    """Of `Sforce-Query-Options`; no smaller pages than of two hundred."""
    found = options.replace(" ", "").lower().removeprefix("batchsize=")
    return max(_LEAST_BATCH, min(_BATCH, int(found))) if found.isdecimal() and len(found) < 6 else _BATCH  # noqa: PLR2004


def _listed(text: str | None) -> list[str]:
    return [each.strip() for each in (text or "").split(",") if each.strip()]


def _texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(each, str) for each in values)
