import pytest

from app.db.session import Scopes
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import AdPlatform
from app.services.integrations.service import IntegrationsService
from tests.factories.integrations import Connected
from tests.factories.tiktok import connect
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> Connected:
    return await connect(scopes, sandbox)


@pytest.fixture
async def dollars(scopes: Scopes, connected: Connected, desk: Desk) -> AdPlatform:
    return await IntegrationsService(scopes, desk).connector(connected.dollars)


@pytest.fixture
async def forints(scopes: Scopes, connected: Connected, desk: Desk) -> AdPlatform:
    return await IntegrationsService(scopes, desk).connector(connected.forints)
