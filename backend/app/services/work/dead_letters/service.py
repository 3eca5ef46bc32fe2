"""Tasks that were given up: seen by people, and replayed or discarded by them."""

from collections.abc import Sequence
from uuid import UUID

from app.core.clock import real_now
from app.core.ids import uuid7
from app.core.logging import redact_text
from app.db.outbox import TASK, Message, OutboxMessage
from app.db.session import TenantScope
from app.models.work.dead_letters import DeadLetter
from app.services.audit_logs.service import AuditLog
from app.services.notifications.service import (
    Notice,
    NotificationKind,
    Notifications,
    NotificationSeverity,
    NotificationSubject,
)
from app.services.work.dead_letters.errors import DeadLetterClosed, DeadLetterUnknown
from app.services.work.dead_letters.repository import DeadLetterRepository

_ERROR_LENGTH = 2_000


class DeadLetterService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._letters = DeadLetterRepository(scope)
        self._audit = AuditLog(scope)

    async def bury(self, message: Message, *, code: str, error: str) -> None:
        """Keep a task that failed for good, and tell of it; a second copy of it changes nothing."""
        said = redact_text(error)[:_ERROR_LENGTH]
        if not await self._letters.bury(message, code=code, error=said):
            return
        await Notifications(self._scope).tell(
            Notice(
                kind=NotificationKind.DEAD_LETTER,
                severity=NotificationSeverity.WARNING,
                subject=NotificationSubject.DEAD_LETTER,
                subject_id=message.id,
                key=message.name,
                facts={"task": message.name, "error": said},
            )
        )

    async def newest(
        self, *, task: str | None, is_open: bool | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[DeadLetter], str | None]:
        return await self._letters.newest(task=task, is_open=is_open, cursor=cursor, limit=limit)

    async def get(self, letter_id: UUID) -> DeadLetter:
        letter = await self._letters.find(letter_id)
        if letter is None:
            raise DeadLetterUnknown
        return letter

    async def count_open(self) -> int:
        return await self._letters.count_open()

    async def replay(self, letter_id: UUID) -> DeadLetter:
        """Have the same task run again, as a new one, for whoever asked for it first."""
        letter = await self._open(letter_id)
        letter.replayed_at = real_now()
        letter.replayed_as = uuid7()
        self._scope.session.add(
            OutboxMessage(
                id=letter.replayed_as,
                kind=TASK,
                name=letter.task,
                queue=letter.queue,
                payload=letter.payload,
                context=letter.context,
            )
        )
        await self._record("work.dead_letters.replayed", letter)
        return letter

    async def discard(self, letter_id: UUID) -> DeadLetter:
        """Close it undone; it stays in the list."""
        letter = await self._open(letter_id)
        letter.discarded_at = real_now()
        await self._record("work.dead_letters.discarded", letter)
        return letter

    async def _open(self, letter_id: UUID) -> DeadLetter:
        letter = await self._letters.for_update(letter_id)
        if letter is None:
            raise DeadLetterUnknown
        if letter.replayed_at or letter.discarded_at:
            raise DeadLetterClosed
        return letter

    async def _record(self, action: str, letter: DeadLetter) -> None:
        await self._audit.record(
            action, entity="dead_letters", entity_id=letter.id, after={"task": letter.task}
        )
