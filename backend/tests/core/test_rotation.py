"""SECRET_KEY is rotated for real: an API of the new key beside what the old one made."""

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import text

from app.core.config import Settings
from app.core.ids import uuid7
from tests.factories.access import Company
from tests.factories.mail import open_mailbox
from tests.factories.sign_in import log_in, refreshed, signed_in
from tests.workers.processes import api, eventually, relay, running

pytestmark = pytest.mark.timeout(180)
NEW = "a new secret key, made when the old one was rotated"


def rotated(settings: Settings) -> dict[str, str]:
    return {"SECRET_KEY": NEW, "PREVIOUS_SECRET_KEYS": settings.secret_key.get_secret_value()}


def cleared(settings: Settings) -> dict[str, str]:
    """Later still: the old key is gone from the ring, and only look-ups go on by it."""
    return {"SECRET_KEY": NEW, "LOOKUP_KEY": settings.secret_key.get_secret_value()}


async def send(client: AsyncClient, write_key: str, email: str) -> None:
    event = {"type": "track", "event": "Seen", "userId": "u-1", "messageId": uuid7().hex}
    body = {"batch": [event | {"context": {"traits": {"email": email}}}]}
    answer = await client.post("/v1/batch", json=body, auth=(write_key, ""))
    assert answer.status_code == 200, answer.text


async def hashes(company: Company) -> list[tuple[bytes, bytes]]:
    async with company.scopes() as scope:
        rows = await scope.session.execute(text("SELECT user_id_hash, email_hash FROM cdp_events"))
        return [(row.user_id_hash, row.email_hash) for row in rows]


async def test_keys_sessions_and_identifiers_outlive_the_rotation(
    app: FastAPI, anonymous: AsyncClient, acme: Company, settings: Settings
) -> None:
    admin = acme.client()
    made = await admin.post("/api/v1/api-keys", json={"name": "CI", "scopes": ["tenants:read"]})
    source = await admin.post("/api/v1/cdp/sources", json={"name": "Shop", "kind": "browser"})
    write_key, api_key = source.json()["write_key"], made.json()["key"]
    await send(anonymous, write_key, "Jane@example.com")
    csrf = (await log_in(anonymous, acme.person())).json()["csrf_token"]
    cookies = "; ".join(f"{name}={value}" for name, value in anonymous.cookies.items())
    spent = (await signed_in(anonymous, acme.person()))["refresh_token"]
    assert (await refreshed(anonymous, spent)).status_code == 200
    async with api(**rotated(settings)) as (_, url), AsyncClient(base_url=url) as after:
        await send(after, write_key, "jane@example.com")
        known = await after.get("/api/v1/tenants/current", headers={"X-API-Key": api_key})
        assert known.status_code == 200
        went_on = await after.post("/api/v1/auth/refresh", headers={"Cookie": cookies, "X-CSRF-Token": csrf})
        assert went_on.status_code == 200, went_on.text
        assert (await refreshed(after, spent)).json()["code"] == "auth.refresh_reused"
    async with api(**cleared(settings)) as (_, url), AsyncClient(base_url=url) as after:
        await send(after, write_key, "JANE@example.com")
        known = await after.get("/api/v1/tenants/current", headers={"X-API-Key": api_key})
        assert known.status_code == 200
    found = await hashes(acme)
    assert len(found) == 3
    assert len(set(found)) == 1, "the same person is three people"


@pytest.mark.usefixtures("nothing_waits")
async def test_a_link_of_before_the_rotation_is_mailed_after_it_and_works(
    acme: Company, settings: Settings
) -> None:
    email = f"{uuid7()}@new.example"
    invited = await acme.client().post("/api/v1/invitations", json={"email": email, "role": "viewer"})
    assert invited.status_code == 201
    async with open_mailbox(settings) as mailbox:
        environment = rotated(settings) | {"SMTP_PORT": str(mailbox.settings.smtp_port)}
        words = ("app.workers.worker", "--concurrency", "1", "--loglevel", "WARNING")

        async def mailed() -> bool:
            return bool(mailbox.received)

        with relay(**environment) as relaying, running(*words, **environment) as working:
            await eventually(mailed, within=60, watched=(relaying, working))
        async with api(**rotated(settings)) as (_, url), AsyncClient(base_url=url) as after:
            body = {
                "token": mailbox.received[0].token,
                "full_name": "Nora",
                "password": "a password of some length",
            }
            assert (await after.post("/api/v1/invitations/accept", json=body)).status_code == 200
