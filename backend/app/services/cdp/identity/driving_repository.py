"""What the graph's repositories share: the driver's own statements, by sets and without the ORM."""

from collections.abc import Sequence
from typing import Any

from app.db.session import TenantScope


class TenantStatements:
    """Runs statements whose first parameter is the tenant, on the scope's connection and in its transaction."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope

    async def _fetch(self, sql: str, *values: Any) -> list[Any]:
        found: list[Any] = await (await self._scope.driver()).fetch(sql, self._scope.tenant_id, *values)
        return found

    async def _write(self, sql: str, *values: Any) -> None:
        await (await self._scope.driver()).execute(sql, self._scope.tenant_id, *values)


def columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows as columns, for `unnest`."""
    return [list(column) for column in zip(*rows, strict=True)]
