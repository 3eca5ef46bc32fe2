"""The calendar: promotions that are expected, and times in which nothing changes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.api.ids import CalendarEntryId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.pages import CursorPage
from app.schemas.trust_engine.calendar import CalendarEntryCreate, CalendarEntryRead
from app.services.trust_engine.calendar.service import Calendar, Window

router = APIRouter(prefix="/trust/calendar", tags=["trust"])

Reader = Annotated[Principal, requires("trust_engine.calendar:read")]
Writer = Annotated[Principal, requires("trust_engine.calendar:write")]


async def calendar(scope: ScopeDep) -> Calendar:
    return Calendar(scope)


CalendarDep = Annotated[Calendar, Depends(calendar)]


class CalendarFilter(CursorParams):
    past: bool = Field(False, description="With what is over.")


@router.get("")
async def list_calendar(
    found: CalendarDep, asked: Annotated[CalendarFilter, Query()], _: Reader
) -> CursorPage[CalendarEntryRead]:
    """What is on or still to come, the latest start first."""
    rows, cursor = await found.listed(cursor=asked.cursor, limit=asked.limit, past=asked.past)
    items = [CalendarEntryRead.model_validate(row) for row in rows]
    return CursorPage(items=items, next_cursor=cursor, limit=asked.limit)


@router.post("", status_code=201)
async def enter_in_calendar(body: CalendarEntryCreate, found: CalendarDep, _: Writer) -> CalendarEntryRead:
    """Every decision from now on reads it."""
    return CalendarEntryRead.model_validate(await found.enter(Window(**body.model_dump())))


@router.delete("/{entry_id}", status_code=204)
async def strike_from_calendar(entry_id: CalendarEntryId, found: CalendarDep, _: Writer) -> None:
    """Take an entry out; decisions that read it stand."""
    await found.strike(entry_id)
