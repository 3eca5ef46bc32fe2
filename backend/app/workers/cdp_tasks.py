"""Work that follows events."""

from datetime import datetime

from app.db.platform import Platform
from app.db.session import TenantScope
from app.services.cdp.events.service import EventService
from app.services.cdp.events.upkeep import EventUpkeep
from app.services.integrations.conversions.service import ConversionService
from app.workers.handlers import every, handles


@handles("cdp.events.accepted", queue="cdp")
async def accepted(scope: TenantScope, received_from: str, received_to: str, **_counts: object) -> None:
    """A batch was committed: show the live view a sample of it, and send its conversions on."""
    since, until = datetime.fromisoformat(received_from), datetime.fromisoformat(received_to)
    await EventService(scope).show(since, until)
    await ConversionService(scope).queue_accepted(since, until)


@every(seconds=3600)
@handles("cdp.events.upkeep", queue="cdp", max_retries=0, timeout=900)
async def upkeep(platform: Platform) -> None:
    await EventUpkeep(platform).run()
