"""What was asked of a platform can be read, with what went wrong."""

from httpx2 import AsyncClient

from app.auth.permissions import Role
from app.services.integrations.gateway import Gateway
from tests.factories.access import Company
from tests.sandbox_process import Sandbox

CALLS = "/api/v1/integrations/calls"
CONNECTIONS = "/api/v1/integrations/connections"


async def test_calls_are_listed_newest_first_and_filtered(
    client: AsyncClient, acme: Company, globex: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    for token in (sandbox.meta_token, "EAAnone-at-all"):
        await client.post(CONNECTIONS, json={"platform": "meta", "access_token": token, "read_only": True})
    page = (await client.get(CALLS, params={"limit": 2})).json()
    assert len(page["items"]) == 2
    rest = (await client.get(CALLS, params={"limit": 200, "cursor": page["next_cursor"]})).json()
    moments = [one["started_at"] for one in page["items"] + rest["items"]]
    assert moments == sorted(moments, reverse=True)
    failed = (await client.get(CALLS, params={"failed": True})).json()["items"]
    assert {one["operation"] for one in failed} <= {"inspect_token"}
    assert sandbox.meta_token not in str(page) + str(rest)
    assert (await globex.client().get(CALLS)).json()["items"] == []
    assert (await acme.client(Role.VIEWER).get(CALLS)).status_code == 403
