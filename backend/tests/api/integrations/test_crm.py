"""A CRM is connected by its own person, says what is read of it, and reads on when asked."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx2
import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, update

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.integrations.connections import Connection
from app.models.integrations.crm import CrmAccount
from app.services.integrations.crm.service import CrmDesk, CrmSyncService
from app.services.integrations.crms import CRMS
from app.services.integrations.gateway import Gateway
from tests.factories.access import Company
from tests.factories.crm import HUBSPOT, SUBJECTS, CrmSubject
from tests.sandbox_process import Sandbox

CRM = "/api/v1/integrations/crm"
CONNECTIONS = "/api/v1/integrations/connections"


@pytest.fixture(params=list(CRMS))
def crm(request: pytest.FixtureRequest) -> CrmSubject:
    return SUBJECTS[request.param]


async def allowed(client: AsyncClient, crm: CrmSubject, **wanted: bool) -> str:
    """The person presses Connect; the address that the CRM sends the browser back to."""
    begun = await client.post(f"{CRM}/{crm.provider}/authorize", json=wanted or None)
    assert begun.status_code == 200, begun.text
    async with httpx2.AsyncClient() as browser:
        page = await browser.post(begun.json()["authorize_url"], data={"answer": "allow"})
    parts = urlsplit(page.headers["location"])
    return f"{parts.path}?{parts.query}"


async def connected(client: AsyncClient, crm: CrmSubject, **wanted: bool) -> str:
    answer = await client.get(await allowed(client, crm, **wanted))
    assert "status=connected" in answer.headers["location"], answer.headers["location"]
    [account] = (await client.get(CRM)).json()["items"]
    found: str = account["id"]
    return found


async def test_from_the_sign_in_to_a_person_in_the_platform(
    client: AsyncClient, crm: CrmSubject, acme: Company, platforms: Gateway, sandbox: Sandbox
) -> None:
    account = await connected(client, crm)
    first = (await client.get(f"{CRM}/{account}")).json()
    assert (first["provider"], first["external_id"]) == (crm.provider, crm.account)
    assert (first["currency"], first["status"]) == ("USD", "active")
    assert (first["is_writable"], first["can_write"]) == (True, False)
    run = await CrmSyncService(acme.scopes).sync(UUID(account))
    assert run is not None
    assert run.error_code is None
    shown = (await client.get(f"{CRM}/{account}")).json()
    assert shown["contacts"] == run.contacts_told > 200
    assert shown["deals_told"] == run.deals_told > 0
    assert shown["last_synced_at"]
    [said] = (await client.get(f"{CRM}/{account}/syncs")).json()["items"]
    assert (said["contacts_read"], said["rejected"]) == (run.contacts_read, 0)


async def test_it_is_no_ad_platforms_connection(
    client: AsyncClient, crm: CrmSubject, platforms: Gateway
) -> None:
    await connected(client, crm)
    assert (await client.get(CONNECTIONS)).json()["items"] == []


async def test_the_sign_in_is_finished_once_and_at_its_own_door(
    client: AsyncClient, crm: CrmSubject, platforms: Gateway
) -> None:
    back = await allowed(client, crm)
    elsewhere = await client.get(back.replace(f"/crm/{crm.provider}/", "/connections/meta/"))
    assert "sign_in_expired" in elsewhere.headers["location"]
    again = await client.get(back)
    assert parse_qs(urlsplit(again.headers["location"]).query)["status"] == ["failed"]


async def test_a_sign_in_begun_elsewhere_is_not_finished_in_this_browser(
    client: AsyncClient, crm: CrmSubject, anonymous: AsyncClient, platforms: Gateway
) -> None:
    answer = await anonymous.get(await allowed(client, crm))
    assert "integrations.connections.sign_in_expired" in answer.headers["location"]
    assert (await client.get(CRM)).json()["items"] == []


async def test_a_mapping_that_names_nobody_is_refused_with_the_mend(
    client: AsyncClient, crm: CrmSubject, platforms: Gateway
) -> None:
    account = await connected(client, crm)
    mapping = [
        {"property": crm.unmapped, "to": "trait"},
        {"property": crm.city, "to": "trait", "name": "x"},
    ]
    answer = await client.patch(f"{CRM}/{account}", json={"mapping": mapping})
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["fields"]} == {
        "body.mapping.0.name",
        "body.mapping",
    }
    names = {each["name"] for each in (await client.get(f"{CRM}/{account}/properties")).json()["items"]}
    assert {crm.email, crm.unmapped, crm.own} <= names


async def test_a_sync_is_asked_for_and_a_disconnected_one_is_not_read(
    client: AsyncClient, crm: CrmSubject, acme: Company, platforms: Gateway, sandbox: Sandbox
) -> None:
    account = await connected(client, crm)
    assert (await client.post(f"{CRM}/{account}/sync")).status_code == 202
    gone = await client.delete(f"{CRM}/{account}")
    assert gone.json()["status"] == "disconnected"
    answer = await client.post(f"{CRM}/{account}/sync")
    assert (answer.status_code, answer.json()["code"]) == (409, "integrations.crm.not_connected")
    assert await connected(client, crm) == account, "signed in again, it is the same account"


async def test_a_token_that_the_crm_no_longer_takes_is_exchanged_for_another(
    client: AsyncClient, crm: CrmSubject, platforms: Gateway, sandbox: Sandbox, scopes: Scopes
) -> None:
    account = await connected(client, crm)
    async with scopes() as scope:
        an_hour_ago = real_now() - timedelta(hours=1)
        await scope.session.execute(update(Connection).values(refreshed_at=an_hour_ago))
    sandbox.control("POST", f"{crm.provider}/tokens", json={"action": "expire_all"})
    refused = await client.get(f"{CRM}/{account}/properties")
    assert refused.json()["code"] == "integrations.platform_refused"
    assert (await client.get(f"{CRM}/{account}/properties")).status_code == 200
    assert (await client.get(f"{CRM}/{account}")).json()["status"] == "active"


async def test_a_token_that_ends_soon_is_exchanged_though_nobody_uses_it(
    client: AsyncClient, crm: CrmSubject, platforms: Gateway, scopes: Scopes
) -> None:
    await connected(client, crm)
    soon = real_now() + timedelta(minutes=1)
    async with scopes() as scope:
        await scope.session.execute(update(Connection).values(expires_at=soon))
    await CrmDesk(scopes).refresh_expiring()
    async with scopes() as scope:
        [row] = await scope.session.scalars(select(Connection))
    assert row.expires_at is not None
    assert row.expires_at > soon


async def test_writing_is_asked_for_when_signing_in_and_begins_there(
    client: AsyncClient, crm: CrmSubject, acme: Company, platforms: Gateway
) -> None:
    account = await connected(client, crm)
    lifecycle = {"property": crm.own, "to": "lifecycle", "direction": "to"}
    mapping = [{"property": crm.email, "to": "email"}, lifecycle]
    shown = (await client.patch(f"{CRM}/{account}", json={"mapping": mapping})).json()
    assert (shown["can_write"], shown["waiting"]) == (False, 0)
    assert shown["mapping"][1]["direction"] == "to"
    assert await connected(client, crm, writes=True) == account
    shown = (await client.get(f"{CRM}/{account}")).json()
    assert (shown["can_write"], shown["faults"]) == (True, 0)
    async with acme.scopes() as scope:
        row = await scope.session.get_one(CrmAccount, (scope.tenant_id, UUID(account)))
        assert row.change_seq is not None
    assert (await client.get(f"{CRM}/{account}/writes")).json()["items"] == []
    assert await connected(client, crm) == account, "signed in for reading again"
    assert (await client.get(f"{CRM}/{account}")).json()["can_write"] is False


async def test_the_right_to_write_deals_is_asked_for_where_somebody_wants_it(
    client: AsyncClient, platforms: Gateway
) -> None:
    """An app of HubSpot's that was set up for contacts lacks it, and would be refused."""
    account = await connected(client, HUBSPOT, writes=True)
    shown = (await client.get(f"{CRM}/{account}")).json()
    assert (shown["can_write"], shown["can_write_deals"]) == (True, False)
    assert await connected(client, HUBSPOT, writes_deals=True) == account
    shown = (await client.get(f"{CRM}/{account}")).json()
    assert (shown["can_write"], shown["can_write_deals"]) == (True, True)
    chosen = {"property": "stratum_first_source", "to": "first_touch", "name": "source"}
    shown = (await client.patch(f"{CRM}/{account}", json={"deal_mapping": [chosen]})).json()
    assert shown["deal_mapping"] == [chosen]


async def test_what_names_a_person_is_never_written(client: AsyncClient, platforms: Gateway) -> None:
    account = await connected(client, HUBSPOT)
    mapping = [{"property": "email", "to": "email", "direction": "both"}]
    answer = await client.patch(f"{CRM}/{account}", json={"mapping": mapping})
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == "body.mapping.0.direction"
