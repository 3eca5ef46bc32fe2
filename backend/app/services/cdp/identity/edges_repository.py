"""The ledger of edges: what was said to belong together, by whom, and what became of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.services.cdp.identity.driving_repository import TenantStatements, columns
from app.services.cdp.identity.graph_rules import Assertion, Kind, Position
from app.services.cdp.identity.reading import StoredEvent
from app.services.cdp.identity.rules import Reason

_EDGE_COLUMNS = (
    "assertion, place, kind, a_key, b_key, asserted_at, message_id, joined, reason, removed_at IS NOT NULL, event_id, "
    "received_at, source_id, act"
)
_KNOWN = f"""
SELECT {_EDGE_COLUMNS} FROM cdp_identity_edges
WHERE tenant_id = $1 AND assertion = ANY($2::uuid[]) ORDER BY assertion, place
"""  # noqa: S608  (a constant)
_TOUCHING = f"""
SELECT {_EDGE_COLUMNS} FROM cdp_identity_edges
WHERE tenant_id = $1 AND removed_at IS NULL AND kind <> 'apart' AND assertion IN (
  SELECT assertion FROM cdp_identity_edges WHERE tenant_id = $1 AND a_key = ANY($2::uuid[])
  UNION SELECT assertion FROM cdp_identity_edges WHERE tenant_id = $1 AND b_key = ANY($2::uuid[])
) ORDER BY assertion, place
"""  # noqa: S608  (a constant)
_APART = """
SELECT a_key, b_key FROM cdp_identity_edges WHERE tenant_id = $1 AND kind = 'apart' AND removed_at IS NULL
"""
_BOUND_BY_MERGES = """
SELECT a_key, b_key FROM cdp_identity_edges WHERE tenant_id = $1 AND reason = 'too_many_merges' AND removed_at IS NULL
  AND (a_key = ANY($2::uuid[]) OR b_key = ANY($2::uuid[]))
"""
_REFUSED_SINCE = """
SELECT EXISTS (
  SELECT FROM unnest($2::uuid[], $3::timestamptz[], $4::text[]) AS news (key, at, message_id)
  CROSS JOIN LATERAL (
    (SELECT FROM cdp_identity_edges AS e
     WHERE e.tenant_id = $1 AND e.a_key = news.key AND e.asserted_at >= news.at AND {counts} LIMIT 1)
    UNION ALL
    (SELECT FROM cdp_identity_edges AS e
     WHERE e.tenant_id = $1 AND e.b_key = news.key AND e.asserted_at >= news.at AND {counts} LIMIT 1)
  ) AS refused)
"""
_COUNTS = """e.{reasons} AND e.removed_at IS NULL
  AND (e.asserted_at > news.at OR e.message_id COLLATE "C" >= news.message_id)"""
_OVERRULABLE = "reason IN ('type_limit', 'too_many_identifiers', 'too_many_merges')"
"""As the indexes `ix_cdp_identity_edges_overrulable_a` and `_b` have it."""
_OVERRULABLE_SINCE = _REFUSED_SINCE.format(counts=_COUNTS.format(reasons=_OVERRULABLE))
_USERS_SINCE = _REFUSED_SINCE.format(counts=_COUNTS.format(reasons="reason = 'different_users'"))
_ALL = f"""
SELECT {_EDGE_COLUMNS} FROM cdp_identity_edges WHERE tenant_id = $1 AND kind <> 'apart' ORDER BY assertion, place
"""  # noqa: S608  (a constant)
_SIZE = "SELECT count(*) FROM (SELECT FROM cdp_identity_edges WHERE tenant_id = $1 LIMIT $2) AS few"
_REMOVE = """
UPDATE cdp_identity_edges SET removed_at = $2, removed_by = $3
WHERE tenant_id = $1 AND assertion = ANY($4::uuid[]) AND removed_at IS NULL
"""
_OF_ACT = f"""
SELECT {_EDGE_COLUMNS} FROM cdp_identity_edges WHERE tenant_id = $1 AND act = $2 ORDER BY assertion, place
"""  # noqa: S608  (a constant)
_IDS_OF_ACT = """
UPDATE cdp_identity_edges SET ended = $3, founded = $4 WHERE tenant_id = $1 AND act = $2 AND place = 0 AND assertion = (
  SELECT assertion FROM cdp_identity_edges WHERE tenant_id = $1 AND act = $2 ORDER BY assertion LIMIT 1)
"""
_IDS_BY_ACT = """
SELECT ended, founded FROM cdp_identity_edges WHERE tenant_id = $1 AND act = $2 AND ended IS NOT NULL
"""
_LIFT = """
UPDATE cdp_identity_edges SET removed_at = $2, removed_by = $3, lifted_by = $4
WHERE tenant_id = $1 AND assertion = ANY($5::uuid[]) AND removed_at IS NULL
"""
_REMOVE_ACT = """
UPDATE cdp_identity_edges SET removed_at = coalesce(removed_at, $2), removed_by = coalesce(removed_by, $3),
  lifted_by = NULL
WHERE tenant_id = $1 AND act = $4
"""
_LOWER = """
UPDATE cdp_identity_edges SET removed_at = NULL, removed_by = NULL, lifted_by = NULL
WHERE tenant_id = $1 AND lifted_by = $2 RETURNING a_key, b_key
"""
_RESTORE = """
UPDATE cdp_identity_edges SET removed_at = NULL, removed_by = NULL
WHERE tenant_id = $1 AND assertion = ANY($2::uuid[])
"""
_REMOVED_BY = f"""
SELECT {_EDGE_COLUMNS} FROM cdp_identity_edges WHERE tenant_id = $1 AND removed_by = $2 ORDER BY assertion, place
"""  # noqa: S608  (a constant)
_BETWEEN = """
SELECT assertion FROM cdp_identity_edges WHERE tenant_id = $1 AND kind = 'apart' AND removed_at IS NULL
  AND ((a_key = ANY($2::uuid[]) AND b_key = ANY($3::uuid[])) OR (a_key = ANY($3::uuid[]) AND b_key = ANY($2::uuid[])))
"""
_LEDGER = """
INSERT INTO cdp_identity_edges AS old (tenant_id, decided_at, assertion, place, kind, a_key, b_key, asserted_at,
  message_id, event_id, received_at, source_id, asserted_by, joined, reason, act)
SELECT $1, $2, * FROM unnest($3::uuid[], $4::smallint[], $5::text[], $6::uuid[], $7::uuid[], $8::timestamptz[],
  $9::text[], $10::uuid[], $11::timestamptz[], $12::uuid[], $13::text[], $14::boolean[], $15::text[], $16::uuid[])
ON CONFLICT (tenant_id, assertion, place) DO UPDATE SET decided_at = excluded.decided_at,
  asserted_at = excluded.asserted_at, message_id = excluded.message_id, event_id = excluded.event_id,
  received_at = excluded.received_at, source_id = excluded.source_id, asserted_by = excluded.asserted_by,
  joined = excluded.joined, reason = excluded.reason, act = excluded.act, removed_at = NULL, removed_by = NULL,
  lifted_by = NULL
"""
_REDECIDED = """
UPDATE cdp_identity_edges AS e SET joined = d.joined, reason = d.reason, decided_at = $2
FROM unnest($3::uuid[], $4::smallint[], $5::boolean[], $6::text[]) AS d (assertion, place, joined, reason)
WHERE e.tenant_id = $1 AND e.assertion = d.assertion AND e.place = d.place
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The event that asserted something; a person's own assertion has none."""

    id: UUID | None = None
    received_at: datetime | None = None
    source_id: UUID | None = None


NO_EVENT = Evidence()


@dataclass(frozen=True, slots=True)
class Entry:
    """An assertion of the ledger and what became of its links."""

    assertion: Assertion
    reasons: tuple[Reason | None, ...]
    removed: bool
    evidence: Evidence
    act: UUID | None = None
    """What a person said together with it."""

    @property
    def joined(self) -> int:
        """How many of its links stand, from the anchor outward."""
        return next((n for n, reason in enumerate(self.reasons) if reason is not None), len(self.reasons))

    @property
    def joined_part(self) -> Assertion:
        """The assertion, as far as its links stand."""
        whole = self.assertion
        return Assertion(whole.id, whole.kind, whole.at, whole.keys[: self.joined + 1])


@dataclass(frozen=True, slots=True)
class Link:
    """A row of the ledger to write."""

    assertion: Assertion
    reasons: tuple[Reason | None, ...]
    event: StoredEvent | Evidence = NO_EVENT
    asserted_by: str | None = None
    act: UUID | None = None


class Edges(TenantStatements):
    """One tenant's ledger of edges."""

    async def known(self, assertions: Iterable[UUID]) -> dict[UUID, Entry]:
        """These assertions, as far as the ledger has them."""
        ids = list(assertions)
        return _entries(await self._fetch(_KNOWN, ids)) if ids else {}

    async def touching(self, keys: Iterable[UUID]) -> dict[UUID, Entry]:
        """Every assertion that counts and names one of these identifiers."""
        wanted = list(keys)
        return _entries(await self._fetch(_TOUCHING, wanted)) if wanted else {}

    async def closure(self, keys: Iterable[UUID]) -> tuple[dict[UUID, Entry], set[UUID]]:
        """The assertions that lead on from these identifiers, joined or refused, and all that they name."""
        reached = set(keys)
        entries: dict[UUID, Entry] = {}
        front = set(reached)
        while front:
            found = await self.touching(front)
            entries |= found
            named = {key for entry in found.values() for key in entry.assertion.keys}
            front = named - reached
            reached |= named
        return entries, reached

    async def apart(self) -> list[tuple[UUID, UUID]]:
        """Pairs that a person has said are two people."""
        return [(row[0], row[1]) for row in await self._fetch(_APART)]

    async def bound_by_merges(self, keys: Iterable[UUID]) -> set[UUID]:
        """Which identifiers have a link that the number of merges refused."""
        rows = await self._fetch(_BOUND_BY_MERGES, list(keys))
        return {row[0] for row in rows} | {row[1] for row in rows}

    async def overrulable_since(self, news: Mapping[UUID, Position], *, divided: bool) -> bool:
        """Whether a link of these identifiers was refused after these places, for a reason that a stronger may replace.

        Two users are overruled by nothing but a person who has `divided` somebody.
        """
        rows = [(key, *at) for key, at in news.items()]
        if not rows:
            return False
        statements = (_OVERRULABLE_SINCE, _USERS_SINCE) if divided else (_OVERRULABLE_SINCE,)
        for statement in statements:
            if (await self._fetch(statement, *columns(rows)))[0][0]:
                return True
        return False

    async def apart_between(self, ones: Iterable[UUID], others: Iterable[UUID]) -> list[UUID]:
        """The assertions that keep identifiers of these two sets apart."""
        return [row[0] for row in await self._fetch(_BETWEEN, list(ones), list(others))]

    async def size(self, most: int) -> int:
        """How many links the ledger has; counting ends at `most`."""
        return int((await self._fetch(_SIZE, most))[0][0])

    async def whole(self) -> dict[UUID, Entry]:
        """The ledger, what was removed from it too."""
        return _entries(await self._fetch(_ALL))

    async def removed_by(self, whom: str) -> dict[UUID, Entry]:
        """What this one took out of the count."""
        return _entries(await self._fetch(_REMOVED_BY, whom))

    async def remove(self, assertions: Iterable[UUID], at: datetime, whom: str) -> None:
        """Take assertions out of the count; they stay in the ledger."""
        await self._write(_REMOVE, at, whom, list(assertions))

    async def of_act(self, act: UUID) -> dict[UUID, Entry]:
        """All that a person said at once, what counts no more too."""
        return _entries(await self._fetch(_OF_ACT, act))

    async def keep_ids(self, act: UUID, ended: Iterable[UUID], founded: Iterable[UUID]) -> None:
        """Write down which ids of profiles an act ended and founded."""
        await self._write(_IDS_OF_ACT, act, list(ended), list(founded))

    async def ids_by(self, act: UUID) -> tuple[frozenset[UUID], frozenset[UUID]]:
        """The ids of profiles that an act ended, and those that it founded."""
        rows = await self._fetch(_IDS_BY_ACT, act)
        ended, founded = (frozenset(key for row in rows for key in row[place]) for place in (0, 1))
        return ended, founded

    async def lift(self, assertions: Iterable[UUID], at: datetime, whom: str, act: UUID) -> None:
        """Take assertions out of the count for as long as `act` stands."""
        await self._write(_LIFT, at, whom, act, list(assertions))

    async def remove_act(self, act: UUID, at: datetime, whom: str) -> set[UUID]:
        """Take an act out of the count, and put back what it had lifted; the identifiers that are named there."""
        await self._write(_REMOVE_ACT, at, whom, act)
        return {key for row in await self._fetch(_LOWER, act) for key in row}

    async def restore(self, assertions: Iterable[UUID]) -> None:
        """Put assertions back into the count."""
        await self._write(_RESTORE, list(assertions))

    async def record(self, links: Iterable[Link], at: datetime) -> None:
        """Write assertions, anew or at their earlier place."""
        rows = []
        for link in links:
            anchor, *others = link.assertion.keys
            happened, message_id = link.assertion.at
            for place, (key, reason) in enumerate(zip(others, link.reasons, strict=True)):
                rows.append(
                    (
                        link.assertion.id,
                        place,
                        link.assertion.kind.value,
                        anchor,
                        key,
                        happened,
                        message_id,
                        link.event.id,
                        link.event.received_at,
                        link.event.source_id,
                        link.asserted_by,
                        reason is None,
                        reason,
                        link.act,
                    )
                )
        if rows:
            await self._write(_LEDGER, at, *columns(rows))

    async def redecide(self, decisions: Mapping[UUID, Sequence[Reason | None]], at: datetime) -> None:
        """Write what became of links that the ledger has."""
        rows = [
            (assertion, place, reason is None, reason)
            for assertion, reasons in decisions.items()
            for place, reason in enumerate(reasons)
        ]
        if rows:
            await self._write(_REDECIDED, at, *columns(rows))


def _entries(rows: Iterable[Any]) -> dict[UUID, Entry]:
    """Rows in the order of assertion and place."""
    grouped: dict[UUID, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row[0], []).append(row)
    return {
        name: Entry(
            Assertion(
                name, Kind(links[0][2]), (links[0][5], links[0][6]), (links[0][3], *(row[4] for row in links))
            ),
            tuple(None if row[7] else Reason(row[8]) for row in links),
            links[0][9],
            Evidence(*links[0][10:13]),
            links[0][13],
        )
        for name, links in grouped.items()
    }
