"""One message after the other, in the order of the logs: taken, sent, written down, each by itself.

A message is a range of the logs that is fixed, in a transaction, before it is sent, and told over and over until
somebody acknowledges it or skips it. So whoever dies at any point leaves the range and its id behind, and the next one
sends the same again: at least once, nothing lost. No transaction is open while it is sent; a lease keeps the webhook
for one teller until then.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.core.clock import real_now
from app.core.ids import uuid7
from app.core.logging import get_logger
from app.core.metrics import CDP_WEBHOOK_CALLS, CDP_WEBHOOK_ITEMS
from app.core.security import unseal
from app.db.session import Scopes, TenantScope
from app.models.cdp.webhooks import CdpWebhook, CdpWebhookDelivery
from app.services.audit_logs.service import AuditLog
from app.services.cdp.webhooks import rules
from app.services.cdp.webhooks.messages import Messages
from app.services.cdp.webhooks.repository import WebhookRepository
from app.services.cdp.webhooks.rules import WHOLE, Kind, OffBecause, Place
from app.services.integrations.webhooks.service import GONE, Answer, post, signed_headers, wished_pause

log = get_logger(__name__)

SECRET_PURPOSE = "cdp.webhooks.secret"  # noqa: S105  (what it is sealed for)
ANSWER_SECONDS = 15.0
_LEASE = timedelta(seconds=30)
_MOST_WINDOWS = 50


class Turn(StrEnum):
    """What came of one turn at a webhook."""

    TOLD = "told"
    FAILED = "failed"
    NOTHING = "nothing"
    """There was nothing to tell, or another has the turn."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way: all that is needed to send it and to write down what came of it."""

    webhook_id: UUID
    url: str
    secrets: tuple[str, ...]
    message_id: UUID
    kind: Kind
    attempt: int
    body: bytes
    items: int
    lease: UUID | None = None
    begin: Place | None = None
    end: Place | None = None
    skip_to: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter and its answer."""

    letter: Letter
    at: datetime
    answer: Answer

    @property
    def is_taken(self) -> bool:
        return self.answer.is_taken

    @property
    def error(self) -> str | None:
        return self.answer.fault


async def send(letter: Letter, *, seconds: float = ANSWER_SECONDS) -> Sent:
    """Signed at the time of sending, under each secret that is valid."""
    at = real_now()
    name, timestamp = f"msg_{letter.message_id.hex}", int(at.timestamp())
    headers = signed_headers(letter.secrets, name, timestamp, letter.body)
    answer = await post(letter.url, headers, letter.body, seconds=seconds)
    sent = Sent(letter, at, answer)
    CDP_WEBHOOK_CALLS.labels(letter.kind, "taken" if sent.is_taken else "failed").inc()
    return sent


def secrets_of(webhook: CdpWebhook, tenant_id: int, now: datetime) -> tuple[str, ...]:
    """The current one, and the one before it while it is still valid."""
    sealed = [webhook.secret]
    is_valid = webhook.previous_until is not None and webhook.previous_until > now
    if webhook.previous_secret is not None and is_valid:
        sealed.append(webhook.previous_secret)
    return tuple(unseal(each, purpose=SECRET_PURPOSE, tenant_id=tenant_id) for each in sealed)


def place_of(webhook: CdpWebhook) -> Place:
    return Place(webhook.change_seq, webhook.change_offset, webhook.transition_seq)


def row_of(sent: Sent, retry_at: datetime | None = None) -> CdpWebhookDelivery:
    """A try as the log keeps it."""
    letter, begin, end = sent.letter, sent.letter.begin, sent.letter.end
    return CdpWebhookDelivery(
        id=uuid7(),
        webhook_id=letter.webhook_id,
        message_id=letter.message_id,
        kind=letter.kind,
        at=sent.at,
        attempt=letter.attempt,
        acknowledged=sent.is_taken,
        http_status=sent.answer.status,
        duration_ms=sent.answer.duration_ms,
        error=sent.error,
        items=letter.items,
        retry_at=retry_at,
        from_change_seq=begin.change_seq if begin else None,
        from_change_offset=begin.change_offset if begin else None,
        from_transition_seq=begin.transition_seq if begin else None,
        to_change_seq=end.change_seq if end else None,
        to_change_offset=end.change_offset if end else None,
        to_transition_seq=end.transition_seq if end else None,
        skip_to=letter.skip_to,
    )


class Teller:
    """Tells the webhooks of one tenant."""

    def __init__(self, scopes: Scopes, *, seconds: float = ANSWER_SECONDS, lease: timedelta = _LEASE) -> None:
        self._scopes = scopes
        self._seconds = seconds
        self._lease = lease

    async def drain(self, webhook_id: UUID) -> Turn:
        """Tell it all that there is, or up to what fails; how the last turn ended that told something."""
        last = Turn.NOTHING
        while (turn := await self.turn(webhook_id)) is not Turn.NOTHING:
            last = turn
            if turn is Turn.FAILED:
                break
        return last

    async def turn(self, webhook_id: UUID) -> Turn:
        """Send one message."""
        async with self._scopes() as scope:
            letter = await self._take(scope, webhook_id)
        if letter is None:
            return Turn.NOTHING
        sent = await send(letter, seconds=self._seconds)
        async with self._scopes() as scope:
            await self._write_down(scope, sent)
        return Turn.TOLD if sent.is_taken else Turn.FAILED

    async def _take(self, scope: TenantScope, webhook_id: UUID) -> Letter | None:
        now, lease = real_now(), uuid7()
        rows = WebhookRepository(scope)
        webhook = await rows.lease(webhook_id, lease, now, now + self._lease)
        if webhook is None:
            return None
        letter = await self._letter(scope, webhook, now)
        if letter is None:
            webhook.lease = webhook.lease_until = None
            await rows.save()
        return letter

    async def _letter(self, scope: TenantScope, webhook: CdpWebhook, now: datetime) -> Letter | None:
        """What is on its way already, or the next that there is to tell."""
        messages = Messages(scope)
        head = _not_before(place_of(webhook), await messages.head())
        for _ in range(_MOST_WINDOWS):
            begin = place_of(webhook)
            end = _open_end(webhook) or head
            message = await messages.following(webhook, begin, end, webhook.skip_to)
            if message.items:
                if webhook.open_id is None:
                    webhook.open_id = uuid7()
                webhook.open_change_seq = message.end.change_seq
                webhook.open_change_offset = message.end.change_offset
                webhook.open_transition_seq = message.end.transition_seq
                await WebhookRepository(scope).save()
                return Letter(
                    webhook.id,
                    webhook.url,
                    secrets_of(webhook, scope.tenant_id, now),
                    webhook.open_id,
                    Kind.FEED,
                    webhook.attempts + 1,
                    message.body(webhook.id, now),
                    len(message.items),
                    webhook.lease,
                    begin,
                    message.end,
                    webhook.skip_to,
                )
            _advance(webhook, message.end)
            if message.end in (begin, head):
                break
        return None

    async def _write_down(self, scope: TenantScope, sent: Sent) -> None:
        rows = WebhookRepository(scope)
        letter = sent.letter
        webhook = await rows.find(letter.webhook_id, for_update=True)
        if webhook is None:  # deleted meanwhile
            return
        retry_at = None
        has_turn = webhook.lease == letter.lease
        if has_turn:
            webhook.lease = webhook.lease_until = None
        if has_turn and webhook.open_id == letter.message_id:  # else it was skipped meanwhile
            if sent.is_taken and letter.end is not None:
                _advance(webhook, letter.end)
                webhook.last_told_at = sent.at
                CDP_WEBHOOK_ITEMS.inc(letter.items)
            else:
                retry_at = await self._failed(scope, webhook, sent)
        await rows.add(row_of(sent, retry_at))

    @staticmethod
    async def _failed(scope: TenantScope, webhook: CdpWebhook, sent: Sent) -> datetime | None:
        """When it is tried again; None where that failure switched it off."""
        now = real_now()
        webhook.attempts += 1
        webhook.failing_since = webhook.failing_since or sent.at
        webhook.last_error = sent.error
        if sent.answer.status == GONE:
            await switch_off(scope, webhook, OffBecause.GONE)
            return None
        if now - webhook.failing_since >= rules.PATIENCE:
            await switch_off(scope, webhook, OffBecause.FAILING)
            return None
        wish = wished_pause(sent.answer.retry_after, now)
        pause = rules.pause_after(webhook.attempts, random.random(), wish)  # noqa: S311  (spreads load)
        webhook.next_attempt_at = now + pause
        return webhook.next_attempt_at


def _not_before(begin: Place, head: Place) -> Place:
    """Logs that lost their last rows end before the place that was reached."""
    return Place(
        max(begin.change_seq, head.change_seq), WHOLE, max(begin.transition_seq, head.transition_seq)
    )


def _open_end(webhook: CdpWebhook) -> Place | None:
    change, offset, transition = (
        webhook.open_change_seq,
        webhook.open_change_offset,
        webhook.open_transition_seq,
    )
    if webhook.open_id is None or change is None or offset is None or transition is None:
        return None
    return Place(change, offset, transition)


def _advance(webhook: CdpWebhook, end: Place) -> None:
    """Everything up to here has been told, or does not concern it."""
    webhook.change_seq, webhook.change_offset = end.change_seq, min(end.change_offset, WHOLE)
    webhook.transition_seq = end.transition_seq
    forget_open(webhook)


def forget_open(webhook: CdpWebhook) -> None:
    """No message is on its way, and nothing of it has failed."""
    webhook.open_id = webhook.open_change_seq = webhook.open_change_offset = None
    webhook.open_transition_seq = None
    forget_failures(webhook)


def forget_failures(webhook: CdpWebhook) -> None:
    webhook.attempts = 0
    webhook.failing_since = webhook.next_attempt_at = webhook.last_error = None


async def switch_off(scope: TenantScope, webhook: CdpWebhook, because: OffBecause) -> None:
    webhook.enabled = False
    webhook.off_reason, webhook.off_at = because, real_now()
    webhook.next_attempt_at = None
    await AuditLog(scope).record(
        "cdp.webhooks.switched_off",
        entity="cdp_webhooks",
        entity_id=webhook.id,
        after={"because": because, "error": webhook.last_error},
    )
    log.warning("cdp.webhooks.switched_off", webhook_id=str(webhook.id), because=because)
