"""What the columns of a file are taken for, until a person says otherwise. Pure."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from app.schemas.cdp.imports import ColumnPlan, ImportKind, ImportPlan, Target, ValueType
from app.services.cdp.consents.rules import Purpose
from app.services.cdp.imports.values import fits_number


class ImportStatus(StrEnum):
    UPLOADING = "uploading"
    DRAFT = "draft"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"


ENDED = frozenset({ImportStatus.DONE, ImportStatus.CANCELLED, ImportStatus.FAILED, ImportStatus.EXPIRED})
WAITING = (ImportStatus.QUEUED, ImportStatus.RUNNING)

IDENTIFIERS: tuple[Target, ...] = ("user_id", "email", "phone", "anonymous_id", "device_id")
NAMED: frozenset[Target] = frozenset({"trait", "property", "consent"})

_SYNONYMS: Mapping[Target, str] = MappingProxyType(
    {
        "user_id": "user_id userid external_id externalid customer_id customerid kundennummer",
        "email": "email e_mail mail email_address e_mail_address emailaddress e_mail_adresse",
        "phone": "phone phone_number phonenumber mobile mobile_phone mobile_number telephone tel telefon",
        "anonymous_id": "anonymous_id anonymousid visitor_id cookie_id",
        "device_id": "device_id deviceid idfa gaid advertising_id",
    }
)
_OF_EVENTS: Mapping[Target, str] = MappingProxyType(
    {
        "event": "event event_name eventname action",
        "time": "time timestamp event_time occurred_at happened_at date datetime created_at original_timestamp",
        "message_id": "message_id messageid event_id",
        "properties": "properties",
    }
)
_OF_PEOPLE: Mapping[Target, str] = MappingProxyType(
    {"time": "updated_at timestamp as_of", "traits": "traits"}
)
_OURS = frozenset(
    {
        *("profile_id", "lifecycle", "first_seen_at", "last_seen_at", "first_order_at", "last_order_at"),
        *("event_count", "order_count", "refund_count", "revenue", "refunded", "computed", "identifiers"),
        *("phone_digits", "email_google", "received_at", "source_id", "order_id", "value_micros", "currency"),
        "event_type",
    }
)
"""What our own exports say beside what was said by people: we work it out ourselves."""

_BOOLEANS = frozenset({"true", "false"})


def proposed(
    kind: ImportKind, columns: Sequence[str], samples: Mapping[str, Sequence[str]], *, is_json: bool
) -> ImportPlan:
    """`samples` are the first texts of each column that are not empty."""
    known = {
        name: target
        for targets in (_SYNONYMS, _OF_EVENTS if kind == "events" else _OF_PEOPLE)
        for target, names in targets.items()
        for name in names.split()
    }
    taken: set[Target] = set()
    plans = []
    for column in columns:
        plan = _proposal(kind, column, known, "as_is" if is_json else _type_of(samples.get(column, ())))
        if plan.to in NAMED or plan.to == "ignore" or plan.to not in taken:
            taken.add(plan.to)
        else:
            plan = ColumnPlan(column=column, to=_other(kind), name=_named(column), type=plan.type)
        plans.append(plan)
    return ImportPlan(columns=plans)


def _proposal(
    kind: ImportKind, column: str, known: Mapping[str, Target], value_type: ValueType
) -> ColumnPlan:
    plain = re.sub(r"[^\w]+", "_", column.strip().lower()).strip("_")
    prefix, mark, rest = column.strip().partition(":")
    if not mark:
        prefix, mark, rest = column.strip().partition(".")
    rest = rest.strip()[:200]
    if mark and rest and prefix.lower() == "consent" and rest.lower() in set(Purpose):
        return ColumnPlan(column=column, to="consent", name=rest.lower())
    if mark and rest and prefix.lower() in ("trait", "traits") and kind == "people":
        return ColumnPlan(column=column, to="trait", name=rest, type=value_type)
    if mark and rest and prefix.lower() in ("property", "properties") and kind == "events":
        return ColumnPlan(column=column, to="property", name=rest, type=value_type)
    if plain in known:
        to = known[plain]
        whole = to in ("traits", "properties")
        return ColumnPlan(
            column=column, to=to, type="json" if whole and value_type != "as_is" else value_type
        )
    if plain in _OURS or prefix.lower() == "computed":
        return ColumnPlan(column=column, to="ignore")
    return ColumnPlan(column=column, to=_other(kind), name=_named(column), type=value_type)


def _other(kind: ImportKind) -> Target:
    return "trait" if kind == "people" else "property"


def _named(column: str) -> str:
    return column.strip()[:200] or "column"


def _type_of(texts: Sequence[str]) -> ValueType:
    if not texts:
        return "text"
    if all(fits_number(each) for each in texts):
        return "number"
    if all(each in _BOOLEANS for each in texts):
        return "boolean"
    return "json" if all(each[:1] in "{[" and each[-1:] in "}]" for each in texts) else "text"
