"""What a changed policy would have decided; one decision made again; how what passed ended."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.api.deps import AnswersDep, ScopesDep
from app.api.ids import DecisionId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.trust_engine.replay import (
    CalibrationRead,
    CounterfactualBody,
    CounterfactualRead,
    ReplayBody,
    ReplayedRead,
)
from app.services.trust_engine.replay.answering import ReplayAnswers

router = APIRouter(prefix="/trust/replay", tags=["trust"])

Reader = Annotated[Principal, requires("trust_engine.replay:read")]


async def replays(scopes: ScopesDep, answers: AnswersDep) -> ReplayAnswers:
    return ReplayAnswers(scopes, answers)


Replays = Annotated[ReplayAnswers, Depends(replays)]
Days = Annotated[int, Query(ge=1, le=365, description="How far back, in days.")]


@router.post("/counterfactual")
async def replay_policy(body: CounterfactualBody, found: Replays, _: Reader) -> CounterfactualRead:
    """What the policy in force with these changes would have decided of a period's newest decisions.

    Each is decided again from its own inputs, as known at its time. Nothing is written. A longer ledger than can be
    replayed while somebody waits is for `stratum trust replay`.
    """
    return await found.counterfactual(body)


@router.post("/decisions/{decision_id}")
async def replay_decision(
    decision_id: DecisionId, body: ReplayBody, found: Replays, _: Reader
) -> ReplayedRead:
    """One decision again: by its own policy, by the one in force, and by a draft. Nothing is written."""
    changes = None if body.document is None else body.document.model_dump(exclude_none=True)
    return await found.decision(decision_id, changes)


@router.get("/calibration")
async def read_calibration(found: Replays, _: Reader, days: Days = 90) -> CalibrationRead:
    """How what passed ended, by class of change and by tens of the score that it passed at."""
    return await found.calibration(days)
