from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute

from app.db.session import GlobalSession
from app.db.utils import Slice, in_order, paginate
from app.models.auth.sessions import UserSession
from app.models.tenants import Membership, Tenant

_SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "last_used_at": UserSession.last_used_at,
    "created_at": UserSession.created_at,
}


class SessionRepository:
    def __init__(self, session: GlobalSession) -> None:
        self._session = session

    def add(self, row: UserSession) -> None:
        self._session.add(row)

    async def get(self, session_id: UUID) -> UserSession | None:
        return await self._session.get(UserSession, session_id)

    async def for_update(self, session_id: UUID) -> UserSession | None:
        found: UserSession | None = await self._session.scalar(
            select(UserSession).where(UserSession.id == session_id).with_for_update()
        )
        return found

    async def live(
        self, user_id: UUID, now: datetime, *, idle_since: datetime, page: int, limit: int, sort: str
    ) -> Slice[UserSession]:
        live = select(UserSession).where(
            UserSession.user_id == user_id,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > now,
            UserSession.last_used_at >= idle_since,
        )
        statement = in_order(live, sort, _SORTS, then=UserSession.id)
        return await paginate(self._session, statement, page=page, limit=limit)

    async def last_tenant(self, user_id: UUID) -> int | None:
        found: int | None = await self._session.scalar(
            select(UserSession.tenant_id)
            .where(UserSession.user_id == user_id)
            .order_by(UserSession.last_used_at.desc(), UserSession.id.desc())
            .limit(1)
        )
        return found

    async def revoke_all(
        self, user_id: UUID, now: datetime, reason: str, *, tenant_id: int | None = None
    ) -> Sequence[UUID]:
        """End every live session of the person, or those in one tenant; answers which."""
        statement = (
            update(UserSession)
            .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
            .values(revoked_at=now, revoked_reason=reason)
            .returning(UserSession.id)
        )
        if tenant_id is not None:
            statement = statement.where(UserSession.tenant_id == tenant_id)
        return (await self._session.scalars(statement)).all()

    async def has_active_membership(self, user_id: UUID, tenant_id: int) -> bool:
        """Asked in that tenant's scope."""
        found = await self._session.scalar(
            select(Membership.id)
            .join(Tenant, Tenant.id == Membership.tenant_id)
            .where(
                Membership.user_id == user_id,
                Membership.tenant_id == tenant_id,
                Membership.is_active,
                Tenant.is_active,
            )
        )
        return found is not None

    async def tenant(self, tenant_id: int) -> Tenant | None:
        return await self._session.get(Tenant, tenant_id)
