"""What became of a conversion can be read and tried again, by who may."""

from httpx2 import AsyncClient
from sqlalchemy import update

from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.ids import uuid7
from app.models.integrations.conversions import ConversionDelivery
from app.services.integrations.gateway import Gateway
from tests.factories.access import Company
from tests.factories.integrations import connect
from tests.sandbox_process import Sandbox

LOG = "/api/v1/integrations/conversions"


async def test_deliveries_are_listed_and_replayed(
    client: AsyncClient, acme: Company, globex: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    scopes = acme.scopes
    connected = await connect(scopes, sandbox)
    now = real_now()
    delivery = ConversionDelivery(
        id=uuid7(),
        ad_account_id=connected.dollars,
        platform="meta",
        event_id=uuid7(),
        event_received_at=now,
        dedupe_key="d-1",
        event_name="purchase",
        platform_event="Purchase",
        event_time=now,
        status="acknowledged",
        queued_at=now,
    )
    async with scopes() as scope:
        scope.session.add(delivery)
    (shown,) = (await client.get(LOG)).json()["items"]
    assert (shown["dedupe_key"], shown["status"]) == ("d-1", "acknowledged")
    assert (await client.get(LOG, params={"status": "dead"})).json()["items"] == []
    refused = await client.post(f"{LOG}/{delivery.id}/replay")
    assert refused.json()["code"] == "integrations.conversions.not_replayable"
    async with scopes() as scope:
        await scope.session.execute(update(ConversionDelivery).values(status="dead"))
    assert (await acme.client(Role.VIEWER).post(f"{LOG}/{delivery.id}/replay")).status_code == 403
    assert (await globex.client().post(f"{LOG}/{delivery.id}/replay")).status_code == 404
    again = await client.post(f"{LOG}/{delivery.id}/replay")
    assert (again.status_code, again.json()["status"]) == (202, "queued")
