"""Contacts and deals over the API: one, pages, batches of a hundred, and what is associated with what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.vendors.hubspot import constants as ids
from sandbox.vendors.hubspot import schema, search
from sandbox.vendors.hubspot.errors import HubError, not_found, not_supported
from sandbox.vendors.hubspot.records import Change, Record, told
from sandbox.vendors.hubspot.state import HubState

_MOST_PAGE, _DEFAULT_PAGE, _MOST_BATCH, _MOST_ASSOCIATED = 100, 10, 100, 1_000
_MOST_HISTORIES = 50
_DIGITS = 16
Said = tuple[int, dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Call:
    """`parts` of the path behind `/crm/objects/2026-03`; `refused`: places of a batch that an ordered fault refuses."""

    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    refused: frozenset[int] = frozenset()


class Objects:
    def __init__(self, hub: HubState) -> None:
        self._hub = hub
        self._records = hub.records
        self._batches: dict[str, Callable[[str, Any], tuple[Record, bool]]] = {
            "read": self._read_one,
            "create": self._create_one,
            "update": self._update_one,
            "upsert": self._upsert_one,
        }

    def answer(self, call: Call) -> Said:
        self._hub.now()
        kind, rest = kind_of(call.parts[0]), call.parts[1:]
        if not rest:
            return self._collection(kind, call)
        if rest == ("search",) and call.method == "POST":
            return 200, search.answer(kind, self._records.live(kind), call.body)
        if rest[0] == "batch" and call.method == "POST" and rest[1:2] and len(rest) < 3:  # noqa: PLR2004 - batch and what
            with self._records.at_once():
                return self._batch(kind, rest[1], call)
        if len(rest) == 1:
            return self._one(kind, rest[0], call)
        if len(rest) == 3 and rest[1] == "associations" and call.method == "GET":  # noqa: PLR2004 - id and type
            return 200, self._associated(self._found(kind, rest[0]), kind_of(rest[2]))
        if rest[1:3] == ("associations", "default") and len(rest) == 5 and call.method == "PUT":  # noqa: PLR2004
            return self._associate(kind, rest)
        raise not_supported(call.method, "/".join(call.parts))

    def associations(self, start: str, end: str, body: Any) -> Said:
        """Of up to a thousand objects at once."""
        self._hub.now()
        kind, other = kind_of(start), kind_of(end)
        found, missing = [], []
        for each in _inputs(body, _MOST_ASSOCIATED):
            try:
                record = self._found(kind, _demanded(each, "id"))
            except HubError as error:
                missing.append(error.body())
                continue
            linked = self._associated(record, other)["results"]
            if linked:
                found.append({"from": {"id": str(record.id)}, "to": linked})
        return self._batched(found, missing)

    def _collection(self, kind: str, call: Call) -> Said:
        if call.method == "POST":
            record = self._create(kind, call.body)
            return 201, record.body(schema.shown(kind, record.values))
        if call.method != "GET":
            raise not_supported(call.method, kind)
        archived = call.query.get("archived") == "true"
        limit, after = _limit(call.query.get("limit")), _number(call.query.get("after") or "0")
        rows = self._records.archived(kind) if archived else self._records.live(kind)
        rows = [each for each in rows if each.id >= after]
        names = schema.shown(kind, _names(call.query.get("properties")))
        wanted = [kind_of(each) for each in _names(call.query.get("associations"))]
        body: dict[str, Any] = {"results": [self._with(each, names, wanted) for each in rows[:limit]]}
        if len(rows) > limit:
            body["paging"] = {"next": {"after": str(rows[limit].id)}}
        return 200, body

    def _one(self, kind: str, name: str, call: Call) -> Said:
        if (kind, name, call.method) == (ids.CONTACTS, "merge", "POST"):
            return 200, self._merged(call.body)
        if (kind, name, call.method) == (ids.CONTACTS, "gdpr-delete", "POST"):
            record = self._found(kind, _demanded(call.body, "objectId"), call.body.get("idProperty"))
            self._records.write(Change(self._hub.now(), kind, record.id, archived=True, erased=True))
            return 204, None
        record = self._found(kind, name, call.query.get("idProperty"))
        if call.method == "GET":
            names = schema.shown(kind, _names(call.query.get("properties")))
            return 200, self._with(
                record, names, [kind_of(e) for e in _names(call.query.get("associations"))]
            )
        if call.method == "PATCH":
            values = self._hub.checked(kind, _member(call.body, "properties"))
            return 200, self._hub.set(record, values).body(schema.shown(kind, values))
        if call.method == "DELETE":
            self._records.write(Change(self._hub.now(), kind, record.id, archived=True))
            return 204, None
        raise not_supported(call.method, f"{kind}/{name}")

    def _batch(self, kind: str, what: str, call: Call) -> Said:
        act = self._batches.get(what)
        if act is None:
            raise not_supported("POST", f"{kind}/batch/{what}")
        inputs = _inputs(call.body, _MOST_BATCH)
        asked = None
        if what == "read":
            asked = [e for e in _member(call.body, "properties", []) if e not in self._hub.made.archived]
        dated = _dated(kind, call.body, len(inputs)) if what == "read" else ()
        if what != "read":  # one wrong value refuses a batch whole, before anything of it is done
            for each in inputs:
                self._hub.checked(kind, _member(each, "properties"))
        done, faults = [], []
        for place, each in enumerate(inputs):
            if place in call.refused:
                faults.append(HubError("internal error", "INTERNAL_ERROR", status=500).body())
                continue
            each_with = each | {"idProperty": call.body.get("idProperty")} if what == "read" else each
            try:
                record, new = act(kind, each_with)
            except HubError as error:
                if what != "read" and error.status != 404:  # noqa: PLR2004 - one wrong value refuses a batch whole
                    raise
                faults.append(error.body() | {"context": {"ids": [str(each.get("id"))]}})
                continue
            body = record.body(schema.shown(kind, asked if asked is not None else record.values))
            if dated:
                body["propertiesWithHistory"] = record.histories(dated)
            done.append(body | _marks(each, new=new) if what == "upsert" else body)
        status, said = self._batched(done, faults)
        return (201 if what == "create" and status == 200 else status), said  # noqa: PLR2004

    def _batched(self, done: list[dict[str, Any]], faults: list[dict[str, Any]]) -> Said:
        at = told(self._hub.now())
        said: dict[str, Any] = {"status": "COMPLETE", "results": done, "startedAt": at, "completedAt": at}
        return (207, said | {"numErrors": len(faults), "errors": faults}) if faults else (200, said)

    def _read_one(self, kind: str, each: Any) -> tuple[Record, bool]:
        return self._found(kind, _demanded(each, "id"), each.get("idProperty")), False

    def _create_one(self, kind: str, each: Any) -> tuple[Record, bool]:
        return self._create(kind, each), True

    def _update_one(self, kind: str, each: Any) -> tuple[Record, bool]:
        record, _ = self._read_one(kind, each)
        return self._hub.set(record, self._hub.checked(kind, _member(each, "properties"))), False

    def _upsert_one(self, kind: str, each: Any) -> tuple[Record, bool]:
        """By the address of a contact, or the id of what is there."""
        values = self._hub.checked(kind, _member(each, "properties"))
        name, by = _demanded(each, "id"), each.get("idProperty")
        if by == "email" and kind == ids.CONTACTS and self._records.by_email(name) is None:
            return self._hub.create(kind, self._hub.checked(kind, {"email": name}) | values), True
        return self._hub.set(self._found(kind, name, by), values), False

    def _create(self, kind: str, body: Any) -> Record:
        values = self._hub.checked(kind, _member(body, "properties"))
        linked = [_demanded(_member(each, "to"), "id") for each in _member(body, "associations", [])]
        other = ids.DEALS if kind == ids.CONTACTS else ids.CONTACTS
        return self._hub.create(kind, values, tuple(self._found(other, each).id for each in linked))

    def _merged(self, body: Any) -> dict[str, Any]:
        """The one that stays has its own values, and the other's where it had none."""
        stays = self._found(ids.CONTACTS, _demanded(body, "primaryObjectId"))
        goes = self._found(ids.CONTACTS, _demanded(body, "objectIdToMerge"))
        if stays.id == goes.id:
            raise HubError("Can't merge a contact with itself.")
        change = Change(self._hub.now(), ids.CONTACTS, goes.id, archived=True, merged_into=stays.id)
        values = {name: value for name, value in goes.values.items() if name not in stays.values}
        self._records.write(change)
        return self._hub.set(stays, values).body(schema.shown(ids.CONTACTS, stays.values))

    def _associate(self, kind: str, rest: tuple[str, ...]) -> Said:
        record, other = self._found(kind, rest[0]), kind_of(rest[3])
        linked = self._found(other, rest[4])
        if (kind, other) not in ids.ASSOCIATION:
            raise not_supported("PUT", "/".join(rest))
        self._records.write(Change(self._hub.now(), kind, record.id, linked=(linked.id,)))
        return self._batched([{"from": {"id": str(record.id)}, "to": {"id": str(linked.id)}}], [])

    def _found(self, kind: str, name: str, by: str | None = None) -> Record:
        if by == "email" and kind == ids.CONTACTS:
            record = self._records.by_email(name)
        elif by in {None, "", "hs_object_id"}:
            record = self._records.find(kind, _number(name))
        else:
            raise HubError(f"{by} is no property whose values are unique.")
        if record is None:
            raise not_found(f"Object not found. objectId are usually numeric: {name}")
        return record

    def _with(self, record: Record, names: tuple[str, ...], wanted: list[str]) -> dict[str, Any]:
        body = record.body(names)
        for other in wanted:
            linked = [
                {"id": each["toObjectId"], "type": f"{record.kind[:-1]}_to_{other[:-1]}"}
                for each in self._associated(record, other)["results"]
            ]
            if linked:
                body.setdefault("associations", {})[other] = {"results": linked}
        return body

    def _associated(self, record: Record, other: str) -> dict[str, Any]:
        number = ids.ASSOCIATION.get((record.kind, other))
        if number is None:
            return {"results": []}
        types = [{"category": "HUBSPOT_DEFINED", "typeId": number, "label": None}]
        live = [each for each in sorted(record.linked) if self._records.find(other, each) is not None]
        return {"results": [{"toObjectId": str(each), "associationTypes": types} for each in live]}


def _marks(each: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
    """Whether an upsert made it, and by which word of the asker's it is known again."""
    word = each.get("objectWriteTraceId")
    return {"new": new} | ({} if word is None else {"objectWriteTraceId": word})


def kind_of(name: str) -> str:
    found = ids.TYPES.get(name)
    if found is None:
        raise HubError(f"Unable to infer object type from: {name}")
    return found


def _inputs(body: Any, most: int) -> list[dict[str, Any]]:
    inputs = _member(body, "inputs")
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        raise HubError("Invalid input JSON: inputs is a list of objects.")
    if len(inputs) > most:
        raise HubError(f"The batch of {len(inputs)} exceeds the limit of {most} inputs.")
    return inputs


def _member(body: Any, name: str, default: Any = None) -> Any:
    if not isinstance(body, dict):
        raise HubError("Invalid input JSON: an object was expected.")
    found = body.get(name, default)
    if found is None or (isinstance(default, list) and not isinstance(found, list)):
        raise HubError(f"Invalid input JSON: {name} is missing, or not what it should be.")
    return found


def _demanded(body: Any, name: str) -> str:
    found = _member(body, name)
    if not isinstance(found, str | int) or isinstance(found, bool):
        raise HubError(f"Invalid input JSON: {name} is no text.")
    return str(found)


def _dated(kind: str, body: Any, inputs: int) -> tuple[str, ...]:
    """Properties whose histories are asked for, of which a batch may be half as large."""
    names = [str(each) for each in _member(body, "propertiesWithHistory", [])]
    if names and inputs > _MOST_HISTORIES:
        raise HubError(
            "The maximum number of inputs supported in a batch request for property histories is "
            f"{_MOST_HISTORIES}. Please reduce the number of items and try again"
        )
    return tuple(name for name in names if name in schema.PROPERTIES[kind])


def _names(text: str | None) -> list[str]:
    return [each.strip() for each in (text or "").split(",") if each.strip()]


def _limit(text: str | None) -> int:
    found = _DEFAULT_PAGE if text is None else _number(text)
    if not 0 < found <= _MOST_PAGE:
        raise HubError(f"limit must be between 1 and {_MOST_PAGE}.")
    return found


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise not_found(f"Object not found. objectId are usually numeric: {text!r}")
    return int(text)
