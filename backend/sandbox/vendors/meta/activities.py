"""Who changed what: the account's activity log, by which foreign edits are found."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.store import Store
from sandbox.vendors.meta.nodes import Node, graph_time

_DOCUMENT = "meta_activities"
FIELDS = (
    "actor_id",
    "actor_name",
    "application_id",
    "application_name",
    "date_time_in_timezone",
    "event_time",
    "event_type",
    "extra_data",
    "object_id",
    "object_name",
    "object_type",
    "translated_event_type",
)
_EVENT = {
    ("campaign", "budget"): ("update_campaign_budget", "Campaign budget updated"),
    ("campaign", "status"): ("update_campaign_run_status", "Campaign status updated"),
    ("campaign", "name"): ("update_campaign_name", "Campaign name updated"),
    ("campaign", "create"): ("create_campaign_group", "Campaign created"),
    ("adset", "budget"): ("update_ad_set_budget", "Ad set budget updated"),
    ("adset", "status"): ("update_ad_set_run_status", "Ad set status updated"),
    ("adset", "name"): ("update_ad_set_name", "Ad set name updated"),
    ("adset", "create"): ("create_ad_set", "Ad set created"),
    ("ad", "status"): ("update_ad_run_status", "Ad status updated"),
    ("ad", "name"): ("update_ad_friendly_name", "Ad name updated"),
    ("ad", "create"): ("create_ad", "Ad created"),
    ("adaccount", "spend_cap"): ("ad_account_update_spend_limit", "Account spending limit updated"),
}
_CATEGORY = {"budget": "BUDGET", "status": "STATUS", "spend_cap": "ACCOUNT"}
_OBJECT = {"campaign": "CAMPAIGN", "adset": "AD_SET", "ad": "AD", "adaccount": "ACCOUNT"}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in Ads Manager has no application id; a program acts through its app."""

    id: str
    name: str
    app_id: str | None = None
    app_name: str | None = None


class Activities:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: list[dict[str, Any]] = store.document(_DOCUMENT) or []

    def record(
        self, node: Node, what: str, at: float, timezone: str, *, actor: Actor, detail: dict[str, Any]
    ) -> None:
        known = _EVENT.get((node.kind, what))
        if known is None:
            return
        shown = {
            "actor_id": actor.id,
            "actor_name": actor.name,
            "date_time_in_timezone": graph_time(at, timezone),
            "event_time": graph_time(at, "UTC"),
            "event_type": known[0],
            "translated_event_type": known[1],
            "extra_data": json.dumps(detail),
            "object_id": node.id,
            "object_name": node.data.get("name", ""),
            "object_type": _OBJECT[node.kind],
        }
        if actor.app_id is not None:
            shown |= {"application_id": actor.app_id, "application_name": actor.app_name}
        category = _CATEGORY.get(what, _OBJECT[node.kind])
        self._rows.append({"at": at, "account": node.account, "category": category, "shown": shown})
        self._store.keep(_DOCUMENT, self._rows)

    def between(
        self, account: str, since: float, until: float, category: str | None, oid: str | None
    ) -> list[tuple[str, dict[str, Any]]]:
        """Newest first, with keys for paging."""
        rows = []
        for number, row in enumerate(self._rows):
            if row["account"] != account or not since <= row["at"] <= until:
                continue
            if (category and row["category"] != category) or (oid and row["shown"]["object_id"] != oid):
                continue
            rows.append((f"{10**9 - number:010d}", dict(row["shown"])))
        return sorted(rows, key=lambda row: row[0])
