"""Links in messages: they ask before they act, act once, and as whom they were sent to."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy import select, update

from app.auth.permissions import Role
from app.core.clock import real_now
from app.db.session import Scopes
from app.models.audit_logs import AuditLogEntry
from app.models.autopilot.actions import AutopilotAction
from app.models.notifications import Notification
from app.models.notifications.links import NotificationLink
from app.models.tenants import Membership
from app.models.trust_engine.kinds import IncidentKind
from app.services.autopilot.actions.rules import ActionState
from app.services.autopilot.actions.service import AutopilotActions
from app.services.notifications.links.service import Links
from app.services.notifications.service import NotificationKind
from app.services.trust_engine.incidents.service import Incidents
from tests.factories.access import Company
from tests.factories.autopilot import Target, approved_action
from tests.factories.trust import BUDGET, make_account

URL = "/api/v1/notifications/links"


async def link_to(company: Company, kind: NotificationKind, user_id: UUID | None) -> str:
    async with company.scopes() as scope:
        told = await scope.session.scalar(select(Notification).where(Notification.kind == kind))
        assert told is not None
        token = await Links(scope).token(told, user_id)
    assert token is not None
    return token


async def an_incident(company: Company, role: Role | None = Role.MANAGER) -> tuple[UUID, str]:
    async with company.scopes() as scope:
        incident = await Incidents(scope).open(IncidentKind.SIGNAL_DEAD, "EMQ is dead.")
    user_id = company.person(role).id if role else None
    return incident.id, await link_to(company, NotificationKind.INCIDENT_OPENED, user_id)


async def a_wish(company: Company, role: Role = Role.MANAGER) -> tuple[UUID, str]:
    """A cut that waits for approval, and the manager's link to it."""
    account = await make_account(company.scopes)
    target = Target(account.id, account.campaign_id, BUDGET)
    action_id = await approved_action(
        company.scopes, target, BUDGET // 2, state=ActionState.PROPOSED, spend_only=True,
        expires_at=real_now() + timedelta(days=3),
    )  # fmt: skip
    async with company.scopes() as scope:
        actions = AutopilotActions(scope)
        await actions.advance(
            await actions.locked(action_id), ActionState.AWAITING_APPROVAL, note="Cuts need approval."
        )
    return action_id, await link_to(company, NotificationKind.APPROVAL_WANTED, company.person(role).id)


async def act(client: AsyncClient, token: str, verb: str, **more: Any) -> Response:
    return await client.post(f"{URL}/act", json={"token": token, "verb": verb, **more})


async def state_of(scopes: Scopes, action_id: UUID) -> str:
    async with scopes() as scope:
        found = await scope.session.scalar(
            select(AutopilotAction.state).where(AutopilotAction.id == action_id)
        )
    return found or ""


async def test_looking_does_nothing_however_often(acme: Company, anonymous: AsyncClient) -> None:
    """As a mail scanner does, which opens every link before its reader."""
    incident_id, token = await an_incident(acme)
    for _ in range(3):
        seen = (await anonymous.post(f"{URL}/preview", json={"token": token})).json()
    assert (seen["verbs"], seen["state"], seen["used_at"]) == (["acknowledge"], "open", None)
    assert (seen["company"], seen["person"]) == ("Acme", acme.person(Role.MANAGER).email)
    assert (
        await anonymous.get(f"{URL}/act", params={"token": token, "verb": "acknowledge"})
    ).status_code == 405
    async with acme.scopes() as scope:
        assert (await Incidents(scope).get(incident_id)).status == "open"


async def test_an_incident_is_acknowledged_as_the_person_and_once(
    acme: Company, anonymous: AsyncClient
) -> None:
    incident_id, token = await an_incident(acme)
    done = await act(anonymous, token, "acknowledge")
    assert (done.status_code, done.json()["state"], done.json()["used_verb"]) == (
        200,
        "acknowledged",
        "acknowledge",
    )
    again = await act(anonymous, token, "acknowledge")
    assert (again.status_code, again.json()["code"]) == (409, "notifications.links.used")
    async with acme.scopes() as scope:
        assert (await Incidents(scope).get(incident_id)).acknowledged_by == acme.person(Role.MANAGER).email
        audited = await scope.session.scalars(
            select(AuditLogEntry).where(AuditLogEntry.actor_id == acme.person(Role.MANAGER).id)
        )
        assert {row.action for row in audited} == {
            "trust_engine.incidents.acknowledged",
            "notifications.links.used",
        }


async def test_a_wish_is_approved_through_the_gate(acme: Company, anonymous: AsyncClient) -> None:
    action_id, token = await a_wish(acme)
    seen = (await anonymous.post(f"{URL}/preview", json={"token": token})).json()
    assert (seen["verbs"], seen["state"]) == (["approve", "dismiss"], "awaiting_approval")
    done = await act(anonymous, token, "approve", reason="It earns nothing.")
    assert (done.status_code, done.json()["state"]) == (200, "approved")
    async with acme.scopes() as scope:
        action = await AutopilotActions(scope).get(action_id)
    assert (action.approved_by, action.approval_reason) == (
        acme.person(Role.MANAGER).email,
        "It earns nothing.",
    )
    assert action.decision_id is not None, "the gate decided anew"


async def test_a_wish_is_rejected(acme: Company, anonymous: AsyncClient) -> None:
    action_id, token = await a_wish(acme)
    assert (await act(anonymous, token, "dismiss")).json()["state"] == "dismissed"
    assert await state_of(acme.scopes, action_id) == "dismissed"


async def test_of_many_at_once_one_acts(acme: Company, anonymous: AsyncClient) -> None:
    _, token = await a_wish(acme)
    verbs = ["approve", "dismiss"] * 4
    answers = await asyncio.gather(*(act(anonymous, token, verb) for verb in verbs))
    assert sorted(each.status_code for each in answers) == [200, *[409] * 7]


async def test_who_may_no_longer_is_refused_and_nothing_is_done(
    acme: Company, anonymous: AsyncClient
) -> None:
    """The role at the moment of acting counts, not the one at the moment of writing."""
    action_id, token = await a_wish(acme)
    async with acme.scopes() as scope:
        await scope.session.execute(
            update(Membership)
            .where(Membership.user_id == acme.person(Role.MANAGER).id)
            .values(role=Role.ANALYST)
        )
    refused = await act(anonymous, token, "approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "notifications.links.not_allowed")
    async with acme.scopes() as scope:
        await scope.session.execute(
            update(Membership)
            .where(Membership.user_id == acme.person(Role.MANAGER).id)
            .values(role=Role.MANAGER, is_active=False)
        )
    assert (await act(anonymous, token, "approve")).status_code == 403
    assert await state_of(acme.scopes, action_id) == "awaiting_approval"


async def test_it_expires(acme: Company, anonymous: AsyncClient) -> None:
    action_id, token = await a_wish(acme)
    async with acme.scopes() as scope:
        await scope.session.execute(update(NotificationLink).values(expires_at=real_now()))
    seen = (await anonymous.post(f"{URL}/preview", json={"token": token})).json()
    assert seen["has_expired"] is True
    refused = await act(anonymous, token, "approve")
    assert (refused.status_code, refused.json()["code"]) == (410, "notifications.links.expired")
    assert await state_of(acme.scopes, action_id) == "awaiting_approval"


async def test_what_was_decided_meanwhile_is_told_and_the_link_is_not_used_up(
    acme: Company, anonymous: AsyncClient
) -> None:
    action_id, token = await a_wish(acme)
    await acme.client().post(f"/api/v1/autopilot/actions/{action_id}/dismiss", json={"reason": "No longer."})
    refused = await act(anonymous, token, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "autopilot.actions.not_open")
    assert (await anonymous.post(f"{URL}/preview", json={"token": token})).json()["used_at"] is None


async def test_it_does_only_what_it_offers(acme: Company, anonymous: AsyncClient) -> None:
    _, token = await an_incident(acme)
    refused = await act(anonymous, token, "approve")
    assert (refused.status_code, refused.json()["code"]) == (422, "notifications.links.verb_not_offered")


async def test_one_posted_in_a_channel_acts_for_whoever_is_signed_in(
    acme: Company, globex: Company, anonymous: AsyncClient
) -> None:
    incident_id, token = await an_incident(acme, role=None)
    assert (await anonymous.post(f"{URL}/preview", json={"token": token})).json()["person"] is None
    for client in (anonymous, globex.client()):
        refused = await act(client, token, "acknowledge")
        assert (refused.status_code, refused.json()["code"]) == (401, "notifications.links.needs_sign_in")
    assert (await act(acme.client(Role.VIEWER), token, "acknowledge")).status_code == 403
    assert (await act(acme.client(Role.MANAGER), token, "acknowledge")).status_code == 200
    async with acme.scopes() as scope:
        assert (await Incidents(scope).get(incident_id)).acknowledged_by == acme.person(Role.MANAGER).email


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: token.replace("nal_", "inv_"),
        lambda token: token[: len(token) // 2],
        lambda _: "nal_1_2",
        lambda _: "nal_999999999999_00000000000000000000000000000000_ff",
    ],
)
async def test_a_link_that_was_altered_opens_nothing(
    acme: Company, anonymous: AsyncClient, change: Any
) -> None:
    _, token = await an_incident(acme)
    for path, more in (("preview", {}), ("act", {"verb": "acknowledge"})):
        answer = await anonymous.post(f"{URL}/{path}", json={"token": change(token), **more})
        assert (answer.status_code, answer.json()["code"]) == (422, "notifications.links.unknown")


async def test_another_companys_token_does_not_open_this_ones_rows(
    acme: Company, globex: Company, anonymous: AsyncClient
) -> None:
    _, token = await an_incident(acme)
    moved = token.replace(f"nal_{acme.id}_", f"nal_{globex.id}_")
    assert (await anonymous.post(f"{URL}/preview", json={"token": moved})).status_code == 422
