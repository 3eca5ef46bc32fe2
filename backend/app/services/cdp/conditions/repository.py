"""Which events are meant, in SQL, and how long an answer may take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import and_, text
from sqlalchemy.exc import DBAPIError

from app.db.session import TenantScope
from app.models.cdp.events import CdpEvent
from app.schemas.cdp.conditions import EventChoice
from app.services.cdp.conditions.errors import TookTooLong
from app.services.cdp.conditions.values_repository import Truth, inside, tested

PATIENCE = timedelta(seconds=20)
"""How long somebody waits for an answer; the database would go on for 30 seconds."""

_CANCELLED = "57014"
_AHEAD = timedelta(days=1)
"""No event happened later than so long after it was received: ingestion refuses it."""
_BY_SETS = text("SET LOCAL enable_nestloop = off")
"""Whoever came after the last ANALYZE is nobody to the planner: it would read all of a table for each of them."""
_SET_PATIENCE = text("SELECT set_config('statement_timeout', :milliseconds, true)")


@asynccontextmanager
async def answered_within(scope: TenantScope, patience: timedelta) -> AsyncIterator[None]:
    """Join by sets, however few rows the planner expects, and raise `TookTooLong` past `patience`.

    The transaction is of no more use then.
    """
    await scope.session.execute(_BY_SETS)
    milliseconds = str(int(patience.total_seconds() * 1_000))
    await scope.session.execute(_SET_PATIENCE, {"milliseconds": milliseconds})
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _CANCELLED:
            raise TookTooLong from error
        raise


def happened(since: datetime, until: datetime) -> Truth:
    """Events of a time; the time of receipt leads to their partitions and pages."""
    return and_(
        CdpEvent.received_at >= since - _AHEAD, CdpEvent.event_time >= since, CdpEvent.event_time < until
    )


def spoken(choice: EventChoice) -> Truth:
    """Whether an event is one of these; never null."""
    where = [tested(each.test, inside(CdpEvent.properties, each.property)) for each in choice.where]
    return and_(CdpEvent.event_name == choice.event, *where)
