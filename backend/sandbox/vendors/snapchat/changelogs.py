"""Who changed what: a log per entity, as `external_changelogs` tells it. There is none of a whole account."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sandbox.store import Store
from sandbox.vendors.snapchat.entities import Entity, snap_time

_DOCUMENT = "snapchat_changelogs"
_TYPES = {"campaign": "CAMPAIGN", "adsquad": "AD_SQUAD", "ad": "AD"}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in Ads Manager acts through no app of anybody's."""

    id: str
    email: str
    app_id: str | None = None
    app_name: str | None = None


class Changelogs:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: list[dict[str, Any]] = store.document(_DOCUMENT) or []

    def record(self, entity: Entity, action: str, at: float, actor: Actor, before: dict[str, Any]) -> None:
        """One entry of what now differs; none where nothing does."""
        changes = {
            name: {
                "before_value": json.dumps(before.get(name)),
                "after_value": json.dumps(entity.data.get(name)),
            }
            for name in sorted({*before, *entity.data} - {"updated_at", "created_at"})
            if before.get(name) != entity.data.get(name)
        }
        if action == "UPDATED" and not changes:
            return
        row: dict[str, Any] = {
            "id": str(uuid5(NAMESPACE_OID, f"{entity.id}|{len(self._rows)}")),
            "created_at": snap_time(at),
            "updated_at": snap_time(at),
            "name": entity.data.get("name", ""),
            "action": action,
            "user_id": actor.id,
            "email": actor.email,
            "event_at": snap_time(at),
            "entity_id": entity.id,
            "entity_type": _TYPES[entity.kind],
            "update_value_records": changes if action == "UPDATED" else {},
        }
        if actor.app_id is not None:
            row |= {"app_id": actor.app_id, "app_name": actor.app_name}
        self._rows.append(row)
        self._store.keep(_DOCUMENT, self._rows)

    def of(self, entity: Entity) -> list[dict[str, Any]]:
        """Newest first."""
        return [row for row in reversed(self._rows) if row["entity_id"] == entity.id]
