import asyncio
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import text

from app.auth.permissions import Role, programs_part_of
from app.core.clock import real_now
from app.core.ids import uuid7
from app.models.api_keys import ApiKey
from tests.factories.access import Company

CACHE_SECONDS = 2.1


async def _create(company: Company, **body: Any) -> dict[str, Any]:
    answer = await company.client().post(
        "/api/v1/api-keys", json={"name": "CI", "scopes": ["tenants:read", "users:read"], **body}
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _status(client: AsyncClient, key: str, path: str = "/api/v1/tenants/current") -> int:
    return (await client.get(path, headers={"X-API-Key": key})).status_code


async def test_a_key_opens_what_its_scopes_name_and_nothing_else(
    anonymous: AsyncClient, acme: Company
) -> None:
    key = (await _create(acme))["key"]
    answer = await anonymous.get("/api/v1/tenants/current", headers={"X-API-Key": key})
    assert (answer.status_code, answer.json()["id"]) == (200, acme.id)
    assert await _status(anonymous, key, "/api/v1/users") == 200
    assert await _status(anonymous, key, "/api/v1/api-keys") == 403
    denied = await anonymous.patch("/api/v1/tenants/current", json={"name": "X"}, headers={"X-API-Key": key})
    assert denied.status_code == 403


async def test_a_key_is_shown_once_and_kept_as_a_hash(app: FastAPI, acme: Company) -> None:
    made = await _create(acme)
    [listed] = (await acme.client().get("/api/v1/api-keys")).json()["items"]
    assert "key" not in listed
    assert listed["prefix"] == made["prefix"]
    secret = made["key"].split("_", 3)[3]
    assert secret not in str(listed)
    async with acme.scopes() as scope:
        row = await scope.session.get_one(ApiKey, (acme.id, listed["id"]))
    assert secret.encode() not in row.secret_hash
    assert made["key"].split("_")[2].endswith(made["prefix"].rpartition("…")[2])


async def test_an_altered_key_opens_nothing(anonymous: AsyncClient, acme: Company, globex: Company) -> None:
    key = (await _create(acme))["key"]
    kind, _, key_id, secret = key.split("_", 3)
    for wrong in (
        key + "x",
        f"{kind}_{globex.id}_{key_id}_{secret}",
        f"{kind}_{acme.id}_{key_id}_",
        "sk_1",
        "?",
    ):
        assert await _status(anonymous, wrong) == 401


async def test_a_key_of_a_tenant_that_cannot_be_is_a_wrong_key(anonymous: AsyncClient) -> None:
    for tenant in ("99999999999", "0", "-1", "9" * 5_000):
        assert await _status(anonymous, f"sk_{tenant}_{'0' * 32}_secret") == 401


async def test_a_revoked_key_stops_within_seconds(anonymous: AsyncClient, acme: Company) -> None:
    made = await _create(acme)
    assert await _status(anonymous, made["key"]) == 200
    assert (await acme.client().delete(f"/api/v1/api-keys/{made['id']}")).status_code == 204
    await asyncio.sleep(CACHE_SECONDS)
    assert await _status(anonymous, made["key"]) == 401
    assert (await acme.client().delete(f"/api/v1/api-keys/{made['id']}")).status_code == 404


async def test_an_expired_key_opens_nothing(anonymous: AsyncClient, acme: Company) -> None:
    made = await _create(acme, expires_at=(real_now() + timedelta(hours=1)).isoformat())
    async with acme.scopes() as scope:
        row = await scope.session.get_one(ApiKey, (acme.id, made["id"]))
        row.expires_at = real_now() - timedelta(seconds=1)
    assert await _status(anonymous, made["key"]) == 401


async def test_last_use_is_shown(anonymous: AsyncClient, acme: Company) -> None:
    made = await _create(acme)
    assert made["last_used_at"] is None
    await _status(anonymous, made["key"])
    [listed] = (await acme.client().get("/api/v1/api-keys")).json()["items"]
    assert listed["last_used_at"] is not None


@pytest.mark.parametrize(
    "ending",
    [
        "update users set is_active = false where id = :maker",
        "update memberships set is_active = false where user_id = :maker",
        "update tenants set is_active = false where id = :company",
    ],
)
async def test_a_key_dies_with_its_makers_account_membership_or_company(
    anonymous: AsyncClient, acme: Company, ending: str
) -> None:
    key = (await _create(acme))["key"]
    values = {"maker": acme.person(Role.ADMIN).id, "company": acme.id}
    async with acme.scopes() as scope:
        await scope.session.execute(text(ending), values)
    assert await _status(anonymous, key) == 401


async def test_a_key_does_not_outlive_its_makers_role(anonymous: AsyncClient, acme: Company) -> None:
    scopes = ["audit_logs:read", "tenants:read", "users:read"]
    key = (await _create(acme, scopes=scopes))["key"]
    maker = acme.person(Role.ADMIN).id
    changed = await acme.client(Role.SUPERADMIN).patch(f"/api/v1/users/{maker}", json={"role": "viewer"})
    assert changed.status_code == 200
    assert await _status(anonymous, key, "/api/v1/users") == 200
    assert await _status(anonymous, key, "/api/v1/audit-logs") == 403
    removed = await acme.client(Role.SUPERADMIN).delete(f"/api/v1/users/{maker}")
    assert removed.status_code == 204
    await asyncio.sleep(CACHE_SECONDS)
    assert await _status(anonymous, key) == 401


async def test_an_expiry_in_the_past_is_refused(acme: Company) -> None:
    body = {"name": "x", "scopes": ["users:read"], "expires_at": "2020-01-01T00:00:00Z"}
    answer = await acme.client().post("/api/v1/api-keys", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "api_keys.expiry_passed")


async def _post_with(client: AsyncClient, key: str, path: str, body: dict[str, Any]) -> Response:
    return await client.post(f"/api/v1/{path}", json=body, headers={"X-API-Key": key})


async def test_a_key_makes_no_key(anonymous: AsyncClient, acme: Company) -> None:
    """Neither one with more rights, nor one that outlives it, nor any."""
    scopes = ["api_keys:write", "api_keys:read"]
    made = await _create(acme, scopes=scopes, expires_at=(real_now() + timedelta(hours=1)).isoformat())
    for body in ({"name": "Heir", "scopes": scopes}, {"name": "More", "scopes": ["users:write"]}):
        answer = await _post_with(anonymous, made["key"], "api-keys", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "api_keys.key_makes_no_key")
    assert [each["id"] for each in (await acme.client().get("/api/v1/api-keys")).json()["items"]] == [
        made["id"]
    ]
    other = await _create(acme)
    ended = await anonymous.delete(f"/api/v1/api-keys/{other['id']}", headers={"X-API-Key": made["key"]})
    assert ended.status_code == 204


async def test_a_key_gives_nobody_a_role_that_may_do_more_than_it(
    anonymous: AsyncClient, acme: Company
) -> None:
    key = (await _create(acme, scopes=["users:write", "invitations:write"]))["key"]
    invited = await _post_with(
        anonymous, key, "invitations", {"email": f"{uuid7()}@evil.example", "role": "admin"}
    )
    assert (invited.status_code, invited.json()["code"]) == (403, "users.role_above_own")
    raised = await anonymous.patch(
        f"/api/v1/users/{acme.person(Role.VIEWER).id}", json={"role": "admin"}, headers={"X-API-Key": key}
    )
    assert (raised.status_code, raised.json()["code"]) == (403, "users.role_above_own")


async def test_a_key_that_may_do_all_that_a_role_may_invites_to_it(
    anonymous: AsyncClient, acme: Company
) -> None:
    scopes = sorted(programs_part_of(Role.VIEWER) | {"invitations:write"})
    key = (await _create(acme, scopes=scopes))["key"]
    invited = await _post_with(
        anonymous, key, "invitations", {"email": f"{uuid7()}@new.example", "role": "viewer"}
    )
    assert invited.status_code == 201
