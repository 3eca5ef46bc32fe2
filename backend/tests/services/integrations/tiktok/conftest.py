from uuid import UUID

import pytest

from app.db.session import Scopes
from app.services.integrations.ad_accounts.sync import Connect
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import AdPlatform, Permits
from app.services.integrations.service import IntegrationsService
from app.services.integrations.tiktok.vendor import TikTokVendor
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


def impatient(scopes: Scopes, permits: Permits) -> Connect:
    """Connects as ever, and looks at a change log once, as soon as it has asked for it."""

    async def connect(ad_account_id: UUID) -> AdPlatform:
        speech = await IntegrationsService(scopes, permits).speech(ad_account_id)
        vendor = TikTokVendor(log_pauses=(0.0,))
        return vendor.connector(speech.settings, speech.line, permits, speech.speaker)

    return connect
