"""What tests of identity share."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.core.config import Settings
from app.db.roles import owner_dsn


@pytest.fixture
async def owner(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the tables' owner."""
    connection = await asyncpg.connect(owner_dsn(settings))
    yield connection
    await connection.close()
