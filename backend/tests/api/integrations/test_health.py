"""How an account's platform answers is measured, and unknown while nothing was asked."""

import pytest
from httpx2 import AsyncClient

from app.db.session import Scopes
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import PlatformError
from app.services.integrations.service import IntegrationsService
from tests.factories.integrations import BROAD, US_ACCOUNT, connect
from tests.sandbox_process import Sandbox

HEALTH = "/api/v1/integrations/health"


async def test_health_is_unknown_then_measured_then_the_circuit_opens(
    client: AsyncClient, scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    connected = await connect(scopes, sandbox)

    async def measured() -> dict[str, object]:
        items = (await client.get(HEALTH)).json()["items"]
        return next(one for one in items if one["ad_account_id"] == str(connected.dollars))

    before = await measured()
    assert (before["calls"], before["success_rate"], before["p95_ms"]) == (0, None, None)
    platform = await IntegrationsService(scopes).connector(connected.dollars)
    await platform.read_entity("campaign", BROAD)
    good = await measured()
    assert (good["calls"], good["success_rate"], good["circuit"]) == (1, 1.0, "closed")
    sandbox.control("POST", "faults", json={"kind": "server_error", "path": f"/{BROAD}"})
    try:
        for _ in range(2):
            with pytest.raises(PlatformError):
                await platform.read_entity("campaign", BROAD)
    finally:
        sandbox.repair()
    bad = await measured()
    assert (bad["calls"], bad["failures"], bad["circuit"]) == (6, 5, "open")
    assert bad["success_rate"] == pytest.approx(1 / 6, abs=0.001)
    assert US_ACCOUNT not in str(bad["name"])
