import pytest

from app.db.session import Scopes
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.gateway import Gateway
from tests.factories.integrations import connect
from tests.sandbox_process import Sandbox


@pytest.fixture
async def synced(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> None:
    connected = await connect(scopes, sandbox)
    await AccountSyncService(scopes).sync(connected.dollars)
