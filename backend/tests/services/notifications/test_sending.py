"""What is due leaves once, and the log says what became of it."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.config import Settings
from app.models.notifications.channels import NotificationDelivery
from app.models.notifications.kinds import DeliveryKind, DeliveryStatus
from app.models.tenants import Membership
from app.services.notifications.channels.rules import MOST_ATTEMPTS
from app.services.notifications.channels.service import ChannelService, NotificationSender
from app.services.notifications.mail.ports import Mail
from app.services.notifications.mail.service import mailer_from
from app.services.notifications.preferences.service import PreferencesService
from app.services.notifications.service import NotificationKind, NotificationSeverity
from app.workers import tasks
from app.workers.handlers import HANDLERS, PERIODIC
from tests.factories.access import Company
from tests.factories.notifications import Postbox, a_notice, deliveries, fall_due, send, tell
from tests.sandbox_process import Sandbox


async def only_admin_hears(acme: Company) -> None:
    """The admin alone, so that a test has one mail to look at."""
    async with acme.scopes() as scope:
        await scope.session.execute(
            update(Membership).where(Membership.user_id != acme.person().id).values(is_active=False)
        )


async def test_a_mail_arrives_with_its_words_and_its_page(
    acme: Company, settings: Settings, sandbox: Sandbox
) -> None:
    here = settings.model_copy(update={"smtp_port": sandbox.smtp_port})
    await tell(acme, a_notice(severity=NotificationSeverity.CRITICAL))
    await NotificationSender(acme.scopes, mailer_from(here), here).send_due()
    [mail] = sandbox.mails(acme.person().email)
    assert mail["subject"] == "[Acme] Critical: Incident: The pixel sends nothing"
    assert "What to do: Look at the tag" in mail["text"]
    assert f"{settings.public_url}/trust/incidents/" in mail["text"]
    assert {each.status for each in await deliveries(acme.scopes)} == {DeliveryStatus.SENT}


async def test_what_was_sent_is_not_sent_again(acme: Company, settings: Settings) -> None:
    postbox = Postbox()
    await tell(acme, a_notice())
    await asyncio.gather(*(send(acme, settings, postbox) for _ in range(4)))
    assert await send(acme, settings, postbox) == 0
    assert len(postbox.mails) == len({each.to for each in postbox.mails}) > 1


async def test_a_mail_server_that_is_down_is_tried_again_later(acme: Company, settings: Settings) -> None:
    await only_admin_hears(acme)
    postbox = Postbox(is_full=True)
    await tell(acme, a_notice())
    await send(acme, settings, postbox)
    [row] = await deliveries(acme.scopes)
    assert (row.status, row.attempts, row.error_code) == ("failed", 1, "notifications.mail_not_sent")
    assert row.due_at > real_now() + timedelta(seconds=5)
    assert await send(acme, settings, postbox) == 0, "not before its pause is over"
    postbox.is_full = False
    await fall_due(acme.scopes)
    await send(acme, settings, postbox)
    [row] = await deliveries(acme.scopes)
    assert (row.status, row.attempts, row.error_code) == ("sent", 2, None)


async def test_after_enough_tries_it_is_dead_until_a_person_replays_it(
    acme: Company, settings: Settings
) -> None:
    await only_admin_hears(acme)
    postbox = Postbox(is_full=True)
    await tell(acme, a_notice())
    for _ in range(MOST_ATTEMPTS + 2):
        await send(acme, settings, postbox)
        await fall_due(acme.scopes)
    [row] = await deliveries(acme.scopes)
    assert (row.status, row.attempts) == (DeliveryStatus.DEAD, MOST_ATTEMPTS)
    postbox.is_full = False
    async with acme.scopes() as scope:
        await ChannelService(scope, settings).replay(row.id)
    await send(acme, settings, postbox)
    assert len(postbox.mails) == 1


async def test_a_sender_that_died_leaves_its_message_to_the_next(acme: Company, settings: Settings) -> None:
    await only_admin_hears(acme)
    await tell(acme, a_notice())
    async with acme.scopes() as scope:
        await scope.session.execute(
            update(NotificationDelivery).values(
                status=DeliveryStatus.SENDING, attempts=1, due_at=real_now() + timedelta(minutes=5)
            )
        )
    postbox = Postbox()
    assert await send(acme, settings, postbox) == 0, "it may be at work still"
    async with acme.scopes() as scope:
        await scope.session.execute(update(NotificationDelivery).values(due_at=real_now()))
    await send(acme, settings, postbox)
    [row] = await deliveries(acme.scopes)
    assert (row.status, row.attempts, len(postbox.mails)) == ("sent", 2, 1)


class SlowPostbox(Postbox):
    async def send(self, mail: Mail) -> None:
        await asyncio.sleep(0.4)
        await super().send(mail)


async def test_before_a_slow_server_uses_up_the_lease_the_rest_is_taken_anew(
    acme: Company, settings: Settings
) -> None:
    await only_admin_hears(acme)
    for key in ("one", "two", "three"):
        await tell(acme, a_notice(key=key))
    postbox = SlowPostbox()
    sender = NotificationSender(acme.scopes, postbox, settings, patience=timedelta(seconds=0.3))
    assert await sender.send_due() == len(postbox.mails) == 3
    rows = await deliveries(acme.scopes)
    assert {(each.status, each.attempts) for each in rows} == {(DeliveryStatus.SENT, 1)}
    assert len({each.due_at for each in rows}) == len(rows), "each within a lease of its own"


async def test_without_a_mail_server_nothing_counts_as_sent(acme: Company, settings: Settings) -> None:
    await only_admin_hears(acme)
    await tell(acme, a_notice())
    await send(acme, settings, Postbox(delivers=False))
    [row] = await deliveries(acme.scopes)
    assert (row.status, row.error_code, row.sent_at) == ("skipped", "mail_not_configured", None)


async def test_a_digest_is_one_mail_of_all_that_waited(acme: Company, settings: Settings) -> None:
    await only_admin_hears(acme)
    async with acme.scopes() as scope:
        await PreferencesService(scope, acme.person().id).change({"digest": "daily"}, {})
    for key in ("one", "two", "three"):
        await tell(acme, a_notice(key=key))
    postbox = Postbox()
    assert await send(acme, settings, postbox) == 0
    await fall_due(acme.scopes)
    await send(acme, settings, postbox)
    [mail] = postbox.mails
    assert mail.subject == "[Acme] 3 notifications"
    assert {each.status for each in await deliveries(acme.scopes)} == {DeliveryStatus.SENT}


async def test_who_may_no_longer_know_is_not_written_to(acme: Company, settings: Settings) -> None:
    await tell(acme, a_notice(NotificationKind.DEAD_LETTER))
    async with acme.scopes() as scope:
        await scope.session.execute(
            update(Membership).where(Membership.user_id == acme.person().id).values(role=Role.VIEWER)
        )
        await scope.session.execute(
            update(Membership)
            .where(Membership.user_id == acme.person(Role.SUPERADMIN).id)
            .values(is_active=False)
        )
    postbox = Postbox()
    await send(acme, settings, postbox)
    assert postbox.mails == []
    assert {each.error_code for each in await deliveries(acme.scopes)} == {
        "no_longer_allowed",
        "no_longer_a_member",
    }


async def test_of_a_flapping_incident_the_mail_tells_how_it_stands(acme: Company, settings: Settings) -> None:
    """Opened and closed five times within the hour: one mail at once for each, and one when the hour is over."""
    await only_admin_hears(acme)
    async with acme.scopes() as scope:
        await PreferencesService(scope, acme.person().id).change(
            {}, {NotificationKind.INCIDENT_CLOSED: {"email": True}}
        )
    postbox = Postbox()
    opened: dict[str, Any] = {"thread": "incident:pixel"}
    for _ in range(5):
        await tell(acme, a_notice(**opened))
        await send(acme, settings, postbox)
        await tell(
            acme,
            a_notice(
                NotificationKind.INCIDENT_CLOSED,
                severity=NotificationSeverity.INFO,
                facts={"sentence": "It sends again"},
                **opened,
            ),
        )
        await send(acme, settings, postbox)
    assert len(postbox.mails) == 2
    await fall_due(acme.scopes)
    await send(acme, settings, postbox)
    assert len(postbox.mails) == 3
    assert "Closed: It sends again" in postbox.mails[-1].subject
    assert "It happened 5 times." in postbox.mails[-1].text
    repeats = [each for each in await deliveries(acme.scopes) if each.kind == DeliveryKind.REPEAT]
    assert sorted((each.status, each.error_code or "") for each in repeats) == [
        ("sent", ""),
        ("skipped", "overtaken"),
    ]


async def test_a_link_that_acts_is_in_the_mail_and_not_in_the_database(
    acme: Company, settings: Settings
) -> None:
    await only_admin_hears(acme)
    await tell(acme, a_notice())
    postbox = Postbox()
    await send(acme, settings, postbox)
    assert f"Acknowledge… {settings.public_url}/act?token=nal_{acme.id}_" in postbox.mails[0].text
    token = postbox.mails[0].text.split("token=")[1].split("&")[0]
    async with acme.scopes() as scope:
        rows = (await scope.session.execute(select(NotificationDelivery))).all()
    assert token not in str(rows)


def test_what_waits_is_looked_for_by_the_clock() -> None:
    assert HANDLERS["notifications.send_due"].function is tasks.notifications_tasks.send_due
    assert "notifications.send_due" in PERIODIC
