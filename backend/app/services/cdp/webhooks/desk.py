"""What is done with a webhook that needs a call or a look-up: no transaction is open meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from app.auth.principals import Principal
from app.core.clock import real_now
from app.core.ids import uuid7
from app.core.security import seal
from app.db.session import Scopes, TenantScope
from app.models.cdp.webhooks import CdpWebhook, CdpWebhookDelivery
from app.services.audit_logs.service import AuditLog
from app.services.cdp.webhooks import rules
from app.services.cdp.webhooks.errors import (
    AddressUnusable,
    DeliveryNotFound,
    NameTaken,
    NothingToResume,
    NotReplayable,
    PersonalNotAllowed,
    SegmentsUnknown,
    SegmentsWithoutTopic,
    TooManyWebhooks,
    WebhookNotFound,
)
from app.services.cdp.webhooks.feed_repository import FeedRepository
from app.services.cdp.webhooks.messages import Message, Messages
from app.services.cdp.webhooks.repository import WebhookRepository
from app.services.cdp.webhooks.rules import Kind, OffBecause, Place, Topic
from app.services.cdp.webhooks.telling import (
    SECRET_PURPOSE,
    Letter,
    Sent,
    forget_failures,
    forget_open,
    row_of,
    secrets_of,
    send,
)
from app.services.integrations.webhooks.service import made_secret, usable

PERSONAL = "cdp.profiles.personal:read"
MOST_WEBHOOKS = 20
_MOST_LETTERS = 20
_MOVES = frozenset({Topic.ENTERED, Topic.LEFT})
Resume = Literal["continue", "skip"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a webhook is to be. Where it is changed, `fields` are those that were given."""

    fields: frozenset[str]
    name: str = ""
    url: str = ""
    topics: Sequence[str] = ()
    segment_ids: Sequence[UUID] = ()
    include_personal: bool = False
    purpose: str | None = None
    enabled: bool = True
    resume: Resume = "continue"

    @property
    def skips(self) -> bool:
        return "resume" in self.fields and self.resume == "skip"


def new_sealed_secret(tenant_id: int) -> tuple[str, bytes]:
    """A secret, and how it is kept: it must be read again to sign, so it is sealed and not hashed."""
    secret = made_secret()
    return secret, seal(secret, purpose=SECRET_PURPOSE, tenant_id=tenant_id)


def told_of(webhook: CdpWebhook) -> dict[str, Any]:
    """What of it the audit trail keeps."""
    return {
        "name": webhook.name,
        "url": webhook.url,
        "topics": list(webhook.topics),
        "segment_ids": [str(each) for each in webhook.segment_ids],
        "include_personal": webhook.include_personal,
        "purpose": webhook.purpose,
        "enabled": webhook.enabled,
    }


class WebhookDesk:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def create(self, principal: Principal, wish: Wish) -> tuple[UUID, str]:
        """The new webhook, and its secret, which only this answer shows. It is told what happens from now on."""
        if wish.include_personal and not principal.may(PERSONAL):
            raise PersonalNotAllowed
        await _usable(wish.url)
        async with self._scopes() as scope:
            rows = WebhookRepository(scope)
            await rows.take_turns()
            if await rows.count() >= MOST_WEBHOOKS:
                raise TooManyWebhooks
            if await rows.is_named(wish.name):
                raise NameTaken
            await _known(scope, wish.topics, wish.segment_ids)
            secret, sealed = new_sealed_secret(scope.tenant_id)
            head, now = await Messages(scope).head(), real_now()
            webhook = CdpWebhook(
                id=uuid7(), name=wish.name, url=wish.url, topics=sorted(set(wish.topics)),
                segment_ids=sorted(set(wish.segment_ids)), include_personal=wish.include_personal,
                purpose=wish.purpose, enabled=True, secret=sealed, change_seq=head.change_seq,
                change_offset=head.change_offset, transition_seq=head.transition_seq, skip_to=0, attempts=0,
                created_by=scope.actor.id, created_at=now, updated_at=now,
            )  # fmt: skip
            await rows.add(webhook)
            await AuditLog(scope).record(
                "cdp.webhooks.created",
                entity="cdp_webhooks",
                entity_id=webhook.id,
                after=told_of(webhook),
            )
        return webhook.id, secret

    async def change(self, principal: Principal, webhook_id: UUID, wish: Wish) -> None:
        """Change what is given. Whatever leaves personal data flowing needs the permission to see them."""
        if "resume" in wish.fields and not ("enabled" in wish.fields and wish.enabled):
            raise NothingToResume
        if "url" in wish.fields:
            await _usable(wish.url)
        async with self._scopes() as scope:
            rows = WebhookRepository(scope)
            await rows.take_turns()
            webhook = await _found(rows, webhook_id, for_update=True)
            before = told_of(webhook)
            if "name" in wish.fields and await rows.is_named(wish.name, but=webhook.id):
                raise NameTaken
            await _set(scope, webhook, wish)
            if webhook.include_personal and webhook.enabled and not principal.may(PERSONAL):
                raise PersonalNotAllowed
            after = told_of(webhook)
            if wish.skips:
                after["skipped"] = True
            if after == before:
                return
            webhook.updated_at = real_now()
            await rows.save()
            await AuditLog(scope).record(
                "cdp.webhooks.changed",
                entity="cdp_webhooks",
                entity_id=webhook.id,
                before=before,
                after=after,
            )

    async def test(self, webhook_id: UUID) -> CdpWebhookDelivery:
        """Send one made-up item now, also to a webhook that is off, and say what came of it."""
        now = real_now()
        async with self._scopes() as scope:
            webhook = await _found(WebhookRepository(scope), webhook_id)
            message_id = uuid7()
            item = {"id": f"t{message_id.hex}", "topic": rules.TEST_TOPIC, "at": now, "profile": None}
            letter = _letter(scope, webhook, Message.of([item]), kind=Kind.TEST, message_id=message_id)
        return await self._sent(await send(letter), "cdp.webhooks.tested")

    async def replay(self, principal: Principal, webhook_id: UUID, delivery_id: UUID) -> CdpWebhookDelivery:
        """Send what a try told once more, under its old ids; the last of its messages, where it takes several."""
        begin: Place | None = None
        last: CdpWebhookDelivery | None = None
        for _ in range(_MOST_LETTERS):
            async with self._scopes() as scope:
                rows = WebhookRepository(scope)
                webhook = await _found(rows, webhook_id)
                if webhook.include_personal and not principal.may(PERSONAL):
                    raise PersonalNotAllowed
                delivery = await rows.delivery(webhook_id, delivery_id)
                if delivery is None:
                    raise DeliveryNotFound(delivery_id=str(delivery_id))
                letter = await _again(scope, webhook, delivery, begin)
            if letter is None:
                break
            last = await self._sent(await send(letter), "cdp.webhooks.replayed")
            begin = letter.end
            if not last.acknowledged:
                break
        if last is None:
            raise NotReplayable
        return last

    async def _sent(self, sent: Sent, action: str) -> CdpWebhookDelivery:
        row = row_of(sent)
        async with self._scopes() as scope:
            rows = WebhookRepository(scope)
            await _found(rows, sent.letter.webhook_id)
            await rows.add(row)
            await AuditLog(scope).record(
                action,
                entity="cdp_webhooks",
                entity_id=sent.letter.webhook_id,
                after={"delivery": str(row.id), "acknowledged": row.acknowledged},
            )
        return row


def _letter(
    scope: TenantScope,
    webhook: CdpWebhook,
    message: Message,
    *,
    kind: Kind,
    message_id: UUID,
    begin: Place | None = None,
    skip_to: int = 0,
) -> Letter:
    now = real_now()
    return Letter(
        webhook.id,
        webhook.url,
        secrets_of(webhook, scope.tenant_id, now),
        message_id,
        kind,
        attempt=1,
        body=message.body(webhook.id, now),
        items=len(message.encoded),
        begin=begin,
        end=None if begin is None else message.end,
        skip_to=skip_to,
    )


async def _again(
    scope: TenantScope, webhook: CdpWebhook, delivery: CdpWebhookDelivery, begin: Place | None
) -> Letter | None:
    """What that try told, behind `begin`; None where there is nothing (more) of it."""
    first, end = _range(delivery)
    if first is None or end is None:
        return None
    begin = begin or first
    message = await Messages(scope).following(webhook, begin, end, delivery.skip_to)
    if not message.items:
        return None
    return _letter(
        scope,
        webhook,
        message,
        kind=Kind.REPLAY,
        message_id=delivery.message_id,
        begin=begin,
        skip_to=delivery.skip_to,
    )


def _range(delivery: CdpWebhookDelivery) -> tuple[Place | None, Place | None]:
    start = (delivery.from_change_seq, delivery.from_change_offset, delivery.from_transition_seq)
    stop = (delivery.to_change_seq, delivery.to_change_offset, delivery.to_transition_seq)
    return _place(*start), _place(*stop)


def _place(change: int | None, offset: int | None, transition: int | None) -> Place | None:
    if change is None or offset is None or transition is None:
        return None
    return Place(change, offset, transition)


async def _set(scope: TenantScope, webhook: CdpWebhook, wish: Wish) -> None:
    for name in wish.fields & {"name", "url", "include_personal", "purpose"}:
        setattr(webhook, name, getattr(wish, name))
    if "url" in wish.fields:
        webhook.next_attempt_at = None
    if "topics" in wish.fields:
        webhook.topics = sorted(set(wish.topics))
    if "segment_ids" in wish.fields:
        webhook.segment_ids = sorted(set(wish.segment_ids))
    if wish.fields & {"topics", "segment_ids"}:
        await _known(scope, webhook.topics, wish.segment_ids or webhook.segment_ids)
    if "enabled" in wish.fields:
        await _switch(scope, webhook, wish)


async def _switch(scope: TenantScope, webhook: CdpWebhook, wish: Wish) -> None:
    """Off; or on again, to go on where it stopped or from now on. Erasures are not skipped."""
    if not wish.enabled:
        if webhook.enabled:
            webhook.enabled = False
            webhook.off_reason, webhook.off_at = OffBecause.BY_HAND, real_now()
        return
    if not webhook.enabled:
        webhook.enabled = True
        webhook.off_reason = webhook.off_at = None
        forget_failures(webhook)
    if wish.skips:
        head = await Messages(scope).head()
        webhook.skip_to = max(webhook.skip_to, head.change_seq)
        webhook.transition_seq = max(webhook.transition_seq, head.transition_seq)
        webhook.lost_at = None
        forget_open(webhook)


async def _found(rows: WebhookRepository, webhook_id: UUID, *, for_update: bool = False) -> CdpWebhook:
    webhook = await rows.find(webhook_id, for_update=for_update)
    if webhook is None:
        raise WebhookNotFound(webhook_id=str(webhook_id))
    return webhook


async def _usable(url: str) -> None:
    """Also checked when it is called: a name may lead elsewhere by then."""
    fault = await usable(url)
    if fault is not None:
        raise AddressUnusable(fault)


async def _known(scope: TenantScope, topics: Sequence[str], segment_ids: Sequence[UUID]) -> None:
    if not segment_ids:
        return
    if _MOVES.isdisjoint(topics):
        raise SegmentsWithoutTopic
    live = await FeedRepository(scope).live_segments(segment_ids)
    if unknown := [place for place, each in enumerate(segment_ids) if each not in live]:
        raise SegmentsUnknown(unknown)
