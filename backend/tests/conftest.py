"""Fixtures that every test may ask for. The settings are those of `tests.environment`."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings, get_settings
from app.db.session import Scopes, TenantScope
from app.main import create_app
from tests.factories.access import Company, client_of, make_company


@pytest.fixture(scope="session")
def settings() -> Settings:
    return get_settings()


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The whole application, in this process, over real servers."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="session")
def engine(app: FastAPI) -> AsyncEngine:
    """Connections of the application's own role."""
    engine: AsyncEngine = app.state.engine
    return engine


@pytest.fixture(scope="session")
def redis(app: FastAPI) -> Redis:
    client: Redis = app.state.redis
    return client


@pytest.fixture
async def acme(app: FastAPI) -> AsyncIterator[Company]:
    """A fresh tenant with a person of every role."""
    async with contextlib.AsyncExitStack() as stack:
        yield await make_company(app, stack, "Acme")


@pytest.fixture
async def globex(app: FastAPI) -> AsyncIterator[Company]:
    """Another fresh tenant: acme's neighbour, or its attacker."""
    async with contextlib.AsyncExitStack() as stack:
        yield await make_company(app, stack, "Globex")


@pytest.fixture
def client(acme: Company) -> AsyncClient:
    """Signed in to acme as its admin."""
    return acme.client()


@pytest.fixture
async def scope(acme: Company) -> AsyncIterator[TenantScope]:
    async with acme.scopes() as scope:
        yield scope


@pytest.fixture
def scopes(acme: Company) -> Scopes:
    return acme.scopes


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Not signed in."""
    async with client_of(app) as client:
        yield client
