"""The gate: what it decided and why, and what it would decide."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.api.deps import CursorParams, ScopeDep
from app.api.ids import DecisionId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.pages import CursorPage
from app.schemas.times import Moment
from app.schemas.trust_engine.gate import CheckBody, DecisionDetail, DecisionRead, Result, RiskName
from app.services.autopilot.actions.trials import ActionTrials, Trial
from app.services.trust_engine.gate.presenting import decision_detail, decision_read, trial
from app.services.trust_engine.gate.service import GateService, Period

router = APIRouter(prefix="/trust/gate", tags=["trust"])

Reader = Annotated[Principal, requires("trust_engine.gate:read")]


async def gate(scope: ScopeDep) -> GateService:
    return GateService(scope)


async def action_trials(scope: ScopeDep) -> ActionTrials:
    return ActionTrials(scope)


Gate = Annotated[GateService, Depends(gate)]
Trials = Annotated[ActionTrials, Depends(action_trials)]


class DecisionFilter(CursorParams):
    cursor: str | None = Field(
        None, max_length=20, pattern=r"^[0-9]{1,18}$", description="A sequence number."
    )
    result: Result | None = Field(None, description="Only decisions that said this.")
    ad_account_id: UUID | None = Field(None, description="Only of this ad account.")
    risk_class: RiskName | None = Field(
        None,
        description="Only of this class of risk. A page may then be short, or empty, while `next_cursor` leads on.",
    )
    since: Moment | None = Field(None, description="Decided from then on.")
    until: Moment | None = Field(None, description="Decided before then.")

    @field_validator("until")
    @classmethod
    def _forwards(cls, until: datetime | None, info: ValidationInfo) -> datetime | None:
        since = info.data.get("since")
        if until is not None and since is not None and since >= until:
            raise PydanticCustomError("period", "It has to be later than `since`.")
        return until


@router.get("/decisions")
async def list_decisions(
    found: Gate, asked: Annotated[DecisionFilter, Query()], _: Reader
) -> CursorPage[DecisionRead]:
    """Newest first."""
    rows, following = await found.listed(
        before_seq=int(asked.cursor) if asked.cursor else None,
        limit=asked.limit,
        verdict=asked.result.lower() if asked.result else None,
        ad_account_id=asked.ad_account_id,
        risk=asked.risk_class,
        period=Period(asked.since, asked.until),
    )
    cursor = None if following is None else str(following)
    return CursorPage(items=[decision_read(row) for row in rows], next_cursor=cursor, limit=asked.limit)


@router.get("/decisions/{decision_id}")
async def read_decision(decision_id: DecisionId, found: Gate, _: Reader) -> DecisionDetail:
    """Everything that the decision read, and its place in the ledger."""
    return decision_detail(await found.decision(decision_id))


@router.post("/check")
async def check_change(body: CheckBody, trials: Trials, _: Reader) -> DecisionRead:
    """Try a change as whoever asks would propose it: what the gate would say now. Nothing is written.

    It reads all that the real decision reads: health, policy, calendar, switches, the limits in force and what was
    changed lately.
    """
    changed: dict[str, tuple[Any, Any]] = {
        name: pair
        for name, pair in (("daily_budget_micros", body.daily_budget_micros), ("status", body.status))
        if pair is not None
    }
    proposal, decision = await trials.check(
        Trial(
            ad_account_id=body.ad_account_id,
            entity_type=body.entity_type,
            entity=body.entity_id,
            changed=changed,
            justified_by=tuple(body.justified_by),
            spend_only=body.spend_only,
        )
    )
    return trial(proposal, decision)
