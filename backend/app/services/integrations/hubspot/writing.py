"""HubSpot's contacts and deals, written in batches of a hundred: values by their ids, and nothing else.

What a batch may do in part is answered with 207 and a list of faults; a value that a property does not take refuses
the batch whole.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.models.integrations.kinds import CreatedAs
from app.services.integrations.crm.ports import (
    Changed,
    Kind,
    ObjectChange,
    RemoteObject,
    RemoteProperty,
    RemoteState,
    RowFault,
    ValuesRefused,
)
from app.services.integrations.hubspot.client import (
    BATCH,
    MODIFIED,
    OBJECTS,
    HubSpotCrm,
    in_batches,
    moment_of,
    object_of,
    rows_of,
)
from app.services.integrations.hubspot.refusals import refusals_of, with_contacts
from app.services.integrations.hubspot.transport import HubSpotTransport

_DATED_BATCH = 50
"""A batch that asks for histories may name half as many."""
_UNANSWERED = "hubspot.unanswered"


class HubSpotWriter:
    batch_size = BATCH
    names: Sequence[str] = ("firstname", "lastname")

    def __init__(self, transport: HubSpotTransport) -> None:
        self._transport = transport

    async def properties(self, kind: Kind) -> list[RemoteProperty]:
        return await HubSpotCrm(self._transport).properties(kind)

    async def states(
        self, kind: Kind, ids: Sequence[str], properties: Sequence[str], dated: Sequence[str]
    ) -> list[RemoteState]:
        found: list[RemoteState] = []
        for some in in_batches(ids, _DATED_BATCH if dated else BATCH):
            asked = {
                "inputs": [{"id": each} for each in some],
                "properties": [*properties, MODIFIED[kind]],
                "propertiesWithHistory": list(dated),
            }
            body = await self._transport.ask(f"read_{kind}", f"{OBJECTS}/{kind}/batch/read", asked)
            found += [RemoteState(object_of(row, kind), _since(row)) for row in rows_of(body)]
        return found

    async def change(self, kind: Kind, changes: Sequence[ObjectChange]) -> Changed:
        asked = {
            "inputs": [
                {"id": each.id, "properties": {name: value or "" for name, value in each.values.items()}}
                for each in changes
            ]
        }
        try:
            body = await self._transport.post(f"update_{kind}", f"{OBJECTS}/{kind}/batch/update", asked)
        except ValuesRefused as error:
            error.refusals = tuple(with_contacts(error.refusals, changes))
            raise
        stored = {each.id: each for each in (object_of(row, kind) for row in rows_of(body))}
        faults = {each.id: RowFault(_UNANSWERED) for each in changes if each.id not in stored}
        for fault in _faults(body):
            for name in _ids(fault):
                if name in faults:
                    refusals = tuple(refusals_of(fault))
                    faults[name] = RowFault(f"hubspot.{fault.get('category') or 'fault'}", refusals)
        return Changed(stored, faults)

    async def known_emails(self, emails: Sequence[str]) -> set[str]:
        """A contact is found by any of its addresses; the answer names those that no contact has."""
        asked = {
            "inputs": [{"id": each} for each in emails],
            "idProperty": "email",
            "properties": ["email"],
            "propertiesWithHistory": [],
        }
        body = await self._transport.ask("find_contacts", f"{OBJECTS}/contacts/batch/read", asked)
        found = {each.properties.get("email", "").lower() for each in _contacts(body)}
        missing = {name.lower() for fault in _faults(body) for name in _ids(fault)}
        if missing or len(found) == len(emails):
            return {each for each in emails if each.lower() not in missing}
        return {each for each in emails if each.lower() in found}

    async def create_contacts(self, people: Sequence[ObjectChange], kind: CreatedAs) -> Changed:
        """By their addresses, so that whoever came into being meanwhile is no second one."""
        del kind
        inputs = [
            {
                "id": each.id,
                "idProperty": "email",
                "objectWriteTraceId": str(place),
                "properties": dict(each.values),
            }
            for place, each in enumerate(people)
        ]
        path = f"{OBJECTS}/contacts/batch/upsert"
        try:
            body = await self._transport.post("create_contacts", path, {"inputs": inputs})
        except ValuesRefused as error:
            error.refusals = tuple(with_contacts(error.refusals, people))
            raise
        emails = {str(place): each.id for place, each in enumerate(people)}
        by_itself = {each.id.lower(): each.id for each in people}
        stored: dict[str, RemoteObject] = {}
        for row in rows_of(body):
            contact = object_of(row, "contacts")
            email = emails.get(str(row.get("objectWriteTraceId"))) or by_itself.get(
                contact.properties.get("email", "").lower()
            )
            if email is not None:
                stored[email] = contact
        return Changed(stored, {each.id: RowFault(_UNANSWERED) for each in people if each.id not in stored})


def _contacts(body: Mapping[str, Any]) -> list[RemoteObject]:
    return [object_of(row, "contacts") for row in rows_of(body)]


def _ids(fault: Mapping[str, Any]) -> list[str]:
    context = fault.get("context")
    found = context.get("ids") if isinstance(context, dict) else None
    return [str(each) for each in found] if isinstance(found, list) else []


def _faults(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = body.get("errors")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _since(row: Mapping[str, Any]) -> dict[str, datetime]:
    """When each property was set last: the newest entry of its history."""
    histories = row.get("propertiesWithHistory")
    found: dict[str, datetime] = {}
    for name, entries in histories.items() if isinstance(histories, dict) else ():
        times = [
            moment_of(each["timestamp"])
            for each in entries or ()
            if isinstance(each, dict) and each.get("timestamp")
        ]
        if times:
            found[name] = max(times)
    return found
