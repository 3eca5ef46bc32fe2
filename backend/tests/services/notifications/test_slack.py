"""Our way to Slack: what is told arrives in the right channel, and every refusal is told truthfully."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.core.clock import real_now
from app.core.config import Settings
from app.core.security import unseal
from app.db.session import Scopes
from app.models.notifications.channels import NotificationDelivery, SlackWorkspace
from app.services.notifications.channels.errors import ChannelUnknown, SlackTokenRefused, SlackUnreachable
from app.services.notifications.channels.repository import SlackRepository
from app.services.notifications.channels.service import ChannelService, SlackDesk
from app.services.notifications.channels.writing import SLACK_TOKEN
from app.services.notifications.service import NotificationKind, NotificationSeverity
from tests.factories.access import Company
from tests.factories.notifications import Postbox, a_notice, deliveries, fall_due, send, tell
from tests.sandbox_process import Sandbox

ALERTS, AD_OPS, GENERAL = "C0ALERTS01", "C0ADOPS001", "C0GENERAL1"


@dataclass(frozen=True)
class Room:
    """A company whose Slack is connected, and the sandbox's side of it."""

    company: Company
    settings: Settings
    sandbox: Sandbox
    token: str

    @property
    def desk(self) -> SlackDesk:
        return SlackDesk(self.company.scopes, self.settings)

    async def send(self) -> None:
        await send(self.company, self.settings, Postbox())

    def posted(self, channel: str = ALERTS) -> list[dict[str, object]]:
        found: list[dict[str, object]] = self.sandbox.control(
            "GET", "slack/messages", params={"channel": channel}
        )
        return found

    async def row(self) -> NotificationDelivery:
        [found] = [each for each in await deliveries(self.company.scopes) if each.channel == "slack"]
        return found


@pytest.fixture
async def room(acme: Company, settings: Settings, sandbox: Sandbox) -> AsyncIterator[Room]:
    here = settings.model_copy(update={"slack_base_url": f"{sandbox.url}/slack/api/"})
    token = sandbox.control("GET", "slack")["bot_token"]
    sandbox.control("DELETE", "slack/messages")
    made = Room(acme, here, sandbox, token)
    await made.desk.connect(token)
    await made.desk.change(channel_id=ALERTS)
    yield made
    sandbox.control("POST", "slack/tokens", json={"action": "restore"})
    sandbox.control("DELETE", "slack/quota")
    sandbox.repair()


async def workspace(scopes: Scopes) -> SlackWorkspace:
    async with scopes() as scope:
        found = await SlackRepository(scope).get()
    assert found is not None
    return found


async def test_what_is_told_arrives_in_the_channel_with_its_buttons(room: Room) -> None:
    await tell(room.company, a_notice(severity=NotificationSeverity.CRITICAL))
    await room.send()
    [message] = room.posted()
    row = await room.row()
    assert (row.status, row.reference) == ("sent", message["ts"])
    assert message["text"] == "Critical: Incident: The pixel sends nothing"
    shown = str(message["blocks"])
    assert "Acknowledge…" in shown
    assert f"{room.settings.public_url}/act?token=nal_{room.company.id}_" in shown
    assert f"{room.settings.public_url}/trust/incidents/" in shown


async def test_a_kind_has_a_channel_of_its_own_or_none(room: Room) -> None:
    await room.desk.change(
        by_kind={NotificationKind.DEAD_LETTER: AD_OPS, NotificationKind.KILL_SWITCH_CHANGED: None}
    )
    await tell(room.company, a_notice(NotificationKind.DEAD_LETTER))
    await tell(room.company, a_notice(NotificationKind.KILL_SWITCH_CHANGED))
    await tell(room.company, a_notice())
    await room.send()
    assert (len(room.posted(AD_OPS)), len(room.posted(ALERTS))) == (1, 1)
    await room.desk.change(use_default_for=[NotificationKind.DEAD_LETTER])
    assert "dead_letter" not in (await workspace(room.company.scopes)).by_kind


async def test_switched_off_nothing_goes_there(room: Room) -> None:
    await room.desk.change(enabled=False)
    await tell(room.company, a_notice())
    await room.send()
    assert room.posted() == []


async def test_the_token_is_sealed_for_this_company(room: Room) -> None:
    kept = await workspace(room.company.scopes)
    assert room.token.encode() not in kept.token_sealed
    assert unseal(kept.token_sealed, purpose=SLACK_TOKEN, tenant_id=room.company.id) == room.token


async def test_a_token_that_slack_does_not_know_is_not_kept(
    globex: Company, settings: Settings, sandbox: Sandbox
) -> None:
    here = settings.model_copy(update={"slack_base_url": f"{sandbox.url}/slack/api/"})
    with pytest.raises(SlackTokenRefused) as caught:
        await SlackDesk(globex.scopes, here).connect("xoxb-nobody")
    assert caught.value.context["slack_error"] == "invalid_auth"
    async with globex.scopes() as scope:
        assert await SlackRepository(scope).get() is None


async def test_where_slack_does_not_answer_it_says_so(globex: Company, settings: Settings) -> None:
    nowhere = settings.model_copy(update={"slack_base_url": "http://127.0.0.1:9/api/"})
    with pytest.raises(SlackUnreachable):
        await SlackDesk(globex.scopes, nowhere).connect("xoxb-somebody")


async def test_a_channel_that_there_is_not_is_refused_with_its_field(room: Room) -> None:
    with pytest.raises(ChannelUnknown) as caught:
        await room.desk.change(by_kind={NotificationKind.DEAD_LETTER: "C0NOWHERE1"})
    assert caught.value.fields is not None
    assert caught.value.fields[0].field == "body.by_kind.dead_letter"


async def test_a_test_tells_slacks_own_word_and_is_dead_at_once(room: Room) -> None:
    await room.desk.change(channel_id=GENERAL)
    async with room.company.scopes() as scope:
        await ChannelService(scope, room.settings).test_slack()
    await room.send()
    row = await room.row()
    assert (row.kind, row.status, row.attempts, row.error_code) == ("test", "dead", 1, "not_in_channel")
    assert (await workspace(room.company.scopes)).last_error == "not_in_channel"


async def test_a_test_that_arrives_is_sent(room: Room) -> None:
    async with room.company.scopes() as scope:
        await ChannelService(scope, room.settings).test_slack()
    await room.send()
    assert (await room.row()).status == "sent"
    assert room.posted()[0]["text"] == "Test message"


async def test_a_rate_limit_is_obeyed_for_all_that_waits(room: Room) -> None:
    fault = {"kind": "rate_limit", "vendor": "slack", "path": "/chat.postMessage", "count": 1, "seconds": 90}
    room.sandbox.control("POST", "faults", json=fault)
    await tell(room.company, a_notice())
    await room.send()
    row = await room.row()
    assert (row.status, row.error_code) == ("failed", "ratelimited")
    assert row.due_at > real_now() + timedelta(seconds=80)
    assert room.posted() == []
    await fall_due(room.company.scopes)
    await room.send()
    assert (await room.row()).status == "sent"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "server_error", "status": 503}, "internal_error"),
        ({"kind": "connection_reset"}, "no_answer"),
        ({"kind": "malformed_json"}, "unreadable_answer"),
    ],
)
async def test_what_may_pass_is_tried_again(room: Room, fault: dict[str, object], code: str) -> None:
    order = {**fault, "vendor": "slack", "path": "/chat.postMessage", "count": 1}
    room.sandbox.control("POST", "faults", json=order)
    await tell(room.company, a_notice())
    await room.send()
    row = await room.row()
    assert (row.status, row.attempts, row.error_code) == ("failed", 1, code)
    await fall_due(room.company.scopes)
    await room.send()
    assert (await room.row()).status == "sent"
    assert len(room.posted()) == 1


async def test_a_token_that_was_taken_back_is_dead_until_a_person_mends_it(room: Room) -> None:
    room.sandbox.control("POST", "slack/tokens", json={"action": "revoke"})
    await tell(room.company, a_notice())
    await room.send()
    row = await room.row()
    assert (row.status, row.error_code) == ("dead", "token_revoked")
    room.sandbox.control("POST", "slack/tokens", json={"action": "restore"})
    async with room.company.scopes() as scope:
        await ChannelService(scope, room.settings).replay(row.id)
    await room.send()
    assert (await room.row()).status == "sent"
    assert (await workspace(room.company.scopes)).last_error is None


async def test_what_was_taken_together_rests_as_well(room: Room) -> None:
    fault = {"kind": "rate_limit", "vendor": "slack", "path": "/chat.postMessage", "count": 1, "seconds": 90}
    room.sandbox.control("POST", "faults", json=fault)
    for key in ("one", "two", "three"):
        await tell(room.company, a_notice(key=key))
    await room.send()
    rows = [each for each in await deliveries(room.company.scopes) if each.channel == "slack"]
    assert room.posted() == []
    assert [(each.status, each.attempts) for each in rows] == [("failed", 1), ("queued", 0), ("queued", 0)]
    assert all(each.due_at > real_now() + timedelta(seconds=80) for each in rows)


async def test_a_token_whose_key_is_gone_holds_no_mail_up(room: Room) -> None:
    async with room.company.scopes() as scope:
        held = await SlackRepository(scope).get(for_update=True)
        assert held is not None
        held.token_sealed = held.token_sealed[:-1] + bytes([held.token_sealed[-1] ^ 1])
    await tell(room.company, a_notice())
    await room.send()
    assert ((await room.row()).status, (await room.row()).error_code) == ("dead", "slack_token_lost")
    mails = [each for each in await deliveries(room.company.scopes) if each.channel == "email"]
    assert {each.status for each in mails} == {"sent"}


async def test_what_waits_for_a_workspace_that_was_taken_away_says_so(room: Room) -> None:
    await tell(room.company, a_notice())
    async with room.company.scopes() as scope:
        await ChannelService(scope, room.settings).disconnect_slack()
    await room.send()
    assert (await room.row()).error_code == "slack_not_connected"
