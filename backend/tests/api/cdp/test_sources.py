"""Sources: a key is shown once, and stops when it is rotated or its source switched off."""

import time

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.ids import uuid7
from tests.factories.access import Company, client_of
from tests.factories.cdp import make_source, track


async def _create(client: AsyncClient, **body: object) -> dict[str, str]:
    answer = await client.post("/api/v1/cdp/sources", json={"name": "Shop", **body})
    assert answer.status_code == 201, answer.text
    created: dict[str, str] = answer.json()
    return created


async def _try(client: AsyncClient, key: str) -> int:
    return (await client.post("/v1/track", json={**track(), "writeKey": key})).status_code


async def test_a_key_names_its_tenant_and_is_shown_once(client: AsyncClient, acme: Company) -> None:
    created = await _create(client, kind="browser")
    assert created["write_key"].startswith(f"wk_{acme.id}_")
    listed = (await client.get("/api/v1/cdp/sources")).json()
    assert [each["id"] for each in listed["items"]] == [created["id"]]
    assert created["write_key"] not in str(listed)
    async with acme.scopes() as scope:
        stored = await scope.session.scalar(text("select write_key_hash from cdp_sources"))
    assert created["write_key"].encode() not in stored


async def test_a_rotated_key_takes_the_old_ones_place(client: AsyncClient, anonymous: AsyncClient) -> None:
    created = await _create(client)
    rotated = (await client.post(f"/api/v1/cdp/sources/{created['id']}/rotate-key")).json()
    assert rotated["write_key"] != created["write_key"]
    assert await _try(anonymous, created["write_key"]) == 401
    assert await _try(anonymous, rotated["write_key"]) == 200


async def test_a_source_switched_off_is_404_and_may_be_switched_on_again(
    client: AsyncClient, anonymous: AsyncClient
) -> None:
    created = await _create(client)
    path = f"/api/v1/cdp/sources/{created['id']}"
    assert (await client.patch(path, json={"enabled": False})).json()["enabled"] is False
    assert await _try(anonymous, created["write_key"]) == 404
    assert (await client.patch(path, json={"enabled": True})).json()["enabled"] is True
    assert await _try(anonymous, created["write_key"]) == 200


async def test_every_change_is_in_the_audit_trail_without_the_key(client: AsyncClient, acme: Company) -> None:
    created = await _create(client)
    await client.patch(f"/api/v1/cdp/sources/{created['id']}", json={"name": "Web shop"})
    await client.post(f"/api/v1/cdp/sources/{created['id']}/rotate-key")
    async with acme.scopes() as scope:
        trail = list(
            await scope.session.execute(
                text("select action, before, after from audit_logs where entity = 'cdp_sources' order by id")
            )
        )
    assert [row.action for row in trail] == [
        "cdp.sources.created",
        "cdp.sources.changed",
        "cdp.sources.key_rotated",
    ]
    assert created["write_key"] not in str(trail)


async def test_another_tenants_source_does_not_exist(client: AsyncClient, globex: Company) -> None:
    created = await _create(client)
    foreign = globex.client()
    path = f"/api/v1/cdp/sources/{created['id']}"
    assert (await foreign.patch(path, json={"enabled": False})).status_code == 404
    assert (await foreign.post(f"{path}/rotate-key")).status_code == 404
    assert (await foreign.get("/api/v1/cdp/sources")).json()["items"] == []


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.ANALYST, 403), (Role.MANAGER, 201)])
async def test_who_may_create_a_source(acme: Company, role: Role, status: int) -> None:
    answer = await acme.client(role).post("/api/v1/cdp/sources", json={"name": "Shop"})
    assert answer.status_code == status


async def test_an_address_that_guesses_keys_waits_before_one_more_is_looked_up(
    app: FastAPI, acme: Company
) -> None:
    source = await make_source(acme)
    guess = f"wk_{acme.id}_{uuid7().hex}_secret"
    async with (
        client_of(app, address="203.0.113.77") as guesser,
        client_of(app, address="203.0.113.78") as other,
    ):
        assert (await _send(guesser, source.key)).status_code == 200
        refused, guesses = await _send(guesser, guess), 1
        while refused.status_code == 401 and guesses < 600:
            refused, guesses = await _send(guesser, guess), guesses + 1
        assert refused.status_code == 429
        assert guesses > 50
        assert refused.json()["code"] == "cdp.sources.too_many_unknown_keys"
        assert 1 <= int(refused.headers["Retry-After"]) <= 5
        wait = int(refused.headers["X-RateLimit-Reset"]) - time.time() * 1000
        assert 0 < wait <= 5_000
        # Neither another address nor a key that was good a moment ago has to wait for the guesser.
        assert (await _send(other, guess)).status_code == 401
        assert (await _send(guesser, source.key)).status_code == 200


async def _send(client: AsyncClient, key: str) -> Response:
    return await client.post("/v1/batch", json={"batch": [], "writeKey": key})
