"""Which events are meant, in SQL, and how long an answer may take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Subquery,
    Uuid,
    and_,
    column,
    func,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.exc import DBAPIError

from app.db.session import TenantScope
from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentifier
from app.schemas.cdp.conditions import EventChoice
from app.services.cdp.conditions.errors import TookTooLong
from app.services.cdp.conditions.rules import AHEAD
from app.services.cdp.conditions.values_repository import Truth, inside, tested

PATIENCE = timedelta(seconds=20)
"""How long somebody waits for an answer; the database would go on for 30 seconds."""

_ASKED_OF = ("id", "event_name", "event_time", "properties", "currency", "value_micros")
_identifier = CdpIdentifier.__table__.alias("i")
_CANCELLED = "57014"
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
    """Events of a time."""
    return and_(received_for(since), CdpEvent.event_time >= since, CdpEvent.event_time < until)


def received_for(since: datetime, event: FromClause = CdpEvent.__table__) -> Truth:
    """What holds of every event that happened since then; it leads to their partitions and pages."""
    received: Truth = event.c.received_at >= since - AHEAD
    return received


def spoken(choice: EventChoice) -> Truth:
    """Whether an event is one of these; never null."""
    where = [tested(each.test, inside(CdpEvent.properties, each.property)) for each in choice.where]
    return and_(CdpEvent.event_name == choice.event, *where)


def events_by_profile(
    event: FromClause,
    tenant_id: ColumnElement[int],
    wanted: Truth,
    touched: ColumnElement[Any] | None = None,
    *,
    newest: bool = False,
) -> Subquery:
    """The `wanted` events of the table `event`, each with its person's `profile_id`: of all, or of an array of them.

    Of an array each person and each of their events is looked up by key, whatever the planner thinks of the tables'
    sizes: between two ANALYZEs it would rather read all events of a company that has grown. Who asks for no more than
    the time of the `newest` may get it alone: then nobody's many events are read.
    """
    columns, own = [event.c[name] for name in _ASKED_OF], event.c.tenant_id == tenant_id
    if touched is None:
        theirs = and_(_identifier.c.tenant_id == tenant_id, _identifier.c.key == event.c.person_key)
        read = select(_identifier.c.profile_id, *columns).select_from(event.join(_identifier, theirs))
        return read.where(own, wanted).subquery("happened_to")
    whom = func.unnest(touched).table_valued(column("profile_id", Uuid())).render_derived("whom")
    person = (
        select(_identifier.c.profile_id, _identifier.c.key)
        .where(_identifier.c.tenant_id == tenant_id, _identifier.c.profile_id == whom.c.profile_id)
        .offset(literal(0))
        .lateral("person")
    )
    theirs = and_(own, event.c.person_key == person.c.key, wanted)
    # The order is that of the index by person: it decides where another seems as good, of a partition that is new.
    did = select(*columns).where(theirs).order_by(event.c.event_time.desc())
    did = did.limit(literal(1)) if newest else did.offset(literal(0))
    of_person = did.lateral("did")
    found = whom.join(person, true()).join(of_person, true())
    return select(person.c.profile_id, *of_person.c).select_from(found).subquery("happened_to")
