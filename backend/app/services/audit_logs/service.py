"""The audit trail of every state change."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from app.core.context import origin
from app.core.logging import redact
from app.db.session import TenantScope
from app.models.audit_logs import AuditLogEntry
from app.services.audit_logs.repository import AuditLogRepository
from app.services.audit_logs.search import AuditSearch

__all__ = ["AuditLog", "AuditSearch"]


class AuditLog:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._entries = AuditLogRepository(scope)

    async def record(
        self,
        action: str,
        *,
        entity: str,
        entity_id: object = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Append who did what, in the transaction of the change; secrets and e-mail addresses are masked."""
        came_from = origin.get()
        self._entries.append(
            AuditLogEntry(
                action=action,
                entity=entity,
                entity_id=None if entity_id is None else str(entity_id),
                actor_kind=self._scope.actor.kind,
                actor_id=self._scope.actor.id,
                actor_label=self._scope.actor.label,
                ip=came_from.ip,
                user_agent=came_from.user_agent,
                request_id=came_from.request_id,
                before=_plain(before),
                after=_plain(after),
            )
        )

    async def search(
        self, search: AuditSearch, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[AuditLogEntry], str | None]:
        """Entries that match every part of the search, newest first, and the cursor of the rest.

        A page looks at 10,000 entries at most: it may be short, even empty, and still have a cursor.
        """
        return await self._entries.search(search, cursor=cursor, limit=limit)


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The same as JSON would carry it, masked."""
    if values is None:
        return None
    masked: dict[str, Any] = redact(msgspec.to_builtins(dict(values), str_keys=True, enc_hook=str))
    return masked
