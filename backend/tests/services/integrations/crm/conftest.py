from collections.abc import Iterator

import pytest

from app.db.session import Scopes
from app.services.integrations.crms import CRMS
from app.services.integrations.gateway import Gateway
from tests.factories.crm import SUBJECTS, ConnectedCrm, CrmSubject, connect_crm
from tests.sandbox_process import Sandbox


@pytest.fixture(params=list(CRMS))
def crm(request: pytest.FixtureRequest) -> CrmSubject:
    """Each entry of the table: what these tests say holds for all of them."""
    return SUBJECTS[request.param]


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox, platforms: Gateway, crm: CrmSubject) -> ConnectedCrm:
    return await connect_crm(scopes, sandbox, crm)


@pytest.fixture
def hub(sandbox: Sandbox, platforms: Gateway, crm: CrmSubject) -> Iterator[Sandbox]:
    """The sandbox, whose limits are wide again and whose faults are mended at the end."""
    yield sandbox
    crm.mend(sandbox)
