"""What is to be compared and written, and our side of it, by sets."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import and_, delete, exists, func, or_, select, tuple_, update

from app.core.clock import real_now
from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.cdp.identity import CdpIdentifier, CdpProfileChange
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.segments import CdpSegmentMember, CdpSegmentTransition
from app.models.cdp.traits import CdpTrait
from app.models.integrations.connections import Connection
from app.models.integrations.crm import CrmAccount, CrmContact, CrmContactKey, CrmPush, CrmWrite
from app.models.integrations.kinds import ConnectionStatus
from app.services.integrations.crm.ports import Kind

_QUEUE = """
INSERT INTO crm_writes AS old (tenant_id, account_id, external_id, looked, queued_at, next_at, kind)
SELECT $1, $2, id, $4, $5, $5, $6 FROM unnest($3::text[]) AS new (id) ORDER BY id
ON CONFLICT (tenant_id, account_id, kind, external_id) DO UPDATE SET version = old.version + 1,
  looked = old.looked OR excluded.looked, next_at = $5, attempts = 0, error_code = NULL, properties = '{}'
"""
_QUEUE_ALL = """
INSERT INTO crm_writes AS old (tenant_id, account_id, external_id, looked, queued_at, next_at, kind)
SELECT $1, $2, c.external_id, true, $3, $3, 'contacts' FROM crm_contacts AS c
WHERE c.tenant_id = $1 AND c.account_id = $2 ORDER BY c.external_id
ON CONFLICT (tenant_id, account_id, kind, external_id) DO UPDATE SET version = old.version + 1,
  looked = true, next_at = $3, attempts = 0, error_code = NULL, properties = '{}'
"""
_QUEUE_ALL_DEALS = _QUEUE_ALL.replace("'contacts' FROM crm_contacts", "'deals' FROM crm_deals").replace(
    "c.account_id = $2 ORDER", "c.account_id = $2 AND c.gone_at IS NULL ORDER"
)
_QUEUE_CLEARS = """
INSERT INTO crm_writes AS old (tenant_id, account_id, external_id, clears, keys, request_id, queued_at, next_at,
  standing, kind)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8::text::jsonb, $9)
ON CONFLICT (tenant_id, account_id, kind, external_id) DO UPDATE SET version = old.version + 1,
  clears = excluded.clears, standing = excluded.standing, keys = excluded.keys, request_id = excluded.request_id,
  next_at = $7, attempts = 0, error_code = NULL, properties = '{}'
"""
_DONE = """
DELETE FROM crm_writes AS w
USING unnest($3::text[], $4::bigint[], $5::uuid[], $6::text[]) AS d (id, version, request_id, kind)
WHERE w.tenant_id = $1 AND w.account_id = $2 AND w.kind = d.kind AND w.external_id = d.id AND w.version = d.version
  AND w.request_id IS NOT DISTINCT FROM d.request_id
"""
_KEEP = """
UPDATE crm_contacts AS c SET fields = c.fields || new.fields::jsonb
FROM unnest($3::text[], $4::text[]) AS new (id, fields)
WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.external_id = new.id RETURNING c.external_id
"""
_KEEP_KEYS = """
WITH given AS (
  SELECT id, key FROM unnest($4::text[], $5::uuid[]) AS new (id, key)
  UNION SELECT c.external_id, unnest(c.keys) FROM crm_contacts AS c
  WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.external_id = ANY($3::text[])),
gone AS (DELETE FROM crm_contact_keys AS k WHERE k.tenant_id = $1 AND k.account_id = $2
  AND k.external_id = ANY($3::text[])
  AND NOT EXISTS (SELECT FROM given AS g WHERE g.id = k.external_id AND g.key = k.key))
INSERT INTO crm_contact_keys (tenant_id, account_id, key, external_id)
SELECT $1, $2, g.key, g.id FROM given AS g JOIN crm_contacts AS c
  ON c.tenant_id = $1 AND c.account_id = $2 AND c.external_id = g.id
ON CONFLICT DO NOTHING
"""
_SINCE = """
SELECT i.profile_id, t.key, max(t.value ->> 1) FROM cdp_identifiers AS i, jsonb_each(i.traits) AS t
WHERE i.tenant_id = $1 AND i.profile_id = ANY($2::uuid[]) AND t.key = ANY($3::text[]) GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Clear:
    """A contact or a deal whose values of ours are to be emptied, and the hashed identifiers of whose they are.

    `standing` has the keyed hashes of what of ours may stand in each property.
    """

    external_id: str
    standing: Mapping[str, Sequence[str]]
    keys: Sequence[UUID]
    kind: Kind = "contacts"


@dataclass(frozen=True, slots=True)
class FeedRow:
    seq: int
    reason: str
    profile_ids: Sequence[UUID]
    traits: Sequence[str]


class WritingRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def heads(self) -> tuple[int, int]:
        """The ends of the feed of changes and of the segments' log."""
        change, move = CdpProfileChange, CdpSegmentTransition
        changes = await self._session.scalar(
            select(func.max(change.seq)).where(change.tenant_id == self._tenant_id)
        )
        moves = await self._session.scalar(
            select(func.max(move.seq)).where(move.tenant_id == self._tenant_id)
        )
        return changes or 0, moves or 0

    async def changes(self, after: int, most: int) -> list[FeedRow]:
        row = CdpProfileChange
        statement = (
            select(row.seq, row.reason, row.profile_ids, row.traits)
            .where(row.tenant_id == self._tenant_id, row.seq > after)
            .order_by(row.seq)
            .limit(most)
        )
        return [FeedRow(*each) for each in await self._session.execute(statement)]

    async def moves(
        self, after: int, until: int, segment_ids: Collection[UUID], most: int
    ) -> list[tuple[int, UUID]]:
        """Of these segments: each row's place, and who came or went."""
        row = CdpSegmentTransition
        statement = (
            select(row.seq, row.profile_id)
            .where(
                row.tenant_id == self._tenant_id,
                row.seq > after,
                row.seq <= until,
                row.segment_id.in_(segment_ids),
            )
            .order_by(row.seq)
            .limit(most)
        )
        return [(each[0], each[1]) for each in await self._session.execute(statement)]

    async def contacts_of(self, account_id: UUID, profile_ids: Collection[UUID]) -> list[str]:
        """The contacts that name these people by what they told."""
        statement = (
            select(CrmContactKey.external_id)
            .join(
                CdpIdentifier,
                and_(
                    CdpIdentifier.tenant_id == CrmContactKey.tenant_id, CdpIdentifier.key == CrmContactKey.key
                ),
            )
            .where(
                CrmContactKey.tenant_id == self._tenant_id,
                CrmContactKey.account_id == account_id,
                CdpIdentifier.profile_id.in_(profile_ids),
            )
            .distinct()
        )
        return list(await self._session.scalars(statement))

    async def keep_keys(self, account_id: UUID, keys: Mapping[str, Sequence[UUID]]) -> None:
        """By which hashed identifiers these contacts are known now; one that is not known here is left out."""
        pairs = [(name, key) for name, each in keys.items() for key in each]
        driver = await self._scope.driver()
        await driver.execute(
            _KEEP_KEYS,
            self._tenant_id,
            account_id,
            list(keys),
            [name for name, _ in pairs],
            [key for _, key in pairs],
        )

    async def queue(
        self, account_id: UUID, ids: Collection[str], *, looked: bool, kind: Kind = "contacts"
    ) -> None:
        """`looked`: the CRM's side was seen to have changed."""
        if ids:
            driver = await self._scope.driver()
            named = sorted(set(ids))
            await driver.execute(_QUEUE, self._tenant_id, account_id, named, looked, real_now(), kind)

    async def queue_all(self, account_id: UUID, kind: Kind) -> None:
        """Everything of this kind that the account has, to be compared with what the CRM says now."""
        driver = await self._scope.driver()
        statement = _QUEUE_ALL if kind == "contacts" else _QUEUE_ALL_DEALS
        await driver.execute(statement, self._tenant_id, account_id, real_now())

    async def drop(self, account_id: UUID, kind: Kind) -> None:
        """What waits of these may not be written; what an erasure has promised stays."""
        row = CrmWrite
        await self._session.execute(
            delete(row).where(
                row.tenant_id == self._tenant_id,
                row.account_id == account_id,
                row.kind == kind,
                row.request_id.is_(None),
            )
        )

    async def queue_clears(self, account_id: UUID, clears: Iterable[Clear], request_id: UUID) -> None:
        """What stands there of people who are erased by this request."""
        driver, now = await self._scope.driver(), real_now()
        await driver.executemany(
            _QUEUE_CLEARS,
            [
                (
                    self._tenant_id,
                    account_id,
                    each.external_id,
                    list(each.standing),
                    list(each.keys),
                    request_id,
                    now,
                    msgspec.json.encode(each.standing).decode(),
                    each.kind,
                )
                for each in clears
            ],
        )

    async def clearing(self, account_id: UUID, ids: Collection[str]) -> set[str]:
        """Which of these contacts are of people who are erased here, and are still to be emptied there."""
        row = CrmWrite
        statement = select(row.external_id).where(
            row.tenant_id == self._tenant_id,
            row.account_id == account_id,
            row.kind == "contacts",
            row.external_id.in_(ids),
            row.request_id.is_not(None),
        )
        return set(await self._session.scalars(statement))

    async def due(self, account_id: UUID, kind: Kind, most: int) -> Sequence[CrmWrite]:
        statement = (
            select(CrmWrite)
            .where(
                CrmWrite.tenant_id == self._tenant_id,
                CrmWrite.account_id == account_id,
                CrmWrite.kind == kind,
                CrmWrite.next_at <= real_now(),
            )
            .order_by(CrmWrite.next_at, CrmWrite.external_id)
            .limit(most)
        )
        return (await self._session.scalars(statement)).all()

    async def done(self, account_id: UUID, rows: Collection[CrmWrite]) -> None:
        """Take these, as they were read, off; but not those that were added to or put there by an erasure since."""
        if rows:
            driver = await self._scope.driver()
            await driver.execute(
                _DONE,
                self._tenant_id,
                account_id,
                [each.external_id for each in rows],
                [each.version for each in rows],
                [each.request_id for each in rows],
                [each.kind for each in rows],
            )

    async def put_behind(self, account_id: UUID, read: Collection[CrmWrite]) -> None:
        """Of these, whatever is due still comes after all that is due now."""
        row, now = CrmWrite, real_now()
        await self._session.execute(
            update(row)
            .where(
                row.tenant_id == self._tenant_id,
                row.account_id == account_id,
                tuple_(row.kind, row.external_id).in_([(each.kind, each.external_id) for each in read]),
                row.next_at <= now,
            )
            .values(next_at=now)
        )

    async def failed(
        self, read: CrmWrite, *, next_at: datetime | None, code: str, properties: Sequence[str]
    ) -> None:
        """Of a row as it was read, as with `done`."""
        row = CrmWrite
        await self._session.execute(
            update(row)
            .where(
                row.tenant_id == self._tenant_id,
                row.account_id == read.account_id,
                row.kind == read.kind,
                row.external_id == read.external_id,
                row.version == read.version,
                row.request_id.is_not_distinct_from(read.request_id),
            )
            .values(next_at=next_at, attempts=row.attempts + 1, error_code=code, properties=list(properties))
        )

    async def contacts(self, account_id: UUID, ids: Collection[str]) -> dict[str, CrmContact]:
        statement = select(CrmContact).where(
            CrmContact.tenant_id == self._tenant_id,
            CrmContact.account_id == account_id,
            CrmContact.external_id.in_(ids),
        )
        found = await self._session.scalars(statement.execution_options(populate_existing=True))
        return {each.external_id: each for each in found}

    async def keep(self, account_id: UUID, fields: Mapping[str, str]) -> set[str]:
        """Put these fields (JSON) into their contacts; which of them are still known."""
        if not fields:
            return set()
        driver = await self._scope.driver()
        rows = await driver.fetch(_KEEP, self._tenant_id, account_id, list(fields), list(fields.values()))
        return {row[0] for row in rows}

    async def owners(self, keys: Collection[UUID]) -> dict[UUID, UUID]:
        statement = select(CdpIdentifier.key, CdpIdentifier.profile_id).where(
            CdpIdentifier.tenant_id == self._tenant_id, CdpIdentifier.key.in_(keys)
        )
        return {row[0]: row[1] for row in await self._session.execute(statement)}

    async def profiles(self, ids: Collection[UUID]) -> dict[UUID, CdpProfile]:
        statement = select(CdpProfile).where(CdpProfile.tenant_id == self._tenant_id, CdpProfile.id.in_(ids))
        return {each.id: each for each in await self._session.scalars(statement)}

    async def since(
        self, profile_ids: Collection[UUID], names: Collection[str]
    ) -> dict[tuple[UUID, str], datetime]:
        """When each of these traits was set last, of each of these people."""
        driver = await self._scope.driver()
        rows = await driver.fetch(_SINCE, self._tenant_id, list(profile_ids), list(names))
        return {(row[0], row[1]): datetime.fromisoformat(row[2]) for row in rows}

    async def memberships(
        self, profile_ids: Collection[UUID], segment_ids: Collection[UUID]
    ) -> set[tuple[UUID, UUID]]:
        """Who of these is in which of these segments."""
        row = CdpSegmentMember
        statement = select(row.profile_id, row.segment_id).where(
            row.tenant_id == self._tenant_id,
            row.segment_id.in_(segment_ids),
            row.profile_id.in_(profile_ids),
        )
        return {(each[0], each[1]) for each in await self._session.execute(statement)}

    async def money_traits(self, names: Collection[str]) -> set[str]:
        """Which of these computed traits are in millionths of a currency."""
        row = CdpTrait
        statement = select(row.name).where(
            row.tenant_id == self._tenant_id,
            row.name.in_(names),
            row.definition["currency"].astext.is_not(None),
        )
        return set(await self._session.scalars(statement))

    async def waiting(self) -> Sequence[UUID]:
        """Which accounts have something to follow or to write, and may be called."""
        account, row, change, move = CrmAccount, CrmWrite, CdpProfileChange, CdpSegmentTransition
        now = real_now()
        queued = exists().where(
            row.tenant_id == account.tenant_id, row.account_id == account.id, row.next_at <= now
        )
        changed = exists().where(change.tenant_id == account.tenant_id, change.seq > account.change_seq)
        moved = exists().where(move.tenant_id == account.tenant_id, move.seq > account.transition_seq)
        statement = (
            select(account.id)
            .join(
                Connection,
                and_(
                    Connection.tenant_id == account.tenant_id,
                    Connection.id == account.connection_id,
                    Connection.status == ConnectionStatus.ACTIVE,
                    Connection.read_only.is_(False),
                ),
            )
            .where(
                account.enabled,
                or_(account.next_write_at.is_(None), account.next_write_at <= now),
                or_(queued, changed, moved),
            )
        )
        return (await self._session.scalars(statement.order_by(account.id))).all()

    def add(self, push: CrmPush) -> None:
        self._session.add(push)

    async def pushes(
        self, account_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CrmPush], str | None]:
        return await newest_first(
            self._session,
            select(CrmPush).where(CrmPush.account_id == account_id),
            at=CrmPush.started_at,
            id=CrmPush.id,
            cursor=cursor,
            limit=limit,
        )

    async def faults(self, account_id: UUID, *, most: int) -> Sequence[CrmWrite]:
        """What could not be written, the last queued first."""
        statement = (
            select(CrmWrite)
            .where(CrmWrite.account_id == account_id, CrmWrite.error_code.is_not(None))
            .order_by(CrmWrite.queued_at.desc(), CrmWrite.kind, CrmWrite.external_id)
            .limit(most)
        )
        return (await self._session.scalars(statement)).all()
