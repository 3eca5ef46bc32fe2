"""Actions of the autopilot, as the API shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.models.trust_engine.kinds import Component
from app.schemas.inputs import Input
from app.schemas.text import Reason

JustifiedBy = Annotated[
    list[Component],
    Field(
        default_factory=list,
        max_length=8,
        description=(
            "Signals that the reason rests on: one that is bad or unknown holds the change. Left out, and without "
            "`spend_only`, it rests on all that a return is made of: freshness, variance and event_loss."
        ),
    ),
]
SpendOnly = Annotated[
    bool,
    Field(
        default_factory=bool,
        description=(
            "The reason needs nothing but what was spent: no signal is read, and a cut always passes. "
            "Not together with `justified_by`."
        ),
    ),
]
Budget = Annotated[int, Field(gt=0, le=10**15)]


class GateReason(BaseModel):
    code: str
    verdict: Literal["pass", "hold", "block"] = Field(description="What this reason alone would lead to.")
    sentence: str
    violation: str | None = None


class ActionRead(BaseModel):
    """One change: what was wanted, what the gate said, how far it got. Money is micros of `currency`."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    ad_account_id: UUID
    campaign_id: UUID | None
    platform: str
    entity_type: str
    entity: str
    entity_name: str
    operation: str
    before: dict[str, Any]
    after: dict[str, Any]
    currency: str
    state: str
    verdict: str | None
    reasons: list[GateReason]
    decision_id: UUID | None
    reason: str
    justified_by: list[str]
    spend_only: bool
    evidence: dict[str, Any]
    origin: str
    requested_label: str
    strategy: str | None
    safety: bool
    rollback_of: UUID | None
    other_half: UUID | None = Field(description="The other action of a move between accounts.")
    approved_by: str | None
    approved_at: datetime | None
    proposed_at: datetime
    expires_at: datetime = Field(description="When silence dismisses it.")
    applied_at: datetime | None
    verified_at: datetime | None
    watch_until: datetime | None
    ended_at: datetime | None
    error_code: str | None
    error_detail: str | None


class ActionStep(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    at: datetime
    from_state: str | None
    to_state: str
    actor: str
    note: str | None
    detail: dict[str, Any]


class ActionDetail(ActionRead):
    timeline: list[ActionStep]


class ActionCreate(Input):
    """A change of one campaign's daily budget or status, as a person or a program wants it."""

    campaign_id: UUID
    daily_budget_micros: int | None = Field(None, gt=0, le=10**15, description="The budget that shall hold.")
    status: Literal["active", "paused"] | None = None
    reason: Reason
    justified_by: JustifiedBy
    spend_only: SpendOnly
    idempotency_key: str | None = Field(None, pattern=r"^[\x21-\x7e]{8,100}$")


class MoveCreate(Input):
    """Daily budget from one account's campaign to another's: absolute values, micros of each one's own currency."""

    from_campaign_id: UUID
    from_daily_budget_micros: Budget
    to_campaign_id: UUID
    to_daily_budget_micros: Budget
    reason: Reason
    justified_by: JustifiedBy
    idempotency_key: str | None = Field(None, pattern=r"^[\x21-\x7e]{8,90}$")


class MoveRead(BaseModel):
    """Both halves were decided on both accounts' health and on that of all accounts together."""

    cut: ActionRead
    raised: ActionRead = Field(description="Starts once the platform holds the cut.")


class Approve(Input):
    reason: Reason | None = None


class Dismiss(Input):
    reason: Reason
