from uuid import UUID

import pytest

from app.db.session import Scopes
from app.services.integrations.audiences.service import AudiencePlatform, AudienceService
from app.services.integrations.gateway import Gateway
from tests.factories.audience_platforms import FILLS, PLATFORMS, Fills
from tests.sandbox_process import Sandbox


@pytest.fixture(params=PLATFORMS)
def fills(request: pytest.FixtureRequest) -> Fills:
    """Each platform that takes audiences."""
    return FILLS[request.param]


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox, platforms: Gateway, fills: Fills) -> tuple[UUID, UUID]:
    """Its two ad accounts."""
    made = await fills.connect(scopes, sandbox)
    return made.dollars, getattr(made, fills.other)


@pytest.fixture
async def audiences(scopes: Scopes, connected: tuple[UUID, UUID]) -> AudiencePlatform:
    return await AudienceService(scopes).open(connected[0])
