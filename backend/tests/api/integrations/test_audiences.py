"""What an ad account has at its platform, read when it is asked for."""

from httpx2 import AsyncClient

from app.db.session import Scopes
from app.services.integrations.gateway import Gateway
from tests.factories.integrations import connect
from tests.sandbox_process import US_ACCOUNT, Sandbox

PATH = "/api/v1/integrations/audiences"


async def test_every_audience_of_the_account_is_shown_whoever_made_it(
    client: AsyncClient, scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    connected = await connect(scopes, sandbox)
    params = {"name": "Made by hand", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
    made = sandbox.graph("POST", f"{US_ACCOUNT}/customaudiences", **params).json()["id"]
    answer = await client.get(PATH, params={"ad_account_id": str(connected.dollars)})
    assert answer.status_code == 200, answer.text
    [found] = [each for each in answer.json()["items"] if each["external_id"] == made]
    assert (found["name"], found["state"]) == ("Made by hand", "empty")
    assert (found["size_lower"], found["size_upper"]) == (None, None)
    other = (await client.get(PATH, params={"ad_account_id": str(connected.forints)})).json()["items"]
    assert made not in {each["external_id"] for each in other}


async def test_a_platform_that_refuses_is_no_fault_of_ours(
    client: AsyncClient, scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    connected = await connect(scopes, sandbox, token="nonsense")
    answer = await client.get(PATH, params={"ad_account_id": str(connected.dollars)})
    assert (answer.status_code, answer.json()["code"]) == (409, "integrations.platform_refused")
