"""How an account's platform answers is measured, and unknown while nothing was asked."""

from datetime import timedelta

import pytest
from httpx2 import AsyncClient

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import PlatformError
from app.services.integrations.service import IntegrationsService
from tests.factories.access import Company
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


async def test_its_history_tells_day_by_day_what_is_known_and_what_is_not(
    client: AsyncClient, globex: Company, scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    connected = await connect(scopes, sandbox)
    now = real_now()
    ended = {2: ["ok", "ok", "transient", "auth", "rate_limited"], 4: ["ok"]}
    async with scopes() as scope:
        for days, outcomes in ended.items():
            for outcome in outcomes:
                scope.session.add(
                    PlatformCall(
                        id=uuid7(),
                        started_at=now - timedelta(days=days),
                        platform="meta",
                        ad_account_id=connected.dollars,
                        operation="list_campaigns",
                        method="GET",
                        path="act_1/campaigns",
                        mutating=False,
                        attempt=1,
                        outcome=outcome,
                        duration_ms=40,
                    )
                )
    path = f"{HEALTH}/{connected.dollars}/history"
    told = (await client.get(path, params={"days": 7})).json()
    assert [each["day"] for each in told["days"]] == [
        (now - timedelta(days=ago)).date().isoformat() for ago in range(6, -1, -1)
    ]
    day = told["days"][4]
    assert (day["calls"], day["failures"], day["throttled"]) == (5, 2, 1)
    assert (day["uptime"], day["success_rate"], day["p95_ms"]) == (0.75, 0.5, 40)
    silent = told["days"][6]
    assert (silent["calls"], silent["uptime"], silent["success_rate"]) == (0, None, None)
    assert (told["uptime"], told["circuit"]) == (0.8, "closed")
    assert told["last_success_at"].startswith((now - timedelta(days=2)).date().isoformat())
    listed = {each["ad_account_id"]: each for each in (await client.get(HEALTH)).json()["items"]}
    assert listed[str(connected.dollars)]["last_success_at"] == told["last_success_at"]
    assert (await globex.client().get(path)).status_code == 404
    wrong = await client.get(path, params={"days": 31})
    assert (wrong.status_code, wrong.json()["fields"][0]["field"]) == (422, "query.days")
