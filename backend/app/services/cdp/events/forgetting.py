"""What follows where events go because their time is over."""

from datetime import datetime, timedelta

from app.db.session import TenantScope

_GONE_BY_THEN = timedelta(minutes=15)
"""Who takes events away may take so long, and says so beforehand: a death in between is made good by then."""


async def events_forgotten(scope: TenantScope, before: datetime) -> None:
    """Have what reads events received before then computed anew, once they have gone."""
    await scope.enqueue(
        "cdp.events.forgotten",
        {"before": before.isoformat()},
        queue="cdp",
        delay=_GONE_BY_THEN,
        unless_pending=True,
    )
