"""Who is told of what, how often, and by which ways."""

import asyncio
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.auth.permissions import Role
from app.core.clock import real_now
from app.db.outbox import OutboxMessage
from app.models.notifications import Notification, NotificationReceipt
from app.models.notifications.channels import NotificationDelivery
from app.models.notifications.kinds import DeliveryKind, HeldFor
from app.models.tenants import Membership
from app.services.notifications.preferences.service import PreferencesService
from app.services.notifications.service import (
    Inbox,
    NotificationKind,
    Notifications,
    NotificationSeverity,
)
from tests.factories.access import Company
from tests.factories.notifications import a_notice, deliveries, tell


async def titles(company: Company, role: Role) -> list[str]:
    async with company.scopes() as scope:
        found, _ = await Inbox(scope, company.person(role).id).page(
            unread=None, kind=None, cursor=None, limit=50
        )
    return [each.notification.kind for each in found]


async def mailed(company: Company) -> set[object]:
    return {each.user_id for each in await deliveries(company.scopes)}


async def test_who_may_know_is_told_in_the_inbox_and_by_mail(acme: Company) -> None:
    await tell(acme, a_notice(NotificationKind.DEAD_LETTER))
    for role in (Role.ADMIN, Role.SUPERADMIN):
        assert await titles(acme, role) == ["dead_letter"]
    for role in (Role.VIEWER, Role.ANALYST, Role.MANAGER):
        assert await titles(acme, role) == []
    assert await mailed(acme) == {acme.person(role).id for role in (Role.ADMIN, Role.SUPERADMIN)}


async def test_a_rolled_back_change_tells_nobody(acme: Company) -> None:
    async def told_and_failed() -> None:
        async with acme.scopes() as scope:
            await Notifications(scope).tell(a_notice())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await told_and_failed()
    assert await titles(acme, Role.ADMIN) == []
    assert await deliveries(acme.scopes) == []


async def test_a_neighbour_hears_nothing(acme: Company, globex: Company) -> None:
    await tell(acme, a_notice())
    assert await titles(globex, Role.ADMIN) == []
    assert await deliveries(globex.scopes) == []


async def test_sending_is_a_task_of_the_same_commit(acme: Company) -> None:
    await tell(acme, a_notice())
    async with acme.scopes() as scope:
        rows = await scope.session.scalars(select(OutboxMessage.name).where(OutboxMessage.kind == "task"))
        assert "notifications.send_due" in rows.all()


async def test_the_stream_says_that_there_is_news_and_not_what(acme: Company) -> None:
    await tell(acme, a_notice())
    async with acme.scopes() as scope:
        live = await scope.session.scalars(
            select(OutboxMessage.payload).where(OutboxMessage.name == "notification")
        )
        assert live.all() == [{}]


async def test_the_same_once_more_is_counted_and_mailed_once_when_its_time_is_over(acme: Company) -> None:
    first = await tell(acme, a_notice())
    before = len(await deliveries(acme.scopes))
    async with acme.scopes() as scope:
        for row in await scope.session.scalars(select(NotificationReceipt)):
            row.read_at = real_now()
    await settle_all(acme)
    for _ in range(5):
        again = await tell(acme, a_notice())
        assert again.id == first.id
    assert again.times == 6
    rows = await deliveries(acme.scopes)
    repeats = [each for each in rows if each.kind == DeliveryKind.REPEAT]
    assert len(repeats) == before, "one for each who is written to, however often it happened"
    assert {each.held_for for each in repeats} == {HeldFor.REPEAT}
    assert all(each.due_at > real_now() + timedelta(minutes=50) for each in repeats)
    async with acme.scopes() as scope:
        assert await Inbox(scope, acme.person().id).unread() == 1, "it is news again, in one row"


async def settle_all(acme: Company) -> None:
    async with acme.scopes() as scope:
        for row in await scope.session.scalars(select(NotificationDelivery)):
            row.status = "sent"


async def test_while_the_first_mail_waits_a_repeat_adds_none(acme: Company) -> None:
    await tell(acme, a_notice())
    before = len(await deliveries(acme.scopes))
    await tell(acme, a_notice())
    assert len(await deliveries(acme.scopes)) == before


async def test_what_becomes_critical_is_mailed_at_once(acme: Company) -> None:
    await tell(acme, a_notice())
    await settle_all(acme)
    again = await tell(acme, a_notice(severity=NotificationSeverity.CRITICAL))
    assert (again.times, again.severity) == (2, "critical")
    fresh = [each for each in await deliveries(acme.scopes) if each.status == "queued"]
    assert fresh
    assert all(each.due_at <= real_now() for each in fresh)


async def test_after_its_time_the_same_is_new(acme: Company) -> None:
    first = await tell(acme, a_notice())
    with time_machine.travel(real_now() + timedelta(hours=2), tick=True):
        second = await tell(acme, a_notice())
    assert second.id != first.id


async def test_many_at_once_are_one_row(acme: Company) -> None:
    await asyncio.gather(*(tell(acme, a_notice()) for _ in range(8)))
    async with acme.scopes() as scope:
        [row] = (await scope.session.scalars(select(Notification))).all()
        receipts = (await scope.session.scalars(select(NotificationReceipt.user_id))).all()
    assert row.times == 8
    assert len(receipts) == len(set(receipts))


async def test_a_muted_kind_is_not_told_however_critical(acme: Company) -> None:
    async with acme.scopes() as scope:
        own = PreferencesService(scope, acme.person().id)
        await own.change({}, {NotificationKind.INCIDENT_OPENED: {"in_app": False, "email": False}})
    await tell(acme, a_notice(severity=NotificationSeverity.CRITICAL))
    assert await titles(acme, Role.ADMIN) == []
    assert acme.person().id not in await mailed(acme)
    assert await titles(acme, Role.VIEWER) == ["incident_opened"]


async def test_in_quiet_hours_a_warning_waits_and_what_is_critical_does_not(acme: Company) -> None:
    """All of the day but the minute before now is quiet, so that the test may run at any hour."""
    now = real_now()
    minute = now.hour * 60 + now.minute
    async with acme.scopes() as scope:
        own = PreferencesService(scope, acme.person().id)
        await own.change(
            {"quiet_from": (minute - 10) % 1440, "quiet_until": (minute + 700) % 1440, "timezone": "UTC"}, {}
        )
    await tell(acme, a_notice())
    await tell(acme, a_notice(key="other", severity=NotificationSeverity.CRITICAL))
    own_mails = [each for each in await deliveries(acme.scopes) if each.user_id == acme.person().id]
    assert [each.held_for for each in own_mails] == [HeldFor.QUIET_HOURS, None]
    assert own_mails[0].due_at > now + timedelta(hours=10)


async def test_who_turns_the_kill_switch_is_not_written_to(acme: Company) -> None:
    admin = acme.person()
    await tell(acme, a_notice(NotificationKind.KILL_SWITCH_CHANGED))
    assert admin.id not in await mailed(acme)
    async with acme.scopes() as scope:
        assert await Inbox(scope, admin.id).unread() == 0
        assert await Inbox(scope, acme.person(Role.VIEWER).id).unread() == 1


async def test_every_turn_of_the_kill_switch_is_told(acme: Company) -> None:
    for _ in range(3):
        await tell(acme, a_notice(NotificationKind.KILL_SWITCH_CHANGED))
    assert len(await titles(acme, Role.VIEWER)) == 3


async def test_who_left_is_told_nothing(acme: Company) -> None:
    async with acme.scopes() as scope:
        member = await scope.session.scalar(
            select(Membership).where(Membership.user_id == acme.person(Role.VIEWER).id)
        )
        assert member is not None
        member.is_active = False
    await tell(acme, a_notice())
    assert await titles(acme, Role.VIEWER) == []
    assert acme.person(Role.VIEWER).id not in await mailed(acme)
