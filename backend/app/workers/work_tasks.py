"""Upkeep of the work itself."""

from app.core.logging import get_logger
from app.db.platform import Platform
from app.workers.handlers import every, handles

log = get_logger(__name__)


@every(seconds=60)
@handles("work.heartbeat")
async def heartbeat(platform: Platform) -> None:
    """Shows that Beat, Redis, a worker and the database still work together."""
    tenants = await platform.active_tenants()
    log.info("work.heartbeat", tenants=len(tenants))
