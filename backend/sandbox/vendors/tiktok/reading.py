"""Who is asking, which advertisers there are, and what these own: fields, filters, pages."""

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.vendors.tiktok import constants as ids
from sandbox.vendors.tiktok.calls import Call
from sandbox.vendors.tiktok.entities import Entity
from sandbox.vendors.tiktok.errors import forbidden, wrong
from sandbox.vendors.tiktok.state import TikTokState

_MOST_IDS = 100
_MOST_PIXELS = 20
_ADVERTISER_FIELDS = (
    "advertiser_id", "name", "company", "country", "currency", "timezone", "display_timezone", "status", "role",
    "create_time",
)  # fmt: skip
_COMMON = (
    "advertiser_id", "campaign_id", "campaign_name", "operation_status", "secondary_status", "create_time",
    "modify_time", "campaign_automation_type", "is_smart_performance_campaign",
)  # fmt: skip
FIELDS: dict[str, tuple[str, ...]] = {
    "campaign": (
        *_COMMON, "campaign_type", "objective", "objective_type", "budget", "budget_mode", "budget_optimize_on",
        "bid_type",
    ),
    "adgroup": (
        *_COMMON, "adgroup_id", "adgroup_name", "budget", "budget_mode", "bid_type", "bid_price", "billing_event",
        "optimization_goal", "placement_type", "pacing", "pixel_id", "location_ids", "schedule_type",
        "schedule_start_time", "schedule_end_time", "click_attribution_window", "view_attribution_window",
    ),
    "ad": (
        *_COMMON, "adgroup_id", "adgroup_name", "ad_id", "ad_name", "ad_format", "ad_text", "landing_page_url",
        "call_to_action", "image_ids", "video_id", "display_name",
    ),
}  # fmt: skip
STATUSES: dict[str, Callable[[str], bool]] = {
    "STATUS_ALL": lambda _: True,
    "STATUS_NOT_DELETE": lambda status: not status.endswith("_DELETE"),
    "STATUS_DELETE": lambda status: status.endswith("_DELETE"),
    "STATUS_DISABLE": lambda status: status.endswith("_DISABLE"),
    "STATUS_DELIVERY_OK": lambda status: status.endswith(("_DELIVERY_OK", "STATUS_ENABLE")),
    "STATUS_NOT_DELIVERY": lambda status: not status.endswith(("_DELIVERY_OK", "STATUS_ENABLE", "_DELETE")),
}
_ID_FILTERS = {
    "campaign": {"campaign_ids": "campaign_id"},
    "adgroup": {"campaign_ids": "campaign_id", "adgroup_ids": "adgroup_id"},
    "ad": {"campaign_ids": "campaign_id", "adgroup_ids": "adgroup_id", "ad_ids": "ad_id"},
}


def advertiser_of(state: TikTokState, call: Call) -> str:
    """The advertiser that a call is about, if it is one of the token's."""
    advertiser = call.text("advertiser_id")
    if advertiser not in state.advertisers:
        raise forbidden(f"No permission to operate advertiser {advertiser}.")
    return advertiser


def user(state: TikTokState, call: Call) -> dict[str, Any]:
    del state, call
    return {"core_user_id": ids.USER_ID, "display_name": ids.USER_NAME, "email": ids.USER_EMAIL}


def reached(state: TikTokState, call: Call) -> dict[str, Any]:
    """`/oauth2/advertiser/get/`: asked by the app, of the token's person."""
    state.tokens.check_app(call.text("app_id"), call.text("secret"))
    rows = [
        {"advertiser_id": each, "advertiser_name": state.entities.get(each).data["name"]}
        for each in state.advertisers
    ]
    return {"list": rows}


def advertisers(state: TikTokState, call: Call) -> dict[str, Any]:
    wanted = call.words("advertiser_ids", most=_MOST_IDS)
    for each in wanted:
        if each not in state.advertisers:
            raise forbidden(f"No permission to operate advertiser {each}.")
    rows = ({"advertiser_id": each, **state.entities.get(each).data} for each in wanted)
    return {"list": _selected(rows, call, _ADVERTISER_FIELDS)}


def pixels(state: TikTokState, call: Call) -> dict[str, Any]:
    advertiser = advertiser_of(state, call)
    rows = [entity.data for entity in state.entities.of(advertiser, "pixel")]
    for name, key in (("pixel_id", "pixel_id"), ("code", "pixel_code"), ("name", "pixel_name")):
        if name in call.params:
            rows = [row for row in rows if row[key] == call.text(name)]
    return call.page(rows, "pixels", _MOST_PIXELS)


def listing(kind: str) -> Callable[[TikTokState, Call], dict[str, Any]]:
    """`/campaign/get/`, `/adgroup/get/`, `/ad/get/`."""

    def answer(state: TikTokState, call: Call) -> dict[str, Any]:
        advertiser = advertiser_of(state, call)
        keep = _filter(kind, call.members("filtering"))
        shown = (state.shown(entity) for entity in state.entities.of(advertiser, kind))
        return call.page(_selected((row for row in shown if keep(row)), call, FIELDS[kind]))

    return answer


def public(state: TikTokState, entity: Entity) -> dict[str, Any]:
    """As a write answers it: all that the API serves."""
    shown = state.shown(entity)
    return {name: shown[name] for name in FIELDS[entity.kind] if name in shown}


def _selected(rows: Iterable[dict[str, Any]], call: Call, known: tuple[str, ...]) -> list[dict[str, Any]]:
    fields = call.words("fields", list(known))
    for name in fields:
        if name not in known:
            raise wrong(f"fields: Invalid value {name}; it must be one of {', '.join(known)}.")
    return [{name: row.get(name) for name in fields} for row in rows]


def _filter(kind: str, rules: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    """All rules together; without one about status, the deleted are left out."""
    ids_by = _ID_FILTERS[kind]
    unknown = rules.keys() - {
        *ids_by, "primary_status", "secondary_status", "objective_type", f"{kind}_name"
    }  # fmt: skip
    if unknown:
        raise wrong(f"filtering.{min(unknown)}: It is not emulated by this sandbox.")
    chosen = {key: _ids(rules[name], name) for name, key in ids_by.items() if name in rules}
    exact = {key: rules[key] for key in ("secondary_status", "objective_type") if key in rules}
    part = str(rules.get(f"{kind}_name", ""))
    primary = rules.get(
        "primary_status", "STATUS_ALL" if "secondary_status" in rules else "STATUS_NOT_DELETE"
    )
    if not isinstance(primary, str) or primary not in STATUSES:
        raise wrong(f"filtering.primary_status: It must be one of {', '.join(STATUSES)}.")

    def keep(row: dict[str, Any]) -> bool:
        return (
            STATUSES[primary](row["secondary_status"])
            and all(row[key] in wanted for key, wanted in chosen.items())
            and all(row.get(key) == value for key, value in exact.items())
            and part in str(row[f"{kind}_name"])
        )

    return keep


def _ids(value: Any, name: str) -> set[str]:
    if not isinstance(value, list) or not all(isinstance(one, str | int) for one in value):
        raise wrong(f"filtering.{name}: Not a valid list.")
    if len(value) > _MOST_IDS:
        raise wrong(f"filtering.{name}: Longer than maximum length {_MOST_IDS}.")
    return {str(one) for one in value}
