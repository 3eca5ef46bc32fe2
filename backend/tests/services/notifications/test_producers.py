"""Every part that people should hear of tells them, in its own transaction."""

from collections.abc import Sequence

from sqlalchemy import select

from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.outbox import Message, OutboxMessage
from app.models.integrations.connections import Connection
from app.models.notifications import Notification
from app.models.trust_engine.kinds import IncidentKind, IncidentSeverity
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.service import KillSwitch
from app.services.trust_engine.incidents.service import Incidents
from app.services.work.dead_letters.service import DeadLetterService
from app.workers import notifications_tasks
from tests.factories.access import Company


async def told(acme: Company) -> Sequence[Notification]:
    async with acme.scopes() as scope:
        rows = await scope.session.scalars(
            select(Notification).order_by(Notification.created_at, Notification.id)
        )
        return rows.all()


async def test_an_incident_is_told_once_and_its_end_too(acme: Company) -> None:
    async with acme.scopes() as scope:
        incidents = Incidents(scope)
        await incidents.open(IncidentKind.SIGNAL_DEAD, "EMQ is dead.", mend="Look at the pixel.")
        await incidents.open(IncidentKind.SIGNAL_DEAD, "EMQ is still dead.")
    [opened] = await told(acme)
    assert (opened.kind, opened.severity, opened.times) == ("incident_opened", "warning", 1)
    assert opened.facts == {"sentence": "EMQ is dead.", "mend": "Look at the pixel."}
    async with acme.scopes() as scope:
        await Incidents(scope).close(IncidentKind.SIGNAL_DEAD, "EMQ is back.")
    _, closed = await told(acme)
    assert (closed.kind, closed.thread) == ("incident_closed", opened.thread)


async def test_an_incident_that_becomes_critical_is_told_again(acme: Company) -> None:
    async with acme.scopes() as scope:
        await Incidents(scope).open(IncidentKind.SIGNAL_DEAD, "EMQ is low.")
    async with acme.scopes() as scope:
        await Incidents(scope).open(
            IncidentKind.SIGNAL_DEAD, "EMQ is dead.", severity=IncidentSeverity.CRITICAL
        )
    [opened] = await told(acme)
    assert (opened.severity, opened.times) == ("critical", 2)


async def test_the_kill_switch_is_told_when_it_turns(acme: Company) -> None:
    async with acme.scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Look first.")
        await KillSwitch(scope).set(engaged=True, reason="Look first, again.")
    [row] = await told(acme)
    assert (row.kind, row.severity, row.facts["turned"]) == ("kill_switch_changed", "critical", "on")


async def test_the_switch_over_all_companies_is_told_in_each(acme: Company, globex: Company) -> None:
    """Its commit leaves a task in every company, and the task writes what people read."""
    try:
        async with globex.scopes() as scope:
            await KillSwitch(scope).set_for_platform(engaged=True, reason="A vendor is lying.")
        async with acme.scopes() as scope:
            [task] = await scope.session.scalars(
                select(OutboxMessage).where(OutboxMessage.name == "notifications.tell_of_platform_switch")
            )
            await notifications_tasks.tell_of_platform_switch(scope, **task.payload)
    finally:
        async with globex.scopes() as scope:
            await KillSwitch(scope).set_for_platform(engaged=False, reason="Over.")
    [row] = await told(acme)
    assert row.facts["turned"] == "on"
    assert "over all companies" in row.facts["effect"]


async def test_a_connection_that_needs_a_sign_in_is_told_to_who_can_give_one(acme: Company) -> None:
    connection = Connection(
        id=uuid7(), platform="meta", status="active", external_user_id="1", scopes=[], created_by=None
    )
    async with acme.scopes() as scope:
        scope.session.add(connection)
    await IntegrationsService(acme.scopes).tokens.refused(connection, "meta.190")
    await IntegrationsService(acme.scopes).tokens.refused(connection, "meta.190")
    [row] = await told(acme)
    assert (row.kind, row.subject_id, row.times) == ("connection_needs_sign_in", connection.id, 1)
    assert row.facts["code"] == "meta.190"
    answer = await acme.client(Role.MANAGER).get("/api/v1/notifications")
    assert answer.json()["items"] == []


async def test_a_storm_of_dead_letters_is_one_with_a_count(acme: Company) -> None:
    for _ in range(3):
        async with acme.scopes() as scope:
            await DeadLetterService(scope).bury(_message(acme), code="internal", error="Boom")
    [row] = await told(acme)
    assert (row.kind, row.times, row.facts["task"]) == ("dead_letter", 3, "cdp.fold")


async def test_a_letter_that_is_buried_twice_is_told_once(acme: Company) -> None:
    message = _message(acme)
    for _ in range(2):
        async with acme.scopes() as scope:
            await DeadLetterService(scope).bury(message, code="internal", error="Boom")
    [row] = await told(acme)
    assert row.times == 1


def _message(acme: Company) -> Message:
    return Message(1, uuid7(), acme.id, "task", "cdp.fold", None, {}, {}, 5, 1, 1, real_now())
