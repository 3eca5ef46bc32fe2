"""Our way to WhatsApp: who may be written to, by which kind of message, and what every refusal leads to."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.config import Settings
from app.core.security import unseal
from app.models.notifications.channels import NotificationDelivery
from app.models.notifications.kinds import Channel, DeliveryStatus, WhatsAppTemplateStatus
from app.models.notifications.whatsapp import WhatsAppTemplate
from app.models.tenants import Membership
from app.services.notifications.channels.repository import DeliveryRepository
from app.services.notifications.channels.service import ChannelService, NotificationSender
from app.services.notifications.cloud_api.client import WhatsAppClient
from app.services.notifications.cloud_api.keys import WHATSAPP_SECRET, WHATSAPP_TOKEN
from app.services.notifications.cloud_api.ports import Credentials, WhatsAppMessage
from app.services.notifications.cloud_api.repository import AccountRepository
from app.services.notifications.cloud_api.templates_rules import ACT, DIGEST, NAMES, NOTICE
from app.services.notifications.preferences.service import PreferencesService
from app.services.notifications.service import NotificationKind, NotificationSeverity
from app.services.notifications.whatsapp.errors import (
    NotConfirmed,
    WhatsAppRefusal,
    WhatsAppUnreachable,
)
from app.services.notifications.whatsapp.own import OwnNumberService
from app.services.notifications.whatsapp.service import WhatsAppChannel, WhatsAppDesk
from tests.factories.access import Company
from tests.factories.notifications import Postbox, a_notice, deliveries, fall_due, tell
from tests.factories.whatsapp import OTHER_PHONE, PHONE, Line, SandboxClock, a_line
from tests.sandbox_process import Sandbox, running_sandbox

K = NotificationKind


@pytest.fixture
async def bare(app: FastAPI, acme: Company, settings: Settings, sandbox: Sandbox) -> AsyncIterator[Line]:
    """Nothing is connected yet."""
    yield a_line(app, acme, settings, sandbox)
    sandbox.repair()
    a_line(app, acme, settings, sandbox)


@pytest.fixture
async def line(bare: Line) -> Line:
    """A number is connected, its templates are approved, and the admin, who alone hears, has confirmed a phone."""
    await bare.connect()
    await bare.with_templates()
    await bare.only_admin_hears()
    await bare.confirm()
    await bare.send()
    return bare


@pytest.fixture
async def late(line: Line) -> Line:
    """The admin has not written for long: only templates are taken."""
    await line.close_window()
    return line


async def mute_mail(line: Line, kind: K = K.INCIDENT_OPENED) -> None:
    async with line.scopes() as scope:
        await PreferencesService(scope, line.company.person().id).change({}, {kind: {"email": False}})


# Connecting


async def test_a_number_is_kept_sealed_once_meta_has_said_whose_it_is(bare: Line) -> None:
    assert await bare.connect() is not None
    account = await bare.account()
    assert (account.display_number, account.verified_name) == ("+1 202-555-0123", "Northwind Alerts")
    assert bare.own.token.encode() not in account.token_sealed
    tenant = bare.company.id
    assert unseal(account.token_sealed, purpose=WHATSAPP_TOKEN, tenant_id=tenant) == bare.own.token
    assert unseal(account.secret_sealed, purpose=WHATSAPP_SECRET, tenant_id=tenant) == bare.own.app_secret
    assert await bare.connect() is None, "the webhook of the same number stays as it was set up"
    assert (await bare.account()).id == account.id


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"token": "EAAnobody"}, "body.token"),
        ({"app_secret": "0" * 32}, "body.app_secret"),
        ({"waba_id": "99999999"}, "body.waba_id"),
        ({"phone_number_id": "99999999"}, "body.phone_number_id"),
    ],
)
async def test_what_does_not_belong_together_is_refused_with_its_field(
    bare: Line, change: dict[str, str], field: str
) -> None:
    own = {name: getattr(bare.own, name) for name in ("phone_number_id", "waba_id", "token", "app_secret")}
    with pytest.raises(WhatsAppRefusal) as caught:
        await bare.desk.connect(Credentials(**{**own, **change}))
    assert caught.value.fields is not None
    assert caught.value.fields[0].field == field
    async with bare.scopes() as scope:
        assert await AccountRepository(scope).get() is None


async def test_where_meta_does_not_answer_nothing_is_kept(bare: Line) -> None:
    nowhere = bare.settings.model_copy(update={"whatsapp_base_url": "http://127.0.0.1:9"})
    with pytest.raises(WhatsAppUnreachable):
        await WhatsAppDesk(bare.scopes, nowhere).connect(bare.own)


async def test_templates_are_handed_in_once_and_their_state_tells_what_to_do(bare: Line) -> None:
    await bare.connect()
    assert {each.status for each in (await bare.state()).templates} == {"missing"}
    await bare.desk.hand_in()
    await bare.desk.hand_in()
    assert [(each.name, each.status) for each in (await bare.state()).templates] == [
        (name, "pending") for name in NAMES
    ]
    bare.review(NOTICE, status="APPROVED")
    bare.review(ACT, status="APPROVED", category="MARKETING")
    bare.review(DIGEST, status="REJECTED", rejected_reason="INVALID_FORMAT")
    await bare.desk.look()
    found = {each.name: each for each in (await bare.state()).templates}
    assert (found[NOTICE].is_usable, found[NOTICE].mend) == (True, None)
    assert found[ACT].mend == (
        "Meta counts it as marketing: only what is of the utility category is sent. Ask for a review there."
    )
    assert (found[DIGEST].status, found[DIGEST].reason) == ("rejected", "INVALID_FORMAT")
    moved = bare.settings.model_copy(update={"public_url": "https://elsewhere.example"})
    await WhatsAppDesk(bare.scopes, moved).look()
    assert {each.status for each in (await bare.state()).templates} == {"differs", "rejected"}


async def test_what_differs_from_ours_does_not_become_ours_by_an_approval(line: Line) -> None:
    async with line.scopes() as scope:
        await scope.session.execute(update(WhatsAppTemplate).values(status=WhatsAppTemplateStatus.DIFFERS))
    line.review(NOTICE, status="PAUSED")
    line.review(NOTICE, status="APPROVED")
    await line.take_all()
    found = {each.name: each.status for each in (await line.state()).templates}
    assert found[NOTICE] == "differs"
    await line.desk.look()
    found = {each.name: each.status for each in (await line.state()).templates}
    assert found[NOTICE] == "approved"


# Agreeing


async def test_a_person_agrees_by_writing_the_code_from_the_number(bare: Line) -> None:
    await bare.connect()
    asked = await bare.ask("+36 30 123 4567")
    assert (await bare.person()).number == f"+{PHONE}"
    assert asked.link == f"https://wa.me/12025550123?text=Confirm%20{asked.code}"
    assert bare.messages() == [], "nothing is sent to a number before its owner has written"
    await bare.hear(f"Confirm {asked.code}", OTHER_PHONE)
    await bare.hear("Confirm ABCD-EFGH")
    assert (await bare.person()).state == "pending"
    await bare.hear(f"confirm {asked.code.lower()} please")
    person = await bare.person()
    assert (person.state, person.wa_id, person.wording) == ("confirmed", PHONE, "2026-11-1")
    assert await bare.receipts() == [("asked", "dashboard"), ("confirmed", "code")]
    await bare.send()
    assert "Reply STOP to end it." in bare.messages()[0]["text"]


async def test_a_code_confirms_once_and_not_for_ever(bare: Line) -> None:
    await bare.connect()
    asked = await bare.ask()
    async with bare.scopes() as scope:
        person = await OwnNumberService(scope, bare.company.person().id)._own()
        person.code_until = real_now()
    await bare.hear(f"Confirm {asked.code}")
    assert (await bare.person()).state == "pending"


async def test_another_number_has_to_be_confirmed_anew(line: Line) -> None:
    await line.ask(f"+{OTHER_PHONE}")
    await tell(line.company, a_notice())
    assert await line.rows() == []
    assert (await line.receipts())[-2:] == [("stopped", "dashboard"), ("asked", "dashboard")]


async def test_stop_ends_it_and_start_begins_it_again(line: Line) -> None:
    await line.hear(" Stop. ")
    assert (await line.person()).state == "stopped"
    await line.send()
    assert line.messages()[0]["text"].endswith("Reply START to begin again.")
    await tell(line.company, a_notice(key="one"))
    assert await line.rows() == []
    await line.hear("start")
    await tell(line.company, a_notice(key="two"))
    await line.send()
    assert (await line.row()).status == "sent"
    assert (await line.receipts())[-2:] == [("stopped", "word"), ("resumed", "word")]


async def test_a_start_from_before_the_stop_begins_nothing(line: Line) -> None:
    start = line.write("START")
    await asyncio.sleep(1.1)
    await line.hear("STOP")
    await line.take(start)
    assert (await line.person()).state == "stopped"


async def test_what_waited_when_a_person_stopped_comes_by_mail(line: Line) -> None:
    await mute_mail(line)
    await tell(line.company, a_notice())
    await line.hear("STOP")
    postbox = await line.send()
    await line.send(postbox)
    row = await line.row()
    assert (row.status, row.error_code) == ("skipped", "opted_out")
    assert [each.subject for each in postbox.mails] == ["[Acme] Incident: The pixel sends nothing"]


async def test_a_line_is_one_persons(line: Line) -> None:
    """Whoever proves it last has it: messages carry links that act as whom they were sent to."""
    async with line.scopes() as scope:
        await scope.session.execute(update(Membership).values(is_active=True))
    await line.confirm(Role.MANAGER)
    assert (await line.person()).state == "stopped"
    assert (await line.person(Role.MANAGER)).state == "confirmed"
    assert ("stopped", "moved") in await line.receipts()


# Sending


@pytest.fixture
def own_sandbox() -> Iterator[Sandbox]:
    """Whose clock a test may stop and turn."""
    with running_sandbox("--seed", "9", "--history", "2") as running:
        yield running


async def test_text_until_the_very_end_of_the_day_and_a_template_after(
    app: FastAPI, acme: Company, settings: Settings, own_sandbox: Sandbox
) -> None:
    """By the sandbox's clock, here as there: had either side counted otherwise, it would have been refused."""
    line = a_line(app, acme, settings, own_sandbox, SandboxClock(own_sandbox))
    line.control("POST", "whatsapp/refusals", json={"at_once": True})
    line.control("POST", "clock", json={"mode": "paused"})
    await line.connect()
    await line.with_templates()
    await line.only_admin_hears()
    whole = datetime.fromisoformat(line.control("GET", "clock")["now"]).replace(microsecond=0)
    line.control("POST", "clock", json={"now": (whole + timedelta(seconds=1)).isoformat()})
    await line.confirm()
    for seconds, template in ((86_399, None), (2, ACT)):
        line.control("POST", "clock", json={"advance_seconds": seconds})
        await tell(acme, a_notice(key=str(seconds)))
        await line.send()
        row = (await line.rows())[-1]
        assert (row.status, row.attempts, line.messages()[0]["template"]) == ("sent", 1, template)


async def test_within_a_day_of_what_was_written_all_of_it_comes_as_text(line: Line) -> None:
    await tell(line.company, a_notice(severity=NotificationSeverity.CRITICAL))
    await line.send()
    message, row = line.messages()[0], await line.row()
    assert (row.status, row.reference, row.delivered_at) == ("sent", message["id"], None)
    assert message["template"] is None
    assert "Critical: Incident: The pixel sends nothing\nThe pixel sends nothing" in message["text"]
    assert f"Acknowledge… {line.settings.public_url}/act?token=nal_{line.company.id}_" in message["text"]


async def test_later_a_template_carries_it_with_its_links_as_buttons(late: Line) -> None:
    await tell(late.company, a_notice())
    await late.send()
    message = late.messages()[0]
    assert message["template"] == ACT
    assert "From Acme in Stratum, for you to answer: Incident: The pixel sends nothing" in message["text"]
    review, opens = message["buttons"]
    assert review["url"].startswith(f"{late.settings.public_url}/act?token=nal_{late.company.id}_")
    assert opens["url"].startswith(f"{late.settings.public_url}/trust/incidents/")
    assert message["footer"] == "Reply STOP to end these messages."


async def test_what_has_nothing_to_decide_goes_by_the_plain_template(late: Line) -> None:
    await tell(late.company, a_notice(K.KILL_SWITCH_CHANGED, facts={"turned": "on"}))
    await tell(late.company, a_notice(K.DEAD_LETTER))
    async with late.scopes() as scope:
        await PreferencesService(scope, late.company.person().id).change(
            {}, {K.DEAD_LETTER: {"whatsapp": True}}
        )
    await tell(late.company, a_notice(K.DEAD_LETTER, key="two"))
    await late.send()
    assert [each["template"] for each in late.messages()[:1]] == [NOTICE]
    assert len(await late.rows()) == 1, (
        "a kind is told there by choice, and nobody of what they did themselves"
    )


@pytest.mark.parametrize("status", ["PAUSED", "REJECTED", "PENDING", "DISABLED"])
async def test_a_template_that_cannot_be_used_loses_nothing(late: Line, status: str) -> None:
    """The admin reads why; the message comes by the template that is left, or else by mail."""
    await mute_mail(late)
    late.review(ACT, status=status)
    await late.take_all()
    await tell(late.company, a_notice(key="one"))
    await late.send()
    assert late.messages()[0]["template"] == NOTICE
    late.review(NOTICE, status=status)
    await late.take_all()
    assert {each.name for each in (await late.state()).templates if each.mend} == {ACT, NOTICE}
    await tell(late.company, a_notice(key="two"))
    postbox = await late.send()
    await late.send(postbox)
    dead = (await late.rows())[-1]
    assert (dead.status, dead.error_code) == ("dead", "template_not_usable")
    assert len(postbox.mails) == 1


async def test_a_template_that_was_deleted_meanwhile_is_found_missing_by_the_send(late: Line) -> None:
    await mute_mail(late)
    late.control("DELETE", "whatsapp/templates", params={"name": ACT})
    await tell(late.company, a_notice())
    postbox = await late.send()
    await late.send(postbox)
    row = await late.row()
    assert (row.status, row.error_code) == ("dead", "132001")
    assert {each.name: each.status for each in (await late.state()).templates}[ACT] == "missing"
    assert len(postbox.mails) == 1


async def test_nobody_is_mailed_twice_and_who_wishes_no_mail_gets_none(late: Line) -> None:
    for name in (ACT, NOTICE):
        late.review(name, status="PAUSED")
    await late.desk.look()
    await tell(late.company, a_notice(key="one"))
    postbox = await late.send()
    await late.send(postbox)
    assert len(postbox.mails) == 1, "the mail that was wanted anyway"
    await mute_mail(late)
    async with late.scopes() as scope:
        await OwnNumberService(scope, late.company.person().id).set_falls_back(falls_back=False)
    await tell(late.company, a_notice(key="two"))
    await late.send(postbox)
    await late.send(postbox)
    assert len(postbox.mails) == 1


async def test_a_number_that_is_switched_off_has_mail_bring_it(line: Line) -> None:
    await mute_mail(line)
    async with line.scopes() as scope:
        await WhatsAppChannel(scope, line.settings).switch(enabled=False)
    await tell(line.company, a_notice())
    postbox = await line.send()
    assert (len(postbox.mails), await line.rows()) == (1, [])


async def test_a_digest_is_one_message_of_all_that_waited(late: Line) -> None:
    async with late.scopes() as scope:
        await PreferencesService(scope, late.company.person().id).change({"digest": "daily"}, {})
    for key in ("one", "two", "three"):
        await tell(late.company, a_notice(key=key))
    before = len(late.messages())
    await late.send()
    assert len(late.messages()) == before
    assert {each.held_for for each in await late.rows()} == {"digest"}
    await fall_due(late.scopes)
    await late.send()
    message = late.messages()[0]
    assert (len(late.messages()), message["template"]) == (before + 1, DIGEST)
    assert "3 notifications wait." in message["text"]
    assert message["buttons"] == [
        {"text": "Open the inbox", "url": f"{late.settings.public_url}/notifications"}
    ]
    assert {each.status for each in await late.rows()} == {"sent"}
    await tell(late.company, a_notice(key="four", severity=NotificationSeverity.CRITICAL))
    await late.send()
    assert "Critical: Incident" in late.messages()[0]["text"]


async def test_quiet_hours_hold_it_back(line: Line) -> None:
    now = real_now()
    minute = now.hour * 60 + now.minute
    quiet = {"quiet_from": (minute - 60) % 1_440, "quiet_until": (minute + 60) % 1_440, "timezone": "UTC"}
    async with line.scopes() as scope:
        await PreferencesService(scope, line.company.person().id).change(quiet, {})
    before = len(line.messages())
    await tell(line.company, a_notice())
    await line.send()
    row = await line.row()
    assert (row.held_for, row.status, len(line.messages())) == ("quiet_hours", "queued", before)
    assert timedelta(minutes=58) < row.due_at - now <= timedelta(minutes=60)


async def test_the_same_again_is_one_message(line: Line) -> None:
    for _ in range(3):
        await tell(line.company, a_notice())
        await line.send()
    assert len(await line.rows(None)) == 3, (
        "a welcome, a notice, and one for all repeats when the hour is over"
    )
    assert [each.status for each in await line.rows("repeat")] == ["queued"]


async def test_a_test_goes_to_ones_own_number(line: Line) -> None:
    async with line.scopes() as scope:
        await ChannelService(scope, line.settings).test_whatsapp(line.company.person().id)
    await line.send()
    assert "This is a test message from Stratum" in line.messages()[0]["text"]
    async with line.scopes() as scope:
        with pytest.raises(NotConfirmed):
            await ChannelService(scope, line.settings).test_whatsapp(line.company.person(Role.MANAGER).id)


# What becomes of it


async def test_sent_is_not_delivered(line: Line) -> None:
    await tell(line.company, a_notice())
    await line.send()
    message_id = line.messages()[0]["id"]
    await line.settle(message_id, "sent")
    assert (await line.row()).delivered_at is None
    await line.settle(message_id, "delivered")
    row = await line.row()
    assert row.delivered_at is not None
    assert row.read_at is None
    await line.settle(message_id, "read")
    await line.settle(message_id, "failed", 131026)
    row = await line.row()
    assert (row.status, row.read_at is not None) == ("sent", True), "what was read did arrive"


FATES: list[tuple[int, str, bool]] = [
    (131000, "failed", False),
    (131016, "failed", False),
    (130429, "failed", False),
    (131056, "failed", False),
    (131026, "dead", True),
    (131030, "dead", True),
    (131049, "dead", True),
    (131031, "dead", True),
    (131042, "dead", True),
    (133010, "dead", True),
    (132012, "dead", True),
    (131051, "dead", True),
]


@pytest.mark.parametrize(("code", "status", "mailed"), FATES)
async def test_what_fails_later_is_tried_again_or_comes_by_mail(
    line: Line, code: int, status: str, *, mailed: bool
) -> None:
    await mute_mail(line)
    await tell(line.company, a_notice())
    await line.send()
    await line.settle(line.messages()[0]["id"], "failed", code)
    row = await line.row()
    assert (row.status, row.error_code) == (status, str(code))
    assert row.error
    postbox = await line.send()
    assert len(postbox.mails) == int(mailed)
    account, person = await line.account(), await line.person()
    assert account.last_error == (str(code) if code in {131031, 131042, 133010, 130429} else None)
    assert (person.last_error is not None) == (code in {131026, 131030, 131049})


@pytest.mark.parametrize(
    ("code", "status"), [(131026, "dead"), (131030, "dead"), (131000, "failed"), (10, "dead"), (190, "dead")]
)
async def test_what_is_refused_in_the_answer_is_judged_alike(line: Line, code: int, status: str) -> None:
    line.control("POST", "whatsapp/refusals", json={"at_once": True})
    if code == 190:
        line.control("POST", "whatsapp/tokens", json={"action": "revoke"})
    else:
        line.control("POST", "whatsapp/people", json={"digits": PHONE, "code": code})
    await tell(line.company, a_notice())
    await line.send()
    row = await line.row()
    assert (row.status, row.error_code) == (status, str(code))
    assert ((await line.account()).last_error is not None) == (code in {10, 190})


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_window_that_whatsapp_counts_otherwise_has_a_template_follow(
    line: Line, *, at_once: bool
) -> None:
    """We thought it open, and are told 131047: in the answer, or later."""
    line.control("DELETE", "whatsapp/messages")
    line.control("POST", "whatsapp/refusals", json={"at_once": at_once})
    await tell(line.company, a_notice())
    await line.send()
    await line.take_all()
    await line.send()
    row = await line.row()
    assert (row.status, row.error_code, row.attempts) == ("sent", None, 2)
    assert line.messages()[0]["template"] == ACT
    assert (await line.person()).wrote_at is None


async def two_people(line: Line) -> None:
    """The manager has confirmed a phone too."""
    async with line.scopes() as scope:
        await scope.session.execute(update(Membership).values(is_active=True))
    await line.confirm(Role.MANAGER, OTHER_PHONE)
    await line.send()


@pytest.mark.parametrize("by_webhook", [False, True])
async def test_a_limit_of_the_number_is_obeyed_for_all_that_waits(line: Line, *, by_webhook: bool) -> None:
    await two_people(line)
    path = f"/{line.own.phone_number_id}/messages"
    fault = {"kind": "rate_limit", "vendor": "whatsapp", "path": path, "count": 1, "code": 130429}
    await tell(line.company, a_notice())
    if by_webhook:
        row = (await line.rows())[0]
        async with line.scopes() as scope:
            await DeliveryRepository(scope).postpone(Channel.WHATSAPP, real_now() + timedelta(seconds=1))
            later = update(NotificationDelivery).where(NotificationDelivery.id == row.id)
            await scope.session.execute(later.values(due_at=real_now()))
        await line.send()
        await line.settle(line.messages(phone_of(line, row.user_id))[0]["id"], "failed", 130429)
    else:
        line.control("POST", "faults", json=fault)
        await line.send()
    rows = await line.rows()
    assert sorted(each.status for each in rows) == ["failed", "queued"]
    assert all(each.due_at > real_now() + timedelta(seconds=50) for each in rows)
    await fall_due(line.scopes)
    await line.send()
    assert {each.status for each in await line.rows()} == {"sent"}


def phone_of(line: Line, user_id: UUID | None) -> str:
    return PHONE if user_id == line.company.person().id else OTHER_PHONE


async def test_a_limit_of_one_person_leaves_the_others_alone(line: Line) -> None:
    await two_people(line)
    line.control("POST", "whatsapp/people", json={"digits": PHONE, "code": 131056})
    await tell(line.company, a_notice(key="one"))
    await tell(line.company, a_notice(key="two"))
    await line.send()
    rows = await line.rows()
    admin = line.company.person().id
    assert sorted(each.status for each in rows if each.user_id == admin) == ["failed", "queued"]
    assert {each.status for each in rows if each.user_id != admin} == {"sent"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "server_error", "status": 503}, "131000"),
        ({"kind": "connection_reset"}, "no_answer"),
        ({"kind": "malformed_json"}, "unreadable_answer"),
    ],
)
async def test_what_may_pass_is_tried_again(line: Line, fault: dict[str, Any], code: str) -> None:
    path = f"/{line.own.phone_number_id}/messages"
    line.control("POST", "faults", json={**fault, "vendor": "whatsapp", "path": path, "count": 1})
    await tell(line.company, a_notice())
    await line.send()
    row = await line.row()
    assert (row.status, row.attempts, row.error_code) == ("failed", 1, code)
    await fall_due(line.scopes)
    await line.send()
    assert (await line.row()).status == "sent"


async def test_what_was_sent_and_its_answer_lost_is_known_again_by_its_status(line: Line) -> None:
    """What we give along comes back: then nothing is sent twice."""
    path = f"/{line.own.phone_number_id}/messages"
    order = {"kind": "drop_response", "vendor": "whatsapp", "path": path, "count": 1}
    line.control("POST", "faults", json=order)
    before = len(line.messages())
    await tell(line.company, a_notice())
    await line.send()
    assert ((await line.row()).status, len(line.messages())) == ("failed", before + 1)
    await line.settle(line.messages()[0]["id"], "delivered")
    await fall_due(line.scopes)
    await line.send()
    row = await line.row()
    assert (row.status, row.reference) == ("sent", line.messages()[0]["id"])
    assert len(line.messages()) == before + 1


async def test_a_word_of_before_the_failure_does_not_undo_it(line: Line) -> None:
    """Statuses come in any order, and more than once."""
    await tell(line.company, a_notice())
    await line.send()
    first = line.messages()[0]["id"]
    await line.settle(first, "failed", 131000)
    await line.settle(first, "sent")
    assert (await line.row()).status == "failed"
    await fall_due(line.scopes)
    await line.send()
    row = await line.row()
    assert (row.status, row.attempts, row.reference != first) == ("sent", 2, True)


async def test_a_second_try_that_fails_before_its_answer_is_its_own(line: Line) -> None:
    await tell(line.company, a_notice())
    await line.send()
    await line.settle(line.messages()[0]["id"], "failed", 131000)
    path = f"/{line.own.phone_number_id}/messages"
    order = {"kind": "drop_response", "vendor": "whatsapp", "path": path, "count": 1}
    line.control("POST", "faults", json=order)
    await fall_due(line.scopes)
    await line.send()
    await line.settle(line.messages()[0]["id"], "failed", 131026)
    row = await line.row()
    assert (row.status, row.error_code) == ("dead", "131026")


async def test_a_sender_that_died_leaves_its_message_to_the_next_unless_it_is_known_to_be_sent(
    line: Line,
) -> None:
    for key in ("one", "two"):
        await tell(line.company, a_notice(key=key))
    await line.send()
    first, second = await line.rows()
    async with line.scopes() as scope:
        await scope.session.execute(
            update(NotificationDelivery)
            .where(NotificationDelivery.id.in_([first.id, second.id]))
            .values(status=DeliveryStatus.SENDING, due_at=real_now(), reference=None, sent_at=None)
        )
    before = line.messages()
    await line.settle(before[1]["id"], "sent")
    await line.send()
    assert len(line.messages()) == len(before) + 1, "only the one of which nothing was told"
    assert {each.status for each in await line.rows()} == {"sent"}


class SlowWhatsApp(WhatsAppClient):
    async def send(self, message: WhatsAppMessage) -> str:
        await asyncio.sleep(0.4)
        return await super().send(message)


async def test_before_a_slow_whatsapp_uses_up_the_lease_the_rest_is_taken_anew(line: Line) -> None:
    for key in ("one", "two", "three"):
        await tell(line.company, a_notice(key=key))
    sender = NotificationSender(
        line.scopes,
        Postbox(),
        line.settings,
        whatsapp=lambda own: SlowWhatsApp(line.settings, own),
        patience=timedelta(seconds=0.35),
    )
    await sender.send_due()
    rows = await line.rows()
    assert {(each.status, each.attempts) for each in rows} == {("sent", 1)}
    assert len(line.messages()) == 4


async def test_several_senders_send_each_message_once(line: Line) -> None:
    for key in ("one", "two", "three"):
        await tell(line.company, a_notice(key=key))
    before = len(line.messages())
    await asyncio.gather(*(line.send() for _ in range(3)))
    assert len(line.messages()) == before + 3


async def test_links_and_tokens_are_not_in_the_database(late: Line) -> None:
    await tell(late.company, a_notice())
    await late.send()
    token = late.messages()[0]["buttons"][0]["url"].split("token=")[1]
    rows = await deliveries(late.scopes)
    assert token not in str([vars(each) for each in rows])
