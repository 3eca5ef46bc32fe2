"""What a shop tells by itself: checked over the bytes as they came, known again, and left to a task.

Nothing that it says of an order is believed: the order is read from the shop. Nor is the end of our place there:
the shop is asked. A person's request for their data, or to be forgotten, becomes a request like any other.
"""

import hashlib
import json
from uuid import UUID

from app.core.clock import real_now
from app.core.config import Settings
from app.core.context import Actor, ActorKind
from app.core.logging import get_logger
from app.db.session import Doors, TenantScope
from app.models.integrations.kinds import ConnectionStatus, ShopProvider
from app.services.audit_logs.service import AuditLog
from app.services.cdp.events.service import keys_of
from app.services.cdp.privacy.service import PrivacyRequests, RequestKind
from app.services.cdp.profiles.service import ProfileService
from app.services.integrations.shops.service import ShopErasure, ShopService, readers_of
from app.services.integrations.webhooks import shopify_rules as rules
from app.services.integrations.webhooks.errors import DeliveryUnreadable, NotSigned, NoWebhooksThere
from app.services.integrations.webhooks.repository import ReceiptRepository
from app.services.integrations.webhooks.shopify_rules import About

log = get_logger(__name__)

_SHOPIFY = "shopify"
PRIVACY = "shopify.privacy"
"""Receipts of what is about a person stay longer: a copy of such a message must not open a second request."""


class ShopifyWebhook:
    """Of the shops that are connected here. No session, no key: its signature proves who sends."""

    def __init__(self, doors: Doors, settings: Settings) -> None:
        self._doors = doors
        if settings.shopify_client_secret is None:
            raise NoWebhooksThere
        self._secret = settings.shopify_client_secret.get_secret_value()

    async def take(
        self,
        body: bytes,
        *,
        signature: str | None,
        topic: str,
        domain: str,
        webhook_id: str,
        triggered_at: str | None,
    ) -> int:
        """For how many it is news. A shop that nobody has here is told what a wrong signature is told."""
        if not rules.is_signed(signature, body, self._secret):
            raise NotSigned
        async with self._doors.globally() as session:
            readers = await readers_of(session, _SHOPIFY, domain)
        if not readers:
            raise NotSigned
        try:
            rules.demand_fresh(triggered_at, real_now())
            message = rules.read(topic, domain, json.loads(body))
        except (rules.Unreadable, RecursionError) as error:
            raise DeliveryUnreadable(str(error)) from error
        except ValueError as error:
            raise DeliveryUnreadable("Send JSON.") from error
        if message is None:
            return 0
        taken = 0
        actor = Actor(ActorKind.SYSTEM, "Shopify")
        for tenant_id, shop_id in readers:
            async with self._doors.tenant(tenant_id, actor=actor) as scope:
                if await _is_new(scope, message.about, webhook_id, topic, body):
                    await _act(scope, shop_id, message)
                    taken += 1
        log.info("integrations.webhooks.received", platform=_SHOPIFY, topic=topic, taken=taken)
        return taken


async def _is_new(scope: TenantScope, about: About, webhook_id: str, topic: str, body: bytes) -> bool:
    """By its id; what is about a person by its bytes as well, for the id is not signed."""
    receipts, now = ReceiptRepository(scope), real_now()
    if not await receipts.is_new(_SHOPIFY, hashlib.sha256(webhook_id.encode()).digest(), now):
        return False
    if about not in rules.PERSONAL:
        return True
    return await receipts.is_new(PRIVACY, hashlib.sha256(topic.encode() + b"\n" + body).digest(), now)


async def _act(scope: TenantScope, shop_id: UUID, message: rules.Message) -> None:
    """In one commit with the receipt, so that neither stands without the other."""
    shop, connection = await ShopService(scope).reached(shop_id)
    shop.last_webhook_at = real_now()
    is_active = connection.status == ConnectionStatus.ACTIVE
    if message.about is About.ORDER and is_active and shop.enabled:
        payload = {"shop_id": str(shop_id), "order_id": message.order}
        await scope.enqueue("integrations.shops.order", payload, unless_pending=True)
    elif message.about is About.REMOVAL:
        await scope.enqueue("integrations.shops.check", {"shop_id": str(shop_id)}, unless_pending=True)
    elif message.about is About.END and not is_active:
        await ShopErasure(scope).forget(shop_id)
        await AuditLog(scope).record("integrations.shops.forgotten", entity="shops", entity_id=shop_id)
    elif message.person is not None:
        await _request(scope, shop_id, message, customer_ids=shop.customer_ids)


async def _request(scope: TenantScope, shop_id: UUID, message: rules.Message, *, customer_ids: bool) -> None:
    """Of everybody whom these identifiers name; whose orders alone we know is forgotten at once."""
    wanted = {"email", "phone", *(["user_id"] if customer_ids else [])}
    keys = [
        key
        for name, value in (message.person or {}).items()
        if name in wanted
        for kind, key in keys_of(value, scope.tenant_id).items()
        if str(kind) == name
    ]
    kind = RequestKind.ERASURE if message.about is About.ERASURE else RequestKind.EXPORT
    reason = (
        f"Their request to the shop, passed on by {ShopProvider.SHOPIFY.value.title()} ({message.topic})."
    )
    profiles = sorted(await ProfileService(scope).named(keys)) if keys else []
    for profile_id in profiles:
        await PrivacyRequests(scope).request(kind, profile_id, reason)
    if not profiles:
        orders = sum((await ShopErasure(scope).erase(keys)).values()) if kind is RequestKind.ERASURE else 0
        await AuditLog(scope).record(
            f"integrations.shops.{kind}_of_nobody",
            entity="shops",
            entity_id=shop_id,
            after={"topic": message.topic, "orders": orders},
        )
