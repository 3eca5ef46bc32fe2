from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from app.db.session import TenantScope
from app.db.utils import Slice, paginate
from app.models.invitations import Invitation


class InvitationRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(self, row: Invitation) -> None:
        self._session.add(row)

    async def flush(self) -> None:
        await self._session.flush()

    async def page(self, *, page: int, limit: int) -> Slice[Invitation]:
        statement = select(Invitation).order_by(Invitation.created_at.desc(), Invitation.id)
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
