from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from app.core.clock import real_now
from app.db.session import TenantScope
from app.db.utils import Slice, in_order, paginate
from app.models.integrations.connections import Connection, SignInAttempt
from app.models.integrations.kinds import ConnectionStatus, Platform

_SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "platform": Connection.platform,
    "status": Connection.status,
    "created_at": Connection.created_at,
    "expires_at": Connection.expires_at,
}


class ConnectionRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(self, connection: Connection) -> None:
        self._session.add(connection)

    async def find(self, connection_id: UUID) -> Connection | None:
        return (
            await self._session.scalars(select(Connection).where(Connection.id == connection_id))
        ).one_or_none()

    async def for_update(self, connection_id: UUID) -> Connection | None:
        statement = select(Connection).where(Connection.id == connection_id).with_for_update()
        return (await self._session.scalars(statement)).one_or_none()

    async def live_of(self, platform: str, external_user_id: str) -> Connection | None:
        statement = (
            select(Connection)
            .where(
                Connection.platform == platform,
                Connection.external_user_id == external_user_id,
                Connection.status != ConnectionStatus.DISCONNECTED,
            )
            .with_for_update()
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def page(
        self,
        *,
        page: int,
        limit: int,
        sort: str = "-created_at",
        platform: str | None = None,
        status: str | None = None,
    ) -> Slice[Connection]:
        """Of ad platforms: a CRM's connection is shown with its account."""
        theirs = select(Connection).where(Connection.platform.in_(list(Platform)))
        statement = in_order(theirs, sort, _SORTS, then=Connection.id)
        if platform:
            statement = statement.where(Connection.platform == platform)
        if status:
            statement = statement.where(Connection.status == status)
        return await paginate(self._session, statement, page=page, limit=limit)

    async def expiring(self, platform: str, before: datetime) -> Sequence[UUID]:
        statement = select(Connection.id).where(
            Connection.platform == platform,
            Connection.status == ConnectionStatus.ACTIVE,
            Connection.expires_at.is_not(None),
            Connection.expires_at < before,
        )
        return (await self._session.scalars(statement.order_by(Connection.id))).all()

    async def claim_refresh(self, connection_id: UUID, *, until: datetime) -> bool:
        """True for one at a time: nobody else tries to exchange the token `until` then."""
        statement = (
            update(Connection)
            .where(
                Connection.id == connection_id,
                Connection.status == ConnectionStatus.ACTIVE,
                or_(
                    Connection.refresh_claimed_until.is_(None), Connection.refresh_claimed_until < real_now()
                ),
            )
            .values(refresh_claimed_until=until)
            .returning(Connection.id)
        )
        return (await self._session.execute(statement)).first() is not None

    async def ended_early(self, connection_id: UUID) -> None:
        """The token is no longer taken, whatever its end was to be."""
        await self._session.execute(
            update(Connection).where(Connection.id == connection_id).values(expires_at=real_now())
        )

    async def needs_sign_in(
        self, connection_id: UUID, *, code: str | None, token_sealed: bytes | None
    ) -> bool:
        """Mark it once, while it still holds that token; True when it was active until now."""
        statement = (
            update(Connection)
            .where(
                Connection.id == connection_id,
                Connection.status == ConnectionStatus.ACTIVE,
                Connection.token_sealed == token_sealed,
            )
            .values(status=ConnectionStatus.NEEDS_SIGN_IN, last_error_code=code, last_error_at=real_now())
            .returning(Connection.id)
        )
        return (await self._session.execute(statement)).first() is not None


class SignInAttemptRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(self, attempt: SignInAttempt) -> None:
        self._session.add(attempt)

    async def use(self, attempt_id: UUID) -> SignInAttempt | None:
        """The attempt, if it was neither used before nor has expired; nobody else gets it after."""
        statement = (
            update(SignInAttempt)
            .where(
                SignInAttempt.id == attempt_id,
                SignInAttempt.used_at.is_(None),
                SignInAttempt.expires_at > func.now(),
            )
            .values(used_at=func.now())
            .returning(SignInAttempt)
        )
        return (await self._session.scalars(statement)).one_or_none()
