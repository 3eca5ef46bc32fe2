"""One request of the Marketing API: who asks, for what, and what comes back."""

from typing import Any

from sandbox.vendors.snapchat import constants as ids
from sandbox.vendors.snapchat import creatives, segments, stats, writes
from sandbox.vendors.snapchat.calls import Call, item, success
from sandbox.vendors.snapchat.changelogs import Actor
from sandbox.vendors.snapchat.entities import PLURALS, Entity
from sandbox.vendors.snapchat.errors import SnapError, forbidden, not_found, request_id, unsupported
from sandbox.vendors.snapchat.paging import page
from sandbox.vendors.snapchat.state import SnapState

APP = Actor(ids.USER_ID, ids.USER_EMAIL, ids.APP_ID, ids.APP_NAME)
_LISTS = {
    "organization": ("adaccount",),
    "adaccount": ("campaign", "adsquad", "ad", "creative", "media", "pixel"),
    "campaign": ("adsquad", "ad"),
    "adsquad": ("ad",),
}
_LOGGED = ("campaign", "adsquad", "ad")
Reply = tuple[int, dict[str, Any]]


class AdsApi:
    def __init__(self, snap: SnapState) -> None:
        self._snap = snap

    def answer(self, call: Call) -> Reply:
        if ids.MARKETING not in call.token.scopes:
            raise forbidden()
        self._snap.limits.count(call.token.value)
        if call.parts[:1] == ("me",):
            return 200, self._me(call)
        if call.parts[:1] == ("segments",) and len(call.parts) > 1:
            return segments.one(self._snap, call)
        if len(call.parts) not in {2, 3} or call.parts[0] not in PLURALS:
            raise not_found()
        entity = self._snap.entities.find(call.parts[1], PLURALS[call.parts[0]])
        if entity is None or (entity.deleted and not call.flag("read_deleted_entities")):
            raise not_found()
        self._admit(entity)
        if len(call.parts) == 2:  # noqa: PLR2004 - kind and id
            return 200, self._one(entity, call)
        return self._below(entity, call.parts[2], call)

    def _admit(self, entity: Entity) -> None:
        snap = self._snap
        if snap.ground.faults.active("platform_outage", entity.owner, snap.now):
            raise SnapError("Service unavailable", None, status=503)

    def _one(self, entity: Entity, call: Call) -> dict[str, Any]:
        if call.method == "DELETE":
            return writes.delete(self._snap, entity, APP)
        if call.method != "GET":
            raise unsupported(call.method, "/".join(call.parts))
        call.only("read_deleted_entities")
        return success(call.parts[0], [item(entity.kind, writes.shown(self._snap, entity))])

    def _below(self, entity: Entity, edge: str, call: Call) -> Reply:
        if edge == "segments" and entity.kind == "adaccount":
            return segments.of_account(self._snap, entity, call)
        if edge == "upload" and entity.kind == "media" and call.method == "POST":
            return creatives.fill(self._snap, entity, call)
        kind = PLURALS.get(edge)
        if call.method in {"POST", "PUT"} and kind in writes.PLURAL:
            return writes.batch(self._snap, entity, str(kind), call, APP)
        if call.method != "GET":
            raise unsupported(call.method, "/".join(call.parts))
        if edge == "stats":
            return 200, stats.answer(self._snap, entity, call)
        if edge == "external_changelogs" and entity.kind in _LOGGED:
            call.only("limit", "cursor")
            rows, paging = page(self._snap.changelogs.of(entity), call)
            return 200, success("changelogs", [item("changelog", row) for row in rows], **paging)
        if kind is None or kind not in _LISTS.get(entity.kind, ()):
            raise not_found()
        return 200, self._list(entity, edge, kind, call)

    def _list(self, entity: Entity, edge: str, kind: str, call: Call) -> dict[str, Any]:
        call.only("limit", "cursor", "read_deleted_entities")
        with_deleted = call.flag("read_deleted_entities")
        found = [e for e in self._snap.entities.of(entity, kind) if with_deleted or not e.deleted]
        rows, paging = page(found, call)
        return success(edge, [item(kind, writes.shown(self._snap, row)) for row in rows], **paging)

    def _me(self, call: Call) -> dict[str, Any]:
        if call.method != "GET":
            raise unsupported(call.method, "/".join(call.parts))
        if call.parts == ("me",):
            me = {
                "id": ids.USER_ID,
                "email": ids.USER_EMAIL,
                "display_name": ids.USER_NAME,
                "organization_id": ids.ORGANIZATION_ID,
            }
            return {"request_status": "SUCCESS", "request_id": request_id(), "me": me}
        if call.parts != ("me", "organizations"):
            raise not_found()
        call.only("with_ad_accounts")
        organizations = list(self._snap.entities.all("organization"))
        return success(
            "organizations",
            [item("organization", self._organization(one, call)) for one in organizations],
        )

    def _organization(self, entity: Entity, call: Call) -> dict[str, Any]:
        found = {"id": entity.id, **entity.data}
        if call.flag("with_ad_accounts"):
            accounts = self._snap.entities.of(entity, "adaccount")
            found["ad_accounts"] = [{"id": one.id, **one.data} for one in accounts]
        return found
