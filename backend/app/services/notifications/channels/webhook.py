"""A company's webhook: told by signed POSTs what its people are told. One address; its secret is shown once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.core.clock import real_now
from app.core.security import seal, unseal
from app.db.session import Scopes, TenantScope
from app.models.notifications.channels import NotificationWebhook
from app.models.notifications.kinds import NotificationKind
from app.services.audit_logs.service import AuditLog
from app.services.integrations.webhooks.service import (
    GONE,
    made_secret,
    post,
    signed_headers,
    usable,
    wished_pause,
)
from app.services.notifications.channels.errors import WebhookAddressUnusable, WebhookNotSet
from app.services.notifications.channels.repository import WebhookRepository
from app.services.notifications.channels.rules import Outcome

WEBHOOK_SECRET = "notifications.webhook_secret"  # noqa: S105  (names what is sealed)
_OVERLAP = timedelta(hours=24)
_LONGEST_WISH = 6 * 3_600.0
"""Seconds: a receiver may ask for a longer pause than ours, up to this."""


class WebhookDesk:
    """Sets it up. An address is looked up first, with no transaction open; it is looked up again at each call."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def put(self, url: str, kinds: Sequence[NotificationKind] | None) -> str | None:
        """Its secret where it is new, which no other answer shows; None where one was changed."""
        await _demand_usable(url)
        async with self._scopes() as scope:
            secret = made_secret()
            made = await WebhookRepository(scope).make(
                url=url, kinds=_words(kinds), secret=_sealed(secret, scope), enabled=True
            )
            if made is not None:
                await _audit(scope, "webhook_set", made)
                return secret
            await _change(scope, url=url, kinds=kinds, sets_kinds=True, enabled=True)
        return None

    async def change(
        self,
        *,
        url: str | None = None,
        kinds: Sequence[NotificationKind] | None = None,
        sets_kinds: bool = False,
        enabled: bool | None = None,
    ) -> None:
        """Change what is given; `kinds` only where `sets_kinds` says so, since None means every kind."""
        if url is not None:
            await _demand_usable(url)
        async with self._scopes() as scope:
            await _change(scope, url=url, kinds=kinds, sets_kinds=sets_kinds, enabled=enabled)

    async def new_secret(self) -> str:
        """For a day messages are signed with the one before it too."""
        async with self._scopes() as scope:
            webhook = await _found(scope)
            secret = made_secret()
            webhook.previous_secret, webhook.previous_until = webhook.secret, real_now() + _OVERLAP
            webhook.secret = _sealed(secret, scope)
            await WebhookRepository(scope).save(webhook)
            await _audit(scope, "webhook_secret_changed", webhook)
        return secret

    async def remove(self) -> None:
        """What waits for it is given up when its time comes."""
        async with self._scopes() as scope:
            webhook = await _found(scope)
            await _audit(scope, "webhook_removed", webhook)
            await WebhookRepository(scope).delete(webhook)


def secrets_of(webhook: NotificationWebhook, tenant_id: int, now: datetime) -> tuple[str, ...]:
    """Opened: the current one, and the one before it while it still counts."""
    sealed = [webhook.secret]
    if webhook.previous_secret is not None and webhook.previous_until and webhook.previous_until > now:
        sealed.append(webhook.previous_secret)
    return tuple(unseal(each, purpose=WEBHOOK_SECRET, tenant_id=tenant_id) for each in sealed)


async def send(url: str, secrets: Sequence[str], message_id: str, body: bytes) -> Outcome:
    """One try. Its receiver tells a repeated message by its `webhook-id`, which stays the same."""
    now = real_now()
    answer = await post(url, signed_headers(secrets, message_id, int(now.timestamp()), body), body)
    if answer.is_taken:
        return Outcome(reference=message_id)
    wish = wished_pause(answer.retry_after, now)
    return Outcome(
        "no_answer" if answer.status is None else f"http_{answer.status}",
        answer.fault,
        permanent=answer.status == GONE,
        retry_after=None if wish is None else min(wish, _LONGEST_WISH),
    )


async def _change(
    scope: TenantScope,
    *,
    url: str | None,
    kinds: Sequence[NotificationKind] | None,
    sets_kinds: bool,
    enabled: bool | None,
) -> None:
    webhook = await _found(scope)
    if url is not None:
        webhook.url = url
    if sets_kinds:
        webhook.kinds = _words(kinds)
    if enabled is not None:
        webhook.enabled = enabled
    webhook.last_error = webhook.last_error_at = None
    await WebhookRepository(scope).save(webhook)
    await _audit(scope, "webhook_changed", webhook)


async def _found(scope: TenantScope) -> NotificationWebhook:
    webhook = await WebhookRepository(scope).get(for_update=True)
    if webhook is None:
        raise WebhookNotSet
    return webhook


async def _audit(scope: TenantScope, what: str, webhook: NotificationWebhook) -> None:
    await AuditLog(scope).record(
        f"notifications.channels.{what}",
        entity="notification_webhooks",
        entity_id=webhook.id,
        after={"url": webhook.url, "kinds": webhook.kinds, "enabled": webhook.enabled},
    )


async def _demand_usable(url: str) -> None:
    fault = await usable(url)
    if fault is not None:
        raise WebhookAddressUnusable(fault)


def _sealed(secret: str, scope: TenantScope) -> bytes:
    return seal(secret, purpose=WEBHOOK_SECRET, tenant_id=scope.tenant_id)


def _words(kinds: Sequence[NotificationKind] | None) -> list[str] | None:
    return None if kinds is None else sorted({str(each) for each in kinds})
