import asyncio
from typing import Any

from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.permissions import Role
from tests.factories.access import Company


async def test_a_crowd_with_one_credential_asks_the_database_once(
    app: FastAPI, engine: AsyncEngine, acme: Company
) -> None:
    asked: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM users JOIN user_sessions" in statement:
            asked.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", keep)
    try:
        client = acme.client(Role.VIEWER)
        answers = await asyncio.gather(*(client.get("/api/v1/tenants/current") for _ in range(20)))
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", keep)
    assert {answer.status_code for answer in answers} == {200}
    assert len(asked) == 1
