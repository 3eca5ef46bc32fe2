from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from app.db.session import GlobalSession
from app.models.auth.passwords import OneTimeToken


class OneTimeTokenRepository:
    def __init__(self, session: GlobalSession) -> None:
        self._session = session

    def add(self, row: OneTimeToken) -> None:
        self._session.add(row)

    async def get(self, token_id: UUID) -> OneTimeToken | None:
        return await self._session.get(OneTimeToken, token_id)

    async def for_update(self, token_id: UUID) -> OneTimeToken | None:
        found: OneTimeToken | None = await self._session.scalar(
            select(OneTimeToken).where(OneTimeToken.id == token_id).with_for_update()
        )
        return found

    async def void(self, user_id: UUID, purpose: str, now: datetime) -> None:
        await self._session.execute(
            update(OneTimeToken)
            .where(
                OneTimeToken.user_id == user_id,
                OneTimeToken.purpose == purpose,
                OneTimeToken.used_at.is_(None),
            )
            .values(used_at=now, password_hash=None)
        )
