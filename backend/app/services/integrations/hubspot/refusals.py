"""What an answer of HubSpot's says of the properties that it does not take. Pure.

Each is named in `errors[].context.propertyName`, and in the message, which goes on with the same as JSON behind a few
words. Of a wrong value the text begins with the value itself: that tells whose it is, for no contact is named.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.services.integrations.crm.ports import ObjectChange, Refusal

_WHOLE = frozenset({"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"})
_LONGEST = 500


def refusals_of(body: Mapping[str, Any]) -> list[Refusal]:
    """Each property once for each of its faults; none where the answer names none."""
    found = list(_named(body.get("errors"))) or list(_told(str(body.get("message") or "")))
    return list(dict.fromkeys(found))


def with_contacts(refusals: Sequence[Refusal], changes: Sequence[ObjectChange]) -> list[Refusal]:
    """Whose values they are, where their texts begin with them."""
    return [
        each
        if each.is_whole or each.contacts
        else replace(
            each,
            contacts=tuple(
                change.id
                for change in changes
                if (value := change.values.get(each.property))
                and each.message.startswith(f"{value} was not ")
            ),
        )
        for each in refusals
    ]


def plainly(refusals: Iterable[Refusal]) -> str:
    """For logs: without what people entered."""
    said = dict.fromkeys(f"{each.property} ({each.code.removeprefix('hubspot.')})" for each in refusals)
    return f"Property values were not valid: {', '.join(said)}"[:_LONGEST]


def _named(errors: Any) -> Iterable[Refusal]:
    for each in errors if isinstance(errors, list) else ():
        context = each.get("context") if isinstance(each, dict) else None
        names = context.get("propertyName") if isinstance(context, dict) else None
        for name in names if isinstance(names, list) else ():
            yield _refusal(name, each.get("code"), each.get("message"))


def _told(message: str) -> Iterable[Refusal]:
    start = message.find("[{")
    try:
        rows = json.loads(message[start:]) if start >= 0 else []
    except (ValueError, RecursionError):
        rows = []
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("name"):
            yield _refusal(row["name"], row.get("error"), row.get("message"))


def _refusal(name: Any, code: Any, message: Any) -> Refusal:
    plain = code if isinstance(code, str) and code.replace("_", "").isalnum() else "VALIDATION_ERROR"
    return Refusal(str(name), f"hubspot.{plain}", str(message or "")[:_LONGEST], plain in _WHOLE)
