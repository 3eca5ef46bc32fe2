"""Decisions of the gate, as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.autopilot.actions import JustifiedBy, SpendOnly

Result = Literal["PASS", "HOLD", "BLOCK"]
Budget = Annotated[int, Field(ge=1, le=10**15)]


class ReasonRead(BaseModel):
    code: str
    message: str
    detail: dict[str, Any] = Field(description="`verdict`: what it alone would lead to; `violation`.")


class DecisionRead(BaseModel):
    id: UUID | None = Field(description="Null for a trial.")
    sequence: int | None
    decided_at: datetime
    result: Result
    risk_class: str
    kind: str = Field(description="What the change turned out to do.")
    operation: str
    entity_type: str
    entity_id: str
    entity_name: str | None
    ad_account_id: UUID | None
    currency: str = Field(description="The account's: what the change's amounts are micros of.")
    score: float | None
    required_score: float | None
    reasons: list[ReasonRead]
    policy_version: int
    action_id: UUID | None


class DecisionDetail(DecisionRead):
    before: dict[str, Any]
    after: dict[str, Any]
    inputs: dict[str, Any] = Field(description="Everything that the decision read.")
    evidence: dict[str, Any] = Field(description="The health that it was decided on.")
    decider_version: str
    hash: str
    previous_hash: str


class CheckBody(BaseModel):
    """A change to try: absolute values, money in micros of the account's currency."""

    model_config = ConfigDict(extra="forbid")

    ad_account_id: UUID
    entity_type: Literal["account", "campaign", "ad_set", "ad"] = "campaign"
    entity_id: str = Field(
        min_length=1, max_length=100, pattern=r"^[\w.:-]+$", description="As the platform spells it."
    )
    daily_budget_micros: tuple[Budget, Budget] | None = Field(
        None, description="Before and after, in micros; both positive and under 10^15."
    )
    status: tuple[Literal["active", "paused"], Literal["active", "paused"]] | None = Field(
        None, description="Before and after."
    )
    justified_by: JustifiedBy
    spend_only: SpendOnly
