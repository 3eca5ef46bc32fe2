from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, or_, select, text, tuple_

from app.db.session import TenantScope
from app.db.utils import decode_cursor, encode_cursor, newest_first
from app.models.audit_logs import AuditLogEntry
from app.services.audit_logs.search import AuditSearch

_IN_THE_INDEXS_ORDER = text("SET LOCAL enable_sort = off")
"""For this transaction: the planner takes each tenant for one of average size, and would sort all of a large one's."""
EXAMINED = 10_000
"""Entries that one page looks at: a search for what is nowhere ends, and its cursor goes on from there (ADR 12)."""


class AuditLogRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def append(self, entry: AuditLogEntry) -> None:
        self._session.add(entry)

    async def search(
        self, search: AuditSearch, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[AuditLogEntry], str | None]:
        entry = AuditLogEntry
        await self._session.execute(_IN_THE_INDEXS_ORDER)
        horizon = await self._horizon(search, cursor)
        statement = select(entry).where(*_times(search), *_conditions(search))
        if horizon is not None:
            statement = statement.where(tuple_(entry.created_at, entry.id) >= tuple_(*horizon))
        found, rest = await newest_first(
            self._session, statement, at=entry.created_at, id=entry.id, cursor=cursor, limit=limit
        )
        return found, rest or (encode_cursor(*horizon) if horizon else None)

    async def _horizon(self, search: AuditSearch, cursor: str | None) -> tuple[datetime, UUID] | None:
        """The oldest entry that this page may look at; None where the trail ends before that."""
        entry = AuditLogEntry
        statement = select(entry.created_at, entry.id).where(*_times(search))
        if cursor:
            statement = statement.where(tuple_(entry.created_at, entry.id) < tuple_(*decode_cursor(cursor)))
        newest = statement.order_by(entry.created_at.desc(), entry.id.desc())
        row = (await self._session.execute(newest.offset(EXAMINED - 1).limit(1))).one_or_none()
        return None if row is None else (row.created_at, row.id)


def _times(search: AuditSearch) -> Iterator[ColumnElement[bool]]:
    if search.since is not None:
        yield AuditLogEntry.created_at >= search.since
    if search.until is not None:
        yield AuditLogEntry.created_at < search.until


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
    if search.q is not None:
        columns = (entry.action, entry.entity, entry.entity_id, entry.actor_label, entry.request_id)
        states = (cast(entry.before, Text), cast(entry.after, Text))
        yield or_(*(column.icontains(search.q, autoescape=True) for column in (*columns, *states)))


def _actor_is(actor: str) -> ColumnElement[bool]:
    try:
        return AuditLogEntry.actor_id == UUID(actor)
    except ValueError:
        return AuditLogEntry.actor_label.icontains(actor, autoescape=True)
