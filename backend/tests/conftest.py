"""Fixtures that every test may ask for. The settings are those of `tests.environment`."""

import contextlib
from collections.abc import AsyncIterator, Iterator

import hypothesis
import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings, get_settings
from app.db.session import Scopes, TenantScope, make_engine, platform_scope
from app.main import create_app
from app.services.cdp.events.service import Ingestion
from app.services.integrations.gateway import Gateway, gateway_by
from tests.factories.access import Company, client_of, make_company
from tests.live_server import LiveServer, serving
from tests.sandbox_process import Sandbox, running_sandbox

# How long examples take to draw tells of the machine, which may be busy, and not of the code under test.
hypothesis.settings.register_profile(
    "stratum", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("stratum")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever the random order is, `first` comes before it and `last` after it."""
    items.sort(
        key=lambda item: (
            item.get_closest_marker("first") is None,
            item.get_closest_marker("last") is not None,
        )
    )


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


@pytest.fixture
def ingestion(app: FastAPI) -> Ingestion:
    ingestion: Ingestion = app.state.ingestion
    return ingestion


@pytest.fixture
async def nothing_waits(redis: Redis, settings: Settings) -> AsyncIterator[None]:
    """Worker processes take whatever waits in this run's database: they begin with nothing of other tests in it."""
    assert settings.database_relay_url is not None
    engine = make_engine(settings.database_relay_url.get_secret_value(), settings)
    async with platform_scope(engine) as session:
        await session.execute(text("delete from outbox"))
    await engine.dispose()
    await redis.flushdb()
    yield
    await redis.flushdb()


@pytest.fixture(scope="session")
def live_server(settings: Settings) -> Iterator[LiveServer]:
    """The application on a real port, for clients that are not ours."""
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The platforms, in real time. Who injects a fault repairs it; who needs other times starts its own."""
    with running_sandbox("--seed", "7") as running:
        yield running


@pytest.fixture
async def platforms(settings: Settings, sandbox: Sandbox) -> AsyncIterator[Gateway]:
    """The way out of this process leads to the sandbox."""
    async with gateway_by(pointed_at(settings, sandbox)) as opened:
        yield opened


def pointed_at(settings: Settings, sandbox: Sandbox) -> Settings:
    told = sandbox.control("GET", "platforms").items()
    return settings.model_copy(
        update={name.lower(): SecretStr(value) if "SECRET" in name else value for name, value in told}
    )
