from typing import Any

from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import update

from app.auth.permissions import Role
from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import open_global
from app.models.users import User
from tests.factories.access import Company
from tests.factories.mail import Received, mail_tasks, open_mailbox
from tests.factories.sign_in import log_in

PASSWORD = "a password of some length"


async def _invite(company: Company, email: str, role: str = "manager") -> Response:
    return await company.client().post("/api/v1/invitations", json={"email": email, "role": role})


async def _mails(company: Company, settings: Settings) -> list[Received]:
    async with open_mailbox(settings) as mailbox:
        return await mailbox.deliver(company.scopes)


async def _accept(client: AsyncClient, token: str, **body: Any) -> Response:
    return await client.post("/api/v1/invitations/accept", json={"token": token, **body})


async def test_an_invited_stranger_chooses_name_and_password_and_is_a_member(
    anonymous: AsyncClient, acme: Company, settings: Settings
) -> None:
    email = f"{uuid7()}@new.example"
    invited = await _invite(acme, email)
    assert (invited.status_code, invited.json()["role"]) == (201, "manager")
    [mail] = await _mails(acme, settings)
    assert (mail.to, mail.subject) == (email, "You are invited to Acme")
    asked = await _accept(anonymous, mail.token)
    assert (asked.status_code, asked.json()["code"]) == (422, "invitations.account_needed")
    accepted = await _accept(anonymous, mail.token, full_name="Ian Vited", password=PASSWORD)
    assert (accepted.status_code, accepted.json()["email"]) == (200, email)
    body = (await anonymous.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})).json()
    assert body["tenants"] == [{"id": acme.id, "name": "Acme", "role": "manager"}]
    assert (await _accept(anonymous, mail.token)).json()["code"] == "invitations.invalid"


async def test_a_person_with_an_account_joins_without_a_new_password(
    anonymous: AsyncClient, acme: Company, globex: Company, settings: Settings
) -> None:
    person = globex.person(Role.ANALYST)
    await _invite(acme, person.email, "viewer")
    [mail] = await _mails(acme, settings)
    assert (await _accept(anonymous, mail.token)).status_code == 200
    body = (await log_in(anonymous, person)).json()
    assert {each["id"]: each["role"] for each in body["tenants"]} == {globex.id: "analyst", acme.id: "viewer"}


async def test_an_unverified_accounts_password_does_not_survive_the_invitation(
    app: FastAPI, anonymous: AsyncClient, acme: Company, globex: Company, settings: Settings
) -> None:
    """Else whoever registered another's address first would hold the account that is invited."""
    squatted = globex.person(Role.VIEWER)
    async with open_global(app.state.engine) as session:
        await session.execute(update(User).where(User.id == squatted.id).values(email_verified_at=None))
    await _invite(acme, squatted.email)
    [mail] = await _mails(acme, settings)
    assert (await _accept(anonymous, mail.token)).json()["code"] == "invitations.account_needed"
    assert (await _accept(anonymous, mail.token, full_name="The Owner", password=PASSWORD)).status_code == 200
    assert (await log_in(anonymous, squatted)).status_code == 401
    assert (await log_in(anonymous, squatted, PASSWORD)).status_code == 200


async def test_a_newer_invitation_replaces_an_older_and_a_revoked_one_opens_nothing(
    anonymous: AsyncClient, acme: Company, settings: Settings
) -> None:
    email = f"{uuid7()}@new.example"
    await _invite(acme, email, "admin")
    async with open_mailbox(settings) as mailbox:
        [first] = await mailbox.deliver(acme.scopes)
        second_id = (await _invite(acme, email, "viewer")).json()["id"]
        [second] = await mailbox.deliver(acme.scopes)
    account = {"full_name": "Ian Vited", "password": PASSWORD}
    assert (await _accept(anonymous, first.token, **account)).json()["code"] == "invitations.invalid"
    assert (await acme.client().delete(f"/api/v1/invitations/{second_id}")).status_code == 204
    assert (await _accept(anonymous, second.token, **account)).json()["code"] == "invitations.invalid"
    assert (await acme.client().delete(f"/api/v1/invitations/{second_id}")).status_code == 404


async def test_a_revoked_invitations_mail_is_not_sent(acme: Company, settings: Settings) -> None:
    invited = (await _invite(acme, f"{uuid7()}@new.example")).json()
    await acme.client().delete(f"/api/v1/invitations/{invited['id']}")
    assert await _mails(acme, settings) == []


async def test_an_invitation_of_another_company_cannot_be_made_of_ones_own(
    anonymous: AsyncClient, acme: Company, globex: Company, settings: Settings
) -> None:
    await _invite(acme, f"{uuid7()}@new.example")
    [mail] = await _mails(acme, settings)
    moved = mail.token.replace(f"inv_{acme.id}_", f"inv_{globex.id}_")
    for token in (moved, "inv_1", "inv_x_y_z", f"inv_99999999999_{uuid7().hex}_00", mail.token + "0"):
        answer = await _accept(anonymous, token, full_name="X", password=PASSWORD)
        assert (answer.status_code, answer.json()["code"]) == (422, "invitations.invalid")


async def test_a_member_is_not_invited_again(acme: Company) -> None:
    answer = await _invite(acme, acme.person(Role.VIEWER).email.upper())
    assert (answer.status_code, answer.json()["code"]) == (409, "invitations.already_member")


async def test_the_token_lies_nowhere(acme: Company, settings: Settings) -> None:
    invited = (await _invite(acme, f"{uuid7()}@new.example")).json()
    [payload] = await mail_tasks(acme.scopes)
    assert payload == {"kind": "invitation", "invitation_id": invited["id"]}


async def test_invitations_are_listed_newest_first(acme: Company) -> None:
    emails = [f"{uuid7()}@new.example" for _ in range(3)]
    for email in emails:
        await _invite(acme, email)
    page = (await acme.client().get("/api/v1/invitations", params={"limit": 2})).json()
    assert [each["email"] for each in page["items"]] == emails[:0:-1]
    assert (page["total"], page["has_next"]) == (3, True)
