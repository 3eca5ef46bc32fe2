"""A platform is connected by its own person, from their own browser, with no more right than they chose."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, text

from app.auth.permissions import Role
from app.models.integrations.connections import Connection
from app.services.integrations.connections.service import ConnectionService
from app.services.integrations.gateway import Gateway
from tests.factories.access import Company
from tests.sandbox_process import Sandbox

CONNECTIONS = "/api/v1/integrations/connections"
ACCOUNTS = "/api/v1/integrations/ad-accounts"


async def signed_in_at_the_platform(client: AsyncClient, *, read_only: bool = False) -> str:
    """The person presses Allow; the address that the platform sends the browser back to."""
    begun = await client.post(f"{CONNECTIONS}/meta/authorize", json={"read_only": read_only})
    assert begun.status_code == 200, begun.text
    async with httpx2.AsyncClient() as browser:
        page = await browser.post(begun.json()["authorize_url"], data={"answer": "allow"})
    assert page.status_code == 302, page.text
    return page.headers["location"]


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


async def test_a_person_signs_in_at_the_platform_and_finds_their_accounts(
    client: AsyncClient, platforms: Gateway
) -> None:
    back = await signed_in_at_the_platform(client)
    answer = await client.get(path_of(back))
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["location"]).query)["status"] == ["connected"]
    (connection,) = (await client.get(CONNECTIONS)).json()["items"]
    assert (connection["status"], connection["read_only"]) == ("active", False)
    assert connection["expires_at"]
    accounts = (await client.get(ACCOUNTS)).json()["items"]
    assert {(one["currency"], one["timezone"]) for one in accounts} == {
        ("USD", "America/New_York"),
        ("HUF", "Europe/Budapest"),
    }
    assert not any(one["enabled"] or one["write_lease"] for one in accounts)


async def test_the_platforms_that_can_be_connected_are_listed(
    client: AsyncClient, platforms: Gateway
) -> None:
    found = {one["platform"]: one for one in (await client.get(f"{CONNECTIONS}/platforms")).json()}
    assert found["meta"] == {"platform": "meta", "name": "Meta", "signs_in": True}


async def test_a_sign_in_can_be_finished_once(client: AsyncClient, platforms: Gateway) -> None:
    back = path_of(await signed_in_at_the_platform(client))
    await client.get(back)
    again = await client.get(back)
    assert "integrations.connections.sign_in_expired" in again.headers["location"]


async def test_a_sign_in_begun_elsewhere_is_not_finished_in_this_browser(
    client: AsyncClient, anonymous: AsyncClient, platforms: Gateway
) -> None:
    """Else an attacker could have a stranger's ad account connected to their own workspace."""
    back = path_of(await signed_in_at_the_platform(client))
    answer = await anonymous.get(back)
    assert "integrations.connections.sign_in_expired" in answer.headers["location"]
    assert (await client.get(CONNECTIONS)).json()["items"] == []


async def test_a_sign_in_of_one_company_is_not_finished_in_anothers_browser(
    client: AsyncClient, globex: Company, platforms: Gateway
) -> None:
    """Globex has begun one of its own, so its browser has a secret: only not that of acme's state."""
    acmes = path_of(await signed_in_at_the_platform(client))
    theirs = path_of(await signed_in_at_the_platform(globex.client()))
    answer = await globex.client().get(acmes)
    assert "integrations.connections.sign_in_expired" in answer.headers["location"]
    for company in (client, globex.client()):
        assert (await company.get(CONNECTIONS)).json()["items"] == []
    assert theirs != acmes


async def test_a_sign_in_ends_with_the_session_that_began_it(client: AsyncClient, platforms: Gateway) -> None:
    back = path_of(await signed_in_at_the_platform(client))
    assert (await client.post("/api/v1/auth/logout")).status_code == 204
    answer = await client.get(back)
    assert "integrations.connections.sign_in_expired" in answer.headers["location"]


@pytest.mark.parametrize("state", ["", "x", "AQAAAA", "a" * 400])
async def test_a_state_of_anothers_making_opens_nothing(
    client: AsyncClient, platforms: Gateway, state: str
) -> None:
    answer = await client.get(f"{CONNECTIONS}/meta/callback", params={"state": state, "code": "c"})
    assert answer.status_code == 303
    assert "sign_in_expired" in answer.headers["location"]


async def test_a_person_who_declines_is_told_so(client: AsyncClient, platforms: Gateway) -> None:
    begun = (await client.post(f"{CONNECTIONS}/meta/authorize", json={})).json()
    answer = await client.get(
        f"{CONNECTIONS}/meta/callback", params={"state": begun["state"], "error": "access_denied"}
    )
    assert "status=cancelled" in answer.headers["location"]


async def test_a_pasted_token_connects_and_is_sealed(
    client: AsyncClient, acme: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    body = {"platform": "meta", "access_token": sandbox.meta_token, "read_only": False}
    answer = await client.post(CONNECTIONS, json=body)
    assert answer.status_code == 201, answer.text
    assert sandbox.meta_token not in answer.text
    async with acme.scopes() as scope:
        rows = (await scope.session.execute(text("select c::text from connections c"))).scalars().all()
        audit = (await scope.session.execute(text("select a::text from audit_logs a"))).scalars().all()
    assert not any(sandbox.meta_token in row for row in [*rows, *audit])
    assert any("integrations.connections.connected" in row for row in audit)


async def test_a_token_that_is_none_is_refused(client: AsyncClient, platforms: Gateway) -> None:
    body = {"platform": "meta", "access_token": "EAAno-such-token", "read_only": True}
    answer = await client.post(CONNECTIONS, json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "integrations.connections.token_unusable"


async def test_a_token_that_may_only_read_is_not_connected_for_writing(
    client: AsyncClient, sandbox: Sandbox, platforms: Gateway
) -> None:
    body = {"platform": "meta", "access_token": sandbox.read_only_token, "read_only": False}
    answer = await client.post(CONNECTIONS, json=body)
    assert answer.json()["code"] == "integrations.connections.token_cannot_write"
    assert (await client.post(CONNECTIONS, json=body | {"read_only": True})).status_code == 201


async def test_disconnecting_forgets_the_token_here_and_there(
    client: AsyncClient, acme: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    await client.get(path_of(await signed_in_at_the_platform(client)))
    (connection,) = (await client.get(CONNECTIONS)).json()["items"]
    answer = await client.delete(f"{CONNECTIONS}/{connection['id']}")
    assert answer.json()["status"] == "disconnected"
    async with acme.scopes() as scope:
        row = (await scope.session.scalars(select(Connection))).one()
    assert row.token_sealed is None
    calls = (await client.get("/api/v1/integrations/calls")).json()["items"]
    assert (calls[0]["operation"], calls[0]["outcome"]) == ("revoke_token", "ok")


async def test_a_pasted_token_stays_good_at_the_platform(
    client: AsyncClient, sandbox: Sandbox, platforms: Gateway
) -> None:
    body = {"platform": "meta", "access_token": sandbox.meta_token, "read_only": True}
    made = (await client.post(CONNECTIONS, json=body)).json()
    await client.delete(f"{CONNECTIONS}/{made['id']}")
    assert sandbox.graph("GET", "me").status_code == 200


async def test_a_token_is_exchanged_before_it_expires(
    client: AsyncClient, acme: Company, platforms: Gateway
) -> None:
    await client.get(path_of(await signed_in_at_the_platform(client)))
    async with acme.scopes() as scope:
        before = (await scope.session.scalars(select(Connection))).one()
        await scope.session.execute(text("update connections set expires_at = now() + interval '2 days'"))
    await ConnectionService(acme.scopes).refresh_expiring()
    async with acme.scopes() as scope:
        after = (await scope.session.scalars(select(Connection))).one()
    assert after.token_sealed != before.token_sealed
    assert after.expires_at is not None
    assert before.expires_at is not None
    assert after.expires_at >= before.expires_at


async def test_only_an_admin_connects(acme: Company, platforms: Gateway) -> None:
    answer = await acme.client(Role.MANAGER).post(f"{CONNECTIONS}/meta/authorize", json={})
    assert answer.status_code == 403


async def test_anothers_connection_does_not_exist(
    client: AsyncClient, globex: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    body = {"platform": "meta", "access_token": sandbox.meta_token, "read_only": True}
    made = (await client.post(CONNECTIONS, json=body)).json()
    answer = await globex.client().delete(f"{CONNECTIONS}/{made['id']}")
    assert answer.status_code == 404
    assert (await globex.client().get(CONNECTIONS)).json()["items"] == []
