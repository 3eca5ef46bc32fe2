"""HubSpot tells of contacts and deals: signed, of our own accounts, kept once, and believed in nothing but the name."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from pydantic import SecretStr
from sqlalchemy import delete, select

from app.core.config import Settings
from app.db.outbox import OutboxMessage
from app.db.session import Scopes
from app.models.integrations.crm import CrmNotice, CrmWebhook
from app.services.integrations.webhooks import hubspot_rules
from tests.factories.access import Company
from tests.factories.crm import ConnectedCrm, connect_crm
from tests.live_server import serving
from tests.sandbox_process import Sandbox

URL = "/api/v1/integrations/webhooks/hubspot"
SECRET = "a-client-secret-of-hubspot"
REGISTERED = "https://app.example.com/hooks%2Fhubspot?from=hub%40spot"
PORTAL = 24680135


@pytest.fixture(autouse=True)
def hubspot(app: FastAPI, settings: Settings) -> Iterator[None]:
    """The application with an app of its own at HubSpot, behind a proxy."""
    app.state.settings = settings.model_copy(
        update={"hubspot_client_secret": SecretStr(SECRET), "hubspot_webhook_url": REGISTERED}
    )
    yield
    app.state.settings = settings


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox) -> ConnectedCrm:
    return await connect_crm(scopes, sandbox)


def told(what: str = "contact.propertyChange", object_id: Any = 100000001, **facts: Any) -> dict[str, Any]:
    event = {
        "eventId": 3816279340,
        "subscriptionId": 25,
        "portalId": PORTAL,
        "appId": 1160452,
        "occurredAt": 1_764_400_000_000,
        "subscriptionType": what,
        "attemptNumber": 0,
        "objectId": object_id,
        "changeSource": "CRM_UI",
    }
    return event | facts


async def post(
    client: AsyncClient,
    *events: Any,
    body: bytes | None = None,
    secret: str = SECRET,
    url: str = "https://app.example.com/hooks/hubspot?from=hub@spot",
    age: float = 0.0,
    headers: Mapping[str, str] | None = None,
) -> Response:
    content = json.dumps(list(events)).encode() if body is None else body
    stamp = str(int((time.time() - age) * 1000))
    signed = b"POST" + url.encode() + content + stamp.encode()
    signature = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    said = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp, **(headers or {})}
    return await client.post(URL, content=content, headers=said)


async def noticed(scopes: Scopes) -> set[tuple[str, str]]:
    async with scopes() as scope:
        return {(each.kind, each.external_id) for each in await scope.session.scalars(select(CrmNotice))}


async def queued(scopes: Scopes) -> list[str]:
    statement = select(OutboxMessage.payload).where(OutboxMessage.name == "integrations.crm.notices")
    async with scopes() as scope:
        return [each["account_id"] for each in await scope.session.scalars(statement)]


async def test_each_notification_goes_to_whoever_has_its_account(
    anonymous: AsyncClient, acme: Company, globex: Company, connected: ConnectedCrm
) -> None:
    theirs = await connect_crm(globex.scopes, None, external_id="999")
    answer = await post(
        anonymous,
        told(),
        told("deal.creation", 300000001),
        told("contact.deletion", 7, portalId=999),
        told("contact.creation", 8, portalId=123456),
        told("company.creation", 9),
    )
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert await noticed(acme.scopes) == {("contacts", "100000001"), ("deals", "300000001")}
    assert await noticed(globex.scopes) == {("contacts", "7")}
    assert await queued(acme.scopes) == [str(connected.account_id)]
    assert await queued(globex.scopes) == [str(theirs.account_id)]


async def test_an_account_of_nobody_is_answered_like_any_other(
    anonymous: AsyncClient, acme: Company, connected: ConnectedCrm
) -> None:
    known, strange = await post(anonymous, told()), await post(anonymous, told(portalId=4))
    assert (strange.status_code, strange.content) == (known.status_code, known.content)
    assert len(await noticed(acme.scopes)) == 1


async def test_what_comes_again_is_not_kept_again_whichever_attempt_it_is(
    anonymous: AsyncClient, acme: Company, connected: ConnectedCrm
) -> None:
    await asyncio.gather(*(post(anonymous, told(attemptNumber=n)) for n in range(6)))
    async with acme.scopes() as scope:
        [row] = await scope.session.scalars(select(CrmNotice))
        [hook] = await scope.session.scalars(select(CrmWebhook))
        assert (row.version, hook.taken) == (1, 1)
        await scope.session.execute(delete(CrmNotice))
    await post(anonymous, told(attemptNumber=9))
    assert await noticed(acme.scopes) == set()
    await post(anonymous, told(occurredAt=1_764_400_000_001))
    assert await noticed(acme.scopes) == {("contacts", "100000001")}


async def test_what_is_not_signed_for_our_registered_address_is_refused_and_counted(
    anonymous: AsyncClient, client: AsyncClient, acme: Company, globex: Company, connected: ConnectedCrm
) -> None:
    await connect_crm(globex.scopes, None, external_id="999")
    unsigned, later = {"X-HubSpot-Signature-v3": ""}, str(int(time.time() * 1000) + 7)
    refused = [
        await anonymous.post(URL, content=json.dumps([told()]).encode()),
        await post(anonymous, told(), secret="another-secret"),
        await post(anonymous, told(), url=f"http://testserver{URL}"),
        await post(anonymous, told(), headers=unsigned),
        await post(anonymous, told(), headers={"X-HubSpot-Request-Timestamp": later}),
        await post(anonymous, body=b"{", secret="another-secret"),
    ]
    assert {(each.status_code, each.json()["code"]) for each in refused} == {
        (401, "integrations.webhooks.not_signed")
    }
    assert await noticed(acme.scopes) == set()
    [shown] = (await client.get("/api/v1/integrations/crm")).json()["items"]
    assert (shown["webhooks_refused"], shown["webhook_refused_why"]) == (5, "signature")
    assert (shown["webhook_at"], shown["webhook_notices"]) == (None, 0)
    async with globex.scopes() as scope:
        assert list(await scope.session.scalars(select(CrmWebhook))) == []


@pytest.mark.parametrize("age", [301.0, -120.0, -9e11])
async def test_one_that_was_signed_too_long_ago_or_in_the_future_is_a_replay(
    anonymous: AsyncClient, client: AsyncClient, acme: Company, connected: ConnectedCrm, age: float
) -> None:
    assert (await post(anonymous, told(), age=age)).status_code == 401
    assert (await post(anonymous, told(), age=290.0)).status_code == 200
    assert await noticed(acme.scopes) == {("contacts", "100000001")}
    [shown] = (await client.get("/api/v1/integrations/crm")).json()["items"]
    assert (shown["webhooks_refused"], shown["webhook_refused_why"]) == (1, "too_old")
    assert shown["webhook_at"] is not None


async def test_a_merge_names_all_that_were_in_it_and_newer_subscriptions_their_type(
    anonymous: AsyncClient, acme: Company, connected: ConnectedCrm
) -> None:
    merge = {"primaryObjectId": 1, "mergedObjectIds": [2, 3], "newObjectId": 4, "numberOfPropertiesMoved": 5}
    await post(
        anonymous,
        told("contact.merge", None, **merge),
        told("object.restore", 5, objectTypeId="0-1"),
        told("object.deletion", 6, objectTypeId="0-3"),
        told("object.deletion", 7, objectTypeId="0-2"),
    )
    async with acme.scopes() as scope:
        into = {each.external_id: each.merged_into for each in await scope.session.scalars(select(CrmNotice))}
    assert into == {"1": "4", "2": "4", "3": "4", "4": None, "5": None, "6": None}


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}",
        b"null",
        b"[7]",
        b"[" * 100_000,
        b"\xff\xfe",
        json.dumps([told(object_id=None)]).encode(),
        json.dumps([told(object_id="../1")]).encode(),
        json.dumps([told(object_id=True)]).encode(),
        json.dumps([told(portalId="x")]).encode(),
        json.dumps([told(occurredAt=10**19 - 1)]).encode(),
        json.dumps([told(occurredAt=None)]).encode(),
        json.dumps([told("contact.merge", 1, primaryObjectId=1, mergedObjectIds=["a\x00"])]).encode(),
        json.dumps([{}] * 1_001).encode(),
    ],
)
async def test_odd_messages_are_refused_by_name(anonymous: AsyncClient, acme: Company, body: bytes) -> None:
    answer = await post(anonymous, body=body)
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "body")
    assert await noticed(acme.scopes) == set()


async def test_without_an_app_there_is_no_webhook(
    app: FastAPI, settings: Settings, anonymous: AsyncClient
) -> None:
    app.state.settings = settings.model_copy(update={"hubspot_client_secret": None})
    answer = await post(anonymous, told())
    assert (answer.status_code, answer.json()["code"]) == (404, "integrations.webhooks.not_set_up")


def test_twelve_encodings_of_the_address_are_undone_and_no_others() -> None:
    url = "https://a.example/x%3A%2f%3F%40%21%24%27%28%29%2A%2C%3B%20%25"
    plain = "https://a.example/x:/?@!$'()*,;%20%25"
    signed = b"POST" + plain.encode() + b"[]" + b"1"
    header = base64.b64encode(hmac.new(b"s", signed, hashlib.sha256).digest()).decode()
    assert hubspot_rules.is_signed(header, "1", b"[]", secret="s", url=url)
    assert not hubspot_rules.is_signed(header, "1", b"[ ]", secret="s", url=url)


async def test_the_sandboxs_hubspot_tells_of_what_happens_in_it_and_tries_again(
    acme: Company, connected: ConnectedCrm, sandbox: Sandbox
) -> None:
    registered = "https://stratum.example.com/hooks"
    secret = sandbox.vendor("hubspot")["client_secret"]
    manner = {"signed_as": registered, "retry_seconds": 0.2}
    try:
        sandbox.control("PUT", "hubspot/webhooks", json=manner | {"url": "http://127.0.0.1:9/gone"})
        body = {"kind": "contacts", "object_id": 100000003, "changes": {"city": "Ghent"}}
        sandbox.control("POST", "hubspot/edit", json=body)
        with serving(HUBSPOT_CLIENT_SECRET=secret, HUBSPOT_WEBHOOK_URL=registered) as server:
            held = await asyncio.to_thread(sandbox.control, "GET", "hubspot/webhooks")
            await asyncio.to_thread(
                sandbox.control, "PUT", "hubspot/webhooks", json=manner | {"url": server.url + URL}
            )
            body["changes"] = {"city": "Bruges"}
            await asyncio.to_thread(sandbox.control, "POST", "hubspot/edit", json=body)
            for _ in range(100):
                if await noticed(acme.scopes):
                    break
                await asyncio.sleep(0.1)
        assert ("contacts", "100000003") in await noticed(acme.scopes)
        assert [each["status"] for each in held["answers"]][:1] == [0]
        assert max(each["attemptNumber"] for each in held["waiting"]) >= 1
    finally:
        sandbox.control("PUT", "hubspot/webhooks", json={})


async def test_two_accounts_of_one_company_are_kept_apart(
    anonymous: AsyncClient, acme: Company, connected: ConnectedCrm
) -> None:
    other = await connect_crm(acme.scopes, None, external_id="777")
    await post(anonymous, told(), told(object_id=5, portalId=777))
    async with acme.scopes() as scope:
        rows = await scope.session.scalars(select(CrmNotice))
        kept = {(each.account_id, each.external_id) for each in rows}
    assert kept == {(connected.account_id, "100000001"), (other.account_id, "5")}
