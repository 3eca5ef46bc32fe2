"""Incidents: what is wrong, since when, and how to mend it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.api.ids import IncidentId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.pages import CursorPage
from app.schemas.trust_engine.incidents import IncidentRead, IncidentStatusName
from app.services.trust_engine.incidents.service import Incidents

router = APIRouter(prefix="/trust/incidents", tags=["trust"])

Reader = Annotated[Principal, requires("trust_engine.incidents:read")]
Writer = Annotated[Principal, requires("trust_engine.incidents:write")]


async def incidents(scope: ScopeDep) -> Incidents:
    return Incidents(scope)


IncidentsDep = Annotated[Incidents, Depends(incidents)]


class IncidentFilter(CursorParams):
    status: list[IncidentStatusName] = Field(default_factory=list, max_length=3, description="Any of these.")
    ad_account_id: UUID | None = Field(None, description="Of one account alone.")


@router.get("")
async def list_incidents(
    found: IncidentsDep, asked: Annotated[IncidentFilter, Query()], _: Reader
) -> CursorPage[IncidentRead]:
    """Newest first."""
    rows, cursor = await found.listed(
        statuses=asked.status, ad_account_id=asked.ad_account_id, cursor=asked.cursor, limit=asked.limit
    )
    return CursorPage(
        items=[IncidentRead.model_validate(row) for row in rows], next_cursor=cursor, limit=asked.limit
    )


@router.get("/{incident_id}")
async def read_incident(incident_id: IncidentId, found: IncidentsDep, _: Reader) -> IncidentRead:
    """One incident, with its evidence and what happened since."""
    return IncidentRead.model_validate(await found.get(incident_id))


@router.post("/{incident_id}/acknowledge")
async def acknowledge_incident(incident_id: IncidentId, found: IncidentsDep, _: Writer) -> IncidentRead:
    """Say that somebody is on it; it closes when what was wrong is right."""
    return IncidentRead.model_validate(await found.acknowledge(incident_id))
