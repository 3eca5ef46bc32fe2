from collections.abc import Iterator

import pytest

from app.db.session import Scopes
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import AdPlatform
from app.services.integrations.service import IntegrationsService
from tests.factories.google import Connected, as_laid, connect
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> Connected:
    return await connect(scopes, sandbox)


@pytest.fixture
async def dollars(scopes: Scopes, connected: Connected, desk: Desk, stock: Sandbox) -> AdPlatform:
    return await IntegrationsService(scopes, desk).connector(connected.dollars)


@pytest.fixture
async def yen(scopes: Scopes, connected: Connected, desk: Desk, stock: Sandbox) -> AdPlatform:
    return await IntegrationsService(scopes, desk).connector(connected.yen)


@pytest.fixture
def project(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, whose Cloud project has its usual rights again at the end."""
    before = sandbox.vendor("google")
    yield sandbox
    names = ("operations_per_day", "approved", "page_rows", "change_delay", "processing")
    sandbox.control("POST", "google/quota", json={name: before[name] for name in names})


@pytest.fixture
def stock(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, whose budgets and statuses are as they were laid, before and after."""
    as_laid(sandbox)
    yield sandbox
    as_laid(sandbox)
