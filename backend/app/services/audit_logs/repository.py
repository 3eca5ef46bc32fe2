from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, or_, select

from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.audit_logs import AuditLogEntry
from app.services.audit_logs.search import AuditSearch


class AuditLogRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def append(self, entry: AuditLogEntry) -> None:
        self._session.add(entry)

    async def search(
        self, search: AuditSearch, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[AuditLogEntry], str | None]:
        return await newest_first(
            self._session,
            select(AuditLogEntry).where(*_conditions(search)),
            at=AuditLogEntry.created_at,
            id=AuditLogEntry.id,
            cursor=cursor,
            limit=limit,
        )


def _conditions(search: AuditSearch) -> Iterator[ColumnElement[bool]]:
    entry = AuditLogEntry
    if search.action is not None:
        family = search.action.removesuffix("*") if search.action.endswith(".*") else None
        yield entry.action.startswith(family, autoescape=True) if family else entry.action == search.action
    if search.entity is not None:
        yield entry.entity == search.entity
    if search.entity_id is not None:
        yield entry.entity_id == search.entity_id
    if search.actor is not None:
        yield _actor_is(search.actor)
    if search.since is not None:
        yield entry.created_at >= search.since
    if search.until is not None:
        yield entry.created_at < search.until
    if search.q is not None:
        columns = (entry.action, entry.entity, entry.entity_id, entry.actor_label, entry.request_id)
        states = (cast(entry.before, Text), cast(entry.after, Text))
        yield or_(*(column.icontains(search.q, autoescape=True) for column in (*columns, *states)))


def _actor_is(actor: str) -> ColumnElement[bool]:
    try:
        return AuditLogEntry.actor_id == UUID(actor)
    except ValueError:
        return AuditLogEntry.actor_label.icontains(actor, autoescape=True)
