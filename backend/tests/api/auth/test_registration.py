import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import select

from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import Scopes, open_global, scopes_for
from app.models.tenants import Membership
from app.models.users import User
from app.services.notifications.mail.errors import MailNotSent
from app.services.people.service import People
from tests.factories.access import Company
from tests.factories.mail import Mailbox, mail_tasks, open_mailbox
from tests.factories.sign_in import hashes

PASSWORD = "a password of some length"


def _form(email: str, **changes: Any) -> dict[str, Any]:
    return {"email": email, "password": PASSWORD, "full_name": "Nora New", "company": "New & Sons"} | changes


async def _register(client: AsyncClient, email: str, **changes: Any) -> Response:
    return await client.post("/api/v1/auth/register", json=_form(email, **changes))


async def _log_in(client: AsyncClient, email: str, password: str = PASSWORD) -> Response:
    return await client.post("/api/v1/auth/login", json={"email": email, "password": password})


async def _verify(client: AsyncClient, token: str, password: str = PASSWORD) -> Response:
    return await client.post("/api/v1/auth/verify-email", json={"token": token, "password": password})


async def _home(app: FastAPI, email: str) -> Scopes:
    async with open_global(app.state.engine) as session:
        user = await People(session).by_email(email)
        assert user is not None
        home = await People(session).home(user)
    assert home is not None
    return scopes_for(app.state.engine, home)


async def test_whoever_registers_becomes_the_admin_of_a_company_once_the_mail_is_answered(
    app: FastAPI, anonymous: AsyncClient, settings: Settings
) -> None:
    email = f"{uuid7()}@new.example"
    assert (await _register(anonymous, email)).status_code == 202
    assert (await _log_in(anonymous, email)).json()["code"] == "auth.email_not_verified"
    async with open_mailbox(settings) as mailbox:
        [mail] = await mailbox.deliver(await _home(app, email))
    assert (mail.to, mail.subject) == (email, "Verify your address")
    assert (await _verify(anonymous, mail.token)).status_code == 200
    body = (await _log_in(anonymous, email)).json()
    assert [(each["name"], each["role"]) for each in body["tenants"]] == [("New & Sons", "admin")]


async def test_a_verification_link_works_once(
    app: FastAPI, anonymous: AsyncClient, settings: Settings
) -> None:
    email = f"{uuid7()}@new.example"
    await _register(anonymous, email)
    async with open_mailbox(settings) as mailbox:
        [mail] = await mailbox.deliver(await _home(app, email))
    answers = await asyncio.gather(*(_verify(anonymous, mail.token) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    forged = mail.token[:-1] + ("0" if mail.token[-1] != "0" else "1")
    answer = await _verify(anonymous, forged)
    assert answer.json()["code"] == "auth.link_invalid"


async def test_a_known_address_gets_the_same_answer_and_a_mail_that_says_so(
    app: FastAPI, anonymous: AsyncClient, acme: Company, settings: Settings
) -> None:
    counted = await hashes(anonymous)
    new = await _register(anonymous, f"{uuid7()}@new.example")
    known = await _register(anonymous, acme.person().email)
    assert await hashes(anonymous) == counted + 2
    assert (known.status_code, known.json()) == (new.status_code, new.json())
    async with open_mailbox(settings) as mailbox:
        [mail] = await mailbox.deliver(acme.scopes)
    assert (mail.to, mail.subject) == (acme.person().email, "You have an account already")
    assert (await _log_in(anonymous, acme.person().email)).status_code == 401


async def test_registering_an_address_again_takes_nothing_from_whoever_registered_it_first(
    app: FastAPI, anonymous: AsyncClient, settings: Settings
) -> None:
    """Both mails lie in the owner's mailbox: the attacker's link does nothing for the owner's password, nor theirs."""
    email, attackers = f"{uuid7()}@new.example", "the password of an attacker"
    await _register(anonymous, email)
    async with open_mailbox(settings) as mailbox:
        scopes = await _home(app, email)
        [mine] = await mailbox.deliver(scopes)
        await _register(anonymous, email, password=attackers, full_name="Mallory", company="Mallory Ltd")
        [theirs] = await mailbox.deliver(scopes)
    mistaken = await _verify(anonymous, theirs.token)
    assert (mistaken.status_code, mistaken.json()["code"]) == (422, "auth.not_its_password")
    assert (await _log_in(anonymous, email, attackers)).status_code == 401
    assert (await _verify(anonymous, mine.token)).status_code == 200
    assert (await _log_in(anonymous, email, attackers)).status_code == 401
    body = (await _log_in(anonymous, email)).json()
    assert (body["user"]["full_name"], body["tenants"][0]["name"]) == ("Nora New", "New & Sons")


async def test_an_address_that_somebody_else_registered_before_becomes_its_owners(
    app: FastAPI, anonymous: AsyncClient, settings: Settings
) -> None:
    email, attackers = f"{uuid7()}@new.example", "the password of an attacker"
    await _register(anonymous, email, password=attackers, full_name="Mallory", company="Mallory Ltd")
    async with open_mailbox(settings) as mailbox:
        scopes = await _home(app, email)
        [theirs] = await mailbox.deliver(scopes)
        await _register(anonymous, email)
        [mine] = await mailbox.deliver(scopes)
    assert (await _verify(anonymous, mine.token)).status_code == 200
    assert (await _verify(anonymous, theirs.token, attackers)).json()["code"] == "auth.link_invalid"
    assert (await _log_in(anonymous, email, attackers)).status_code == 401
    body = (await _log_in(anonymous, email)).json()
    assert (body["user"]["full_name"], body["tenants"][0]["name"]) == ("Nora New", "New & Sons")


async def test_a_link_alone_verifies_nothing(
    app: FastAPI, anonymous: AsyncClient, settings: Settings
) -> None:
    """Whoever never registered, and opens an attacker's link, makes no account for the attacker."""
    email = f"{uuid7()}@new.example"
    await _register(anonymous, email)
    async with open_mailbox(settings) as mailbox:
        [mail] = await mailbox.deliver(await _home(app, email))
    assert (await _verify(anonymous, mail.token, "not the password of it")).status_code == 422
    assert (await _log_in(anonymous, email)).json()["code"] == "auth.email_not_verified"
    assert (await _verify(anonymous, mail.token)).status_code == 200


async def test_a_new_password_by_mail_ends_what_registrations_wished(
    app: FastAPI, anonymous: AsyncClient, settings: Settings
) -> None:
    email = f"{uuid7()}@new.example"
    await _register(anonymous, email, password="the password of an attacker")
    async with open_mailbox(settings) as mailbox:
        scopes = await _home(app, email)
        [theirs] = await mailbox.deliver(scopes)
        await anonymous.post("/api/v1/auth/password/forgot", json={"email": email})
        [reset] = await mailbox.deliver(scopes)
    body = {"token": reset.token, "password": PASSWORD}
    assert (await anonymous.post("/api/v1/auth/password/reset", json=body)).status_code == 200
    refused = await _verify(anonymous, theirs.token, "the password of an attacker")
    assert refused.json()["code"] == "auth.link_invalid"
    assert (await _log_in(anonymous, email)).status_code == 200


async def test_two_registrations_at_once_make_one_account(app: FastAPI, anonymous: AsyncClient) -> None:
    email = f"{uuid7()}@new.example"
    answers = await asyncio.gather(*(_register(anonymous, email) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [202] * 3
    async with open_global(app.state.engine) as session:
        users = (await session.scalars(select(User).where(User.email == email))).all()
        assert len(users) == 1
        assert len(await People(session).tenants(users[0])) == 1
    async with (await _home(app, email))() as scope:
        assert len((await scope.session.scalars(select(Membership))).all()) == 1


async def test_no_token_lies_in_the_outbox(app: FastAPI, anonymous: AsyncClient, settings: Settings) -> None:
    email = f"{uuid7()}@new.example"
    await _register(anonymous, email)
    scopes = await _home(app, email)
    async with open_mailbox(settings) as mailbox:
        [mail] = await mailbox.deliver(scopes)
    [payload] = await mail_tasks(scopes)
    assert set(payload) == {"kind", "user_id", "token_id"}
    assert mail.token.rpartition("_")[2] not in str(payload)
    assert email not in str(payload)


async def test_what_is_missing_or_too_short_is_named(anonymous: AsyncClient) -> None:
    answer = await _register(anonymous, "not an address", password="short", company="a\x00b")
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["fields"]} == {
        "body.email",
        "body.password",
        "body.company",
    }


async def test_one_address_cannot_register_without_end(anonymous: AsyncClient, app: FastAPI) -> None:
    email = f"{uuid7()}@new.example"
    answers = [await _register(anonymous, email) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    refused = answers[-1]
    assert int(refused.headers["Retry-After"]) > 0
    assert int(refused.headers["X-RateLimit-Reset"]) > 1_700_000_000
    assert refused.json()["code"] == "too_many_requests"


async def test_a_dead_mail_server_is_an_error_that_is_tried_again(settings: Settings, acme: Company) -> None:
    async with acme.scopes() as scope:
        await scope.enqueue(
            "notifications.send_mail", {"kind": "password_changed", "user_id": str(acme.person().id)}
        )
    dead = Mailbox(settings.model_copy(update={"smtp_port": 9}))
    with pytest.raises(MailNotSent):
        await dead.deliver(acme.scopes)
