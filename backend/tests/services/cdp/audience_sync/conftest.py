from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.services.cdp.events.service import Ingestion
from app.services.integrations.gateway import Gateway
from tests.factories.access import Company
from tests.factories.audience_platforms import FILLS, PLATFORMS
from tests.factories.audiences import AudienceLab
from tests.factories.integrations import connect
from tests.sandbox_process import Sandbox

LabOf = Callable[..., AudienceLab]


@pytest.fixture
def lab_of(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, sandbox: Sandbox, platforms: Gateway
) -> LabOf:
    return partial(AudienceLab, acme, engine, ingestion, sandbox=sandbox)


@pytest.fixture
async def lab(lab_of: LabOf, sandbox: Sandbox) -> AudienceLab:
    """A company with an ad account at the sandbox."""
    found = lab_of()
    found.connected = await connect(found.scopes, sandbox)
    await found.follow()
    return found


@pytest.fixture(params=PLATFORMS)
async def anywhere(
    request: pytest.FixtureRequest, acme: Company, lab_of: LabOf, sandbox: Sandbox
) -> AudienceLab:
    """A company with an ad account at each platform that takes audiences, one after the other."""
    found = lab_of(fills=FILLS[request.param])
    found.account = await found.fills.account(acme.scopes, sandbox)
    await found.follow()
    return found
