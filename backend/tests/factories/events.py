"""Events and people put straight into the store, many at once: for questions about many of them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.core.ids import uuid7
from app.db.session import Scopes

_EVENTS = text("""
INSERT INTO cdp_events (tenant_id, received_at, id, message_id, event_type, event_name, event_time, properties, context,
  is_order, is_refund, match_keys, person_key)
SELECT current_tenant(), at, id, id::text, 'track', name, at, properties::jsonb, '{}', false, false, 0, key
FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS uuid[]), CAST(:names AS text[]), CAST(:times AS timestamptz[]),
  CAST(:properties AS text[])) AS e (id, key, name, at, properties)
""")
_IDENTIFIERS = text("""
INSERT INTO cdp_identifiers (tenant_id, key, type, profile_id, first_seen_at, first_message_id, last_seen_on)
SELECT current_tenant(), key, 'anonymous_id', profile_id, now(), 'm', current_date
FROM unnest(CAST(:keys AS uuid[]), CAST(:people AS uuid[])) AS i (key, profile_id)
""")
_PROFILES = text("""
INSERT INTO cdp_profiles (tenant_id, id, lifecycle, first_seen_at, last_seen_at, event_count, order_count, refund_count,
  identifier_count, traits)
SELECT current_tenant(), id, 'anonymous', first_seen_at, first_seen_at, 1, 0, 0, 1, traits::jsonb
FROM unnest(CAST(:people AS uuid[]), CAST(:first AS timestamptz[]), CAST(:traits AS text[]))
  AS p (id, first_seen_at, traits)
""")

FUNNEL: dict[str, Any] = {
    "steps": [{"event": "Product Viewed"}, {"event": "Order Completed"}],
    "days": {"kind": "last", "days": 7},
}
RETENTION: dict[str, Any] = {
    "start": {"kind": "first_seen"},
    "returning": {"kind": "any"},
    "period": "week",
    "periods": 4,
    "days": {"kind": "last", "days": 28},
}


@dataclass(frozen=True)
class Happened:
    name: str
    at: datetime
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Somebody:
    """A person with as many identifiers as wished; their events are spread over them."""

    events: Sequence[Happened]
    traits: dict[str, Any] = field(default_factory=dict)
    keys: Sequence[UUID] = field(default_factory=lambda: [uuid7()])

    @property
    def id(self) -> UUID:
        return self.keys[0]


async def store_people(scopes: Scopes, people: Iterable[Somebody]) -> None:
    everybody = list(people)
    keys = [(key, each.id) for each in everybody for key in each.keys]
    events = [
        (uuid7(), each.keys[place % len(each.keys)], event.name, event.at, json.dumps(event.properties))
        for each in everybody
        for place, event in enumerate(each.events)
    ]
    async with scopes() as scope:
        await scope.session.execute(_IDENTIFIERS, _columns(("keys", "people"), keys))
        await scope.session.execute(
            _EVENTS, _columns(("ids", "keys", "names", "times", "properties"), events)
        )
        profiles = [
            (each.id, min(event.at for event in each.events), json.dumps(each.traits))
            for each in everybody
            if each.events
        ]
        await scope.session.execute(_PROFILES, _columns(("people", "first", "traits"), profiles))


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    turned: list[list[Any]] = (
        [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in names]
    )
    return dict(zip(names, turned, strict=True))
