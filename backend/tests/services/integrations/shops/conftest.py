from collections.abc import Iterator

import pytest

from app.db.session import Scopes
from app.services.integrations.gateway import Gateway
from tests.factories.shops import ConnectedShop, connect_shop, shop_sandbox
from tests.sandbox_process import Sandbox


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Sandbox]:
    with shop_sandbox() as running:
        yield running


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> ConnectedShop:
    return await connect_shop(scopes, sandbox)


@pytest.fixture
def shopify(sandbox: Sandbox, platforms: Gateway) -> Iterator[Sandbox]:
    """The sandbox, whose points are many again and whose faults are mended at the end."""
    yield sandbox
    sandbox.control("POST", "shopify/quota", json={})
    sandbox.control("POST", "shopify/tokens", json={"action": "restore"})
    sandbox.repair()
