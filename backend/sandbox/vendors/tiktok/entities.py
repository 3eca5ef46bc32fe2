"""What an advertiser owns: campaigns, ad groups, ads and pixels, as the documents that the API serves."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.store import Store

_DOCUMENT = "tiktok_entities"
_REVIEWED = {
    "disapproved": "AUDIT_DENY",
    "pending": "AUDIT",
    "limited": "PARTIAL_AUDIT_DELIVERY_OK",
}
KINDS = ("advertiser", "campaign", "adgroup", "ad", "pixel")


def utc(seconds: float) -> str:
    """As TikTok writes times: in UTC, without saying so."""
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d %H:%M:%S}"


def seconds_of(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()


@dataclass(slots=True)
class Entity:
    """`data` is what the API serves; `hidden` is the sandbox's own."""

    id: str
    kind: str
    advertiser: str
    data: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)

    @property
    def operation(self) -> str:
        return str(self.data["operation_status"])

    @property
    def name(self) -> str:
        return str(self.data.get(f"{self.kind}_name", ""))

    @property
    def has_budget(self) -> bool:
        return bool(self.data.get("budget")) and self.data.get("budget_mode") != "BUDGET_MODE_INFINITE"


class Entities:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._entities: dict[str, Entity] = {}
        self._next = 0

    def load(self) -> bool:
        """False when nothing was kept: the caller then lays the first stock."""
        kept = self._store.document(_DOCUMENT)
        if kept is None:
            return False
        self._next = kept["next"]
        for row in kept["entities"]:
            self.put(Entity(**row))
        return True

    def put(self, entity: Entity) -> None:
        self._entities[entity.id] = entity

    def save(self) -> None:
        rows = [
            {"id": e.id, "kind": e.kind, "advertiser": e.advertiser, "data": e.data, "hidden": e.hidden}
            for e in self._entities.values()
        ]
        self._store.keep(_DOCUMENT, {"next": self._next, "entities": rows})

    def new_id(self) -> str:
        self._next += 1
        return f"1890000{self._next:010d}"

    def find(self, kind: str, entity_id: str, advertiser: str) -> Entity | None:
        found = self._entities.get(entity_id)
        return found if found and (found.kind, found.advertiser) == (kind, advertiser) else None

    def get(self, entity_id: str) -> Entity:
        return self._entities[entity_id]

    def any(self, entity_id: str) -> Entity | None:
        return self._entities.get(entity_id)

    def all(self, kind: str) -> Iterator[Entity]:
        return (e for e in self._entities.values() if e.kind == kind)

    def of(self, advertiser: str, kind: str) -> list[Entity]:
        """An advertiser's, the newest id first, as TikTok lists them."""
        chosen = [e for e in self.all(kind) if e.advertiser == advertiser]
        return sorted(chosen, key=lambda e: e.id, reverse=True)

    def below(self, parent: Entity, kind: str) -> list[Entity]:
        """Ad groups or ads of a campaign, ads of an ad group, in order of id."""
        name = f"{parent.kind}_id"
        return sorted((e for e in self.all(kind) if e.data.get(name) == parent.id), key=lambda e: e.id)

    def campaign_of(self, entity: Entity) -> Entity:
        return entity if entity.kind == "campaign" else self._entities[str(entity.data["campaign_id"])]

    def secondary_status(self, entity: Entity) -> str:
        """A live child of a stopped parent says whose stop it is."""
        if entity.kind == "campaign":
            return f"CAMPAIGN_STATUS_{entity.operation}"
        prefix = "ADGROUP_STATUS" if entity.kind == "adgroup" else "AD_STATUS"
        if entity.operation != "ENABLE":
            return f"{prefix}_{entity.operation}"
        campaign = self.campaign_of(entity)
        if campaign.operation != "ENABLE":
            return f"{prefix}_CAMPAIGN_{campaign.operation}"
        if entity.kind == "ad":
            group = self._entities[str(entity.data["adgroup_id"])]
            if group.operation != "ENABLE":
                return f"{prefix}_ADGROUP_{group.operation}"
            verdict = (entity.hidden.get("review") or {}).get("verdict")
            if verdict in _REVIEWED:
                return f"{prefix}_{_REVIEWED[verdict]}"
        return f"{prefix}_DELIVERY_OK"

    def is_deleted(self, entity: Entity) -> bool:
        return self.secondary_status(entity).endswith("_DELETE")
