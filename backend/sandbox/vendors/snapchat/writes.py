"""Creations, whole updates and deletions: each entity of a request succeeds or fails for itself."""

from collections.abc import Callable
from typing import Any

from sandbox.vendors.snapchat import creatives
from sandbox.vendors.snapchat.calls import Call
from sandbox.vendors.snapchat.changelogs import Actor
from sandbox.vendors.snapchat.entities import REVIEW_SECONDS, Entity, seconds_of, snap_time
from sandbox.vendors.snapchat.errors import SnapError, invalid, not_found, request_id
from sandbox.vendors.snapchat.state import SnapState, shares_budget
from sandbox.world.parameters import unknown_curve

STATUSES = ("ACTIVE", "PAUSED")
_MOST_MICROS = 10**15
_LONGEST_NAME = 375
_LEAST_SQUAD_DAY = 5_000_000
_LEAST_CAMPAIGN_DAY = {"USD": 20_000_000}
_NEW_SCALE = 300.0
_AUTO_BID = "AUTO_BID"
REQUIRED = {
    "campaign": ("ad_account_id", "name", "status", "start_time"),
    "adsquad": (
        *("campaign_id", "name", "status", "type", "targeting", "billing_event", "optimization_goal"),
        "bid_strategy",
    ),
    "ad": ("ad_squad_id", "creative_id", "name", "status", "type"),
    "media": ("ad_account_id", "name", "type"),
    "creative": (
        *("ad_account_id", "name", "type", "brand_name", "headline", "top_snap_media_id"),
        *("profile_properties", "web_view_properties"),
    ),
}
OPTIONAL = {
    "campaign": (
        *(
            "daily_budget_micro",
            "lifetime_spend_cap_micro",
            "end_time",
            "objective_v2_properties",
            "buy_model",
        ),
        *("pacing_level", "shared_properties", "measurement_spec", "regulations"),
    ),
    "adsquad": (
        *("daily_budget_micro", "lifetime_budget_micro", "bid_micro", "start_time", "end_time", "pixel_id"),
        *("conversion_window", "pacing_type", "delivery_constraint", "placement", "placement_v2"),
    ),
    "ad": (),
    "media": (),
    "creative": ("call_to_action", "shareable"),
}
_FOR_EVER = {
    "campaign": ("ad_account_id", "objective_v2_properties", "buy_model", "pacing_level"),
    "adsquad": ("campaign_id", "type", "billing_event"),
    "ad": ("ad_squad_id", "creative_id", "type"),
}
_PARENT = {
    "media": "ad_account_id",
    "creative": "ad_account_id",
    "campaign": "ad_account_id",
    "adsquad": "campaign_id",
    "ad": "ad_squad_id",
}
_BELOW = {"adaccount": "campaign", "campaign": "adsquad", "adsquad": "ad"}
_CREATED_ONLY = ("media", "creative")
"""What is below an ad account, and is neither changed nor deleted in this sandbox."""
PLURAL = {
    "campaign": "campaigns",
    "adsquad": "adsquads",
    "ad": "ads",
    "media": "media",
    "creative": "creatives",
}


class Refusal(Exception):
    """Why one entity of a request was not taken."""


def batch(snap: SnapState, parent: Entity, kind: str, call: Call, actor: Actor) -> tuple[int, dict[str, Any]]:
    """POST creates, PUT replaces; the status, and the answer with a verdict per entity."""
    loose = kind in _CREATED_ONLY
    if (parent.kind != "adaccount" or call.method != "POST") if loose else _BELOW.get(parent.kind) != kind:
        raise not_found()
    plural = PLURAL[kind]
    rows = call.body.get(plural) if isinstance(call.body, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise invalid(f"The body must hold a list of {plural}")
    act: Callable[[SnapState, Entity, str, dict[str, Any], Actor], Entity]
    act = _create if call.method == "POST" else _replace
    items: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        if number in call.refused:
            items.append(_refused("Internal error, please retry"))
            continue
        try:
            items.append(_taken(snap, act(snap, parent, kind, row, actor)))
        except Refusal as refusal:
            items.append(_refused(str(refusal)))
    snap.entities.save()
    if all(each["sub_request_status"] == "ERROR" for each in items):
        failure = SnapError("All sub-requests failed", "E1001").body()
        return 400, failure | {plural: items}
    return 200, {"request_status": "SUCCESS", "request_id": request_id(), plural: items}


def delete(snap: SnapState, entity: Entity, actor: Actor) -> dict[str, Any]:
    if entity.kind not in _BELOW.values():
        raise not_found()
    before = dict(entity.data)
    entity.data |= {"deleted": True, "status": "PAUSED", "updated_at": snap_time(snap.now)}
    snap.entities.save()
    snap.changelogs.record(entity, "DELETED", snap.now, actor, before)
    snap.push(snap.entities.campaign_of(entity))
    items = [{"sub_request_status": "SUCCESS"}]
    return {"request_status": "SUCCESS", "request_id": request_id(), PLURAL[entity.kind]: items}


def change(snap: SnapState, entity: Entity, changes: dict[str, Any], actor: Actor) -> None:
    """By a person, in Ads Manager: some fields, None for one that is taken away; a Refusal changes nothing."""
    known = (*REQUIRED[entity.kind], *OPTIONAL[entity.kind])
    whole = {name: entity.data[name] for name in known if name in entity.data} | changes
    row = {name: value for name, value in whole.items() if value is not None} | {"id": entity.id}
    parent = snap.entities.get(str(entity.data[_PARENT[entity.kind]]))
    _replace(snap, parent, entity.kind, row, actor)
    snap.entities.save()


def shown(snap: SnapState, entity: Entity) -> dict[str, Any]:
    found = {"id": entity.id, **entity.data}
    if entity.kind in _BELOW.values():
        found["delivery_status"] = snap.entities.delivery_status(entity, snap.now)
    if entity.kind == "ad":
        found["review_status"] = entity.review(snap.now)
        found["review_status_reasons"] = (entity.hidden.get("review") or {}).get("reasons", [])
    return found


def _refused(reason: str) -> dict[str, Any]:
    return {"sub_request_status": "ERROR", "sub_request_error_reason": reason}


def _taken(snap: SnapState, entity: Entity) -> dict[str, Any]:
    return {"sub_request_status": "SUCCESS", entity.kind: shown(snap, entity)}


def _create(snap: SnapState, parent: Entity, kind: str, row: dict[str, Any], actor: Actor) -> Entity:
    if "id" in row:
        raise Refusal("E2002: id is not allowed on creation")
    entity = Entity("", kind, parent.owner, {}, {"share": 1.0})
    _check(snap, parent, entity, row)
    entity.id = snap.entities.new_id()
    born = snap_time(snap.now)
    entity.data = {"created_at": born, "updated_at": born, **row}
    if kind == "campaign":
        scale = _NEW_SCALE * (0.3 if snap.ground.world.accounts[parent.id].currency == "KWD" else 1.0)
        curve = unknown_curve(snap.ground.world.seed, entity.id, scale)
        snap.ground.world.add_campaign(parent.id, entity.id, curve, snap.now)
    if kind == "ad":
        entity.hidden["review"] = {"status": "PENDING", "until": snap.now + REVIEW_SECONDS}
    snap.entities.put(entity)
    if kind in _CREATED_ONLY:
        entity.data |= creatives.derived(kind)
        return entity
    snap.changelogs.record(entity, "CREATED", snap.now, actor, {})
    snap.push(snap.entities.campaign_of(entity))
    if kind == "ad":
        snap.await_review(entity)
    return entity


def _replace(snap: SnapState, parent: Entity, kind: str, row: dict[str, Any], actor: Actor) -> Entity:
    """The whole entity anew: an optional field that is left out is gone afterwards."""
    entity = snap.entities.find(str(row.get("id", "")), kind)
    if entity is None or entity.deleted or entity not in snap.entities.of(parent, kind):
        raise Refusal("E3003: Resource can not be found")
    wanted = {name: value for name, value in row.items() if name != "id"}
    _check(snap, parent, entity, wanted)
    for name in _FOR_EVER[kind]:
        if wanted.get(name) != entity.data.get(name):
            raise Refusal(f"E2023: {name} is immutable")
    before = dict(entity.data)
    entity.data = {"created_at": before["created_at"], "updated_at": snap_time(snap.now), **wanted}
    snap.changelogs.record(entity, "UPDATED", snap.now, actor, before)
    snap.push(snap.entities.campaign_of(entity))
    return entity


def _check(snap: SnapState, parent: Entity, entity: Entity, row: dict[str, Any]) -> None:
    kind = entity.kind
    _check_names(kind, row)
    if row[_PARENT[kind]] != parent.id:
        raise Refusal(f"E2002: {_PARENT[kind]} does not match the path")
    if kind not in _CREATED_ONLY and row["status"] not in STATUSES:
        raise Refusal(f"E2002: status must be one of {', '.join(STATUSES)}")
    if not isinstance(row["name"], str) or len(row["name"]) > _LONGEST_NAME:
        raise Refusal(f"E2002: name must be text of at most {_LONGEST_NAME} characters")
    _check_times(row)
    for name, value in row.items():
        if name.endswith("_micro"):
            _check_micros(name, value)
    if kind == "campaign":
        _check_campaign(snap, entity, row)
    elif kind == "adsquad":
        _check_squad(parent, row)
    elif reason := creatives.wrong(snap, entity, row):
        raise Refusal(reason)


def _check_names(kind: str, row: dict[str, Any]) -> None:
    for name in row:
        if name not in REQUIRED[kind] and name not in OPTIONAL[kind]:
            raise Refusal(f"E2002: {name} is not a settable attribute of this entity")
    for name in REQUIRED[kind]:
        if row.get(name) in (None, ""):
            raise Refusal(f"E2001: {name} is required")


def _check_times(row: dict[str, Any]) -> None:
    try:
        moments = [seconds_of(row[name]) for name in ("start_time", "end_time") if name in row]
    except (TypeError, ValueError) as error:
        raise Refusal("E2002: start_time and end_time must be ISO 8601") from error
    if len(moments) == 2 and moments[1] <= moments[0]:  # noqa: PLR2004 - both
        raise Refusal("E2002: end_time must be after start_time")


def _check_micros(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _MOST_MICROS:
        raise Refusal(f"E2002: {name} must be a positive whole number of micro-currency")


def _check_campaign(snap: SnapState, entity: Entity, row: dict[str, Any]) -> None:
    currency = snap.ground.world.accounts[entity.account].currency
    least = _LEAST_CAMPAIGN_DAY.get(currency, _LEAST_SQUAD_DAY)
    if row.get("daily_budget_micro", least) < least:
        raise Refusal(f"E2002: daily_budget_micro must be at least {least}")
    has_budget = "daily_budget_micro" in row or "lifetime_spend_cap_micro" in row
    if row.get("pacing_level") == "CAMPAIGN" and not has_budget:
        raise Refusal("E2001: a campaign that paces its ad squads needs a budget")


def _check_squad(campaign: Entity, row: dict[str, Any]) -> None:
    budgets = [n for n in ("daily_budget_micro", "lifetime_budget_micro") if n in row]
    if shares_budget(campaign):
        if budgets:
            raise Refusal(f"E2002: {budgets[0]} is not allowed: the campaign paces its ad squads")
    elif len(budgets) != 1:
        raise Refusal("E2001: one of daily_budget_micro or lifetime_budget_micro must be set")
    if row.get("daily_budget_micro", _LEAST_SQUAD_DAY) < _LEAST_SQUAD_DAY:
        raise Refusal(f"E2002: daily_budget_micro must be at least {_LEAST_SQUAD_DAY}")
    if "lifetime_budget_micro" in row and "end_time" not in row:
        raise Refusal("E2001: end_time is required with a lifetime budget")
    if row["bid_strategy"] == _AUTO_BID and "bid_micro" in row:
        raise Refusal("E2772: bid_micro is not allowed with AUTO_BID")
    if row["bid_strategy"] != _AUTO_BID and "bid_micro" not in row:
        raise Refusal("E2771: Bid is required on ad squad")
