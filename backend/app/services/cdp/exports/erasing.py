"""Ends exports that hold a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.db.session import TenantScope
from app.services.cdp.exports.repository import ExportRepository
from app.services.cdp.exports.rules import ExportStatus


@dataclass(frozen=True, slots=True)
class EndedExports:
    """How many pieces and waiting places were deleted, and how often files with them had been fetched."""

    parts: int
    subjects: int
    downloads: int


class ExportErasure:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = ExportRepository(scope)

    async def end(self, keys: Sequence[UUID]) -> EndedExports:
        """After the person's rows are gone: no page finds them any more, and one under way is waited for."""
        await self._rows.unfinished()
        subjects = await self._rows.forget_subjects(keys)
        holding = await self._rows.holding(keys)
        for row in holding:
            row.status, row.finished_at = ExportStatus.ENDED, row.finished_at or self._scope.now()
            await self._rows.drop_subjects(row.id)
        parts = await self._rows.drop_parts([row.id for row in holding])
        return EndedExports(parts, subjects, sum(row.downloads for row in holding))
