"""Ends exports that hold a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db.session import TenantScope
from app.services.cdp.conditions.service import ERASED_TEXT, Named
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

    async def forget(self, named: Named) -> int:
        """Take out of what was asked for what names a person who is erased; of how many exports."""
        changed = 0
        for row in await self._rows.every():
            before = (row.name, row.reason, row.selection)
            row.name = named.without(row.name)
            row.reason = None if row.reason is None else named.without(row.reason)
            row.selection = _without(named, row.selection)
            changed += (row.name, row.reason, row.selection) != before
        return changed

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


def _without(named: Named, selection: dict[str, Any]) -> dict[str, Any]:
    asked = selection.get("asked", {})
    if not named.is_meant(asked.get("trait", ""), asked.get("value", "")):
        return selection
    taken_out = {"value": ERASED_TEXT}
    return {**selection, "asked": {**asked, **taken_out}, "told": {**selection.get("told", {}), **taken_out}}
