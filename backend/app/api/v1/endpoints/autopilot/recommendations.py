"""What strategies would do where they only suggest."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.api.ids import RecommendationId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.autopilot.actions import ActionRead
from app.schemas.autopilot.recommendations import (
    RecommendationAccept,
    RecommendationAccepted,
    RecommendationDismiss,
    RecommendationRead,
)
from app.schemas.pages import CursorPage
from app.services.autopilot.recommendations.service import RecommendationService, RecommendationState

router = APIRouter(prefix="/autopilot/recommendations", tags=["autopilot"])

Reader = Annotated[Principal, requires("autopilot.recommendations:read")]
Decider = Annotated[Principal, requires("autopilot.recommendations:decide")]


async def recommendations(scope: ScopeDep) -> RecommendationService:
    return RecommendationService(scope)


Recommendations = Annotated[RecommendationService, Depends(recommendations)]


class RecommendationFilter(CursorParams):
    state: list[RecommendationState] = Field(
        default_factory=list, max_length=4, description="Any of these states; none: all."
    )


@router.get("")
async def list_recommendations(
    found: Recommendations, asked: Annotated[RecommendationFilter, Query()], _: Reader
) -> CursorPage[RecommendationRead]:
    """Newest first."""
    rows, cursor = await found.listed(states=asked.state, cursor=asked.cursor, limit=asked.limit)
    items = [RecommendationRead.model_validate(row) for row in rows]
    return CursorPage(items=items, next_cursor=cursor, limit=asked.limit)


@router.get("/{recommendation_id}")
async def get_recommendation(
    recommendation_id: RecommendationId, found: Recommendations, _: Reader
) -> RecommendationRead:
    """One recommendation with all that it rests on."""
    return RecommendationRead.model_validate(await found.get(recommendation_id))


@router.post("/{recommendation_id}/accept", status_code=202)
async def accept_recommendation(
    recommendation_id: RecommendationId, said: RecommendationAccept, found: Recommendations, _: Decider
) -> RecommendationAccepted:
    """Have it done, under your name: the gate decides at once, the platform follows after commit."""
    row, actions = await found.accept(recommendation_id, version=said.version, reason=said.reason)
    return RecommendationAccepted(
        recommendation=RecommendationRead.model_validate(row),
        actions=[ActionRead.model_validate(action) for action in actions],
    )


@router.post("/{recommendation_id}/dismiss")
async def dismiss_recommendation(
    recommendation_id: RecommendationId, said: RecommendationDismiss, found: Recommendations, _: Decider
) -> RecommendationRead:
    """Say no: the same is not recommended again for a week."""
    return RecommendationRead.model_validate(await found.dismiss(recommendation_id, reason=said.reason))
