"""Organization, ad accounts, campaigns, ad squads, ads, pixels: as the API serves them, kept in the store."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.store import Store
from sandbox.vendors.snapchat.constants import uid

_DOCUMENT = "snapchat_entities"
PLURALS = {
    "organizations": "organization",
    "adaccounts": "adaccount",
    "campaigns": "campaign",
    "adsquads": "adsquad",
    "ads": "ad",
    "creatives": "creative",
    "media": "media",
    "pixels": "pixel",
}
_PARENTS = {"adsquad": "campaign_id", "ad": "ad_squad_id"}
_MADE_HERE = 7
REVIEW_SECONDS = 3_600.0
"""How long a new ad waits for its review, in simulated time."""


def snap_time(seconds: float) -> str:
    """`2026-03-02T15:00:00.000Z`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def seconds_of(text: Any) -> float:
    """A ValueError for what is no moment with a zone."""
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.timestamp()


@dataclass(slots=True)
class Entity:
    """`data` is what the API serves; `hidden` is the sandbox's own."""

    id: str
    kind: str
    account: str
    data: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The ad account's id; an account is its own."""
        return self.account or self.id

    @property
    def deleted(self) -> bool:
        return bool(self.data.get("deleted"))

    @property
    def live(self) -> bool:
        return self.data.get("status") == "ACTIVE" and not self.deleted

    def review(self, now: float) -> str:
        """Of an ad; a new one's ends by itself, where nobody decided otherwise."""
        held = self.hidden.get("review") or {}
        ends = held.get("until")
        return "APPROVED" if ends is not None and now >= ends else str(held.get("status", "APPROVED"))

    def micros(self, name: str) -> int:
        """0 where it has none."""
        return int(self.data.get(name) or 0)


class Entities:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._all: dict[str, Entity] = {}
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
        self._all[entity.id] = entity

    def save(self) -> None:
        rows = [
            {"id": e.id, "kind": e.kind, "account": e.account, "data": e.data, "hidden": e.hidden}
            for e in self._all.values()
        ]
        self._store.keep(_DOCUMENT, {"next": self._next, "entities": rows})

    def new_id(self) -> str:
        self._next += 1
        return uid(_MADE_HERE, 0, self._next)

    def find(self, entity_id: str, kind: str) -> Entity | None:
        found = self._all.get(entity_id)
        return found if found is not None and found.kind == kind else None

    def get(self, entity_id: str) -> Entity:
        return self._all[entity_id]

    def of(self, parent: Entity, kind: str) -> list[Entity]:
        """All below, at whatever depth, by the time of their making."""
        return sorted(
            (e for e in self._all.values() if e.kind == kind and self._is_below(e, parent)),
            key=lambda e: (str(e.data.get("created_at", "")), e.id),
        )

    def all(self, kind: str) -> Iterator[Entity]:
        return (e for e in self._all.values() if e.kind == kind)

    def campaign_of(self, entity: Entity) -> Entity:
        while entity.kind != "campaign":
            entity = self._all[str(entity.data[_PARENTS[entity.kind]])]
        return entity

    def delivery_status(self, entity: Entity, now: float) -> list[str]:
        """`VALID`, or why it does not deliver."""
        chain = [entity]
        while chain[-1].kind in _PARENTS:
            chain.append(self._all[str(chain[-1].data[_PARENTS[chain[-1].kind]])])
        found = []
        if not all(each.live for each in chain):
            found.append("INVALID_NOT_EFFECTIVE_ACTIVE")
        if any("end_time" in e.data and seconds_of(e.data["end_time"]) <= now for e in chain):
            found.append("INVALID_END_TIME")
        if entity.kind == "ad" and entity.review(now) != "APPROVED":
            found.append("INVALID_NOT_APPROVED")
        ads = self.of(entity, "ad") if entity.kind == "adsquad" else []
        if entity.kind == "adsquad" and not any(ad.live and ad.review(now) == "APPROVED" for ad in ads):
            found.append("INVALID_NO_CREATIVE_EFFECTIVE_ACTIVE")
        return found or ["VALID"]

    def _is_below(self, entity: Entity, parent: Entity) -> bool:
        if parent.kind == "organization":
            return entity.kind == "adaccount"
        if parent.kind == "adaccount":
            return entity.account == parent.id
        while entity.kind in _PARENTS:
            above = self._all[str(entity.data[_PARENTS[entity.kind]])]
            if above.id == parent.id:
                return True
            entity = above
        return False
