"""The calendar: when promotions are expected, and when nothing is to be changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.trust_engine.calendar import TrustCalendarEntry
from app.models.trust_engine.kinds import CalendarKind
from app.services.audit_logs.service import AuditLog
from app.services.trust_engine.calendar.errors import AccountNotFound, EntryNotFound, EntryUnsound
from app.services.trust_engine.calendar.repository import CalendarRepository

__all__ = ["Calendar", "Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """From `starts_at` to before `ends_at`; of every account where none is named."""

    kind: CalendarKind
    name: str
    starts_at: datetime
    ends_at: datetime
    ad_account_id: UUID | None = None


class Calendar:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = CalendarRepository(scope)

    async def on_now(self, ad_account_id: UUID) -> list[TrustCalendarEntry]:
        """What is on for this account now, which is all that a decision reads of the calendar."""
        return await self._rows.on_at(self._scope.now(), ad_account_id)

    async def listed(
        self, *, cursor: str | None, limit: int, past: bool = False
    ) -> tuple[list[TrustCalendarEntry], str | None]:
        """The latest start first; what is over only where `past` is asked for."""
        ends_after = None if past else self._scope.now()
        return await self._rows.listed(ends_after=ends_after, cursor=cursor, limit=limit)

    async def enter(self, window: Window) -> TrustCalendarEntry:
        """Decisions from now on read it; those that were made stand."""
        if window.ends_at <= window.starts_at:
            raise EntryUnsound
        if window.ad_account_id is not None and not await self._rows.has_account(window.ad_account_id):
            raise AccountNotFound
        entry = TrustCalendarEntry(
            id=uuid7(),
            kind=window.kind,
            name=window.name,
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            ad_account_id=window.ad_account_id,
            created_by=self._scope.actor.label,
        )
        self._rows.add(entry)
        await self._audit("entered", entry, after=_told(entry))
        return entry

    async def strike(self, entry_id: UUID) -> None:
        entry = await self._rows.for_update(entry_id)
        if entry is None:
            raise EntryNotFound
        await self._audit("struck", entry, before=_told(entry))
        await self._rows.remove(entry)

    async def _audit(
        self,
        verb: str,
        entry: TrustCalendarEntry,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        await AuditLog(self._scope).record(
            f"trust_engine.calendar.{verb}",
            entity="trust_engine.calendar",
            entity_id=entry.id,
            before=before,
            after=after,
        )


def _told(entry: TrustCalendarEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "name": entry.name,
        "starts_at": entry.starts_at.isoformat(),
        "ends_at": entry.ends_at.isoformat(),
        "ad_account_id": str(entry.ad_account_id) if entry.ad_account_id else None,
    }
