from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, not_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from app.db.session import TenantScope
from app.db.utils import Slice, in_order, paginate
from app.models.invitations import Invitation

_SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "email": Invitation.email,
    "created_at": Invitation.created_at,
    "expires_at": Invitation.expires_at,
}


class InvitationRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(self, row: Invitation) -> None:
        self._session.add(row)

    async def flush(self) -> None:
        await self._session.flush()

    async def page(
        self, *, page: int, limit: int, sort: str, is_open: bool | None, now: datetime
    ) -> Slice[Invitation]:
        statement = in_order(select(Invitation), sort, _SORTS, then=Invitation.id)
        if is_open is not None:
            waits = and_(
                Invitation.accepted_at.is_(None),
                Invitation.revoked_at.is_(None),
                Invitation.expires_at > now,
            )
            statement = statement.where(waits if is_open else not_(waits))
        return await paginate(self._session, statement, page=page, limit=limit)

    async def get(self, invitation_id: UUID) -> Invitation | None:
        found: Invitation | None = await self._session.scalar(
            select(Invitation).where(Invitation.id == invitation_id)
        )
        return found

    async def for_update(self, invitation_id: UUID) -> Invitation | None:
        found: Invitation | None = await self._session.scalar(
            select(Invitation).where(Invitation.id == invitation_id).with_for_update()
        )
        return found

    async def revoke_open(self, email: str, now: datetime) -> None:
        await self._session.execute(
            update(Invitation)
            .where(
                func.lower(Invitation.email) == email.lower(),
                Invitation.accepted_at.is_(None),
                Invitation.revoked_at.is_(None),
            )
            .values(revoked_at=now)
        )
