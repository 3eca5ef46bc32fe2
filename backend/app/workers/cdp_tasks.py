"""Work that follows events."""

from datetime import datetime

from app.db.platform import Platform
from app.db.session import TenantScope
from app.services.cdp.events.service import EventService
from app.services.cdp.events.upkeep import EventUpkeep
from app.workers.handlers import every, handles


@handles("cdp.events.accepted", queue="cdp")
async def accepted(scope: TenantScope, received_from: str, received_to: str, **_counts: object) -> None:
    """A batch was committed: show the live view a sample of it."""
    await EventService(scope).show(datetime.fromisoformat(received_from), datetime.fromisoformat(received_to))


@every(seconds=3600)
@handles("cdp.events.upkeep", queue="cdp", max_retries=0, timeout=900)
async def upkeep(platform: Platform) -> None:
    await EventUpkeep(platform).run()
