from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from sqlalchemy import text

from app.db.rls import OWNER_ROLE
from app.db.session import TenantScope

_MIDDLE = "(SELECT (max(seq) + 1) / 2 FROM trust_ledger)"
_INSERTED = (
    "INSERT INTO trust_ledger (tenant_id, id, seq, at, kind, decider, body, prev_hash, hash) "
    "SELECT tenant_id, gen_random_uuid(), seq + 1, at, kind, decider, body, hash, hash "
    "FROM trust_ledger ORDER BY seq DESC LIMIT 1"
)
_HEAD_AT_END = (
    "UPDATE trust_ledger_heads SET (seq, hash) = "
    "(SELECT seq, hash FROM trust_ledger ORDER BY seq DESC LIMIT 1)"
)

TAMPERINGS: Mapping[str, tuple[str, ...]] = {
    "an updated row": (f"UPDATE trust_ledger SET body = body || '\\x20'::bytea WHERE seq = {_MIDDLE}",),  # noqa: S608  (constants)
    "a deleted row": (f"DELETE FROM trust_ledger WHERE seq = {_MIDDLE}",),  # noqa: S608  (constants)
    "an inserted row": (_INSERTED, _HEAD_AT_END),
    "a cut-off tail": (
        "DELETE FROM trust_ledger WHERE seq = (SELECT max(seq) FROM trust_ledger)",
        _HEAD_AT_END,
    ),
}
"""What somebody who owns the database could do, each as the statements that do it."""


async def become_owner(scope: TenantScope) -> None:
    """Take the role that owns the tables: it may write the ledger, and its rows are walled like anyone's."""
    await scope.session.execute(text(f"SET LOCAL ROLE {OWNER_ROLE}"))


@asynccontextmanager
async def tampered(scope: TenantScope, statements: tuple[str, ...]) -> AsyncIterator[None]:
    """The ledger as it would be after these statements; taken back at the end, whatever happens."""
    connection = await scope.session.connection()
    savepoint = await connection.begin_nested()
    try:
        for statement in statements:
            await connection.execute(text(statement))
        scope.session.expire_all()
        yield
    finally:
        await savepoint.rollback()
