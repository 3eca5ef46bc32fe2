"""The objects of the graph: users, accounts, campaigns, ad sets, ads, pixels, as Graph-shaped documents."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.store import Store

_DOCUMENT = "meta_nodes"
KINDS = {
    "user": "User",
    "business": "Business",
    "adaccount": "AdAccount",
    "campaign": "Campaign",
    "adset": "AdSet",
    "ad": "Ad",
    "adcreative": "AdCreative",
    "adimage": "AdImage",
    "adspixel": "AdsPixel",
    "customaudience": "CustomAudience",
}


REVIEW_SECONDS = 3_600.0
"""How long a new ad waits for its review, in simulated time."""
_NOT_DELIVERED = {"disapproved": "DISAPPROVED", "pending": "PENDING_REVIEW"}


def graph_time(seconds: float, timezone: str) -> str:
    return datetime.fromtimestamp(int(seconds), ZoneInfo(timezone)).strftime("%Y-%m-%dT%H:%M:%S%z")


@dataclass(slots=True)
class Node:
    """`data` is what the API serves; `hidden` is the sandbox's own."""

    id: str
    kind: str
    account: str
    data: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)

    def units(self, name: str) -> int | None:
        """A budget, in the API's units."""
        value = self.data.get(name)
        return None if value is None else int(value)

    @property
    def owner(self) -> str:
        """The ad account's id; an account is its own."""
        return self.account or self.id

    def covers(self, line: str, campaign: str) -> bool:
        """Whether an ad set's delivery belongs to this account, campaign or ad set."""
        return self.kind == "adaccount" or self.id in {line, campaign}

    def verdict(self, at: float) -> str | None:
        """Of an ad's review: the first one ends by itself, where nobody decided otherwise."""
        held = self.hidden.get("review") or {}
        ends = held.get("until")
        return "approved" if ends is not None and at >= ends else held.get("verdict")

    @property
    def status(self) -> str:
        return str(self.data.get("status", "ACTIVE"))


class Nodes:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._nodes: dict[str, Node] = {}
        self._children: dict[str, list[str]] = {}
        self._next = 0

    def load(self) -> bool:
        """False when nothing was kept: the caller then lays the first stock."""
        kept = self._store.document(_DOCUMENT)
        if kept is None:
            return False
        self._next = kept["next"]
        for row in kept["nodes"]:
            self.put(Node(**row))
        return True

    def put(self, node: Node) -> None:
        if node.id not in self._nodes:
            for parent in self._parents(node):
                self._children.setdefault(parent, []).append(node.id)
        self._nodes[node.id] = node

    def remove(self, node: Node) -> None:
        """Take it away for good; only what has no children is taken away."""
        del self._nodes[node.id]
        for parent in self._parents(node):
            self._children[parent].remove(node.id)

    def save(self) -> None:
        rows = [
            {"id": n.id, "kind": n.kind, "account": n.account, "data": n.data, "hidden": n.hidden}
            for n in self._nodes.values()
        ]
        self._store.keep(_DOCUMENT, {"next": self._next, "nodes": rows})

    def new_id(self) -> str:
        self._next += 1
        return f"120219{self._next:012d}"

    def find(self, node_id: str) -> Node | None:
        return self._nodes.get(node_id.removeprefix("act_"))

    def get(self, node_id: str) -> Node:
        return self._nodes[node_id]

    def of(self, parent: str, kind: str) -> list[Node]:
        """Children of a kind, in order of id."""
        chosen = (self._nodes[child] for child in self._children.get(parent, ()))
        return sorted((n for n in chosen if n.kind == kind), key=lambda n: n.id)

    def all(self, kind: str) -> Iterator[Node]:
        return (n for n in self._nodes.values() if n.kind == kind)

    def campaign_of(self, node: Node) -> Node:
        return node if node.kind == "campaign" else self._nodes[str(node.data["campaign_id"])]

    def effective_status(self, node: Node, at: float) -> str:
        """A live child of a stopped parent says whose stop it is."""
        if node.kind == "campaign" or node.status != "ACTIVE":
            return node.status
        campaign = self.campaign_of(node)
        if node.kind == "ad":
            verdict = node.verdict(at)
            if verdict in _NOT_DELIVERED:
                return _NOT_DELIVERED[verdict]
            ad_set = self._nodes[str(node.data["adset_id"])]
            if ad_set.status != "ACTIVE":
                return "ADSET_PAUSED" if ad_set.status == "PAUSED" else ad_set.status
        if campaign.status != "ACTIVE":
            return "CAMPAIGN_PAUSED" if campaign.status == "PAUSED" else campaign.status
        return "ACTIVE"

    @staticmethod
    def _parents(node: Node) -> list[str]:
        names = ("campaign_id", "adset_id")
        return [p for p in [node.account, *(str(node.data.get(n, "")) for n in names)] if p and p != node.id]
