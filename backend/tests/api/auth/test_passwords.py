from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from app.auth.jwt import create_access_token
from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import open_global
from app.models.users import User
from tests.factories.access import PASSWORD, Company, Person
from tests.factories.mail import mail_tasks, open_mailbox
from tests.factories.sign_in import log_in, me, refreshed, signed_in

NEW = "quite another password"


async def _forgot(client: AsyncClient, email: str) -> Response:
    return await client.post("/api/v1/auth/password/forgot", json={"email": email})


async def _link(client: AsyncClient, company: Company, person: Person, settings: Settings) -> str:
    await _forgot(client, person.email)
    async with open_mailbox(settings) as mailbox:
        mails = await mailbox.deliver(company.scopes)
    assert mails[-1].to == person.email
    return mails[-1].token


async def _reset(client: AsyncClient, token: str, password: str = NEW) -> Response:
    return await client.post("/api/v1/auth/password/reset", json={"token": token, "password": password})


async def test_a_forgotten_password_is_set_anew_and_every_session_ends(
    anonymous: AsyncClient, acme: Company, settings: Settings
) -> None:
    person = acme.person()
    held = await signed_in(anonymous, person)
    token = await _link(anonymous, acme, person, settings)
    assert (await _reset(anonymous, token)).status_code == 200
    assert (await refreshed(anonymous, held["refresh_token"])).status_code == 401
    assert await me(anonymous, held["access_token"]) == 401
    assert (await log_in(anonymous, person)).status_code == 401
    assert (await log_in(anonymous, person, NEW)).status_code == 200


async def test_a_reset_link_works_once_and_a_newer_one_replaces_it(
    anonymous: AsyncClient, acme: Company, settings: Settings
) -> None:
    person = acme.person()
    first = await _link(anonymous, acme, person, settings)
    second = await _link(anonymous, acme, person, settings)
    assert (await _reset(anonymous, first)).json()["code"] == "auth.link_invalid"
    assert (await _reset(anonymous, second)).status_code == 200
    assert (await _reset(anonymous, second)).status_code == 422


async def test_a_verification_link_sets_no_password(
    anonymous: AsyncClient, acme: Company, settings: Settings
) -> None:
    token = await _link(anonymous, acme, acme.person(), settings)
    answer = await anonymous.post("/api/v1/auth/verify-email", json={"token": token, "password": PASSWORD})
    assert answer.json()["code"] == "auth.link_invalid"


async def test_a_reset_lifts_the_lock(
    app: FastAPI, anonymous: AsyncClient, acme: Company, settings: Settings
) -> None:
    person = acme.person()
    async with open_global(app.state.engine) as session:
        user = await session.get_one(User, person.id)
        user.failed_logins, user.locked_until = 5, real_now().replace(year=2099)
    await _reset(anonymous, await _link(anonymous, acme, person, settings))
    assert (await log_in(anonymous, person, NEW)).status_code == 200


async def test_an_unknown_address_gets_the_same_answer_and_no_mail(
    anonymous: AsyncClient, acme: Company
) -> None:
    known = await _forgot(anonymous, acme.person().email)
    unknown = await _forgot(anonymous, f"{uuid7()}@acme.example")
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json()) == (202, known.json())
    assert len(await mail_tasks(acme.scopes)) == 1


async def test_both_answers_take_the_time_of_the_slower(anonymous: AsyncClient, acme: Company) -> None:
    for email in (acme.person().email, f"{uuid7()}@acme.example"):
        assert float((await _forgot(anonymous, email)).headers["X-Process-Time-Ms"]) >= 300


async def test_a_changed_password_ends_every_session_this_one_too(
    anonymous: AsyncClient, acme: Company
) -> None:
    person = acme.person(Role.VIEWER)
    other = await signed_in(anonymous, person)
    answer = await acme.client(Role.VIEWER).post(
        "/api/v1/auth/password/change", json={"current_password": PASSWORD, "new_password": NEW}
    )
    assert answer.status_code == 200
    assert (await refreshed(anonymous, other["refresh_token"])).status_code == 401
    # A token that the two-second cache has not seen.
    assert await me(anonymous, create_access_token(person.id, acme.id, person.session_id)) == 401
    assert (await log_in(anonymous, person, NEW)).status_code == 200
    assert [each["kind"] for each in await mail_tasks(acme.scopes)] == ["password_changed"]


async def test_a_wrong_current_password_changes_nothing_and_counts(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    person = acme.person()
    body = {"current_password": "wrong", "new_password": NEW}
    for _ in range(5):
        answer = await acme.client().post("/api/v1/auth/password/change", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "auth.wrong_password")
    answer = await acme.client().post(
        "/api/v1/auth/password/change", json={**body, "current_password": PASSWORD}
    )
    assert answer.status_code == 422
    async with open_global(app.state.engine) as session:
        assert (await session.get_one(User, person.id)).locked_until is not None


async def test_an_api_key_changes_no_password(anonymous: AsyncClient, acme: Company) -> None:
    made = await acme.client().post("/api/v1/api-keys", json={"name": "k", "scopes": ["auth.self:write"]})
    assert made.json()["code"] == "api_keys.scope_not_allowed"
