"""What HubSpot tells by itself: checked over the bytes as they came, kept once, and worked off by a task.

One address serves every account that has our app: each notification goes to whoever has its account connected. What
is of nobody here is answered like the rest, so that the answer tells nobody whose account is known.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.core.clock import real_now
from app.core.config import Settings
from app.core.logging import get_logger
from app.core.metrics import PLATFORM_WEBHOOKS
from app.db.session import Doors
from app.services.integrations.crm.service import CrmNotices, Notice, accounts_of
from app.services.integrations.webhooks import hubspot_rules as rules
from app.services.integrations.webhooks.errors import DeliveryUnreadable, NotSigned, NoWebhooksThere
from app.services.integrations.webhooks.repository import ReceiptRepository

log = get_logger(__name__)

_HUBSPOT = "hubspot"
_PATH = "/integrations/webhooks/hubspot"


class HubSpotWebhook:
    """Of the accounts that are connected here. No session, no key: its signature proves who sends."""

    def __init__(self, doors: Doors, settings: Settings) -> None:
        self._doors = doors
        if settings.hubspot_client_secret is None:
            raise NoWebhooksThere
        self._secret = settings.hubspot_client_secret.get_secret_value()
        ours = settings.public_url.rstrip("/") + settings.api_v1_prefix + _PATH
        self._url = settings.hubspot_webhook_url or ours

    async def take(self, body: bytes, *, signature: str | None, timestamp: str | None) -> int:
        """How many notifications are kept: none of those that came before, or are of nobody here."""
        if not rules.is_signed(signature, timestamp, body, secret=self._secret, url=self._url):
            await self._refuse(body, "signature")
            raise NotSigned
        if not rules.is_fresh(timestamp, real_now()):
            await self._refuse(body, "too_old")
            raise NotSigned
        try:
            notices = rules.read(json.loads(body))
        except (rules.Unreadable, RecursionError) as error:
            raise DeliveryUnreadable(str(error)) from error
        except ValueError as error:
            raise DeliveryUnreadable("Send JSON.") from error
        readers = await self._readers(sorted({each.portal for each in notices}))
        kept = 0
        for tenant_id, accounts in readers.items():
            kept += await self._keep(tenant_id, accounts, notices)
        known = {portal for accounts in readers.values() for portal in accounts}
        strange = sum(each.portal not in known for each in notices)
        for outcome, count in (("kept", kept), ("unknown_account", strange)):
            PLATFORM_WEBHOOKS.labels(_HUBSPOT, outcome).inc(count)
        log.info("integrations.webhooks.received", platform=_HUBSPOT, kept=kept, unknown_account=strange)
        return kept

    async def _readers(self, portals: Sequence[str]) -> dict[int, dict[str, UUID]]:
        """By tenant, the accounts of theirs that are meant."""
        readers: dict[int, dict[str, UUID]] = {}
        if portals:
            async with self._doors.globally() as session:
                for tenant_id, account_id, portal in await accounts_of(session, _HUBSPOT, portals):
                    readers.setdefault(tenant_id, {})[portal] = account_id
        return readers

    async def _keep(self, tenant_id: int, accounts: Mapping[str, UUID], notices: Sequence[Notice]) -> int:
        """In one commit with the receipts, so that neither stands without the other."""
        theirs = [each for each in notices if each.portal in accounts]
        async with self._doors.tenant(tenant_id) as scope:
            receipts = ReceiptRepository(scope)
            new = await receipts.new_of(_HUBSPOT, [each.digest for each in theirs], real_now())
            return await CrmNotices(scope).keep(
                {
                    account_id: [each for each in theirs if each.portal == portal and each.digest in new]
                    for portal, account_id in accounts.items()
                }
            )

    async def _refuse(self, body: bytes, why: str) -> None:
        """Counted for whoever it says that it is about: where all is refused, the secret or the address is wrong."""
        PLATFORM_WEBHOOKS.labels(_HUBSPOT, why).inc()
        log.warning("integrations.webhooks.refused", platform=_HUBSPOT, why=why)
        for tenant_id, accounts in (await self._readers(_named(body))).items():
            async with self._doors.tenant(tenant_id) as scope:
                await CrmNotices(scope).refused(list(accounts.values()), why)


def _named(body: bytes) -> list[str]:
    try:
        message: Any = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return rules.portals(message)[:1]
