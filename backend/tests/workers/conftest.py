"""Processes take whatever waits in this run's database: they begin with nothing of other tests in it."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from app.core.config import Settings
from app.db.session import make_engine, platform_scope


@pytest.fixture(autouse=True)
async def _nothing_waits(redis: Redis, settings: Settings) -> AsyncIterator[None]:
    assert settings.database_relay_url is not None
    engine = make_engine(settings.database_relay_url.get_secret_value(), settings)
    async with platform_scope(engine) as session:
        await session.execute(text("delete from outbox"))
    await engine.dispose()
    await redis.flushdb()
    yield
    await redis.flushdb()
