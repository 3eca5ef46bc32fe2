"""Customer lists: segments of hashed addresses, numbers and devices, which take one kind of identifier at a time.

The Marketing API's page "Customer Lists" says what is taken. Segments of pixels, of engagement and lookalikes are not
emulated.
"""

import re
from collections.abc import Callable
from typing import Any

from sandbox.membership import CustomerList, Entry, Knowledge
from sandbox.vendors.snapchat.calls import Call, item, success
from sandbox.vendors.snapchat.constants import PLATFORM
from sandbox.vendors.snapchat.entities import Entity, snap_time
from sandbox.vendors.snapchat.errors import SnapError, invalid, not_found, request_id, unsupported
from sandbox.vendors.snapchat.paging import page
from sandbox.vendors.snapchat.state import SnapState
from sandbox.world.seasons import DAY

KNOWLEDGE = Knowledge(
    PLATFORM,
    0.41,
    {"EMAIL_SHA256": lambda who: who.email, "PHONE_SHA256": lambda who: who.phone.removeprefix("+")},
    ("EMAIL_SHA256", "PHONE_SHA256", "MOBILE_AD_ID_SHA256"),
)
FIRST_ID = 5_677_923_948_298_240
SETTLES = DAY
"""Simulated seconds until an upload has been matched."""
_MOST_USERS = 100_000
_FEWEST = 1_000
_ROUNDED = 100
_LONGEST_NAME = 375
_FOR_EVER = 9_999
_SHA = re.compile(r"[0-9a-f]{64}")
_FIELDS = frozenset({"name", "description", "source_type", "retention_in_days", "ad_account_id"})
Reply = tuple[int, dict[str, Any]]


class _Wrong(Exception):
    """Why one item of a request was not taken."""


def of_account(snap: SnapState, account: Entity, call: Call) -> Reply:
    """`/adaccounts/{id}/segments`."""
    if call.method == "GET":
        call.only("limit", "cursor")
        rows, paging = page(snap.lists.of(account.id), call)
        return 200, success("segments", [item("segment", _shown(snap, each)) for each in rows], **paging)
    if call.method != "POST":
        raise unsupported(call.method, "/".join(call.parts))
    return _each(call, "segments", "segment", lambda row: _shown(snap, _create(snap, account, row)))


def one(snap: SnapState, call: Call) -> Reply:
    """`/segments/{id}`, its `users` and `all_users`."""
    held = snap.lists.find(call.parts[1])
    if held is None or len(call.parts) > 3:  # noqa: PLR2004 - kind, id and edge
        raise not_found()
    if snap.ground.faults.active("platform_outage", held.account, snap.now):
        raise SnapError("Service unavailable", None, status=503)
    edge = call.parts[2] if len(call.parts) > 2 else ""  # noqa: PLR2004
    way = (call.method, edge)
    if way == ("GET", ""):
        return 200, success("segments", [item("segment", _shown(snap, held))])
    if way == ("DELETE", ""):
        snap.members.forget(_name(held))
        snap.lists.remove(held.id)
        return 200, success("segments", [])
    if way == ("DELETE", "all_users"):
        gone = snap.members.empty(_name(held), snap.now)
        _touch(snap, held)
        return 200, success("users", [item("user", {"number_uploaded_users": gone})])
    if way in {("POST", "users"), ("DELETE", "users")}:
        return _change_users(snap, held, call)
    if edge not in {"", "users", "all_users"}:
        raise not_found()
    raise unsupported(call.method, "/".join(call.parts))


def inside(snap: SnapState, segment: str) -> dict[str, Any] | None:
    """For the control API; None where there is no such segment."""
    held = snap.lists.find(segment)
    return None if held is None else {"id": held.id, **snap.members.shown(_name(held))}


def every(snap: SnapState) -> list[dict[str, Any]]:
    return [
        {"id": each.id, "account": each.account, "name": each.name, **each.facts}
        | {"entries": len(snap.members.members(_name(each)))}
        for each in snap.lists.all()
    ]


def _change_users(snap: SnapState, held: CustomerList, call: Call) -> Reply:
    def act(row: dict[str, Any]) -> dict[str, Any]:
        found = _entries(row)
        if call.method == "POST":
            snap.members.add(_name(held), held.account, found, snap.now)
        else:
            snap.members.remove(_name(held), found, snap.now)
        _touch(snap, held)
        return {"number_uploaded_users": len(found)}

    return _each(call, "users", "user", act)


def _each(call: Call, plural: str, singular: str, act: Callable[[dict[str, Any]], dict[str, Any]]) -> Reply:
    """Each item of a request succeeds or fails for itself."""
    rows = call.body.get(plural) if isinstance(call.body, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise invalid(f"The body must hold a list of {plural}")
    items = []
    for number, row in enumerate(rows):
        if number in call.refused:
            items.append(_failed("Internal error, please retry"))
            continue
        try:
            items.append(item(singular, act(row)))
        except _Wrong as wrong:
            items.append(_failed(str(wrong)))
    if all(each["sub_request_status"] == "ERROR" for each in items):
        return 400, {**SnapError("All sub-requests failed", "E1001").body(), plural: items}
    return 200, {"request_status": "SUCCESS", "request_id": request_id(), plural: items}


def _failed(reason: str) -> dict[str, Any]:
    return {"sub_request_status": "ERROR", "sub_request_error_reason": reason}


def _entries(row: dict[str, Any]) -> list[Entry]:
    """Those that can be read; what is no hash is not counted."""
    schema, data = row.get("schema"), row.get("data")
    if not isinstance(schema, list) or len(schema) != 1 or schema[0] not in KNOWLEDGE.alone:
        raise _Wrong(f"E1001: schema must be one of {', '.join(KNOWLEDGE.alone)}")
    if not isinstance(data, list) or not data:
        raise _Wrong("E1001: data must not be empty")
    if len(data) > _MOST_USERS:
        raise _Wrong(f"E1001: data must not have more than {_MOST_USERS} identifiers")
    values = [each[0] for each in data if isinstance(each, list) and len(each) == 1]
    return [{schema[0]: each} for each in values if isinstance(each, str) and _SHA.fullmatch(each)]


def _create(snap: SnapState, account: Entity, row: dict[str, Any]) -> CustomerList:
    if unknown := row.keys() - _FIELDS:
        raise _Wrong(f"E1001: {min(unknown)} is not supported")
    days: Any = row.get("retention_in_days")
    name: Any = row.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        raise _Wrong(f"E1001: name must have 1 to {_LONGEST_NAME} characters")
    if row.get("source_type") != "FIRST_PARTY":
        raise _Wrong("E1001: source_type must be FIRST_PARTY in this sandbox")
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= _FOR_EVER:
        raise _Wrong(f"E1001: retention_in_days must be between 1 and {_FOR_EVER}")
    if row.get("ad_account_id") != account.id:
        raise _Wrong("E1001: ad_account_id must be that of the path")
    facts = {"description": str(row.get("description") or ""), "retention_in_days": days}
    return snap.lists.make(account.id, name, snap.now, **facts)


def _shown(snap: SnapState, held: CustomerList) -> dict[str, Any]:
    settled = snap.members.size(_name(held), snap.now - SETTLES)
    uploaded = snap.members.size(_name(held), snap.now)
    size = (settled or 0) // _ROUNDED * _ROUNDED
    changed = held.changed_at if held.changed_at is not None else held.made_at
    targetable = "NOT_READY" if settled is None else "READY" if settled >= _FEWEST else "TOO_FEW_USERS"
    working = held.changed_at is not None and snap.now < held.changed_at + SETTLES
    return {
        "id": held.id,
        "created_at": snap_time(held.made_at),
        "updated_at": snap_time(changed),
        "name": held.name,
        "ad_account_id": held.account,
        "organization_id": snap.entities.get(held.account).data.get("organization_id"),
        **held.facts,
        "status": "ACTIVE",
        "source_type": "FIRST_PARTY",
        "upload_status": "NO_UPLOAD" if uploaded is None else "PROCESSING" if working else "COMPLETE",
        "targetable_status": targetable,
        "approximate_number_users": size,
    }


def _touch(snap: SnapState, held: CustomerList) -> None:
    held.changed_at = snap.now
    snap.lists.save(held)


def _name(held: CustomerList) -> str:
    return f"{PLATFORM}:{held.id}"
