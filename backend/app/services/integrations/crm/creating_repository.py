"""Members of a segment, who of them a CRM knows, and who of them was dealt with."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, union, update

from app.core.clock import real_now
from app.db.session import TenantScope
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.segments import CdpSegmentMember
from app.models.integrations.connections import Connection
from app.models.integrations.crm import CrmAccount, CrmContactKey, CrmCreation, CrmDepartureKey
from app.models.integrations.kinds import ConnectionStatus

_NOTE = """
INSERT INTO crm_creations (tenant_id, account_id, key, state, at)
SELECT $1, $2, key, $4, $5 FROM unnest($3::uuid[]) AS n (key) ORDER BY key
ON CONFLICT (tenant_id, account_id, key) DO UPDATE SET state = excluded.state, at = excluded.at
"""
_SETTLE = """
UPDATE crm_creations AS c SET state = $5, detail = n.detail
FROM unnest($3::uuid[], $4::text[]) AS n (key, detail)
WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.key = n.key
"""
CREATING, CREATED, KNOWN, FAILED = "creating", "created", "known", "failed"
PUT_OFF = "put_off"
"""Not taken, for a reason that passes: tried again, behind those who were not tried yet."""


class CreatingRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def members(self, segment_id: UUID, after: UUID, most: int) -> list[UUID]:
        row = CdpSegmentMember
        statement = (
            select(row.profile_id)
            .where(row.tenant_id == self._tenant_id, row.segment_id == segment_id, row.profile_id > after)
            .order_by(CdpSegmentMember.profile_id)
            .limit(most)
        )
        return list(await self._session.scalars(statement))

    async def profiles(self, ids: Collection[UUID]) -> Sequence[CdpProfile]:
        profile = CdpProfile
        statement = select(profile).where(profile.tenant_id == self._tenant_id, profile.id.in_(ids))
        statement = statement.order_by(CdpProfile.id)
        return (await self._session.scalars(statement)).all()

    async def identifiers(self, ids: Collection[UUID]) -> dict[UUID, list[CdpIdentifier]]:
        """By which a CRM may know these people; the one that was seen first stands first."""
        row = CdpIdentifier
        statement = (
            select(row)
            .where(
                row.tenant_id == self._tenant_id,
                row.profile_id.in_(ids),
                row.type.in_(("email", "phone", "user_id")),
            )
            .order_by(CdpIdentifier.first_seen_at, CdpIdentifier.key)
        )
        found: dict[UUID, list[CdpIdentifier]] = {}
        for each in await self._session.scalars(statement):
            found.setdefault(each.profile_id, []).append(each)
        return found

    async def known(self, account_id: UUID, keys: Collection[UUID]) -> set[UUID]:
        """Which of these a contact there names, or one that was deleted or merged there: nobody is brought back."""
        there, gone = (
            select(row.key).where(
                row.tenant_id == self._tenant_id, row.account_id == account_id, row.key.in_(keys)
            )
            for row in (CrmContactKey, CrmDepartureKey)
        )
        return set(await self._session.scalars(union(there, gone)))

    async def dealt(self, account_id: UUID, keys: Collection[UUID]) -> dict[UUID, tuple[str, datetime]]:
        """What became of these addresses before, and when they were tried."""
        row = CrmCreation
        statement = select(row.key, row.state, row.at).where(
            row.tenant_id == self._tenant_id, row.account_id == account_id, row.key.in_(keys)
        )
        return {each[0]: (each[1], each[2]) for each in await self._session.execute(statement)}

    async def note(self, account_id: UUID, state: str, keys: Sequence[UUID]) -> None:
        if keys:
            driver = await self._scope.driver()
            await driver.execute(_NOTE, self._tenant_id, account_id, list(keys), state, real_now())

    async def settle(self, account_id: UUID, state: str, found: Mapping[UUID, str | None]) -> None:
        """What became of those that were noted and not erased since: each with its contact's id, or a code of why."""
        if found:
            driver = await self._scope.driver()
            await driver.execute(
                _SETTLE, self._tenant_id, account_id, list(found), list(found.values()), state
            )

    async def forget_failed(self, account_id: UUID) -> None:
        """Whom the CRM did not take: to be tried again."""
        row = CrmCreation
        await self._session.execute(
            delete(row).where(
                row.tenant_id == self._tenant_id, row.account_id == account_id, row.state == FAILED
            )
        )

    async def made_since(self, account_id: UUID, since: datetime) -> int:
        """How many were created, or may have been."""
        row = CrmCreation
        statement = select(func.count()).where(
            row.tenant_id == self._tenant_id,
            row.account_id == account_id,
            row.at >= since,
            row.state.in_((CREATING, CREATED)),
        )
        return await self._session.scalar(statement) or 0

    async def came_to(self, account_id: UUID, segment_id: UUID, place: UUID | None) -> None:
        """Of this segment, which the account may not create by any more."""
        account = CrmAccount
        await self._session.execute(
            update(account)
            .where(
                account.tenant_id == self._tenant_id,
                account.id == account_id,
                account.create_segment_id == segment_id,
            )
            .values(create_after=place)
            .execution_options(synchronize_session=False)
        )

    async def due(self) -> Sequence[UUID]:
        """Which accounts create contacts, may be called, and have been read whole since somebody wanted it."""
        account, now = CrmAccount, real_now()
        statement = select(account.id).where(
            account.enabled,
            account.create_segment_id.is_not(None),
            account.contacts_until.is_not(None),
            or_(account.next_write_at.is_(None), account.next_write_at <= now),
            exists().where(
                Connection.tenant_id == account.tenant_id,
                Connection.id == account.connection_id,
                Connection.status == ConnectionStatus.ACTIVE,
                Connection.read_only.is_(False),
            ),
        )
        return (await self._session.scalars(statement.order_by(account.id))).all()
