"""Webhooks: who is told of people and segments, where, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.core.clock import real_now
from app.db.session import Scopes, TenantScope
from app.db.utils import Slice
from app.models.cdp.webhooks import CdpWebhook, CdpWebhookDelivery
from app.services.audit_logs.service import AuditLog
from app.services.cdp.webhooks.desk import WebhookDesk, Wish, new_sealed_secret, told_of
from app.services.cdp.webhooks.erasures import Told, WebhookErasures
from app.services.cdp.webhooks.errors import WebhookNotFound
from app.services.cdp.webhooks.feed_repository import FeedRepository, Waiting
from app.services.cdp.webhooks.pump import Pump
from app.services.cdp.webhooks.repository import WebhookRepository
from app.services.cdp.webhooks.telling import Teller, place_of

__all__ = [
    "Pump",
    "Teller",
    "Told",
    "WebhookDesk",
    "WebhookErasures",
    "WebhookService",
    "WebhookView",
    "Wish",
    "forget_old_tries",
]

_KEPT = timedelta(days=30)
_MOST_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A webhook and how far it is behind."""

    row: CdpWebhook
    waiting: Waiting

    @property
    def overlaps_until(self) -> datetime | None:
        until = self.row.previous_until
        return until if until is not None and until > real_now() else None


class WebhookService:
    """What needs no call."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = WebhookRepository(scope)
        self._audit = AuditLog(scope)

    async def page(self, *, page: int, limit: int, sort: str, search: str | None) -> Slice[WebhookView]:
        found = await self._rows.page(page=page, limit=limit, sort=sort, search=search)
        views = [await self.view(each) for each in found.items]
        return Slice(views, found.total, found.total_capped, found.page, found.limit)

    async def one(self, webhook_id: UUID) -> WebhookView:
        return await self.view(await self._found(webhook_id))

    async def view(self, webhook: CdpWebhook) -> WebhookView:
        return WebhookView(webhook, await FeedRepository(self._scope).waiting(place_of(webhook)))

    async def delete(self, webhook_id: UUID) -> None:
        """With its log; what it was not told it is never told."""
        webhook = await self._found(webhook_id, for_update=True)
        await self._audit.record(
            "cdp.webhooks.deleted", entity="cdp_webhooks", entity_id=webhook.id, before=told_of(webhook)
        )
        await self._rows.delete(webhook)

    async def rotate_secret(self, webhook_id: UUID, overlap: timedelta) -> tuple[WebhookView, str]:
        """A new secret; until `overlap` has passed, messages are signed with the one before it too."""
        webhook = await self._found(webhook_id, for_update=True)
        now = real_now()
        secret, sealed = new_sealed_secret(self._scope.tenant_id)
        webhook.previous_secret = webhook.secret if overlap else None
        webhook.previous_until = now + overlap if overlap else None
        webhook.secret, webhook.updated_at = sealed, now
        await self._rows.save()
        await self._audit.record(
            "cdp.webhooks.secret_rotated",
            entity="cdp_webhooks",
            entity_id=webhook.id,
            after={"overlap_hours": overlap.total_seconds() / 3_600},
        )
        return await self.view(webhook), secret

    async def deliveries(
        self, webhook_id: UUID, *, failed: bool | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpWebhookDelivery], str | None]:
        """The last try first."""
        await self._found(webhook_id)
        return await self._rows.deliveries(webhook_id, failed=failed, cursor=cursor, limit=limit)

    async def _found(self, webhook_id: UUID, *, for_update: bool = False) -> CdpWebhook:
        webhook = await self._rows.find(webhook_id, for_update=for_update)
        if webhook is None:
            raise WebhookNotFound(webhook_id=str(webhook_id))
        return webhook


async def forget_old_tries(scopes: Scopes) -> None:
    """The log keeps 30 days, and of each webhook no more than 5,000 tries."""
    async with scopes() as scope:
        await WebhookRepository(scope).trim(real_now() - _KEPT, _MOST_KEPT)
