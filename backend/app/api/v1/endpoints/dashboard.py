"""The overview of the dashboard."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends

from app.api.deps import ScopesDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.dashboard import SummaryRead, TriageAction, TriageItem, TriageRead
from app.services.dashboard.service import DashboardService

router = APIRouter(prefix="/dashboard", tags=["dashboard"])

Reader = Annotated[Principal, requires("dashboard:read")]


async def dashboard(scopes: ScopesDep) -> DashboardService:
    return DashboardService(scopes)


Dashboard = Annotated[DashboardService, Depends(dashboard)]


@router.get("/triage")
async def get_triage(dashboard: Dashboard, _: Reader) -> TriageRead:
    """What needs a person, the most urgent first."""
    items = [
        TriageItem(
            kind=item.kind.value,
            severity=item.severity.value,
            title=item.title,
            reason=item.reason,
            entity=item.entity,
            entity_id=item.entity_id,
            action=TriageAction(label=item.label, href=item.href),
            since=item.since,
        )
        for item in await dashboard.triage()
    ]
    return TriageRead(items=items, counts=dict(Counter(item.kind for item in items)))


@router.get("/summary")
async def get_summary(dashboard: Dashboard, _: Reader) -> SummaryRead:
    """How things stand today; what is not known says why."""
    return SummaryRead.model_validate(await dashboard.summary())
