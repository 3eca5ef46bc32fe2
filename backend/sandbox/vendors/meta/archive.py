"""A large account's campaigns: each with one ad set whose days are drawn, and no ad: nothing of them delivers."""

from sandbox.vendors.meta.nodes import Node, graph_time
from sandbox.vendors.meta.state import MetaState
from sandbox.world.seasons import DAY

_MARK = "archived"


def is_archived(node: Node) -> bool:
    return _MARK in node.hidden


def fill(meta: MetaState, account: str, campaigns: int, days: int) -> None:
    """Paused campaigns with a past of so many days; what the account's archive held before is gone from its figures."""
    now = meta.clock.now()
    born = graph_time(now - (days + 1) * DAY, meta.timezone(account))
    common = {"status": "PAUSED", "created_time": born, "start_time": born, "updated_time": born}
    lines: dict[str, str] = {}
    for number in range(1, campaigns + 1):
        campaign, ad_set = meta.nodes.new_id(), meta.nodes.new_id()
        own = {"name": f"Archive | {number}", "objective": "OUTCOME_SALES", "buying_type": "AUCTION"}
        meta.nodes.put(Node(campaign, "campaign", account, common | own, {_MARK: True}))
        below = {
            "name": f"Archive | {number} | all",
            "campaign_id": campaign,
            "billing_event": "IMPRESSIONS",
            "optimization_goal": "OFFSITE_CONVERSIONS",
            "daily_budget": "5000",
        }
        meta.nodes.put(Node(ad_set, "adset", account, common | below, {_MARK: True}))
        lines[ad_set] = campaign
    meta.nodes.save()
    meta.world.open_archive(account, now, lines, days)
