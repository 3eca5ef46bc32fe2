"""What a platform tells by itself: checked over the bytes as they came, known again, and left to a task."""

import hashlib
import json
from datetime import timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.config import Settings
from app.core.logging import get_logger
from app.core.security import constant_time_equal
from app.db.session import Doors, TenantScope
from app.services.integrations.webhooks import meta_rules
from app.services.integrations.webhooks.errors import (
    DeliveryUnreadable,
    NotSigned,
    NotSubscribed,
    NoWebhooksThere,
)
from app.services.integrations.webhooks.repository import ReceiptRepository, readers_of
from app.services.integrations.webhooks.shop_receiving import PRIVACY

log = get_logger(__name__)

_META = "meta"
_KEPT_OF_PEOPLE = timedelta(days=90)
_KEPT = timedelta(days=7)
"""Longer than a message may be old: what is forgotten here is refused for its age."""


class MetaWebhook:
    """Meta's: of the ad accounts that somebody here reads. No session, no key: its signature proves who sends."""

    def __init__(self, doors: Doors, settings: Settings) -> None:
        self._doors = doors
        secret, token = settings.meta_app_secret, settings.meta_webhook_verify_token
        if secret is None or token is None:
            raise NoWebhooksThere
        self._secret, self._token = secret.get_secret_value(), token.get_secret_value()

    def verified(self, token: str, challenge: str) -> str:
        """What Meta wants to read when the webhook is set up: the challenge, for our own token."""
        if not constant_time_equal(token.encode(), self._token.encode()):
            raise NotSubscribed
        return challenge

    async def take(self, signature: str | None, body: bytes) -> int:
        """How many synchronisations it set going: none for one that came before, or is of nobody here."""
        if not meta_rules.is_signed(signature, body, self._secret):
            raise NotSigned
        try:
            accounts = meta_rules.accounts_of(json.loads(body), real_now().timestamp())
        except (meta_rules.Unreadable, RecursionError) as error:
            raise DeliveryUnreadable(str(error)) from error
        except ValueError as error:
            raise DeliveryUnreadable("Send JSON.") from error
        readers: dict[int, list[UUID]] = {}
        async with self._doors.globally() as session:
            for account in accounts:
                for tenant_id, ad_account_id in await readers_of(session, _META, account):
                    readers.setdefault(tenant_id, []).append(ad_account_id)
        digest = hashlib.sha256(body).digest()
        queued = 0
        for tenant_id, ids in readers.items():
            async with self._doors.tenant(tenant_id) as scope:
                queued += await _sync(scope, digest, ids)
        log.info("integrations.webhooks.received", platform=_META, accounts=len(accounts), queued=queued)
        return queued


async def _sync(scope: TenantScope, digest: bytes, ad_account_ids: list[UUID]) -> int:
    """In one commit with the receipt, so that neither stands without the other."""
    if not await ReceiptRepository(scope).is_new(_META, digest, real_now()):
        return 0
    for each in ad_account_ids:
        await scope.enqueue("integrations.sync_account", {"ad_account_id": str(each)}, unless_waiting=True)
    return len(ad_account_ids)


async def forget_receipts(scope: TenantScope) -> None:
    receipts = ReceiptRepository(scope)
    await receipts.forget_before(real_now() - _KEPT, but=PRIVACY)
    await receipts.forget_before(real_now() - _KEPT_OF_PEOPLE)
