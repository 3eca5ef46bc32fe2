"""Who was erased, by the hashes of what they were called: nothing of them from before that time comes in again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from app.db.session import TenantScope
from app.services.cdp.tombstones.repository import TombstoneRepository


class Tombstones:
    def __init__(self, scope: TenantScope) -> None:
        self._rows = TombstoneRepository(scope)

    async def bury(self, keys: Iterable[UUID], before: datetime, request_id: UUID) -> None:
        """Bar the events of these identifiers that happened before that time; who comes back later is let in."""
        await self._rows.bury(keys, before, request_id)

    async def bar(self, happenings: Sequence[tuple[Iterable[UUID], datetime]]) -> list[bool]:
        """Which of these, each the identifiers that it names and its time, are of an erased person's past."""
        named = [(list(keys), at) for keys, at in happenings]
        before = await self._rows.of({key for keys, _ in named for key in keys}) if named else {}
        return [any(at < before[key] for key in keys if key in before) for keys, at in named]

    async def barred(self, keys: Iterable[UUID]) -> dict[UUID, UUID]:
        """Those of these whose person is erased, or is being erased, and has not come back: by which request."""
        return await self._rows.barred(keys)
