import asyncio
from datetime import timedelta
from typing import Any

import pyotp
import time_machine
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from app.core.clock import real_now
from app.db.session import open_global
from app.models.auth.sessions import UserSession
from app.models.users import User
from tests.factories.access import PASSWORD, Company, Person
from tests.factories.sign_in import log_in, me


async def _enabled(company: Company) -> tuple[pyotp.TOTP, list[str]]:
    """Turn it on for the admin, with the code of the step before, so that this step's is unused."""
    secret = (await company.client().post("/api/v1/auth/mfa/enroll")).json()["secret"]
    totp = pyotp.TOTP(secret)
    answer = await company.client().post(
        "/api/v1/auth/mfa/confirm", json={"code": totp.at(real_now(), counter_offset=-1)}
    )
    assert answer.status_code == 200, answer.text
    return totp, answer.json()["backup_codes"]


async def _challenge(client: AsyncClient, person: Person) -> str:
    body = (await log_in(client, person)).json()
    assert set(body) == {"mfa_required", "mfa_token"}
    token: str = body["mfa_token"]
    return token


async def _verify(client: AsyncClient, token: str, code: str) -> Response:
    return await client.post("/api/v1/auth/mfa/verify", json={"mfa_token": token, "code": code})


async def _user(app: FastAPI, person: Person) -> User:
    async with open_global(app.state.engine) as session:
        return await session.get_one(User, person.id)


async def test_enrolling_shows_a_secret_that_counts_once_it_is_confirmed(
    anonymous: AsyncClient, acme: Company
) -> None:
    enrolment = (await acme.client().post("/api/v1/auth/mfa/enroll")).json()
    assert enrolment["otpauth_uri"].startswith("otpauth://totp/Stratum")
    assert enrolment["secret"] in enrolment["otpauth_uri"]
    assert enrolment["qr_svg"].startswith("<svg")
    assert "access_token" in (await log_in(anonymous, acme.person())).json()


async def test_with_a_second_factor_a_password_alone_opens_nothing(
    anonymous: AsyncClient, acme: Company
) -> None:
    totp, _ = await _enabled(acme)
    token = await _challenge(anonymous, acme.person())
    assert "stratum_refresh" not in anonymous.cookies
    assert await me(anonymous, token) == 401
    answer = await _verify(anonymous, token, totp.now())
    assert answer.status_code == 200
    assert await me(anonymous, answer.json()["access_token"]) == 200
    assert answer.json()["user"]["mfa_enabled"] is True


async def test_a_code_works_once(anonymous: AsyncClient, acme: Company) -> None:
    totp, _ = await _enabled(acme)
    code = totp.now()
    assert (await _verify(anonymous, await _challenge(anonymous, acme.person()), code)).status_code == 200
    again = await _verify(anonymous, await _challenge(anonymous, acme.person()), code)
    assert (again.status_code, again.json()["code"]) == (401, "auth.wrong_code")


async def test_of_two_uses_of_one_code_at_once_one_succeeds(anonymous: AsyncClient, acme: Company) -> None:
    totp, _ = await _enabled(acme)
    token, code = await _challenge(anonymous, acme.person()), totp.now()
    answers = await asyncio.gather(*(_verify(anonymous, token, code) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 401]


async def test_a_backup_code_works_once_however_it_is_typed(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    _, codes = await _enabled(acme)
    assert len(set(codes)) == 10
    typed = codes[3].replace("-", " ").lower()
    assert (await _verify(anonymous, await _challenge(anonymous, acme.person()), typed)).status_code == 200
    assert (await _verify(anonymous, await _challenge(anonymous, acme.person()), codes[3])).status_code == 401
    kept = (await _user(app, acme.person())).mfa_backup_hashes
    assert len(kept) == 9
    assert not any(code.encode() in b"".join(kept) for code in codes)


async def test_wrong_codes_lock_the_account_although_the_password_is_right_each_time(
    anonymous: AsyncClient, acme: Company
) -> None:
    totp, codes = await _enabled(acme)
    for _ in range(5):
        token = await _challenge(anonymous, acme.person())
        assert (await _verify(anonymous, token, "000000")).status_code == 401
    assert (await _verify(anonymous, token, totp.now())).status_code == 401
    assert (await _verify(anonymous, token, codes[0])).status_code == 401
    assert (await log_in(anonymous, acme.person())).status_code == 401


async def test_a_challenge_expires_and_dies_with_the_password(anonymous: AsyncClient, acme: Company) -> None:
    totp, codes = await _enabled(acme)
    token = await _challenge(anonymous, acme.person())
    with time_machine.travel(real_now().timestamp() + 400):
        expired = await _verify(anonymous, token, codes[0])
    assert (expired.status_code, expired.json()["code"]) == (401, "auth.invalid_token")
    body = {"current_password": PASSWORD, "new_password": "quite another password"}
    assert (await acme.client().post("/api/v1/auth/password/change", json=body)).status_code == 200
    dead = await _verify(anonymous, token, totp.now())
    assert (dead.status_code, dead.json()["code"]) == (401, "auth.invalid_token")


async def test_a_challenge_dies_with_the_account(app: FastAPI, anonymous: AsyncClient, acme: Company) -> None:
    totp, _ = await _enabled(acme)
    token = await _challenge(anonymous, acme.person())
    async with open_global(app.state.engine) as session:
        (await session.get_one(User, acme.person().id)).is_active = False
    answer = await _verify(anonymous, token, totp.now())
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.invalid_token")


async def test_an_access_token_is_no_challenge_and_a_challenge_no_access_token(
    anonymous: AsyncClient, acme: Company
) -> None:
    totp, _ = await _enabled(acme)
    answer = await _verify(anonymous, acme.person().token, totp.now())
    assert answer.json()["code"] == "auth.invalid_token"


async def test_turning_it_off_takes_password_and_code(
    app: FastAPI, anonymous: AsyncClient, acme: Company
) -> None:
    totp, codes = await _enabled(acme)

    async def disable(**body: Any) -> int:
        return (await acme.client().post("/api/v1/auth/mfa/disable", json=body)).status_code

    assert await disable(password="wrong", code=totp.now()) == 422
    assert await disable(password=PASSWORD, code="000000") == 422
    assert await disable(password=PASSWORD, code=codes[0]) == 204
    user = await _user(app, acme.person())
    assert (user.mfa_secret, user.mfa_backup_hashes) == (None, [])
    assert "access_token" in (await log_in(anonymous, acme.person())).json()


async def test_new_backup_codes_replace_the_old(anonymous: AsyncClient, acme: Company) -> None:
    totp, old = await _enabled(acme)
    answer = await acme.client().post("/api/v1/auth/mfa/backup-codes", json={"code": totp.now()})
    new = answer.json()["backup_codes"]
    assert not set(new) & set(old)
    token = await _challenge(anonymous, acme.person())
    assert (await _verify(anonymous, token, old[0])).status_code == 401
    assert (await _verify(anonymous, token, new[0])).status_code == 200


async def test_enrolling_again_does_not_replace_a_factor_that_is_on(acme: Company) -> None:
    await _enabled(acme)
    answer = await acme.client().post("/api/v1/auth/mfa/enroll")
    assert (answer.status_code, answer.json()["code"]) == (409, "auth.mfa_already_enabled")


async def test_the_secret_is_sealed_at_rest(app: FastAPI, acme: Company) -> None:
    totp, _ = await _enabled(acme)
    sealed = (await _user(app, acme.person())).mfa_secret
    assert sealed is not None
    assert totp.secret.encode() not in sealed


async def _signed_in_long_ago(app: FastAPI, person: Person) -> None:
    async with open_global(app.state.engine) as session:
        row = await session.get_one(UserSession, person.session_id)
        row.created_at = real_now() - timedelta(minutes=11)


async def test_an_open_session_of_some_time_ago_enrols_nobody_without_the_password(
    app: FastAPI, acme: Company
) -> None:
    client = acme.client()
    await _signed_in_long_ago(app, acme.person())
    nothing: list[dict[str, str] | None] = [None, {}]
    for body in nothing:
        answer = await client.post("/api/v1/auth/mfa/enroll", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.password_needed")
    wrong = await client.post("/api/v1/auth/mfa/enroll", json={"password": "not the password"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "auth.wrong_password")
    assert (await _user(app, acme.person())).mfa_secret is None
    assert (await client.post("/api/v1/auth/mfa/enroll", json={"password": PASSWORD})).status_code == 200


async def test_new_backup_codes_need_a_recent_proof_beside_the_code(app: FastAPI, acme: Company) -> None:
    totp, old = await _enabled(acme)
    await _signed_in_long_ago(app, acme.person())
    url = "/api/v1/auth/mfa/backup-codes"
    answer = await acme.client().post(url, json={"code": old[0]})
    assert answer.json()["code"] == "auth.password_needed"
    answer = await acme.client().post(url, json={"code": totp.now(), "password": PASSWORD})
    assert len(answer.json()["backup_codes"]) == 10
