"""A company's webhook is told what people are told: signed, tried again, given up in the end, never twice as two."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import update

from app.core.clock import real_now
from app.core.config import Settings
from app.db.session import Scopes
from app.models.notifications.channels import NotificationDelivery, NotificationWebhook
from app.models.notifications.kinds import Channel
from app.services.integrations.gateway import gateway_by
from app.services.notifications.channels.rules import MOST_ATTEMPTS
from app.services.notifications.service import NotificationKind, NotificationSeverity
from tests.factories.access import Company
from tests.factories.notifications import Postbox, a_notice, deliveries, fall_due, send, tell
from tests.receiver import Receiver, Reply, receiving

URL = "/api/v1/notifications/channels/webhook"


@pytest.fixture
async def receiver(settings: Settings) -> AsyncIterator[Receiver]:
    async with receiving() as found, gateway_by(settings):
        yield found


async def put(company: Company, receiver: Receiver, **body: Any) -> str:
    answer = await company.client().put(URL, json={"url": receiver.url, **body})
    assert answer.status_code == 200, answer.text
    secret: str = answer.json()["secret"]
    return secret


async def posted(scopes: Scopes) -> list[NotificationDelivery]:
    return [each for each in await deliveries(scopes) if each.channel == Channel.WEBHOOK]


async def test_it_is_told_what_people_are_told_and_signed(
    acme: Company, receiver: Receiver, settings: Settings
) -> None:
    secret = await put(acme, receiver)
    told = await tell(acme, a_notice(severity=NotificationSeverity.CRITICAL))
    await send(acme, settings, Postbox())
    (post,) = receiver.posts
    assert post.is_signed_by(secret)
    assert not post.is_signed_by(secret[:-4] + "AAA=")
    message = post.message
    assert (message["type"], message["tenant"]["id"], message["repeat"]) == ("notification", acme.id, False)
    notification = message["notification"]
    assert (notification["id"], notification["kind"]) == (str(told.id), "incident_opened")
    assert notification["title"] == "Incident: The pixel sends nothing"
    assert notification["url"].endswith(f"/trust/incidents/{told.subject_id}")
    assert "token" not in post.body.decode()
    (row,) = await posted(acme.scopes)
    assert (row.status, row.attempts, row.reference) == ("sent", 1, post.headers["webhook-id"])


async def test_only_of_the_kinds_that_it_wants(acme: Company, receiver: Receiver, settings: Settings) -> None:
    await put(acme, receiver, kinds=["dead_letter"])
    await tell(acme, a_notice())
    await tell(acme, a_notice(NotificationKind.DEAD_LETTER, facts={"task": "x", "error": "It failed."}))
    await send(acme, settings, Postbox())
    assert [each.message["notification"]["kind"] for each in receiver.posts] == ["dead_letter"]


async def test_the_same_again_within_its_time_is_one_message(
    acme: Company, receiver: Receiver, settings: Settings
) -> None:
    await put(acme, receiver)
    for _ in range(3):
        await tell(acme, a_notice())
        await send(acme, settings, Postbox())
    assert len(receiver.posts) == 1
    await fall_due(acme.scopes)
    await send(acme, settings, Postbox())
    assert [(each.message["repeat"], each.message["notification"]["times"]) for each in receiver.posts] == [
        (False, 1),
        (True, 3),
    ]


async def test_what_fails_is_tried_again_under_its_own_id_and_given_up_in_the_end(
    acme: Company, receiver: Receiver, settings: Settings
) -> None:
    await put(acme, receiver)
    receiver.always = Reply(500)
    await tell(acme, a_notice())
    for _ in range(MOST_ATTEMPTS + 2):
        await send(acme, settings, Postbox())
        await fall_due(acme.scopes)
    assert len(receiver.posts) == MOST_ATTEMPTS
    assert len({each.headers["webhook-id"] for each in receiver.posts}) == 1
    (row,) = await posted(acme.scopes)
    assert (row.status, row.error_code, row.error) == ("dead", "http_500", "It answered 500.")
    shown = (await acme.client().get("/api/v1/notifications/channels")).json()["webhook"]
    assert (shown["enabled"], shown["last_error"]) == (True, "It answered 500.")
    receiver.always = Reply(204)
    again = await acme.client().post(f"/api/v1/notifications/channels/deliveries/{row.id}/replay")
    assert again.status_code == 202
    await send(acme, settings, Postbox())
    (row,) = await posted(acme.scopes)
    assert (row.status, len(receiver.posts)) == ("sent", MOST_ATTEMPTS + 1)
    shown = (await acme.client().get("/api/v1/notifications/channels")).json()["webhook"]
    assert shown["last_error"] is None


async def test_a_receiver_that_wants_nothing_more_is_left_alone(
    acme: Company, receiver: Receiver, settings: Settings
) -> None:
    await put(acme, receiver)
    receiver.always = Reply(410)
    await tell(acme, a_notice())
    await send(acme, settings, Postbox())
    await tell(acme, a_notice(key="another"))
    await fall_due(acme.scopes)
    await send(acme, settings, Postbox())
    assert len(receiver.posts) == 1
    assert [each.status for each in await posted(acme.scopes)] == ["dead"]
    shown = (await acme.client().get("/api/v1/notifications/channels")).json()["webhook"]
    assert (shown["enabled"], shown["last_error"]) == (False, "It answered 410: it wants nothing more.")


async def test_a_receiver_that_asks_for_patience_gets_it(
    acme: Company, receiver: Receiver, settings: Settings
) -> None:
    await put(acme, receiver)
    receiver.always = Reply(429, {"Retry-After": "1800"})
    await tell(acme, a_notice())
    await send(acme, settings, Postbox())
    (row,) = await posted(acme.scopes)
    assert (row.status, row.error_code) == ("failed", "http_429")
    assert 1_790 <= (row.due_at - row.updated_at).total_seconds() <= 1_800
    receiver.always = Reply(429, {"Retry-After": "999999"})
    await fall_due(acme.scopes)
    await send(acme, settings, Postbox())
    (row,) = await posted(acme.scopes)
    assert (row.due_at - row.updated_at).total_seconds() <= 6 * 3_600


async def test_both_secrets_count_for_a_day(acme: Company, receiver: Receiver, settings: Settings) -> None:
    old = await put(acme, receiver)
    new = (await acme.client().post(f"{URL}/secret")).json()["secret"]
    await acme.client().post(f"{URL}/test")
    await send(acme, settings, Postbox())
    (post,) = receiver.posts
    assert (post.message["type"], post.message["notification"]) == ("test", None)
    assert post.is_signed_by(old)
    assert post.is_signed_by(new)
    async with acme.scopes() as scope:
        await scope.session.execute(update(NotificationWebhook).values(previous_until=real_now()))
    await acme.client().post(f"{URL}/test")
    await send(acme, settings, Postbox())
    assert [each.is_signed_by(old) for each in receiver.posts] == [True, False]


async def test_what_waits_for_a_webhook_that_was_removed_is_given_up(
    acme: Company, receiver: Receiver, settings: Settings
) -> None:
    await put(acme, receiver)
    await tell(acme, a_notice())
    assert (await acme.client().delete(URL)).status_code == 204
    await send(acme, settings, Postbox())
    assert receiver.posts == []
    (row,) = await posted(acme.scopes)
    assert (row.status, row.error_code) == ("dead", "webhook_not_set")


async def test_an_address_that_leads_inside_is_not_called_whatever_it_led_to_before(
    acme: Company, receiver: Receiver, settings: Settings
) -> None:
    await put(acme, receiver)
    await tell(acme, a_notice())
    async with gateway_by(settings.model_copy(update={"allow_private_addresses": False})):
        await send(acme, settings, Postbox())
    assert receiver.posts == []
    (row,) = await posted(acme.scopes)
    assert (row.status, row.error_code) == ("failed", "no_answer")
    assert "private network" in str(row.error)


async def test_another_companys_webhook_hears_nothing(
    acme: Company, globex: Company, receiver: Receiver, settings: Settings
) -> None:
    await put(globex, receiver)
    await tell(acme, a_notice())
    for company in (acme, globex):
        await send(company, settings, Postbox())
    assert receiver.posts == []
