"""Salesforce's contacts, leads and opportunities, written two hundred a request, each row for itself.

An answer to a write does not say how a value is stored, so the rows are read again behind it: numbers are rounded to a
field's scale there, and a company's own rules may spell a text another way.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.models.integrations.kinds import CreatedAs
from app.services.integrations.crm.ports import (
    Changed,
    Kind,
    ObjectChange,
    Refusal,
    RemoteObject,
    RemoteProperty,
    RemoteState,
    RowFault,
)
from app.services.integrations.salesforce.client import EXACT_DIGITS, Row, SalesforceCrm, is_lead
from app.services.integrations.salesforce.transport import SalesforceTransport

_PASSES = frozenset(
    {
        "UNABLE_TO_LOCK_ROW",
        "SERVER_UNAVAILABLE",
        "QUERY_TIMEOUT",
        "REQUEST_RUNNING_TOO_LONG",
        "REQUEST_LIMIT_EXCEEDED",
        "UNKNOWN_EXCEPTION",
        "ENTITY_IS_DELETED",
        "NOT_FOUND",
    }
)
"""Of a row: the same may work later, or is found to be gone when it is compared again."""
_OF_THE_FIELD = frozenset({"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"})
_COLUMN = re.compile(r"No such column '(\w{1,100})'", re.ASCII)
_NUMBERS = frozenset({"double", "currency", "percent", "int", "long"})
_UNANSWERED, _UNFIT = "salesforce.unanswered", "salesforce.wrong_type"
_LONGEST, _LONGEST_NAME = 500, 80


@dataclass(frozen=True, slots=True)
class _Type:
    """One type of record: what it calls each property, and its fields by their names in small letters."""

    kind: str
    names: Mapping[str, str]
    fields: Mapping[str, Row]

    def field(self, name: str) -> Row | None:
        """Of a property; None for one that it does not have, or that may not be written."""
        found = self.fields.get(self.names.get(name, "").lower())
        return None if found is None or found.get("updateable") is False else found

    def property_of(self, field: str) -> str:
        return next((each for each, name in self.names.items() if name.lower() == field.lower()), field)


class SalesforceWriter:
    batch_size = 200
    names: Sequence[str] = ("FirstName", "LastName")

    def __init__(self, transport: SalesforceTransport) -> None:
        self._transport = transport
        self._reader = SalesforceCrm(transport)

    async def properties(self, kind: Kind) -> list[RemoteProperty]:
        return await self._reader.properties(kind)

    async def states(
        self, kind: Kind, ids: Sequence[str], properties: Sequence[str], dated: Sequence[str]
    ) -> list[RemoteState]:
        """Without `since`: Salesforce keeps it of those fields alone whose history somebody asked it to keep."""
        del dated
        if kind == "deals":
            return [RemoteState(each, {}) for each in await self._deals(ids, properties)]
        seen = await self._reader.seen_of("Contact", properties)
        contacts = await self._reader.contacts_by_id(ids, seen)
        lacks: frozenset[str] = frozenset()
        if any(is_lead(each.id) for each in contacts):
            lead = await self._type("Lead", properties)
            lacks = frozenset(each for each in properties if lead.field(each) is None)
        return [RemoteState(each, {}, lacks if is_lead(each.id) else frozenset()) for each in contacts]

    async def _deals(self, ids: Sequence[str], properties: Sequence[str]) -> list[RemoteObject]:
        return await self._reader.deals_by_id(ids, await self._reader.seen_of("Opportunity", properties))

    async def change(self, kind: Kind, changes: Sequence[ObjectChange]) -> Changed:
        properties = sorted({name for each in changes for name in each.values})
        of = {each.id: "Opportunity" if kind == "deals" else _type_of(each.id) for each in changes}
        types = {each: await self._type(each, properties) for each in sorted(set(of.values()))}
        rows: dict[str, dict[str, Any]] = {}
        faults: dict[str, RowFault] = {}
        for each in sorted(changes, key=lambda change: is_lead(change.id)):
            row = _row(each, types[of[each.id]])
            if isinstance(row, RowFault):
                faults[each.id] = row
            else:
                rows[each.id] = row
        answers = await self._transport.send(f"update_{kind}", "PATCH", list(rows.values())) if rows else []
        told = dict(zip(rows, answers, strict=True))
        saved = [name for name, answer in told.items() if answer.get("success") is True]
        seen = [each for each in properties if any(each in one.names for one in types.values())]
        read = self._reader.deals_by_id if kind == "deals" else self._reader.contacts_by_id
        stored = {each.id: each for each in await read(saved, seen)}
        for name, answer in told.items():
            if name not in stored:
                faults[name] = _fault(answer, types[of[name]])
        return Changed(stored, faults)

    async def known_emails(self, emails: Sequence[str]) -> set[str]:
        found = {each.lower() for each in await self._reader.emails_of(emails)}
        return {each for each in emails if each.lower() in found}

    async def create_contacts(self, people: Sequence[ObjectChange], kind: CreatedAs) -> Changed:
        """Whoever the company's duplicate rules take for somebody else's double is there already."""
        of = await self._type("Lead" if kind == "lead" else "Contact", self.names)
        rows = [_new_row(each, of.kind) for each in people]
        answers = await self._transport.send("create_contacts", "POST", rows)
        emails = {
            str(answer.get("id")): each.id
            for each, answer in zip(people, answers, strict=True)
            if answer.get("success") is True
        }
        contacts = await self._reader.contacts_by_id(list(emails), ())
        stored = {emails[each.id]: each for each in contacts if each.id in emails}
        faults = {
            each.id: _fault(answer, of)
            for each, answer in zip(people, answers, strict=True)
            if each.id not in stored
        }
        return Changed(stored, faults)

    async def _type(self, kind: str, properties: Sequence[str]) -> _Type:
        fields = await self._reader.fields_of(kind)
        if kind == "Lead":
            return _Type(kind, await self._reader.names_of_leads(properties), fields)
        return _Type(kind, {each: each for each in properties if each.lower() in fields}, fields)


def _type_of(name: str) -> str:
    return "Lead" if is_lead(name) else "Contact"


def _row(change: ObjectChange, kind: _Type) -> dict[str, Any] | RowFault:
    """As it is sent; or what of it could not be, which would refuse the whole request."""
    row: dict[str, Any] = {"attributes": {"type": kind.kind}, "id": change.id}
    refusals: list[Refusal] = []
    for name, value in change.values.items():
        field = kind.field(name)
        if field is None:
            message = f"{kind.kind} has no field {name} that whoever signed in may edit."
            code = "salesforce.INVALID_FIELD_FOR_INSERT_UPDATE"
            refusals.append(Refusal(name, code, message, is_whole=kind.kind != "Lead"))
            continue
        try:
            row[kind.names[name]] = _json(str(field.get("type")), value)
        except (ValueError, InvalidOperation):
            message = f"A value is none of {name}, which holds {field.get('type')}."
            refusals.append(Refusal(name, _UNFIT, message))
    return RowFault(refusals[0].code, tuple(refusals), is_permanent=True) if refusals else row


def _json(kind: str, value: str | None) -> Any:
    """A value as a field of this type takes it; `ValueError` where it takes no such."""
    if kind == "boolean":
        if value not in {None, "true", "false"}:
            raise ValueError(kind)
        return value == "true"
    if value is None:
        return None
    if kind in _NUMBERS:
        number = Decimal(value)
        if not number.is_finite() or len(number.normalize().as_tuple().digits) > EXACT_DIGITS:
            raise ValueError(kind)
        return int(number) if number == number.to_integral_value() else float(number)
    if kind == "date":
        return date.fromisoformat(value).isoformat()
    if kind == "datetime":
        return datetime.fromisoformat(value).isoformat()
    return value


def _new_row(person: ObjectChange, kind: str) -> dict[str, Any]:
    """With what Salesforce demands: a last name, and of a lead its company, which it calls by this word itself."""
    row: dict[str, Any] = {
        "attributes": {"type": kind},
        "LastName": person.id[:_LONGEST_NAME],
        **{name: value for name, value in person.values.items() if value},
        "Email": person.id,
    }
    return row | ({"Company": "[not provided]"} if kind == "Lead" else {})


def _fault(answer: Mapping[str, Any], kind: _Type) -> RowFault:
    """Of a row's errors, the first that says which field is to blame, or else the first."""
    found = answer.get("errors")
    errors = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    if not errors:
        return RowFault(_UNANSWERED)
    if any(each.get("statusCode") == "DUPLICATES_DETECTED" for each in errors):
        return RowFault("integrations.crm.already_there", is_permanent=True)
    refusals: dict[str, Refusal] = {}
    for each in errors:
        code, message = str(each.get("statusCode") or "fault"), str(each.get("message") or "")[:_LONGEST]
        whole = code in _OF_THE_FIELD and kind.kind != "Lead"
        for name in _blamed(each, message):
            held = kind.property_of(name)
            refusals[held] = Refusal(held, f"salesforce.{code}", message, whole)
    code = str(errors[0].get("statusCode") or "fault")
    passes = any(str(each.get("statusCode")) in _PASSES for each in errors)
    return RowFault(f"salesforce.{code}", () if passes else tuple(refusals.values()), is_permanent=not passes)


def _blamed(error: Mapping[str, Any], message: str) -> list[str]:
    fields = error.get("fields")
    names = [str(each) for each in fields] if isinstance(fields, list) else []
    column = _COLUMN.search(message)
    return names or ([column[1]] if column else [])
