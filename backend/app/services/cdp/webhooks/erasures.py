"""Erasures reach every webhook, whatever it subscribed to; how many were told stands in the certificate."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.db.session import Scopes
from app.models.cdp.webhooks import CdpWebhook
from app.services.cdp.webhooks.feed_repository import FeedRepository
from app.services.cdp.webhooks.repository import WebhookRepository
from app.services.cdp.webhooks.rules import Place
from app.services.cdp.webhooks.telling import Teller, place_of

_WITHIN = 20.0
_AGAIN_AFTER = 0.5


@dataclass(frozen=True, slots=True)
class Told:
    """Whether one webhook has acknowledged all that had happened when it was asked for."""

    name: str
    is_told: bool
    enabled: bool
    last_error: str | None


class WebhookErasures:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def tell(self, *, within: float = _WITHIN) -> list[Told]:
        """Tell every webhook what has happened until now, and wait for it so many seconds, no longer.

        Who is not told by then is told as soon as they can be: nothing here is the only chance.
        """
        async with self._scopes() as scope:
            target = await FeedRepository(scope).last_change()
        until = time.monotonic() + within
        while True:
            async with self._scopes() as scope:
                hooks = await WebhookRepository(scope).every()
            behind = [each for each in hooks if each.enabled and not place_of(each) >= target]
            left = until - time.monotonic()
            if not behind or left <= 0:
                return [_told(each, target) for each in hooks]
            await self._together([each.id for each in behind if each.failing_since is None], left)
            if all(each.failing_since is not None for each in behind):
                return [_told(each, target) for each in hooks]

    async def _together(self, webhook_ids: Sequence[UUID], seconds: float) -> None:
        tellers = [
            asyncio.create_task(Teller(self._scopes, seconds=min(seconds, 10.0)).turn(each))
            for each in webhook_ids
        ]
        if tellers:
            await asyncio.wait(tellers)
            for each in tellers:
                each.result()
        await asyncio.sleep(min(_AGAIN_AFTER, seconds))


def _told(webhook: CdpWebhook, target: Place) -> Told:
    return Told(webhook.name, place_of(webhook) >= target, webhook.enabled, webhook.last_error)
