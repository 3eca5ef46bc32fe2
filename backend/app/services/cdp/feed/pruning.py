"""The feed loses what everybody who follows it has passed, a while after."""

from datetime import datetime, timedelta

from app.core.clock import real_now
from app.core.logging import get_logger
from app.db.platform import Platform
from app.services.cdp.feed.pruning_repository import PruningRepository

log = get_logger(__name__)

KEPT = timedelta(days=31)
"""Longer than a webhook's tries are kept, which name ranges of the feed that may be sent again."""
HOLDS_WHEN_OFF = timedelta(days=30)
"""A webhook that was switched off holds the feed for this long; past it, it is marked as having lost changes."""
_AT_ONCE = 5_000
_TURNS = 200


class FeedPruning:
    """Works as the maintenance role, which may call a function for it and read no feed."""

    def __init__(self, platform: Platform, *, at_once: int = _AT_ONCE) -> None:
        self._platform = platform
        self._at_once = at_once

    async def run(self) -> int:
        """In bites, each a short transaction; how many rows went."""
        forgotten = 0
        await self._platform.clock.sync()
        # Rows have the domain's time, webhooks the real one.
        before = min(real_now(), self._platform.clock.now()) - KEPT
        async with self._platform.maintenance() as session:
            tenants = await PruningRepository(session).tenants(before)
        for tenant_id in tenants:
            forgotten += await self._tenant(tenant_id, before)
        log.info("cdp.feed.forgotten", rows=forgotten)
        return forgotten

    async def _tenant(self, tenant_id: int, before: datetime) -> int:
        forgotten = 0
        for _ in range(_TURNS):
            async with self._platform.maintenance() as session:
                bite = await PruningRepository(session).forget(
                    tenant_id, before, real_now() - HOLDS_WHEN_OFF, self._at_once
                )
            forgotten += bite
            if bite < self._at_once:
                break
        return forgotten
