"""The properties of contacts and deals, and which values they take."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from sandbox.vendors.hubspot.constants import CONTACTS, DEALS, LOST, MODIFIED, STAGES, WON
from sandbox.vendors.hubspot.errors import HubError, invalid_properties, property_fault

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LIFECYCLE = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)
_LONGEST = 65_536
_TEXTS = (
    "firstname",
    "lastname",
    "phone",
    "mobilephone",
    "address",
    "city",
    "state",
    "zip",
    "country",
    "company",
    "jobtitle",
    "website",
)
PROPERTIES: Mapping[str, Mapping[str, str]] = {
    CONTACTS: dict.fromkeys(_TEXTS, "string")
    | {
        "email": "string",
        "lifecyclestage": "enumeration",
        "hubspot_owner_id": "number",
        "createdate": "datetime",
        "lastmodifieddate": "datetime",
        "hs_object_id": "number",
        "stratum_lifecycle": "string",
        "stratum_lifetime_value": "number",
        "stratum_order_count": "number",
        "stratum_rfm": "string",
    },
    DEALS: {
        "dealname": "string",
        "pipeline": "enumeration",
        "dealstage": "enumeration",
        "amount": "number",
        "deal_currency_code": "enumeration",
        "closedate": "datetime",
        "createdate": "datetime",
        "hs_lastmodifieddate": "datetime",
        "hs_object_id": "number",
        "hs_is_closed": "bool",
        "hs_is_closed_won": "bool",
        "hubspot_owner_id": "number",
        "description": "string",
        "stratum_first_source": "string",
        "stratum_first_campaign": "string",
        "stratum_last_source": "string",
        "stratum_last_platform": "string",
        "stratum_lifetime_value": "number",
    },
}
"""Name and type. Those that begin with `stratum_` somebody in the account made by hand."""
READ_ONLY = frozenset(
    {"lastmodifieddate", "hs_lastmodifieddate", "hs_object_id", "hs_is_closed", "hs_is_closed_won"}
)
DEFAULTS = {
    CONTACTS: ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    DEALS: (
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    ),
}
OPTIONS = {"lifecyclestage": _LIFECYCLE, "dealstage": (*STAGES, WON, LOST), "pipeline": ("default",)}


@dataclass(slots=True)
class Definitions:
    """What somebody has done to the account's properties: those archived are gone, those locked are read alone.

    `is_terse`: refusals say that something was wrong, and not what.
    """

    archived: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()
    is_terse: bool = False


def shown(kind: str, asked: Iterable[str] | None) -> tuple[str, ...]:
    """Which properties an answer holds; names that there are not are passed over."""
    chosen = tuple(dict.fromkeys(name for name in asked or () if name in PROPERTIES[kind]))
    always = ("createdate", MODIFIED[kind], "hs_object_id")
    return (*chosen, *(name for name in always if name not in chosen)) if chosen else DEFAULTS[kind]


def checked(kind: str, values: Any, made: Definitions) -> dict[str, str | None]:
    """What may be written, as text; empty text takes a value away."""
    if not isinstance(values, dict):
        raise HubError("Invalid input JSON: properties is no object")
    faults: list[dict[str, Any]] = []
    found: dict[str, str | None] = {}
    for name, value in values.items():
        if name not in PROPERTIES[kind] or name in made.archived:
            faults.append(property_fault(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
        elif name in READ_ONLY or name in made.locked:
            message = f'"{name}" is a read only property; its value cannot be set.'
            faults.append(property_fault(name, "READ_ONLY_VALUE", message))
        elif (text := _text(value)) is None or not _fits(kind, name, text):
            faults.append(property_fault(name, *_fault_of(kind, name, value)))
        else:
            found[name] = text or None
    if faults and made.is_terse:
        raise HubError("Invalid input")
    if faults:
        raise invalid_properties(faults)
    return found


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value) if isfinite(value) else None
    if not isinstance(value, str) or len(value) > _LONGEST or "\x00" in value:
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value


def _fits(kind: str, name: str, text: str) -> bool:
    if not text:
        return True
    if name == "email":
        return _EMAIL.fullmatch(text) is not None
    if name in OPTIONS:
        return text in OPTIONS[name]
    if name == "deal_currency_code":
        return re.fullmatch(r"[A-Z]{3}", text) is not None
    wanted = PROPERTIES[kind][name]
    if wanted == "number":
        return number(text) is not None
    return wanted != "datetime" or moment(text) is not None


def _fault_of(kind: str, name: str, value: Any) -> tuple[str, str]:
    """The code, and words that begin with the value."""
    if name == "email":
        return "INVALID_EMAIL", f"Email address {value} is invalid"
    if name in OPTIONS:
        return "INVALID_OPTION", f"{value} was not one of the allowed options: [{', '.join(OPTIONS[name])}]"
    wanted = PROPERTIES[kind][name]
    code = {"number": "INVALID_INTEGER", "datetime": "INVALID_DATE"}.get(wanted, "INVALID_STRING")
    return code, f"{value} was not a valid {'number' if wanted == 'number' else wanted}."


def number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def moment(text: str) -> int | None:
    """Milliseconds since 1970, of ISO 8601 or of such milliseconds."""
    if re.fullmatch(r"-?[0-9]{1,15}", text):
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round(at.timestamp() * 1000) if at.tzinfo is not None else None
