"""A platform tells of a change: signed over its bytes, taken once, by those who read the account alone."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from pydantic import SecretStr
from sqlalchemy import select, update

from app.core.config import Settings
from app.db.outbox import OutboxMessage
from app.db.session import Scopes
from app.models.integrations.ad_accounts import AdAccount
from tests.factories.access import Company
from tests.factories.integrations import HU_ACCOUNT, US_ACCOUNT, Connected, connect
from tests.live_server import serving
from tests.sandbox_process import Sandbox

URL = "/api/v1/integrations/webhooks/meta"
SECRET = "an-app-secret-of-meta"
TOKEN = "a-verify-token-of-ours"


@pytest.fixture
async def meta(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    """The application with an app of its own at Meta."""
    app.state.settings = settings.model_copy(
        update={"meta_app_secret": SecretStr(SECRET), "meta_webhook_verify_token": SecretStr(TOKEN)}
    )
    yield
    app.state.settings = settings


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox) -> Connected:
    return await connect(scopes, sandbox)


def told(account: str = US_ACCOUNT, **changes: Any) -> bytes:
    entry = {"id": account, "time": int(time.time()), "changes": [{"field": "in_process_ad_objects"}]}
    return json.dumps({"object": "ad_account", "entry": [{**entry, **changes}]}).encode()


async def post(client: AsyncClient, body: bytes, *, secret: str = SECRET, **headers: str) -> Response:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return await client.post(
        URL, content=body, headers={"X-Hub-Signature-256": f"sha256={signature}", **headers}
    )


async def queued(scopes: Scopes) -> list[str]:
    statement = select(OutboxMessage.payload).where(OutboxMessage.name == "integrations.sync_account")
    async with scopes() as scope:
        return [each["ad_account_id"] for each in await scope.session.scalars(statement)]


@pytest.mark.usefixtures("meta")
async def test_a_change_has_the_account_read_by_whoever_reads_it(
    anonymous: AsyncClient, acme: Company, globex: Company, sandbox: Sandbox, connected: Connected
) -> None:
    theirs = await connect(globex.scopes, sandbox)
    async with globex.scopes() as scope:
        mine = AdAccount.id == theirs.forints
        await scope.session.execute(update(AdAccount).where(mine).values(enabled=False))
    answer = await post(anonymous, told(f"act_{HU_ACCOUNT}"))
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert await queued(acme.scopes) == [str(connected.forints)]
    assert await queued(globex.scopes) == []
    await post(anonymous, told(US_ACCOUNT))
    assert set(await queued(acme.scopes)) == {str(connected.forints), str(connected.dollars)}
    assert await queued(globex.scopes) == [str(theirs.dollars)]


@pytest.mark.usefixtures("meta", "connected")
async def test_what_is_not_signed_over_its_bytes_is_refused(anonymous: AsyncClient, acme: Company) -> None:
    body = told()
    good = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    refused = [
        await anonymous.post(URL, content=body),
        await post(anonymous, body, secret="another-secret"),
        await anonymous.post(URL, content=body + b" ", headers={"X-Hub-Signature-256": f"sha256={good}"}),
        await anonymous.post(URL, content=body, headers={"X-Hub-Signature-256": good}),
        await anonymous.post(URL, content=body, headers={"X-Hub-Signature-256": "sha256="}),
        await anonymous.post(URL, content=body, headers=[(b"x-hub-signature-256", b"sha256=\xff\xfe")]),
    ]
    assert {(each.status_code, each.json()["code"]) for each in refused} == {
        (401, "integrations.webhooks.not_signed")
    }
    assert await queued(acme.scopes) == []


@pytest.mark.usefixtures("meta")
async def test_the_same_bytes_again_do_nothing_however_many_come_at_once(
    anonymous: AsyncClient, acme: Company, connected: Connected
) -> None:
    body = told()
    answers = await asyncio.gather(*(post(anonymous, body) for _ in range(8)))
    assert {each.status_code for each in answers} == {200}
    assert await queued(acme.scopes) == [str(connected.dollars)]
    async with acme.scopes() as scope:
        await scope.session.execute(update(OutboxMessage).values(name="done"))
    assert (await post(anonymous, body)).status_code == 200
    assert await queued(acme.scopes) == []


@pytest.mark.usefixtures("meta")
async def test_what_is_older_than_meta_tries_is_left_alone(
    anonymous: AsyncClient, acme: Company, connected: Connected
) -> None:
    old = told(time=int(time.time()) - 3 * 86_400 - 60)
    assert (await post(anonymous, old)).status_code == 200
    assert await queued(acme.scopes) == []


@pytest.mark.usefixtures("meta")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"object": "ad_account"}',
        b'{"object": 7, "entry": []}',
        b'{"object": "ad_account", "entry": [7]}',
        b'{"object": "ad_account", "entry": [{}]}',
        b'{"object": "ad_account", "entry": [{"id": "1", "time": "now", "changes": []}]}',
        b'{"object": "ad_account", "entry": [{"id": "act_1/../2", "time": 1, "changes": []}]}',
        b'{"object": "ad_account", "entry": [{"id": "1\\u0000", "time": 1, "changes": []}]}',
    ],
)
async def test_odd_messages_are_refused_by_name(anonymous: AsyncClient, body: bytes) -> None:
    answer = await post(anonymous, body)
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "body")


@pytest.mark.usefixtures("meta")
async def test_of_what_else_meta_tells_nothing_follows(
    anonymous: AsyncClient, acme: Company, connected: Connected
) -> None:
    for body in (b'{"object": "page", "entry": []}', told("999"), told(changes=[])):
        assert (await post(anonymous, body)).status_code == 200
    assert await queued(acme.scopes) == []


@pytest.mark.usefixtures("meta")
async def test_a_huge_body_is_refused_before_it_is_looked_at(anonymous: AsyncClient) -> None:
    answer = await post(anonymous, b"x" * (256 * 1_024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "integrations.webhooks.too_large")


@pytest.mark.usefixtures("meta")
async def test_metas_question_is_answered_for_our_own_token(anonymous: AsyncClient) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "115820", "hub.verify_token": TOKEN}
    good = await anonymous.get(URL, params=asked)
    assert (good.status_code, good.text) == (200, "115820")
    assert good.headers["content-type"].startswith("text/plain")
    wrong = await anonymous.get(URL, params={**asked, "hub.verify_token": "guessed"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "integrations.webhooks.not_verified")


async def test_without_an_app_there_is_no_webhook(anonymous: AsyncClient) -> None:
    answer = await post(anonymous, told())
    assert (answer.status_code, answer.json()["code"]) == (404, "integrations.webhooks.not_set_up")


async def test_the_sandboxs_meta_sets_it_up_and_tells(
    acme: Company, connected: Connected, sandbox: Sandbox
) -> None:
    environment = {"META_APP_SECRET": sandbox.app_secret, "META_WEBHOOK_VERIFY_TOKEN": TOKEN}
    with serving(**environment) as server:
        wanted = {"url": f"{server.url}{URL}", "account": f"act_{US_ACCOUNT}", "verify_token": TOKEN}
        said = await asyncio.to_thread(sandbox.control, "POST", "meta/webhook", json=wanted)
    assert said["question"] == {"status": 200, "verified": True}
    assert (said["status"], json.loads(said["answer"])) == (200, {"received": True})
    assert await queued(acme.scopes) == [str(connected.dollars)]
