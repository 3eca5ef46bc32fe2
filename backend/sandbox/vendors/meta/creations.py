"""What a new campaign or ad set must bring, beside what every change is held to."""

from typing import Any

from sandbox.vendors.meta import creatives
from sandbox.vendors.meta.errors import GraphError, invalid
from sandbox.vendors.meta.nodes import Node, graph_time
from sandbox.vendors.meta.state import MetaState, parsed_time

OBJECTIVES = (
    "OUTCOME_AWARENESS",
    "OUTCOME_TRAFFIC",
    "OUTCOME_ENGAGEMENT",
    "OUTCOME_LEADS",
    "OUTCOME_APP_PROMOTION",
    "OUTCOME_SALES",
)
_BIDS = ("LOWEST_COST_WITHOUT_CAP", "LOWEST_COST_WITH_BID_CAP", "COST_CAP", "LOWEST_COST_WITH_MIN_ROAS")
_CAPPED = ("LOWEST_COST_WITH_BID_CAP", "COST_CAP")


def check(meta: MetaState, node: Node, values: dict[str, Any]) -> None:
    """A GraphError says what a new object lacks."""
    _one_of(values, "bid_strategy", _BIDS)
    if node.kind == "campaign":
        _one_of(values, "objective", OBJECTIVES)
        _one_of(values, "is_adset_budget_sharing_enabled", ("true", "false"))
        if not isinstance(values["special_ad_categories"], list):
            raise invalid("(#100) Param special_ad_categories must be an array")
    if node.kind == "adset":
        _ad_set(meta, node, values)
    if node.kind == "adcreative":
        creatives.check(meta, node, values)
    if node.kind == "ad":
        creatives.demand(meta, node, values["creative"])


def _ad_set(meta: MetaState, node: Node, values: dict[str, Any]) -> None:
    campaign = meta.nodes.get(str(node.data["campaign_id"]))
    targeting = values["targeting"]
    if not isinstance(targeting, dict) or not targeting.get("geo_locations"):
        raise _worded("Your ad set is missing a location", "Choose at least one place to reach people in.")
    if values.get("start_time"):
        values["start_time"] = _time(meta, node, "start_time", str(values["start_time"]))
    whole = values.get("lifetime_budget") or campaign.data.get("lifetime_budget")
    if whole and not values.get("end_time"):
        raise _worded("Must specify an end time", "A lifetime budget needs a time at which the ad set ends.")
    strategy = values.get("bid_strategy") or campaign.data.get("bid_strategy")
    if strategy in _CAPPED and not str(values.get("bid_amount", "")).isdecimal():
        raise _worded("Bid amount required", f"{strategy} needs a bid amount.")
    if values["optimization_goal"] == "OFFSITE_CONVERSIONS":
        _pixel(meta, node, values.get("promoted_object"))


def _pixel(meta: MetaState, node: Node, promoted: Any) -> None:
    wanted = str(promoted.get("pixel_id")) if isinstance(promoted, dict) else ""
    if not any(pixel.id == wanted for pixel in meta.nodes.of(node.account, "adspixel")):
        raise _worded(
            "Conversion tracking is missing", "promoted_object must name a pixel of this ad account."
        )


def _time(meta: MetaState, node: Node, name: str, text: str) -> str:
    try:
        return graph_time(parsed_time(text), meta.timezone(node.account))
    except (ValueError, OverflowError) as error:
        raise invalid(f"(#100) Param {name} must be a date with its offset") from error


def _one_of(values: dict[str, Any], name: str, known: tuple[str, ...]) -> None:
    if name in values and values[name] not in known:
        raise invalid(f"(#100) Param {name} must be one of {{{', '.join(known)}}}")


def _worded(title: str, text: str) -> GraphError:
    return invalid("Invalid parameter", title=title, text=text)
