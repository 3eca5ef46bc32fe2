"""HubSpot's contacts, written in batches of a hundred: values by the contacts' ids, and nothing else.

What a batch may do in part is answered with 207 and a list of faults; a value that a property does not take refuses
the batch whole.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.services.integrations.crm.ports import (
    Changed,
    ContactChange,
    RemoteState,
    RowFault,
    ValuesRefused,
)
from app.services.integrations.hubspot.client import (
    BATCH,
    MODIFIED,
    OBJECTS,
    contact_of,
    in_batches,
    moment_of,
    rows_of,
)
from app.services.integrations.hubspot.refusals import refusals_of, with_contacts
from app.services.integrations.hubspot.transport import HubSpotTransport

_DATED_BATCH = 50
"""A batch that asks for histories may name half as many."""
_UNANSWERED = "hubspot.unanswered"


class HubSpotWriter:
    batch_size = BATCH

    def __init__(self, transport: HubSpotTransport) -> None:
        self._transport = transport

    async def states(
        self, ids: Sequence[str], properties: Sequence[str], dated: Sequence[str]
    ) -> list[RemoteState]:
        found: list[RemoteState] = []
        for some in in_batches(ids, _DATED_BATCH if dated else BATCH):
            asked = {
                "inputs": [{"id": each} for each in some],
                "properties": [*properties, MODIFIED["contacts"]],
                "propertiesWithHistory": list(dated),
            }
            body = await self._transport.ask("read_contacts", f"{OBJECTS}/contacts/batch/read", asked)
            found += [RemoteState(contact_of(row), _since(row)) for row in rows_of(body)]
        return found

    async def change_contacts(self, changes: Sequence[ContactChange]) -> Changed:
        asked = {
            "inputs": [
                {"id": each.id, "properties": {name: value or "" for name, value in each.values.items()}}
                for each in changes
            ]
        }
        try:
            body = await self._transport.post("update_contacts", f"{OBJECTS}/contacts/batch/update", asked)
        except ValuesRefused as error:
            error.refusals = tuple(with_contacts(error.refusals, changes))
            raise
        stored = {contact.id: contact for row in rows_of(body) for contact in (contact_of(row),)}
        faults = {each.id: RowFault(_UNANSWERED) for each in changes if each.id not in stored}
        for fault in _faults(body):
            context = fault.get("context")
            ids = context.get("ids") if isinstance(context, dict) else None
            for name in ids if isinstance(ids, list) else ():
                if str(name) in faults:
                    refusals = tuple(refusals_of(fault))
                    faults[str(name)] = RowFault(f"hubspot.{fault.get('category') or 'fault'}", refusals)
        return Changed(stored, faults)


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
