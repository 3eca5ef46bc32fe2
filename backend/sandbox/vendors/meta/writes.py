"""Updates and creations: validated as Meta does, told to the activity log, then to the world."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.vendors.meta import creations, creatives
from sandbox.vendors.meta.activities import Actor
from sandbox.vendors.meta.calls import COMMON
from sandbox.vendors.meta.errors import invalid, missing_parameter, unsupported
from sandbox.vendors.meta.money import minimum_daily, to_major, to_units
from sandbox.vendors.meta.nodes import REVIEW_SECONDS, Node, graph_time
from sandbox.vendors.meta.state import MetaState, parsed_time
from sandbox.world.parameters import unknown_curve

STATUSES = ("ACTIVE", "PAUSED", "ARCHIVED", "DELETED")
_BUDGETS = ("daily_budget", "lifetime_budget")
_UPDATABLE = {
    "campaign": {"name", "status", "daily_budget", "lifetime_budget", "bid_strategy"},
    "adset": {
        "name",
        "status",
        "daily_budget",
        "lifetime_budget",
        "bid_strategy",
        "bid_amount",
        "targeting",
        "end_time",
    },
    "ad": {"name", "status"},
    "adcreative": {"name", "status"},
    "adaccount": {"spend_cap", "spend_cap_action", "name"},
}
_CREATABLE = {
    "campaign": _UPDATABLE["campaign"]
    | {"objective", "special_ad_categories", "buying_type", "is_adset_budget_sharing_enabled"},
    "adset": _UPDATABLE["adset"]
    | {
        "campaign_id",
        "billing_event",
        "optimization_goal",
        "promoted_object",
        "start_time",
        "attribution_spec",
    },
    "ad": _UPDATABLE["ad"] | {"adset_id", "creative"},
    "adcreative": {"name", "object_story_spec"},
}
_REQUIRED = {
    "campaign": ("name", "objective", "special_ad_categories"),
    "adset": ("name", "campaign_id", "billing_event", "optimization_goal", "targeting"),
    "ad": ("name", "adset_id", "creative"),
    "adcreative": ("object_story_spec",),
}
_STRUCTURED = {
    *("targeting", "promoted_object", "creative", "special_ad_categories", "attribution_spec"),
    "object_story_spec",
}
_SIGNIFICANT = 0.2
_NEW_SCALE = 600.0
_MOST = 1e12


def update(meta: MetaState, node: Node, params: Mapping[str, str], actor: Actor) -> None:
    """Change an object; a GraphError says what was wrong, and then nothing has changed."""
    changes = _wanted(node.kind, params, _UPDATABLE.get(node.kind, set()), "POST", node.id)
    if node.kind == "adaccount":
        _cap_account(meta, node, changes, actor)
        return
    _check(meta, node, changes)
    if node.kind == "adcreative":
        creatives.change(meta, node, changes)
        return
    if _only_validates(params):
        return
    _apply(meta, node, changes, actor)


def create(meta: MetaState, account: str, kind: str, params: Mapping[str, str], actor: Actor) -> Node | None:
    """A new object, or None when it was only to be validated."""
    for name in _REQUIRED[kind]:
        if not params.get(name):
            raise missing_parameter(name)
    values = _wanted(kind, params, _CREATABLE[kind], "POST", f"act_{account}")
    node = Node("", kind, account, {"status": "ACTIVE"}, {"share": 1.0, "edited_at": meta.clock.now()})
    _link(meta, node, values)
    _check(meta, node, values)
    creations.check(meta, node, values)
    if _only_validates(params):
        return None
    now, timezone = meta.clock.now(), meta.timezone(account)
    node.id = meta.nodes.new_id()
    born = graph_time(now, timezone)
    node.data |= {"created_time": born, "updated_time": born, "start_time": born}
    if kind in {"ad", "adcreative"}:
        del node.data["start_time"]
    node.data |= values
    if kind == "ad":
        node.hidden["review"] = {"verdict": "pending", "until": now + REVIEW_SECONDS}
    meta.nodes.put(node)
    meta.nodes.save()
    if kind == "adcreative":
        return node
    if kind == "campaign":
        scale = _NEW_SCALE * (90.0 if meta.currency(account) == "HUF" else 1.0)
        meta.world.add_campaign(account, node.id, unknown_curve(meta.world.seed, node.id, scale), now)
    meta.activities.record(
        node, "create", now, timezone, actor=actor, detail={"new_value": node.data["name"]}
    )
    meta.push(meta.nodes.campaign_of(node))
    if kind == "ad":
        meta.await_review(node)
    return node


def _only_validates(params: Mapping[str, str]) -> bool:
    return "validate_only" in params.get("execution_options", "")


def _wanted(
    kind: str, params: Mapping[str, str], allowed: set[str], method: str, node_id: str
) -> dict[str, Any]:
    """The parameters that are the object's own; one that is not emulated is refused, never swallowed."""
    if kind not in _UPDATABLE:
        raise unsupported(method, node_id)
    wanted: dict[str, Any] = {}
    for name, text in params.items():
        if name in COMMON:
            continue
        if name not in allowed:
            raise invalid(f"(#100) Param {name} is not supported on this {kind} by this sandbox")
        wanted[name] = _parsed(name, text) if name in _STRUCTURED else text
    return wanted


def _parsed(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise invalid(f"(#100) Param {name} must be valid JSON") from error


def _link(meta: MetaState, node: Node, values: dict[str, Any]) -> None:
    """The parents must exist in the same account."""
    for name, kind in (("campaign_id", "campaign"), ("adset_id", "adset")):
        if name not in values:
            continue
        parent = meta.nodes.find(str(values[name]))
        if parent is None or parent.kind != kind or parent.account != node.account:
            raise invalid(f"(#100) Param {name} must be the id of a {kind} of this account")
        node.data[name] = parent.id
        if kind == "adset":
            node.data["campaign_id"] = parent.data["campaign_id"]


def _check(meta: MetaState, node: Node, changes: dict[str, Any]) -> None:
    status = changes.get("status")
    if status is not None and status not in STATUSES:
        raise invalid(f"(#100) Param status must be one of {{{', '.join(STATUSES)}}}")
    if node.status == "DELETED":
        raise invalid(
            "Invalid parameter",
            subcode=1487056,
            title="Deleted objects can't be edited",
            text="It is deleted.",
        )
    if "name" in changes and not str(changes["name"]).strip():
        raise invalid("(#100) Param name must be a non-empty string")
    for name in _BUDGETS:
        if name in changes:
            changes[name] = _budget(meta, node, name, str(changes[name]))
    if "end_time" in changes:
        _end(changes, meta.clock.now(), meta.timezone(node.account))


def _end(changes: dict[str, Any], now: float, timezone: str) -> None:
    try:
        end = parsed_time(str(changes["end_time"]))
    except ValueError as error:
        raise invalid("(#100) Param end_time must be a date with its offset") from error
    if end <= now:
        raise invalid(
            "Invalid parameter",
            subcode=1487225,
            title="Invalid end time",
            text="The end time is in the past.",
        )
    changes["end_time"] = graph_time(end, timezone)


def _budget(meta: MetaState, node: Node, name: str, text: str) -> str:
    """A whole number of the API's units, at a level and of a kind that the object has."""
    if not text.isdecimal():
        raise invalid(f"(#100) Param {name} must be an integer")
    currency = meta.currency(node.account)
    if int(text) < minimum_daily(currency):
        smallest = to_major(minimum_daily(currency), currency)
        raise invalid(
            "Invalid parameter",
            subcode=1885272,
            title="Your budget is too low",
            text=f"It must be at least {smallest:g} {currency}.",
        )
    other = _BUDGETS[1 - _BUDGETS.index(name)]
    if node.data.get(other):
        raise invalid(
            "Invalid parameter", subcode=1885090, title="Can't switch budget type", text=f"It has a {other}."
        )
    if node.kind == "adset" and _campaign_budget(meta.nodes.get(str(node.data["campaign_id"]))):
        raise invalid(
            "Invalid parameter",
            subcode=1885621,
            title="Can't set ad set budget",
            text="The campaign has a campaign budget, which is shared by its ad sets.",
        )
    if node.kind == "campaign" and node.id and any(map(_campaign_budget, meta.nodes.of(node.id, "adset"))):
        raise invalid(
            "Invalid parameter",
            subcode=1885621,
            title="Can't set campaign budget",
            text="Its ad sets have budgets of their own.",
        )
    return str(int(text))


def _campaign_budget(node: Node) -> bool:
    return any(node.data.get(name) for name in _BUDGETS)


def _apply(meta: MetaState, node: Node, changes: dict[str, Any], actor: Actor) -> None:
    now, timezone = meta.clock.now(), meta.timezone(node.account)
    real = {name: new for name, new in changes.items() if node.data.get(name) != new}
    if not real:
        return
    for name, new in real.items():
        old = node.data.get(name)
        node.data[name] = new
        what = "budget" if name in _BUDGETS else name
        detail: dict[str, Any] = {"old_value": old, "new_value": new, "type": name}
        if what == "budget":
            detail |= {
                "old_value": int(old or 0),
                "new_value": int(new),
                "currency": meta.currency(node.account),
            }
            _relearn(meta, node, int(old or 0), int(new))
        meta.activities.record(node, what, now, timezone, actor=actor, detail=detail)
    node.data["updated_time"] = graph_time(now, timezone)
    meta.nodes.save()
    meta.push(meta.nodes.campaign_of(node))


def _relearn(meta: MetaState, node: Node, old: int, new: int) -> None:
    """A change of more than 20 % sends the ad sets beneath back to learning."""
    if old and abs(new - old) / old <= _SIGNIFICANT:
        return
    for ad_set in [node] if node.kind == "adset" else meta.nodes.of(node.id, "adset"):
        ad_set.hidden["edited_at"] = meta.clock.now()


def _cap_account(meta: MetaState, node: Node, changes: dict[str, Any], actor: Actor) -> None:
    """`spend_cap` is written in the currency's major unit and read in the API's units, as at Meta."""
    now, timezone = meta.clock.now(), meta.timezone(node.id)
    action = changes.get("spend_cap_action")
    if action not in {None, "delete"}:
        raise invalid("(#100) Param spend_cap_action must be one of {delete} in this sandbox")
    if "name" in changes:
        node.data["name"] = changes["name"]
    if "spend_cap" in changes or action == "delete":
        old, cap = node.data["spend_cap"], _cap(changes, action)
        meta.world.cap_spend(node.id, now, cap or None)
        node.data["spend_cap"] = str(to_units(cap, meta.currency(node.id)))
        detail = {
            "old_value": int(old),
            "new_value": int(node.data["spend_cap"]),
            "currency": meta.currency(node.id),
        }
        meta.activities.record(node, "spend_cap", now, timezone, actor=actor, detail=detail)
    meta.nodes.save()


def _cap(changes: dict[str, Any], action: str | None) -> float:
    if action == "delete":
        return 0.0
    try:
        cap = float(changes["spend_cap"])
    except ValueError as error:
        raise invalid("(#100) Param spend_cap must be a number") from error
    if not 0 <= cap < _MOST:
        raise invalid("(#100) Param spend_cap must be a reasonable amount")
    return cap
