"""How PostgreSQL runs what a service asks."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import event

from app.db.session import TenantScope


async def plans_of(scope: TenantScope, ask: Callable[[], Awaitable[object]]) -> list[str]:
    """The plan of each SELECT that `ask` makes, as it was run again: what it read, without what it cost."""
    statements: list[tuple[str, Any]] = []
    connection = await scope.session.connection()

    @event.listens_for(connection.sync_connection, "before_cursor_execute")
    def _keep(_c: Any, _cur: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append((statement, parameters))

    await ask()
    event.remove(connection.sync_connection, "before_cursor_execute", _keep)
    driver = await scope.driver()
    return [
        "\n".join(
            row[0] for row in await driver.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {statement}", *parameters)
        )
        for statement, parameters in statements
        if statement.startswith("SELECT")
    ]
