"""Signal health: by component with its evidence, by account, rolled up."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from app.api.deps import ReaderDep, ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.times import Moment
from app.schemas.trust_engine.health import EvaluationRead, HealthRead, HistoryPoint, HistoryRead
from app.services.trust_engine.health.presenting import presented
from app.services.trust_engine.health.service import HealthReading, HealthService

router = APIRouter(prefix="/trust/health", tags=["trust"])

Reader = Annotated[Principal, requires("trust_engine.health:read")]
Writer = Annotated[Principal, requires("trust_engine.health:write")]


async def health(scope: ScopeDep) -> HealthService:
    return HealthService(scope)


async def health_reading(reader: ReaderDep) -> HealthReading:
    return HealthReading(reader)


Health = Annotated[HealthService, Depends(health)]
Reading = Annotated[HealthReading, Depends(health_reading)]


class HistoryFilter(BaseModel):
    ad_account_id: UUID | None = Field(None, description="Needed where more than one account is on.")
    since: Moment | None = Field(None, description="Two weeks back unless given.")
    limit: int = Field(500, ge=1, le=2000, description="Rows, at most.")


@router.get("")
async def read_health(found: Reading, _: Reader) -> HealthRead:
    """What automation may rely on now, and why."""
    return presented(await found.overview())


@router.get("/history")
async def read_health_history(
    found: Health, scope: ScopeDep, asked: Annotated[HistoryFilter, Query()], _: Reader
) -> HistoryRead:
    """The account's newest evaluations, oldest first; empty where there are several and none is named."""
    since: datetime = asked.since or scope.now() - timedelta(days=14)
    account_id = asked.ad_account_id or await found.only_account()
    rows = await found.history(account_id, since=since, limit=asked.limit) if account_id else []
    points = [HistoryPoint.model_validate(row, from_attributes=True) for row in reversed(rows)]
    return HistoryRead(ad_account_id=account_id, points=points)


@router.post("/evaluate")
async def evaluate_health(found: Health, _: Writer) -> EvaluationRead:
    """Measure and score every account now, instead of at the next turn."""
    return EvaluationRead(evaluated=len(await found.evaluate_all()))
