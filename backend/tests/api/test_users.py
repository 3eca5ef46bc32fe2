import asyncio
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import update

from app.auth.jwt import create_access_token
from app.auth.permissions import Role, permissions_of
from app.auth.principals import Principal
from app.db.session import open_global
from app.models.users import User
from app.services.users.errors import LastAdmin
from app.services.users.service import MemberService
from tests.factories.access import Company
from tests.factories.sign_in import me, refreshed, signed_in


async def _change(company: Company, user_id: UUID, by: Role = Role.ADMIN, **body: Any) -> Response:
    return await company.client(by).patch(f"/api/v1/users/{user_id}", json=body)


async def _code(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_members_are_listed_by_name_searched_and_paged(acme: Company) -> None:
    first = (await acme.client().get("/api/v1/users", params={"limit": 2})).json()
    assert (first["total"], first["pages"], first["has_next"], first["has_prev"]) == (5, 3, True, False)
    second = (await acme.client().get("/api/v1/users", params={"limit": 2, "page": 2})).json()
    names = [each["full_name"] for each in first["items"] + second["items"]]
    assert names == sorted(names)
    found = (await acme.client().get("/api/v1/users", params={"q": "viewer.", "role": "viewer"})).json()
    assert [each["id"] for each in found["items"]] == [str(acme.person(Role.VIEWER).id)]
    assert (await acme.client().get("/api/v1/users", params={"q": "%"})).json()["total"] == 0


async def test_a_role_changes_at_once_and_stands_in_the_audit_trail(acme: Company) -> None:
    viewer = acme.person(Role.VIEWER)
    before = (await acme.client().get("/api/v1/users", params={"role": "manager"})).json()["total"]
    answer = await _change(acme, viewer.id, role="manager")
    assert (answer.status_code, answer.json()["role"]) == (200, "manager")
    listed = (await acme.client().get("/api/v1/users", params={"role": "manager"})).json()
    assert str(viewer.id) in {each["id"] for each in listed["items"]}
    assert listed["total"] == before + 1
    entries = (await acme.client().get("/api/v1/audit-logs", params={"action": "users.changed"})).json()[
        "items"
    ]
    assert [(each["before"]["role"], each["after"]["role"]) for each in entries] == [("viewer", "manager")]


async def test_deactivating_ends_the_persons_sessions_here(anonymous: AsyncClient, acme: Company) -> None:
    viewer = acme.person(Role.VIEWER)
    held = await signed_in(anonymous, viewer)
    assert (await _change(acme, viewer.id, is_active=False)).json()["is_active"] is False
    assert await me(anonymous, held["access_token"]) == 401
    assert (await refreshed(anonymous, held["refresh_token"])).status_code == 401
    assert (await _change(acme, viewer.id, is_active=True)).json()["is_active"] is True
    assert "access_token" in await signed_in(anonymous, viewer)


async def test_a_removed_person_is_out(anonymous: AsyncClient, acme: Company) -> None:
    viewer = acme.person(Role.VIEWER)
    assert (await acme.client().delete(f"/api/v1/users/{viewer.id}")).status_code == 204
    assert await me(anonymous, create_access_token(viewer.id, acme.id, viewer.session_id)) == 401
    assert (await acme.client().delete(f"/api/v1/users/{viewer.id}")).status_code == 404


async def test_superadmin_is_no_role_to_give(acme: Company) -> None:
    answer = await _change(acme, acme.person(Role.VIEWER).id, role="superadmin")
    assert answer.status_code == 422


async def test_the_last_admin_cannot_leave_step_down_or_be_switched_off(app: FastAPI, acme: Company) -> None:
    admin, other = acme.person(Role.ADMIN), acme.person(Role.SUPERADMIN)
    assert (await acme.client().delete(f"/api/v1/users/{other.id}")).status_code == 204
    for body in ({"role": "viewer"}, {"is_active": False}):
        assert await _code(await _change(acme, admin.id, **body)) == (409, "users.last_admin")
    refused = await acme.client().delete(f"/api/v1/users/{admin.id}")
    assert await _code(refused) == (409, "users.last_admin")
    listed = (await acme.client().get("/api/v1/users", params={"role": "admin"})).json()
    assert [(each["id"], each["is_active"]) for each in listed["items"]] == [(str(admin.id), True)]


async def test_two_admins_who_demote_each_other_at_once_leave_one(acme: Company) -> None:
    """The superadmin holds an admin's membership here, so there are two; the second waits for the first."""
    first, second = acme.person(Role.ADMIN), acme.person(Role.SUPERADMIN)

    async def demote(person_id: UUID, held: asyncio.Event) -> None:
        async with acme.scopes() as scope:
            principal = Principal(scope.actor, person_id, acme.id, Role.ADMIN, permissions_of(Role.ADMIN))
            await MemberService(scope, principal).change(person_id, role=Role.VIEWER, is_active=None)
            await held.wait()

    held, free = asyncio.Event(), asyncio.Event()
    free.set()
    one = asyncio.create_task(demote(second.id, held))
    await asyncio.sleep(0.3)
    two = asyncio.create_task(demote(first.id, free))
    await asyncio.sleep(0.3)
    held.set()
    await one
    with pytest.raises(LastAdmin):
        await two


async def test_only_a_superadmin_changes_a_protected_person(app: FastAPI, acme: Company) -> None:
    viewer = acme.person(Role.VIEWER)
    async with open_global(app.state.engine) as session:
        await session.execute(update(User).where(User.id == viewer.id).values(is_protected=True))
    assert await _code(await _change(acme, viewer.id, role="analyst")) == (403, "users.protected")
    refused = await acme.client().delete(f"/api/v1/users/{viewer.id}")
    assert await _code(refused) == (403, "users.protected")
    assert (await _change(acme, viewer.id, by=Role.SUPERADMIN, role="analyst")).status_code == 200


async def test_nothing_asked_is_an_error(acme: Company) -> None:
    assert (await _change(acme, acme.person(Role.VIEWER).id)).status_code == 422
