from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db.session import TenantScope

Found = tuple[str, str, str | None, int]
"""A name, the JSON type of its values, one of them as text where it is one, and how many people have it."""

_NEWEST = """
  SELECT event_name, properties, person_key, currency, received_at FROM cdp_events
  WHERE tenant_id = $1 ORDER BY received_at DESC, id DESC LIMIT $2
"""
_HEARD = f"""
WITH newest AS MATERIALIZED ({_NEWEST})
SELECT (SELECT count(*) FROM newest), (SELECT min(received_at) FROM newest),
  ARRAY(SELECT event_name FROM newest GROUP BY event_name ORDER BY count(*) DESC, event_name),
  ARRAY(SELECT count(*) FROM newest GROUP BY event_name ORDER BY count(*) DESC, event_name),
  ARRAY(SELECT currency FROM newest WHERE currency IS NOT NULL
    GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 20)
"""  # noqa: S608  (constants alone)
# Of each name the values that most people share; an object's members by their path, one level deep.
_VALUES = """
members AS (
  SELECT n.person, m.key AS name, m.value FROM newest AS n, jsonb_each(n.document) AS m
  WHERE jsonb_typeof(m.value) <> 'object'
  UNION ALL
  SELECT n.person, o.key || '.' || m.key, m.value FROM newest AS n, jsonb_each(n.document) AS o,
    jsonb_each(CASE jsonb_typeof(o.value) WHEN 'object' THEN o.value ELSE '{}' END) AS m
  WHERE jsonb_typeof(m.value) <> 'object'),
counted AS (
  SELECT name, jsonb_typeof(value) AS kind, CASE jsonb_typeof(value) WHEN 'string' THEN value #>> '{}' END AS text,
    count(DISTINCT person) AS people, count(*) AS times
  FROM members WHERE length(name) <= 200 GROUP BY 1, 2, 3),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY name ORDER BY people DESC, times DESC, text) AS place FROM counted)
SELECT name, kind, text, people FROM ranked WHERE place <= 60 ORDER BY name, place
"""
_PROPERTIES = f"""
WITH newest AS MATERIALIZED (
  SELECT person_key AS person, properties AS document FROM ({_NEWEST}) AS every WHERE event_name = $3),
{_VALUES}
"""  # noqa: S608  (constants alone)
_PEOPLE = """
  SELECT id, traits, sealed_traits, computed FROM cdp_profiles
  WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2
"""
_SAID = f"""
WITH newest AS MATERIALIZED (SELECT id AS person, %DOCUMENT% AS document FROM ({_PEOPLE}) AS every),
{_VALUES}
"""  # noqa: S608  (constants alone)
_SEALED = f"""
WITH newest AS MATERIALIZED ({_PEOPLE})
SELECT (SELECT count(*) FROM newest), ARRAY(
  SELECT DISTINCT name FROM newest, jsonb_object_keys(sealed_traits) AS name
  WHERE length(name) <= 200 ORDER BY name LIMIT 200)
"""  # noqa: S608  (constants alone)
_ASKED = """
SELECT DISTINCT unnest(reads_events) AS name FROM cdp_segments
WHERE tenant_id = $1 AND archived_at IS NULL ORDER BY name LIMIT 200
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """Of the newest events: how many, the oldest of them, their names with counts, and the currencies."""

    count: int
    since: datetime | None
    names: Sequence[tuple[str, int]]
    currencies: Sequence[str]


@dataclass(frozen=True, slots=True)
class Said:
    """Of the newest profiles."""

    count: int
    traits: Sequence[Found]
    sealed: Sequence[str]
    computed: Sequence[Found]


class VocabularyRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope

    async def heard(self, most: int) -> Heard:
        [(count, since, names, counts, currencies)] = await self._rows(_HEARD, most)
        return Heard(count, since, list(zip(names, counts, strict=True)), currencies)

    async def properties(self, event: str, most: int) -> Sequence[Found]:
        return [tuple(row) for row in await self._rows(_PROPERTIES, most, event)]

    async def said(self, most: int) -> Said:
        [(count, sealed)] = await self._rows(_SEALED, most)
        traits = await self._rows(_SAID.replace("%DOCUMENT%", "traits"), most)
        computed = await self._rows(_SAID.replace("%DOCUMENT%", "computed"), most)
        return Said(count, [tuple(row) for row in traits], sealed, [tuple(row) for row in computed])

    async def asked(self) -> Sequence[str]:
        """The events that segments speak of."""
        return [row[0] for row in await self._rows(_ASKED)]

    async def _rows(self, sql: str, *values: Any) -> list[Any]:
        found: list[Any] = await (await self._scope.driver()).fetch(sql, self._scope.tenant_id, *values)
        return found
