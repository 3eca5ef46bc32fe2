"""All that the accounts hold: budgets, campaigns, ad groups, ads, images, conversion actions. Kept in the store."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.store import Store

_DOCUMENT = "google_book"
COLLECTIONS = {
    "campaign_budget": "campaignBudgets",
    "campaign": "campaigns",
    "ad_group": "adGroups",
    "ad_group_ad": "adGroupAds",
    "ad_group_criterion": "adGroupCriteria",
    "campaign_conversion_goal": "campaignConversionGoals",
    "asset": "assets",
    "conversion_action": "conversionActions",
}
_FIRST_NEW_ID = 23_900_000_000


@dataclass(slots=True)
class Entity:
    """`data` by the names of its fields; `hidden` is what only the world knows."""

    kind: str
    customer: str
    id: str
    data: dict[str, Any] = field(default_factory=dict)
    hidden: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"customers/{self.customer}/{COLLECTIONS[self.kind]}/{self.id}"

    @property
    def lives(self) -> bool:
        return self.data.get("status") != "REMOVED"

    def verdict(self, at: float) -> str:
        """Of an ad's review: a new one's ends by itself, where nobody decided otherwise."""
        held = self.hidden.get("review") or {}
        ends = held.get("until")
        return "approved" if ends is not None and at >= ends else str(held.get("verdict", "approved"))

    def serves(self, at: float) -> bool:
        """Of an ad: switched on and through its review."""
        return self.data.get("status") == "ENABLED" and self.verdict(at) in {"approved", "limited"}


class Book:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._entities: dict[str, Entity] = {}
        self._next_id = _FIRST_NEW_ID

    def load(self) -> bool:
        """False when nothing was ever kept."""
        kept = self._store.document(_DOCUMENT)
        if kept is None:
            return False
        self._next_id = int(kept["next_id"])
        for row in kept["entities"]:
            self.put(Entity(**row))
        return True

    def save(self) -> None:
        rows = [asdict(entity) for entity in self._entities.values()]
        self._store.keep(_DOCUMENT, {"next_id": self._next_id, "entities": rows})

    def put(self, entity: Entity) -> Entity:
        self._entities[entity.name] = entity
        return entity

    def drop(self, resource_name: str) -> None:
        self._entities.pop(resource_name, None)

    def new_id(self) -> str:
        self._next_id += 1
        return str(self._next_id)

    def find(self, resource_name: str) -> Entity | None:
        return self._entities.get(resource_name)

    def get(self, resource_name: str) -> Entity:
        return self._entities[resource_name]

    def of(self, customer: str, kind: str) -> Iterator[Entity]:
        return (e for e in self._entities.values() if e.kind == kind and e.customer == customer)

    def campaigns_on(self, budget: str) -> list[Entity]:
        """The campaigns that use this budget and are not removed."""
        return [
            e
            for e in self._entities.values()
            if e.kind == "campaign" and e.data.get("campaign_budget") == budget and e.lives
        ]

    def ad_groups_of(self, campaign: str) -> list[Entity]:
        return [
            e
            for e in self._entities.values()
            if e.kind == "ad_group" and e.data["campaign"] == campaign and e.lives
        ]

    def ads_of(self, ad_group: str) -> list[Entity]:
        return [
            e
            for e in self._entities.values()
            if e.kind == "ad_group_ad" and e.data["ad_group"] == ad_group and e.lives
        ]
