"""One Graph request: who asks, which node or edge, what comes back; the rest is refused as Meta does."""

from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from sandbox.vendors.meta import ad_images, audiences, conversions, insights, quality, reading, writes
from sandbox.vendors.meta.activities import FIELDS as ACTIVITY_FIELDS
from sandbox.vendors.meta.activities import Actor
from sandbox.vendors.meta.calls import Call, Reply
from sandbox.vendors.meta.constants import APP_ID, APP_NAME, USER_ID, USER_NAME
from sandbox.vendors.meta.errors import (
    forbidden,
    invalid,
    outage,
    too_much,
    unknown_field,
    unknown_path,
    unsupported,
)
from sandbox.vendors.meta.fields import Field, parse, spell
from sandbox.vendors.meta.nodes import KINDS, Node
from sandbox.vendors.meta.paging import page
from sandbox.vendors.meta.reports import Reports, Run, describe, require_complete
from sandbox.vendors.meta.state import MetaState, parsed_time
from sandbox.world.seasons import DAY

APP = Actor(USER_ID, USER_NAME, APP_ID, APP_NAME)
Rows = list[tuple[str, Any]]
_CHILD_EDGES = {
    "adaccount": {
        "campaigns": "campaign",
        "adsets": "adset",
        "ads": "ad",
        "adcreatives": "adcreative",
        "adimages": "adimage",
        "adspixels": "adspixel",
        "customaudiences": audiences.KIND,
    },
    "campaign": {"adsets": "adset", "ads": "ad"},
    "adset": {"ads": "ad"},
}
_GONE = ("ARCHIVED", "DELETED")
_WALK_SECONDS = 60.0


class Graph:
    def __init__(self, meta: MetaState) -> None:
        self.meta = meta
        self.reports = Reports()
        self._walk: tuple[str, insights.Query, float, Rows] | None = None
        self._reads: dict[str, Callable[[Node, Call], Rows]] = {
            "insights": self._insights,
            "activities": self._activities,
            "sessions": lambda node, call: audiences.sessions(self.meta, node, call),
            "stats": lambda node, call: quality.stats(self.meta, node, call),
        }

    def answer(self, call: Call) -> Reply:
        parts = [part for part in call.path.split("/") if part]
        if parts == ["dataset_quality"] and call.method == "GET":
            return Reply(quality.answer(self.meta, call))
        if not parts and "ids" in call.params:
            found = {i: self._read(self._node(i, call), call) for i in call.words("ids")}
            return Reply(found)
        if not parts or len(parts) > 2:  # noqa: PLR2004 - node and edge
            raise unknown_path("/".join(parts[2:]) or call.path)
        run = self.reports.find(parts[0])
        if run is not None:
            return self._report(run, parts[1:], call)
        node = self._node(parts[0], call)
        account = node.owner if node.kind not in {"user", "business"} else None
        if account is not None:
            self._admit(account)
        body = self._edge(node, parts[1], call) if len(parts) == 2 else self._object(node, call)  # noqa: PLR2004 - as above
        return Reply(body, account=account)

    def _admit(self, account: str) -> None:
        self.meta.usage.count(account)
        if self.meta.faults.active("platform_outage", account, self.meta.clock.now()):
            raise outage()

    def _node(self, node_id: str, call: Call) -> Node:
        node = self.meta.nodes.find(USER_ID if node_id == "me" else node_id)
        bare_account = node is not None and node.kind == "adaccount" and not node_id.startswith("act_")
        if node is None or bare_account or (node_id.startswith("act_") and node.kind != "adaccount"):
            raise unsupported(call.method, node_id)
        return node

    def _object(self, node: Node, call: Call) -> Any:
        if call.method == "GET":
            return self._read(node, call)
        self._may_write(call)
        if node.kind == audiences.KIND:
            return self._audience(node, call)
        if call.method == "DELETE":
            if node.kind not in {"campaign", "adset", "ad", "adcreative"}:
                raise unsupported("DELETE", node.id)
            writes.update(self.meta, node, {"status": "DELETED"}, APP)
        else:
            writes.update(self.meta, node, call.params, APP)
        return {"success": True}

    def _audience(self, node: Node, call: Call) -> dict[str, bool]:
        if call.method == "DELETE":
            audiences.delete(self.meta, node)
        else:
            audiences.update(self.meta, node, call.params)
        return {"success": True}

    def _read(self, node: Node, call: Call) -> dict[str, Any]:
        if node.kind != "user" and not call.token.may("ads_read", "ads_management"):
            raise forbidden("Ad account owner has NOT grant ads_management or ads_read permission")
        return self._select(node, parse(call.params.get("fields", "")), call)

    def _select(self, node: Node, fields: tuple[Field, ...], call: Call) -> dict[str, Any]:
        """Fields of the object, and edges that are read as fields."""
        edges = [one for one in fields if self._has_edge(node, one.name)]
        body = reading.select(self.meta, node, tuple(one for one in fields if one not in edges))
        for one in edges:
            kept = {k: v for k, v in call.params.items() if k == "access_token"}
            inner = kept | one.modifiers | ({"fields": spell(one.inner)} if one.inner else {})
            path = f"{reading.public_id(node)}/{one.name}"
            body[one.name] = self._edge(
                node, one.name, Call("GET", call.base_url, call.version, path, inner, call.token)
            )
        return body

    def _has_edge(self, node: Node, name: str) -> bool:
        if node.kind == "user":
            return name == "adaccounts"
        insight = name == "insights" and node.kind in {"adaccount", "campaign", "adset"}
        return insight or name in _CHILD_EDGES.get(node.kind, {})

    def _edge(self, node: Node, edge: str, call: Call) -> Any:
        if call.method == "GET":
            return self._read_edge(node, edge, call)
        if node.kind == "adspixel" and edge == "events" and call.method == "POST":
            return self._events(node, call)
        if node.kind == "user" and edge == "permissions" and call.method == "DELETE":
            self.meta.tokens.revoke(call.token.value)
            return {"success": True}
        if edge == "insights" and call.method == "POST":
            query = insights.parse(self.meta, node, call)
            fails = self.meta.usage.is_report_doomed()
            return {"report_run_id": self.reports.start(node.id, node.owner, query, fails=fails).id}
        self._may_write(call)
        if node.kind == audiences.KIND:
            return audiences.change_users(self.meta, node, edge, call)
        return self._create(node, edge, call)

    def _create(self, account: Node, edge: str, call: Call) -> dict[str, Any]:
        kind = _CHILD_EDGES.get(account.kind, {}).get(edge)
        if call.method != "POST" or account.kind != "adaccount" or kind in {None, "adspixel"}:
            raise unsupported(call.method, account.id)
        if kind == "adimage":
            return ad_images.receive(self.meta, account.id, call)
        if kind == audiences.KIND:
            return {"id": audiences.create(self.meta, account.id, call.params).id}
        made = writes.create(self.meta, account.id, str(kind), call.params, APP)
        return {"success": True} if made is None else {"id": made.id}

    def _read_edge(self, node: Node, edge: str, call: Call) -> dict[str, Any]:
        if not call.token.may("ads_read", "ads_management"):
            raise forbidden("Ad account owner has NOT grant ads_management or ads_read permission")
        if node.kind == "user" and edge == "permissions":
            return {"data": [{"permission": scope, "status": "granted"} for scope in call.token.scopes]}
        allowed = {
            "adaccount": {"insights", "activities"},
            "campaign": {"insights"},
            "adset": {"insights"},
            "adspixel": {"stats"},
            audiences.KIND: {"sessions"},
        }
        if edge in allowed.get(node.kind, set()):
            return page(self._reads[edge](node, call), call.params, call.url)
        kind = _CHILD_EDGES.get(node.kind, {}).get(edge)
        if node.kind == "user" and edge == "adaccounts":
            nodes = list(self.meta.nodes.all("adaccount"))
        elif kind == "adimage":
            nodes = ad_images.listed(self.meta, node.id, call)
        elif kind is not None:
            nodes = self._chosen(self.meta.nodes.of(node.id, kind), call)
        else:
            raise unknown_field(edge, KINDS[node.kind])
        fields = parse(call.params.get("fields", ""))
        rows: Rows = [(child.id, child) for child in nodes]
        body = page(rows, call.params, call.url)
        body["data"] = [self._select(child, fields, call) for child in body["data"]]
        return body

    def _chosen(self, nodes: list[Node], call: Call) -> list[Node]:
        """By `effective_status` or `filtering`; archived and deleted ones only when they are asked for."""
        statuses = set(call.words("effective_status"))
        ids: set[str] | None = None
        known = ("id", "campaign.id", "adset.id", "ad.id", "effective_status")
        for name, values in call.filters(
            *known, *(f"{kind}.effective_status" for kind in ("campaign", "adset", "ad"))
        ):
            if name.endswith("id"):
                ids = values if ids is None else ids & values
            else:
                statuses |= values
        since = _moment(call.params.get("updated_since"), 0.0)
        return [
            n
            for n in nodes
            if self._kept(n, statuses)
            and (ids is None or bool(ids & {n.id, *_parents(n)}))
            and (not since or parsed_time(n.data["updated_time"]) >= since)
        ]

    def _kept(self, node: Node, statuses: set[str]) -> bool:
        if node.kind == "adcreative":
            return node.status != "DELETED"
        if node.kind in {"adspixel", audiences.KIND}:
            return True
        effective = self.meta.nodes.effective_status(node, self.meta.clock.now())
        return effective in statuses if statuses else effective not in _GONE

    def _insights(self, node: Node, call: Call) -> Rows:
        """Made for the first page; the pages behind it, asked for soon, are of the same rows."""
        query = insights.parse(self.meta, node, call)
        if call.params.get("after") and self._walk is not None:
            of, asked, at, rows = self._walk
            if (of, asked) == (node.id, query) and monotonic() - at < _WALK_SECONDS:
                return rows
        found: Rows = [*insights.rows(self.meta, node, query)]
        most = self.meta.usage.report_rows
        if most is not None and len(found) > most:
            raise too_much()
        self._walk = node.id, query, monotonic(), found
        return found

    def _activities(self, node: Node, call: Call) -> Rows:
        """A week back unless `since` says otherwise."""
        now = self.meta.clock.now()
        since = _moment(call.params.get("since"), now - 7 * DAY)
        until = _moment(call.params.get("until"), now)
        category, oid = call.params.get("category"), call.params.get("oid")
        found = self.meta.activities.between(node.id, since, until, category, oid)
        wanted = [one.name for one in parse(call.params.get("fields", "event_time,event_type,extra_data"))]
        for name in wanted:
            if name not in ACTIVITY_FIELDS:
                raise unknown_field(name, "AdActivity")
        return [(key, {n: row[n] for n in wanted if n in row}) for key, row in found]

    def _events(self, pixel: Node, call: Call) -> dict[str, Any]:
        if not call.token.may("ads_management"):
            raise forbidden("The token lacks permission to send events to this dataset")
        return conversions.receive(self.meta.store, pixel.id, call.params, self.meta.clock.now())

    def _report(self, run: Run, rest: list[str], call: Call) -> Reply:
        self._admit(run.account)
        if call.method != "GET" or rest not in ([], ["insights"]):
            raise unsupported(call.method, run.id)
        if not rest:
            return Reply(describe(run, call), account=run.account)
        require_complete(run)
        rows = insights.rows(self.meta, self.meta.nodes.get(run.node_id), run.query)
        return Reply(page(rows, call.params, call.url), account=run.account)

    @staticmethod
    def _may_write(call: Call) -> None:
        if not call.token.may("ads_management"):
            raise forbidden("Ad account owner has NOT grant ads_management permission")


def _parents(node: Node) -> set[str]:
    return {str(node.data[name]) for name in ("campaign_id", "adset_id") if name in node.data}


def _moment(text: str | None, default: float) -> float:
    """A UNIX time or a date."""
    if text is None:
        return default
    if text.isdecimal():
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid("(#100) since and until must be UNIX times or dates") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
