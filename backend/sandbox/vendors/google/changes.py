"""`change_event`: who changed what, for 30 days, told with up to three minutes' delay."""

from dataclasses import dataclass
from typing import Any

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.vendors.google.book import Entity
from sandbox.vendors.google.times import account_text

_DOCUMENT = "google_changes"
_CLIENTS = {"person": "GOOGLE_ADS_WEB_CLIENT", "program": "GOOGLE_ADS_API"}


@dataclass(frozen=True, slots=True)
class Actor:
    email: str
    client: str

    @classmethod
    def person(cls, email: str) -> "Actor":
        return cls(email, _CLIENTS["person"])

    @classmethod
    def program(cls, email: str) -> "Actor":
        return cls(email, _CLIENTS["program"])


class Changes:
    def __init__(self, seed: int, store: Store) -> None:
        self._seed = seed
        self._store = store
        self._rows: list[dict[str, Any]] = store.document(_DOCUMENT) or []

    def record(
        self, entity: Entity, operation: str, at: float, timezone: str, *, actor: Actor, change: "Change"
    ) -> None:
        number = len(self._rows)
        row = {
            "at": at,
            "late": Chance(self._seed, "google-change-delay", number).uniform(),
            "customer": entity.customer,
            "change_event.resource_name": (
                f"customers/{entity.customer}/changeEvents/{int(at * 1e6)}~{number}~0"
            ),
            "change_event.change_date_time": account_text(at, timezone, micros=True),
            "change_event.change_resource_type": entity.kind.upper(),
            "change_event.change_resource_name": entity.name,
            "change_event.client_type": actor.client,
            "change_event.user_email": actor.email,
            "change_event.resource_change_operation": operation,
            "change_event.changed_fields": ",".join(change.fields),
            "change_event.old_resource": {entity.kind: change.old},
            "change_event.new_resource": {entity.kind: change.new},
            "change_event.campaign": entity.name
            if entity.kind == "campaign"
            else entity.data.get("campaign"),
            "change_event.ad_group": entity.name
            if entity.kind == "ad_group"
            else entity.data.get("ad_group"),
        }
        self._rows.append(row)
        self._store.keep(_DOCUMENT, self._rows)

    def seen(self, customer: str, now: float, most_delay: float) -> list[dict[str, Any]]:
        """Newest first; each is kept back for a share of its own of the longest delay."""
        rows = [row for row in self._rows if row["customer"] == customer]
        return [row for row in reversed(rows) if row["at"] + most_delay * row["late"] <= now]


@dataclass(frozen=True, slots=True)
class Change:
    """Which fields changed, as they were and as they are, by the names of the fields."""

    fields: tuple[str, ...]
    old: dict[str, Any]
    new: dict[str, Any]
