from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.db.outbox import Message
from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.work.dead_letters import DeadLetter


class DeadLetterRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def bury(self, message: Message, *, code: str, error: str) -> bool:
        """False where it is buried already."""
        made = await self._session.scalar(
            insert(DeadLetter)
            .values(
                id=message.id,
                task=message.name,
                queue=message.queue,
                payload=message.payload,
                context=message.context,
                attempts=message.attempts + 1,
                error_code=code,
                error=error,
                enqueued_at=message.created_at,
            )
            .on_conflict_do_nothing()
            .returning(DeadLetter.id)
        )
        return made is not None

    async def newest(
        self, *, task: str | None, is_open: bool | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[DeadLetter], str | None]:
        statement = select(DeadLetter)
        if task is not None:
            statement = statement.where(DeadLetter.task == task)
        if is_open is not None:
            untouched = DeadLetter.replayed_at.is_(None) & DeadLetter.discarded_at.is_(None)
            statement = statement.where(untouched if is_open else ~untouched)
        return await newest_first(
            self._session,
            statement,
            at=DeadLetter.created_at,
            id=DeadLetter.id,
            cursor=cursor,
            limit=limit,
        )

    async def find(self, letter_id: UUID) -> DeadLetter | None:
        return await self._session.scalar(select(DeadLetter).where(DeadLetter.id == letter_id))

    async def for_update(self, letter_id: UUID) -> DeadLetter | None:
        return await self._session.scalar(
            select(DeadLetter).where(DeadLetter.id == letter_id).with_for_update()
        )

    async def count_open(self) -> int:
        untouched = DeadLetter.replayed_at.is_(None) & DeadLetter.discarded_at.is_(None)
        return await self._session.scalar(select(func.count()).select_from(DeadLetter).where(untouched)) or 0
