"""Single objects and their fields; what a field is worth is computed when it is asked for."""

from collections.abc import Callable
from typing import Any

from sandbox.vendors.meta import audiences, review
from sandbox.vendors.meta.archive import is_archived
from sandbox.vendors.meta.constants import BUSINESS_ID
from sandbox.vendors.meta.errors import unknown_field
from sandbox.vendors.meta.fields import Field
from sandbox.vendors.meta.money import minimum_daily, to_units
from sandbox.vendors.meta.nodes import KINDS, Node, graph_time
from sandbox.vendors.meta.state import MetaState
from sandbox.world.seasons import local

_LEARNED = 50

PLAIN: dict[str, frozenset[str]] = {
    "user": frozenset({"name"}),
    "business": frozenset({"name"}),
    "adaccount": frozenset(
        {
            "account_id",
            "account_status",
            "business",
            "business_country_code",
            "created_time",
            "currency",
            "disable_reason",
            "min_daily_budget",
            "name",
            "spend_cap",
            "timezone_name",
        }
    ),
    "campaign": frozenset(
        {
            "name",
            "objective",
            "status",
            "buying_type",
            "special_ad_categories",
            "created_time",
            "start_time",
            "stop_time",
            "updated_time",
            "daily_budget",
            "lifetime_budget",
            "bid_strategy",
            "spend_cap",
        }
    ),
    "adset": frozenset(
        {
            "name",
            "campaign_id",
            "status",
            "billing_event",
            "optimization_goal",
            "attribution_spec",
            "promoted_object",
            "targeting",
            "created_time",
            "start_time",
            "end_time",
            "updated_time",
            "daily_budget",
            "lifetime_budget",
            "bid_strategy",
            "bid_amount",
        }
    ),
    "ad": frozenset({"name", "campaign_id", "adset_id", "status", "created_time", "updated_time"}),
    "adcreative": frozenset(
        {
            "name",
            "object_type",
            "title",
            "body",
            "call_to_action_type",
            "link_url",
            "image_url",
            "thumbnail_url",
            "video_id",
            "object_story_spec",
            "asset_feed_spec",
            "status",
        }
    ),
    "adimage": frozenset(
        {
            "hash",
            "name",
            "status",
            "width",
            "height",
            "original_width",
            "original_height",
            "url",
            "created_time",
        }
    ),
    "adspixel": frozenset({"name"}),
    "customaudience": frozenset(
        {
            "name",
            "description",
            "subtype",
            "customer_file_source",
            "time_created",
            "time_updated",
            "time_content_updated",
        }
    ),
}
Computed = Callable[[MetaState, Node], Any]


def _spent_today(meta: MetaState, node: Node) -> float:
    world = meta.account_world(node.owner)
    today, _ = local(int(meta.clock.now() // 3600), world.timezone)
    lines = [x for x in world.lines.values() if node.covers(x.id, x.campaign)]
    recent = range(world.closed_hour - 25, world.closed_hour)
    hours = [h for h in recent if local(h, world.timezone)[0] == today]
    return sum(shown.spend for x in lines for h in hours if (shown := x.delivered(h)) is not None)


def _spent_ever(meta: MetaState, node: Node) -> float:
    world = meta.account_world(node.owner)
    return sum(h.spend for x in world.lines.values() if node.covers(x.id, x.campaign) for h in x.hours)


def _remaining(meta: MetaState, node: Node) -> str:
    daily, lifetime = node.units("daily_budget"), node.units("lifetime_budget")
    if not daily and not lifetime:
        return "0"
    spent = _spent_today(meta, node) if daily else _spent_ever(meta, node)
    return str(max(0, (daily or lifetime or 0) - to_units(spent, meta.currency(node.owner))))


def _learning(meta: MetaState, node: Node) -> dict[str, Any]:
    """Fifty conversions since the last significant edit end the phase; what the archive holds has ended it."""
    edited = float(node.hidden.get("edited_at", 0.0))
    if is_archived(node):
        return {"status": "SUCCESS", "conversions": _LEARNED, "last_sig_edit_ts": int(edited)}
    conversions = meta.reporter(node.owner).purchases_of(node.id, edited)
    status = "SUCCESS" if conversions >= _LEARNED else "LEARNING"
    return {
        "status": status,
        "conversions": min(conversions, _LEARNED),
        "last_sig_edit_ts": int(edited),
        "attribution_windows": ["7d_click", "1d_view"],
    }


def _utc_offset(meta: MetaState, node: Node) -> float:
    text = graph_time(meta.clock.now(), meta.timezone(node.owner))[-5:]
    hours = int(text[1:3]) + int(text[3:]) / 60
    return -hours if text[0] == "-" else hours


def _last_fired(meta: MetaState, node: Node) -> str | None:
    now = meta.clock.now()
    orders = meta.reporter(node.owner).browser_events(now - 7 * 86400, now)
    return graph_time(orders[-1].at, meta.timezone(node.owner)) if orders else None


COMPUTED: dict[str, dict[str, Computed]] = {
    "adaccount": {
        "amount_spent": lambda meta, n: str(to_units(meta.account_world(n.id).spent, meta.currency(n.id))),
        "balance": lambda meta, n: str(to_units(_spent_today(meta, n), meta.currency(n.id))),
        "timezone_offset_hours_utc": _utc_offset,
        "min_daily_budget": lambda meta, n: minimum_daily(meta.currency(n.id)),
    },
    "campaign": {
        "account_id": lambda _, n: n.account,
        "effective_status": lambda meta, n: meta.nodes.effective_status(n, meta.clock.now()),
        "configured_status": lambda _, n: n.status,
        "budget_remaining": _remaining,
    },
    "adset": {
        "account_id": lambda _, n: n.account,
        "effective_status": lambda meta, n: meta.nodes.effective_status(n, meta.clock.now()),
        "configured_status": lambda _, n: n.status,
        "budget_remaining": _remaining,
        "learning_stage_info": _learning,
    },
    "ad": {
        "account_id": lambda _, n: n.account,
        "effective_status": lambda meta, n: meta.nodes.effective_status(n, meta.clock.now()),
        "configured_status": lambda _, n: n.status,
        "ad_review_feedback": lambda _, n: review.feedback(n),
        "issues_info": lambda _, n: review.issues(n),
    },
    "adcreative": {"account_id": lambda _, n: n.account},
    "adimage": {"account_id": lambda _, n: n.account},
    "adspixel": {
        "creation_time": lambda meta, n: graph_time(meta.world.epoch, meta.timezone(n.account)),
        "is_unavailable": lambda _meta, _n: False,
        "last_fired_time": _last_fired,
        "owner_business": lambda _meta, _n: {"id": BUSINESS_ID},
    },
    "customaudience": {
        "account_id": lambda _, n: n.account,
        "approximate_count_lower_bound": lambda meta, n: audiences.size(meta, n)[0],
        "approximate_count_upper_bound": lambda meta, n: audiences.size(meta, n)[1],
        "operation_status": audiences.operation_status,
        "delivery_status": audiences.delivery_status,
        "owner_business": audiences.owner,
    },
}
RELATED: dict[str, dict[str, str]] = {
    "adset": {"campaign": "campaign_id"},
    "ad": {"campaign": "campaign_id", "adset": "adset_id"},
}


def public_id(node: Node) -> str:
    return f"act_{node.id}" if node.kind == "adaccount" else node.id


def value(meta: MetaState, node: Node, one: Field) -> Any:
    """One field; None means that Meta leaves it out."""
    if one.name == "id":
        return public_id(node)
    if one.name == "account" and node.kind in {"campaign", "adset", "ad"}:
        return select(meta, meta.nodes.get(node.owner), one.inner)
    related = RELATED.get(node.kind, {}).get(one.name)
    if related is not None:
        return select(meta, meta.nodes.get(str(node.data[related])), one.inner)
    if one.name == "creative" and node.kind == "ad":
        return _creative(meta, node, one.inner)
    computed = COMPUTED.get(node.kind, {}).get(one.name)
    if computed is not None:
        return computed(meta, node)
    if one.name in PLAIN[node.kind]:
        return node.data.get(one.name)
    raise unknown_field(one.name, KINDS[node.kind])


def _creative(meta: MetaState, ad: Node, fields: tuple[Field, ...]) -> dict[str, Any] | None:
    """One that was made elsewhere is known by its id alone."""
    told = ad.data.get("creative") or {}
    found = meta.nodes.find(str(told.get("id") or told.get("creative_id")))
    if found is None or found.kind != "adcreative":
        return {"id": str(told.get("id") or told.get("creative_id"))} if told else None
    return select(meta, found, fields)


def select(meta: MetaState, node: Node, fields: tuple[Field, ...]) -> dict[str, Any]:
    """The asked-for fields and always the id; without any, the id alone, as Meta does."""
    body: dict[str, Any] = {}
    for one in fields:
        found = value(meta, node, one)
        if found is not None:
            body[one.name] = found
    body["id"] = public_id(node)
    return body
