import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.services.cdp.events.service import Ingestion
from app.services.integrations.gateway import Gateway
from tests.factories.access import Company
from tests.factories.audiences import AudienceLab
from tests.factories.integrations import connect
from tests.sandbox_process import Sandbox


@pytest.fixture
async def lab(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, sandbox: Sandbox, platforms: Gateway
) -> AudienceLab:
    """A company with an ad account at the sandbox."""
    found = AudienceLab(acme, engine, ingestion, sandbox=sandbox)
    found.connected = await connect(found.scopes, sandbox)
    await found.follow()
    return found
