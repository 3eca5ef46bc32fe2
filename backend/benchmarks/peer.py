"""The peer of the hot read: FastAPI and asyncpg, and nothing else."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
from fastapi import FastAPI
from pydantic import BaseModel


class TenantRow(BaseModel):
    id: int
    name: str
    slug: str
    timezone: str
    currency: str
    created_at: datetime


def create_peer() -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=10)
        yield
        await app.state.pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/tenants/{tenant_id}")
    async def tenant(tenant_id: int) -> TenantRow:
        row = await app.state.pool.fetchrow(
            "select id, name, slug, timezone, currency, created_at from tenants where id = $1", tenant_id
        )
        return TenantRow.model_validate(dict(row))

    return app
