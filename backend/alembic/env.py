"""Runs migrations as the role that owns every table, so that the role that serves owns none."""

import asyncio
import time
from typing import Literal

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from alembic import context
from app.base_models import Base
from app.core.config import settings
from app.db.base import UtcDateTime
from app.db.rls import OWNER_ROLE
from app.db.roles import owner_dsn
from app.db.session import async_url

_LOCK = 7_203_115


def _render(kind: str, item: object, _autogen: object) -> str | Literal[False]:
    return "UtcDateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


def _run(connection: Connection) -> None:
    connection.execute(text(f"SET ROLE {OWNER_ROLE}"))
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):
        # Whoever waits inside a statement is waited for by an index that is made concurrently: neither would end.
        connection.commit()
        time.sleep(0.1)
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_item=_render,
        include_object=lambda _item, name, kind, _reflected, _to: (
            not (kind == "table" and "_p_" in str(name))
        ),
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
        connection.commit()


async def _main() -> None:
    url = context.config.attributes.get("owner_url") or owner_dsn(settings)
    engine = create_async_engine(async_url(url), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
    await engine.dispose()


def main() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _run(connection)
    else:
        asyncio.run(_main())


main()
