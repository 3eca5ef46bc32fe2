"""Decisions of the gate, as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.schemas.autopilot.actions import JustifiedBy, SpendOnly
from app.schemas.inputs import Input

Result = Literal["PASS", "HOLD", "BLOCK"]
RiskName = Literal["high", "standard", "conservative", "cut", "safety"]
Budget = Annotated[int, Field(ge=1, le=10**15)]


class ReasonRead(BaseModel):
    code: str = Field(description="A stable code of the reason.")
    message: str = Field(description="The reason in words.")
    detail: dict[str, Any] = Field(description="`verdict`: what it alone would lead to; `violation`.")


class DecisionRead(BaseModel):
    id: UUID | None = Field(description="Null for a trial.")
    sequence: int | None = Field(description="Its place in the ledger; null for a trial.")
    decided_at: datetime = Field(description="When, on the domain's clock, UTC.")
    result: Result = Field(description="What the gate said.")
    risk_class: str = Field(
        description="`high`, `standard`, `conservative`, `cut` or `safety`, by what the change does."
    )
    kind: str = Field(description="What the change turned out to do.")
    operation: str = Field(description="What was asked for: `increase_budget`, `pause`, ….")
    entity_type: str = Field(description="`account`, `campaign`, `ad_set`, `ad`, `creative` or `image`.")
    entity_id: str = Field(description="Its id, as the platform spells it.")
    entity_name: str | None = Field(description="Its name; null where it is not known here.")
    ad_account_id: UUID | None = Field(description="The ad account's id here.")
    currency: str = Field(description="The account's: what the change's amounts are micros of.")
    score: float | None = Field(
        description="The account's score that it was decided on, 0 to 100; null while unknown."
    )
    required_score: float | None = Field(
        description="The score that such a change needs; null where it reads none."
    )
    reasons: list[ReasonRead] = Field(description="Why, the gravest first.")
    policy_version: int = Field(description="The trust policy that was in force.")
    action_id: UUID | None = Field(description="The action that asked.")


class DecisionDetail(DecisionRead):
    before: dict[str, Any] = Field(description="The changed fields as they were.")
    after: dict[str, Any] = Field(description="The changed fields as they were to be.")
    inputs: dict[str, Any] = Field(description="Everything that the decision read.")
    evidence: dict[str, Any] = Field(description="The health that it was decided on.")
    decider_version: str = Field(description="The code that decided, kept to decide again.")
    hash: str = Field(description="SHA-256 of the row and the one before it, in hexadecimal.")
    previous_hash: str = Field(description="The hash of the row before, in hexadecimal.")


class CheckBody(Input):
    """A change to try: absolute values, money in micros of the account's currency."""

    ad_account_id: UUID = Field(description="The ad account's id here.")
    entity_type: Literal["account", "campaign", "ad_set", "ad"] = Field(
        "campaign", description="What is to be changed."
    )
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
