"""The peer of the hot reads: FastAPI and asyncpg, and nothing else. No sign-in, no wall, no limits, no log."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
from fastapi import FastAPI
from pydantic import BaseModel

_TENANT = "select id, name, slug, timezone, currency, country, created_at from tenants where id = $1"
# As a session of SQLAlchemy or a hand would write it: the page with its total, and the week's figures of each row.
_CAMPAIGNS = """
select c.id, c.ad_account_id, c.platform, c.external_id, c.name, c.objective, c.status, c.effective_status,
  c.budget_level, c.daily_budget_micros, c.lifetime_budget_micros, c.currency, c.learning, c.synced_at,
  m.spend_micros, m.conversions, m.conversion_value_micros, m.roas,
  (select count(*) from (select 1 from campaigns where tenant_id = $1 limit 10001) as counted) as total
from (select * from campaigns where tenant_id = $1 order by name, id limit $2 offset $3) as c
left join lateral (
  select sum(spend_micros)::bigint as spend_micros, sum(conversions)::float as conversions,
    sum(conversion_value_micros)::bigint as conversion_value_micros,
    (sum(conversion_value_micros) / nullif(sum(spend_micros), 0))::float as roas
  from campaign_metrics_daily
  where tenant_id = $1 and campaign_id = c.id and day between current_date - 7 and current_date - 1
) as m on true
order by c.name, c.id
"""


class TenantRow(BaseModel):
    id: int
    name: str
    slug: str
    timezone: str
    currency: str
    country: str | None
    created_at: datetime


class CampaignRow(BaseModel):
    id: UUID
    ad_account_id: UUID
    platform: str
    external_id: str
    name: str
    objective: str | None
    status: str
    effective_status: str
    budget_level: str
    daily_budget_micros: int | None
    lifetime_budget_micros: int | None
    currency: str
    learning: bool | None
    synced_at: datetime
    spend_micros: int | None
    conversions: float | None
    conversion_value_micros: int | None
    roas: float | None


class CampaignPage(BaseModel):
    items: list[CampaignRow]
    total: int
    page: int
    limit: int


def create_peer() -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(os.environ["PEER_URL"], min_size=4, max_size=10)
        yield
        await app.state.pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/tenants/{tenant_id}")
    async def tenant(tenant_id: int) -> TenantRow:
        row = await app.state.pool.fetchrow(_TENANT, tenant_id)
        return TenantRow.model_validate(dict(row))

    @app.get("/tenants/{tenant_id}/campaigns")
    async def campaigns(tenant_id: int, page: int = 1, limit: int = 50) -> CampaignPage:
        rows = await app.state.pool.fetch(_CAMPAIGNS, tenant_id, limit, (page - 1) * limit)
        items = [CampaignRow.model_validate(dict(row)) for row in rows]
        return CampaignPage(items=items, total=rows[0]["total"] if rows else 0, page=page, limit=limit)

    return app
