"""Profiles written from the identifiers that belong to them, by sets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from app.db.session import TenantScope
from app.services.cdp.identity.rules import Lifecycle
from app.services.cdp.profiles.rules import State, Traits

_STATES = """
SELECT profile_id, type, event_count, order_count, refund_count, revenue::text, refunded::text, first_event_at,
  last_event_at, first_order_at, last_order_at, traits::text, click_ids::text
FROM cdp_identifiers WHERE tenant_id = $1 AND profile_id = ANY($2::uuid[])
"""
_COLUMNS = (
    *("lifecycle", "first_seen_at", "last_seen_at", "first_order_at", "last_order_at", "event_count"),
    *("order_count", "refund_count", "revenue", "refunded", "traits", "sealed_traits", "trait_hashes"),
    *("click_ids", "has_user_id", "has_email", "has_phone", "identifier_count"),
)
_FOLDED = f"""
INSERT INTO cdp_profiles AS old (tenant_id, created_at, updated_at, id, {", ".join(_COLUMNS)})
SELECT $1, $2, $2, id, lifecycle, first_seen_at, last_seen_at, first_order_at, last_order_at, event_count, order_count,
  refund_count, revenue::jsonb, refunded::jsonb, traits::jsonb, sealed_traits::jsonb, trait_hashes::jsonb,
  click_ids::jsonb, has_user_id, has_email, has_phone, identifier_count
FROM unnest($3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[],
  $9::bigint[], $10::integer[], $11::integer[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
  $17::text[], $18::boolean[], $19::boolean[], $20::boolean[], $21::integer[]) AS new (id, {", ".join(_COLUMNS)})
ON CONFLICT (tenant_id, id) DO UPDATE SET updated_at = excluded.updated_at, version = old.version + 1,
  {", ".join(f"{column} = excluded.{column}" for column in _COLUMNS)}
"""  # noqa: S608  (constants)
_FOUNDED = f"""
INSERT INTO cdp_profiles AS old (tenant_id, created_at, updated_at, id, {", ".join(_COLUMNS)})
SELECT $1, $2, $2, key, CASE WHEN last_event_at < $3 THEN 'churned' WHEN order_count > 0 THEN 'customer'
    WHEN type IN ('email', 'phone') THEN 'known' ELSE 'anonymous' END,
  first_event_at, last_event_at, first_order_at, last_order_at, event_count, order_count, refund_count, revenue,
  refunded, '{{}}', '{{}}', '{{}}', '{{}}', type = 'user_id', type = 'email', type = 'phone', 1
FROM cdp_identifiers WHERE tenant_id = $1 AND key = ANY($4::uuid[])
ON CONFLICT (tenant_id, id) DO UPDATE SET updated_at = excluded.updated_at, version = old.version + 1,
  {", ".join(f"{column} = excluded.{column}" for column in _COLUMNS)}
"""  # noqa: S608  (constants)
_COUNTED = """
UPDATE cdp_profiles AS p SET event_count = p.event_count + d.events,
  first_seen_at = least(p.first_seen_at, d.first_at), last_seen_at = greatest(p.last_seen_at, d.last_at),
  lifecycle = CASE WHEN greatest(p.last_seen_at, d.last_at) < $3 THEN 'churned'
    WHEN p.order_count > 0 THEN 'customer' WHEN p.has_email OR p.has_phone THEN 'known' ELSE 'anonymous' END,
  version = p.version + 1, updated_at = $2
FROM unnest($4::uuid[], $5::bigint[], $6::timestamptz[], $7::timestamptz[]) AS d (id, events, first_at, last_at)
WHERE p.tenant_id = $1 AND p.id = d.id RETURNING p.id
"""
_ENDED = "DELETE FROM cdp_profiles WHERE tenant_id = $1 AND id = ANY($2::uuid[]) RETURNING id"
_STAGE = """CASE WHEN last_seen_at < $3 THEN 'churned' WHEN order_count > 0 THEN 'customer'
  WHEN has_email OR has_phone THEN 'known' ELSE 'anonymous' END"""
_AGED = f"""
UPDATE cdp_profiles SET lifecycle = {_STAGE}, version = version + 1, updated_at = $2
WHERE tenant_id = $1 AND lifecycle <> {_STAGE} RETURNING id
"""  # noqa: S608  (a constant)
_TELL_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_TELL = """
INSERT INTO cdp_profile_changes (tenant_id, at, reason, profile_ids, event_names, traits)
VALUES ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True, slots=True)
class Member:
    """An identifier of a profile, and the fold of its events."""

    profile_id: UUID
    type: str
    state: State


@dataclass(frozen=True, slots=True)
class Folded:
    """A whole profile."""

    id: UUID
    lifecycle: Lifecycle
    state: State
    traits: Traits
    click_ids: Mapping[str, Any]
    types: Sequence[str]


@dataclass(frozen=True, slots=True)
class Change:
    """Profiles that changed in the same way."""

    reason: str
    profile_ids: Sequence[UUID]
    event_names: Sequence[str] = ()
    traits: Sequence[str] = ()


class FoldingRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._tenant_id = scope.tenant_id

    async def members(self, profile_ids: Iterable[UUID]) -> list[Member]:
        driver = await self._scope.driver()
        rows = await driver.fetch(_STATES, self._tenant_id, list(profile_ids))
        return [Member(row[0], row[1], _state(row[2:])) for row in rows]

    async def write(self, profiles: Iterable[Folded], now: datetime) -> None:
        rows = [_row(profile) for profile in profiles]
        if rows:
            driver = await self._scope.driver()
            await driver.execute(_FOLDED, self._tenant_id, now, *_turned(rows))

    async def found(self, keys: Sequence[UUID], now: datetime, churned_before: datetime) -> None:
        """Write the profiles that these stored identifiers found, each by itself and without traits."""
        if keys:
            driver = await self._scope.driver()
            await driver.execute(_FOUNDED, self._tenant_id, now, churned_before, keys)

    async def count(self, states: Mapping[UUID, State], now: datetime, churned_before: datetime) -> set[UUID]:
        """Add events to these profiles; answers those that are there."""
        rows = [
            (profile_id, state.event_count, state.first_event_at, state.last_event_at)
            for profile_id, state in states.items()
        ]
        if not rows:
            return set()
        driver = await self._scope.driver()
        found = await driver.fetch(_COUNTED, self._tenant_id, now, churned_before, *_turned(rows))
        return {row[0] for row in found}

    async def end(self, profile_ids: Iterable[UUID]) -> set[UUID]:
        """Answers those that were there."""
        ids = list(profile_ids)
        if not ids:
            return set()
        rows = await (await self._scope.driver()).fetch(_ENDED, self._tenant_id, ids)
        return {row[0] for row in rows}

    async def age(self, now: datetime, churned_before: datetime) -> list[UUID]:
        """The profiles whose lifecycle is another by nothing but time."""
        rows = await (await self._scope.driver()).fetch(_AGED, self._tenant_id, now, churned_before)
        return [row[0] for row in rows]

    async def tell(self, changes: Sequence[Change], now: datetime) -> None:
        """Append to the feed; its lock, held until the commit, keeps `seq` in the order of the commits."""
        if changes:
            driver = await self._scope.driver()
            await driver.execute(_TELL_LOCK, self._scope.key("cdp.profile_changes"))
            await driver.executemany(
                _TELL,
                [
                    (
                        self._tenant_id,
                        now,
                        change.reason,
                        list(change.profile_ids),
                        list(change.event_names),
                        list(change.traits),
                    )
                    for change in changes
                ],
            )
            await self._scope.enqueue("cdp.segments.follow", {}, queue="cdp", unless_pending=True)


def _row(profile: Folded) -> tuple[Any, ...]:
    state, types = profile.state, profile.types
    return (
        profile.id,
        profile.lifecycle.value,
        state.first_event_at,
        state.last_event_at,
        state.first_order_at,
        state.last_order_at,
        state.event_count,
        state.order_count,
        state.refund_count,
        _dumps(state.revenue),
        _dumps(state.refunded),
        _dumps(profile.traits.clear),
        _dumps(profile.traits.sealed),
        _dumps(profile.traits.hashes),
        _dumps(profile.click_ids),
        "user_id" in types,
        "email" in types,
        "phone" in types,
        len(types),
    )


def _state(row: Sequence[Any]) -> State:
    events, orders, refunds, revenue, refunded, first, last, first_order, last_order, traits, clicks = row
    return State(
        events,
        orders,
        refunds,
        _loads(revenue),
        _loads(refunded),
        first,
        last,
        first_order,
        last_order,
        _loads(traits),
        _loads(clicks),
    )


def _turned(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows as columns."""
    return [list(column) for column in zip(*rows, strict=True)]


def _dumps(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode() if value else "{}"


def _loads(value: str) -> dict[str, Any]:
    loaded: dict[str, Any] = {} if value == "{}" else msgspec.json.decode(value)
    return loaded
