import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select, text, update

from app.auth.jwt import create_access_token
from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.config import Settings
from app.core.ids import uuid7
from app.core.security import token_hash
from app.db.session import open_global, open_scope
from app.main import create_app
from app.models.audit_logs import AuditLogEntry
from app.models.auth.sessions import UserSession
from app.models.tenants import Membership
from app.models.users import User
from app.services.auth.sessions import rules
from tests.factories.access import PASSWORD, Company, Person, client_of
from tests.factories.sign_in import PROGRAM, bearer, hashes, log_in, me, refreshed, signed_in

CACHE_SECONDS = 2.1


async def test_a_browser_signs_in_and_gets_its_refresh_token_where_no_script_reads_it(
    anonymous: AsyncClient, acme: Company
) -> None:
    person = acme.person(Role.MANAGER)
    answer = await log_in(anonymous, person)
    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["tenant_id"], body["refresh_token"]) == ("bearer", acme.id, None)
    assert body["tenants"] == [{"id": acme.id, "name": "Acme", "role": "manager"}]
    assert body["user"]["email"] == person.email
    refresh, csrf = answer.headers.get_list("set-cookie")
    assert "HttpOnly" in refresh
    assert "Path=/api/v1/auth;" in refresh
    assert "SameSite=strict" in refresh
    assert "HttpOnly" not in csrf
    assert await me(anonymous, body["access_token"]) == 200


async def test_in_production_settings_the_cookies_are_secure(settings: Settings, acme: Company) -> None:
    app = create_app(settings.model_copy(update={"cookie_secure": True}))
    async with client_of(app) as client:
        cookies = (await log_in(client, acme.person())).headers.get_list("set-cookie")
    await _close(app)
    assert ["Secure" in cookie for cookie in cookies] == [True, True]


async def test_a_program_gets_its_refresh_token_in_the_body_and_no_cookie(
    anonymous: AsyncClient, acme: Company
) -> None:
    answer = await log_in(anonymous, acme.person(), headers=PROGRAM)
    assert answer.json()["refresh_token"].startswith("rt_")
    assert "set-cookie" not in answer.headers


async def test_an_unknown_address_a_wrong_password_and_a_locked_account_look_the_same(
    anonymous: AsyncClient, acme: Company
) -> None:
    person = acme.person()
    wrong = await log_in(anonymous, person, "not the password")
    counted = await hashes(anonymous)
    unknown = await anonymous.post(
        "/api/v1/auth/login", json={"email": f"{uuid7()}@acme.example", "password": PASSWORD}
    )
    assert await hashes(anonymous) == counted + 1
    for _ in range(4):
        await log_in(anonymous, person, "not the password")
    locked = await log_in(anonymous, person)
    answers = [
        (each.status_code, each.json()["error"], each.json()["code"]) for each in (wrong, unknown, locked)
    ]
    assert answers == [answers[0]] * 3
    assert answers[0][::2] == (401, "auth.invalid_credentials")


async def test_five_failures_lock_the_account_for_fifteen_minutes(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    person = acme.person()
    for _ in range(5):
        assert (await log_in(anonymous, person, "wrong")).status_code == 401
    assert (await log_in(anonymous, person)).status_code == 401
    async with open_global(app.state.engine) as session:
        user = await session.get_one(User, person.id)
        assert user.failed_logins == 5
        assert user.locked_until is not None
        left = user.locked_until - real_now()
        assert 890 < left.total_seconds() <= 900
        user.locked_until = real_now()
    assert (await log_in(anonymous, person)).status_code == 200
    async with open_global(app.state.engine) as session:
        assert (await session.get_one(User, person.id)).failed_logins == 0


@pytest.mark.parametrize(
    ("failures", "ago", "expected"),
    [
        (0, None, (1, False)),
        (3, timedelta(minutes=1), (4, False)),
        (4, timedelta(minutes=14, seconds=59), (5, True)),
        (4, timedelta(minutes=15), (1, False)),
        (9, timedelta(minutes=1), (10, True)),
    ],
)
def test_failures_add_up_within_a_quarter_of_an_hour(
    failures: int, ago: timedelta | None, expected: tuple[int, bool]
) -> None:
    now = real_now()
    lock = rules.after_failure(failures, now - ago if ago else None, now)
    assert (lock.failures, rules.is_locked(lock.until, now)) == expected


async def test_failures_at_the_same_moment_are_each_counted(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    person = acme.person()
    await asyncio.gather(*(log_in(anonymous, person, "wrong") for _ in range(5)))
    async with open_global(app.state.engine) as session:
        assert (await session.get_one(User, person.id)).failed_logins == 5


async def test_a_password_that_is_replaced_while_it_is_checked_opens_nothing(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    person = acme.person()
    slow = PasswordHash((Argon2Hasher(time_cost=12, memory_cost=65_536, parallelism=1),)).hash(PASSWORD)
    async with open_global(app.state.engine) as session:
        (await session.get_one(User, person.id)).password_hash = slow
    checked = asyncio.create_task(log_in(anonymous, person))
    await asyncio.sleep(0.15)
    async with open_global(app.state.engine) as session:
        (await session.get_one(User, person.id)).password_hash = "replaced"
    assert (await checked).status_code == 401


async def test_an_unverified_address_cannot_sign_in_even_with_the_right_password(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    person = acme.person()
    async with open_global(app.state.engine) as session:
        await session.execute(update(User).where(User.id == person.id).values(email_verified_at=None))
    answer = await log_in(anonymous, person)
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.email_not_verified")


async def test_each_refresh_replaces_the_token(anonymous: AsyncClient, acme: Company) -> None:
    first = await signed_in(anonymous, acme.person())
    second = (await refreshed(anonymous, first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert await me(anonymous, second["access_token"]) == 200


async def test_a_replaced_refresh_token_ends_the_whole_session(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    first = await signed_in(anonymous, acme.person())
    second = (await refreshed(anonymous, first["refresh_token"])).json()
    stolen = await refreshed(anonymous, first["refresh_token"])
    assert (stolen.status_code, stolen.json()["code"]) == (401, "auth.refresh_reused")
    assert (await refreshed(anonymous, second["refresh_token"])).status_code == 401
    assert await me(anonymous, second["access_token"]) == 401
    async with acme.scopes() as scope:
        endings = await scope.session.scalars(
            select(AuditLogEntry.after).where(AuditLogEntry.action == "auth.session_ended")
        )
        assert endings.all() == [{"reason": "reuse"}]


async def test_a_token_replaced_long_ago_is_recognised_too(anonymous: AsyncClient, acme: Company) -> None:
    tokens = [(await signed_in(anonymous, acme.person()))["refresh_token"]]
    for _ in range(3):
        tokens.append((await refreshed(anonymous, tokens[-1])).json()["refresh_token"])
    assert (await refreshed(anonymous, tokens[0])).json()["code"] == "auth.refresh_reused"
    assert (await refreshed(anonymous, tokens[-1])).status_code == 401


async def test_the_last_token_is_recognised_whatever_became_of_the_key_that_sealed_it(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    token = (await signed_in(anonymous, acme.person()))["refresh_token"]
    body, _, _ = token.rpartition("_")
    under_another_key = f"{body}_{'0' * 32}"
    async with open_global(app.state.engine) as session:
        row = await session.get_one(UserSession, UUID(body.split("_")[1]))
        row.previous_hash = token_hash(under_another_key)
    assert (await refreshed(anonymous, under_another_key)).json()["code"] == "auth.refresh_reused"
    assert (await refreshed(anonymous, token)).status_code == 401


async def test_a_guessed_refresh_token_ends_nobodys_session(anonymous: AsyncClient, acme: Company) -> None:
    token = (await signed_in(anonymous, acme.person()))["refresh_token"]
    prefix, session_id, _, seal = token.split("_")
    guess = f"{prefix}_{session_id}_{'0' * 64}_{seal}"
    assert (await refreshed(anonymous, guess)).json()["code"] == "auth.session_ended"
    out = await anonymous.post("/api/v1/auth/logout", json={"refresh_token": guess})
    assert out.status_code == 204
    assert (await refreshed(anonymous, token)).status_code == 200


async def test_of_two_refreshes_at_once_one_wins_and_the_session_ends(
    anonymous: AsyncClient, acme: Company
) -> None:
    token = (await signed_in(anonymous, acme.person()))["refresh_token"]
    answers = await asyncio.gather(*(refreshed(anonymous, token) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 401]


async def _as_tab(cookies: dict[str, str], client: AsyncClient, csrf: str) -> Response:
    """A tab that read its cookies a moment ago."""
    sent = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return await client.post("/api/v1/auth/refresh", headers={"Cookie": sent, "X-CSRF-Token": csrf})


async def _rotated_before(app: FastAPI, person: Person, ago: timedelta) -> None:
    async with open_global(app.state.engine) as session:
        await session.execute(
            update(UserSession)
            .where(UserSession.user_id == person.id, UserSession.rotated_at.is_not(None))
            .values(rotated_at=real_now() - ago)
        )


async def test_two_tabs_that_refresh_at_once_go_on_with_one_token(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    csrf = (await log_in(anonymous, acme.person())).json()["csrf_token"]
    cookies = dict(anonymous.cookies)
    async with client_of(app) as first, client_of(app) as second:
        answers = await asyncio.gather(_as_tab(cookies, first, csrf), _as_tab(cookies, second, csrf))
        assert [answer.status_code for answer in answers] == [200, 200]
        tokens = {answer.cookies["stratum_refresh"] for answer in answers}
        assert len(tokens) == 1
        next_cookies = cookies | {"stratum_refresh": tokens.pop()}
        assert (await _as_tab(next_cookies, first, csrf)).status_code == 200
        # What both had is two exchanges old now: whoever sends it still kept a copy.
        copied = await _as_tab(cookies, second, csrf)
        assert (copied.status_code, copied.json()["code"]) == (401, "auth.refresh_reused")


async def test_a_cookie_that_was_exchanged_some_time_ago_ends_the_session(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    csrf = (await log_in(anonymous, acme.person())).json()["csrf_token"]
    cookies = dict(anonymous.cookies)
    async with client_of(app) as tab:
        assert (await _as_tab(cookies, tab, csrf)).status_code == 200
        await _rotated_before(app, acme.person(), timedelta(seconds=11))
        assert (await _as_tab(cookies, tab, csrf)).json()["code"] == "auth.refresh_reused"


async def test_a_session_that_nobody_used_for_a_week_has_ended(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    used, idle = [await signed_in(anonymous, acme.person()) for _ in range(2)]
    async with open_global(app.state.engine) as session:
        rows = (
            await session.scalars(
                select(UserSession)
                .where(UserSession.user_id == acme.person().id)
                .order_by(UserSession.created_at.desc())
            )
        ).all()
        rows[0].last_used_at = real_now() - timedelta(days=7, minutes=1)
        rows[1].last_used_at = real_now() - timedelta(days=6, hours=23)
        ids = [str(row.id) for row in rows]
    listed = (await acme.client().get("/api/v1/auth/sessions")).json()["items"]
    assert ids[0] not in {each["id"] for each in listed}
    assert ids[1] in {each["id"] for each in listed}
    answer = await refreshed(anonymous, idle["refresh_token"])
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.session_ended")
    assert (await refreshed(anonymous, used["refresh_token"])).status_code == 200


async def test_a_cookie_alone_does_not_refresh_or_sign_out(anonymous: AsyncClient, acme: Company) -> None:
    csrf = (await log_in(anonymous, acme.person())).json()["csrf_token"]
    for path in ("refresh", "logout"):
        for sent in ({}, {"X-CSRF-Token": "0" * 64}):
            answer = await anonymous.post(f"/api/v1/auth/{path}", headers=sent)
            assert (answer.status_code, answer.json()["code"]) == (403, "auth.csrf_failed")
    answer = await anonymous.post("/api/v1/auth/refresh", headers={"X-CSRF-Token": csrf})
    assert answer.status_code == 200


async def test_a_csrf_cookie_of_ones_own_making_does_not_pass(anonymous: AsyncClient, acme: Company) -> None:
    await log_in(anonymous, acme.person())
    anonymous.cookies.set("stratum_csrf", "forged", domain="testserver.local", path="/")
    cookies = "; ".join(
        f"{each.name}={each.value}" for each in anonymous.cookies.jar if each.name != "stratum_csrf"
    )
    answer = await anonymous.post(
        "/api/v1/auth/refresh",
        headers={"Cookie": f"{cookies}; stratum_csrf=forged", "X-CSRF-Token": "forged"},
    )
    assert answer.json()["code"] == "auth.csrf_failed"


async def test_the_header_alone_does_not_pass_without_its_cookie(
    anonymous: AsyncClient, acme: Company
) -> None:
    csrf = (await log_in(anonymous, acme.person())).json()["csrf_token"]
    answer = await anonymous.post(
        "/api/v1/auth/refresh",
        headers={"Cookie": f"stratum_refresh={anonymous.cookies['stratum_refresh']}", "X-CSRF-Token": csrf},
    )
    assert answer.json()["code"] == "auth.csrf_failed"


async def test_a_page_of_another_site_cannot_sign_anybody_in(anonymous: AsyncClient, acme: Company) -> None:
    answer = await log_in(anonymous, acme.person(), headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.foreign_origin")
    assert (
        await log_in(anonymous, acme.person(), headers={"Origin": "http://testserver"})
    ).status_code == 200


async def test_signing_out_ends_the_session_and_takes_the_cookies(
    anonymous: AsyncClient, acme: Company
) -> None:
    body = (await log_in(anonymous, acme.person())).json()
    token = anonymous.cookies["stratum_refresh"]
    answer = await anonymous.post("/api/v1/auth/logout", headers={"X-CSRF-Token": body["csrf_token"]})
    assert answer.status_code == 204
    assert "stratum_refresh" not in anonymous.cookies
    assert (await refreshed(anonymous, token)).status_code == 401
    assert await me(anonymous, body["access_token"]) == 401


async def test_a_program_signs_out_by_its_access_token(anonymous: AsyncClient, acme: Company) -> None:
    body = await signed_in(anonymous, acme.person())
    assert (
        await anonymous.post("/api/v1/auth/logout", headers=bearer(body["access_token"]))
    ).status_code == 204
    assert (await refreshed(anonymous, body["refresh_token"])).status_code == 401


async def test_a_deactivated_persons_token_stops_within_seconds(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    body = await signed_in(anonymous, acme.person())
    assert await me(anonymous, body["access_token"]) == 200
    async with open_global(app.state.engine) as session:
        await session.execute(update(User).where(User.id == acme.person().id).values(is_active=False))
    assert (await log_in(anonymous, acme.person())).status_code == 401
    await asyncio.sleep(CACHE_SECONDS)
    assert await me(anonymous, body["access_token"]) == 401
    assert (await refreshed(anonymous, body["refresh_token"])).status_code == 401


ENDINGS = {
    "account": "update users set is_active = false where id = :person",
    "membership": "update memberships set is_active = false where user_id = :person",
    "company": "update tenants set is_active = false where id = :company",
    "revoked session": "update user_sessions set revoked_at = now() where id = :session",
    "expired session": "update user_sessions set expires_at = now() where id = :session",
}
"""What ends a sign-in, each by itself: no other row tells of it."""


async def _end(company: Company, person: Person, ending: str) -> None:
    values = {"person": person.id, "company": company.id, "session": person.session_id}
    async with company.scopes() as scope:
        await scope.session.execute(text(ENDINGS[ending]), values)


@pytest.mark.parametrize("ending", ENDINGS)
async def test_an_access_token_dies_with_each_thing_that_it_rests_on(
    anonymous: AsyncClient, acme: Company, ending: str
) -> None:
    person = acme.person(Role.VIEWER)
    await _end(acme, person, ending)
    # One that the two-second cache has not seen.
    token = create_access_token(person.id, acme.id, person.session_id)
    assert await me(anonymous, token) == 401


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_refresh_token_dies_with_each_thing_that_it_rests_on(
    anonymous: AsyncClient, acme: Company, ending: str
) -> None:
    person = acme.person(Role.VIEWER)
    held = await signed_in(anonymous, person)
    here = replace(person, session_id=UUID(held["refresh_token"].split("_")[1]))
    await _end(acme, here, ending)
    assert (await refreshed(anonymous, held["refresh_token"])).status_code == 401


async def test_me_says_who_where_and_what_is_allowed(acme: Company) -> None:
    body = (await acme.client(Role.VIEWER).get("/api/v1/auth/me")).json()
    assert (body["role"], body["tenant"]["id"]) == ("viewer", acme.id)
    assert "campaigns:read" in body["permissions"]
    assert "campaigns:write" not in body["permissions"]


async def test_one_person_works_for_two_companies(
    app: FastAPI, anonymous: AsyncClient, acme: Company, globex: Company
) -> None:
    person = acme.person(Role.ANALYST)
    async with globex.scopes() as scope:
        scope.session.add(Membership(user_id=person.id, role=Role.VIEWER))
    body = await signed_in(anonymous, person)
    assert {each["id"]: each["role"] for each in body["tenants"]} == {acme.id: "analyst", globex.id: "viewer"}
    answer = await anonymous.post(
        "/api/v1/auth/switch-tenant",
        json={"tenant_id": globex.id},
        headers={**bearer(body["access_token"]), **PROGRAM},
    )
    there = answer.json()
    assert (answer.status_code, there["tenant_id"]) == (200, globex.id)
    assert await me(anonymous, there["access_token"]) == 200
    assert (await refreshed(anonymous, body["refresh_token"])).json()["tenant_id"] == globex.id


async def test_an_access_token_is_never_traded_for_a_refresh_token(
    anonymous: AsyncClient, acme: Company
) -> None:
    person = acme.person()
    answer = await anonymous.post(
        "/api/v1/auth/switch-tenant",
        json={"tenant_id": acme.id},
        headers={**bearer(person.token), **PROGRAM},
    )
    assert (answer.status_code, answer.json()["refresh_token"]) == (200, None)
    assert "set-cookie" not in answer.headers


async def test_a_header_cannot_bring_the_browsers_refresh_token_into_a_scripts_hands(
    anonymous: AsyncClient, acme: Company
) -> None:
    body = (await log_in(anonymous, acme.person())).json()
    answer = await anonymous.post(
        "/api/v1/auth/refresh", headers={"X-CSRF-Token": body["csrf_token"], **PROGRAM}
    )
    assert (answer.status_code, answer.json()["refresh_token"]) == (200, None)
    assert "stratum_refresh" in answer.headers["set-cookie"]


@pytest.mark.parametrize("role", [Role.ANALYST, Role.SUPERADMIN])
async def test_the_token_of_before_a_switch_opens_nothing(
    anonymous: AsyncClient, acme: Company, globex: Company, role: Role
) -> None:
    person = acme.person(role)
    if role is not Role.SUPERADMIN:
        async with globex.scopes() as scope:
            scope.session.add(Membership(user_id=person.id, role=Role.VIEWER))
    switched = await anonymous.post(
        "/api/v1/auth/switch-tenant", json={"tenant_id": globex.id}, headers=bearer(person.token)
    )
    assert switched.status_code == 200
    # One that the two-second cache has not seen.
    old = create_access_token(person.id, acme.id, person.session_id)
    assert await me(anonymous, old) == 401


async def test_a_session_that_has_just_ended_goes_to_no_other_company(acme: Company) -> None:
    """Its principal is remembered for two seconds; the session itself is read when it moves."""
    assert (await acme.client().get("/api/v1/auth/me")).status_code == 200
    await _end(acme, acme.person(), "revoked session")
    answer = await acme.client().post("/api/v1/auth/switch-tenant", json={"tenant_id": acme.id})
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.session_ended")


async def test_nobody_enters_a_company_that_was_closed(acme: Company, globex: Company) -> None:
    await _end(globex, globex.person(), "company")
    answer = await acme.client(Role.SUPERADMIN).post(
        "/api/v1/auth/switch-tenant", json={"tenant_id": globex.id}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.not_a_member")


async def test_nobody_switches_to_a_company_that_they_do_not_belong_to(
    acme: Company, globex: Company
) -> None:
    answer = await acme.client().post("/api/v1/auth/switch-tenant", json={"tenant_id": globex.id})
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.not_a_member")


async def test_a_superadmin_enters_any_company_and_its_audit_trail_says_so(
    app: FastAPI, anonymous: AsyncClient, acme: Company, globex: Company
) -> None:
    answer = await acme.client(Role.SUPERADMIN).post(
        "/api/v1/auth/switch-tenant", json={"tenant_id": globex.id}
    )
    assert answer.status_code == 200
    assert await me(anonymous, answer.json()["access_token"]) == 200
    async with open_scope(app.state.engine, globex.id) as scope:
        entry = await scope.session.scalar(
            select(AuditLogEntry).where(AuditLogEntry.action == "auth.superadmin_entered")
        )
    assert entry is not None
    assert (entry.actor_kind, entry.actor_id) == ("superadmin", acme.person(Role.SUPERADMIN).id)


async def test_sessions_are_listed_and_revoked_one_by_one(anonymous: AsyncClient, acme: Company) -> None:
    person = acme.person()
    other = await signed_in(anonymous, person)
    sessions = (await acme.client().get("/api/v1/auth/sessions")).json()
    current = [each["id"] for each in sessions["items"] if each["current"]]
    others = [each["id"] for each in sessions["items"] if not each["current"]]
    assert (sessions["total"], current, len(others)) == (2, [str(person.session_id)], 1)
    assert (await acme.client().delete(f"/api/v1/auth/sessions/{others[0]}")).status_code == 204
    assert await me(anonymous, other["access_token"]) == 401
    assert (await acme.client().delete(f"/api/v1/auth/sessions/{others[0]}")).status_code == 404


async def test_another_persons_session_does_not_exist(app: FastAPI, acme: Company) -> None:
    theirs = acme.person(Role.MANAGER).session_id
    assert (await acme.client().delete(f"/api/v1/auth/sessions/{theirs}")).status_code == 404
    async with open_global(app.state.engine) as session:
        assert (await session.get_one(UserSession, theirs)).revoked_at is None


async def test_with_redis_down_people_sign_in_and_read(settings: Settings, acme: Company) -> None:
    app = create_app(
        settings.model_copy(update={"redis_url": type(settings.redis_url)("redis://127.0.0.1:9/0")})
    )
    async with client_of(app) as client:
        body = await signed_in(client, acme.person())
        assert await me(client, body["access_token"]) == 200
    await _close(app)


async def test_checking_passwords_does_not_hold_up_other_requests(anonymous: AsyncClient) -> None:
    """Turns of the loop are counted, not time: on the loop itself a hash would leave it a handful."""
    nobody = {"email": f"{uuid7()}@acme.example", "password": PASSWORD}
    logins = asyncio.gather(*(anonymous.post("/api/v1/auth/login", json=nobody) for _ in range(4)))
    answered = 0
    while not logins.done():
        assert (await anonymous.get("/health/live")).status_code == 200
        await asyncio.sleep(0.002)
        answered += 1
    assert [answer.status_code for answer in logins.result()] == [401] * 4
    assert answered > 30


async def _close(app: FastAPI) -> None:
    await app.state.redis.aclose()
    await app.state.engine.dispose()
