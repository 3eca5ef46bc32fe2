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
    code: str = Field(description="A stable code of the reason.")
    verdict: Literal["pass", "hold", "block"] = Field(description="What this reason alone would lead to.")
    sentence: str = Field(description="The reason in words.")
    violation: str | None = Field(None, description="The limit that is broken, where one is.")


class ActionRead(BaseModel):
    """One change: what was wanted, what the gate said, how far it got. Money is micros of `currency`."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The action's id.")
    ad_account_id: UUID = Field(description="The ad account's id here.")
    campaign_id: UUID | None = Field(
        description="The campaign that it changes, or whose part it changes; null for the account itself."
    )
    platform: str = Field(description="The ad platform, such as `meta`.")
    entity_type: str = Field(description="`account`, `campaign`, `ad_set`, `ad`, `creative` or `image`.")
    entity: str = Field(description="Its id, as the platform spells it.")
    entity_name: str = Field(description="Its name when the action was proposed.")
    operation: str = Field(description="What it does: `increase_budget`, `pause`, ….")
    before: dict[str, Any] = Field(
        description="The changed fields as they were; amounts in millionths of `currency`."
    )
    after: dict[str, Any] = Field(description="The changed fields as they are to be, absolute values.")
    currency: str = Field(description="The account's, ISO 4217.")
    state: str = Field(
        description=(
            "`proposed`, `held`, `blocked`, `awaiting_approval`, `approved`, `executing`, `applied`, `verified`, "
            "`rolled_back`, `failed`, `expired` or `dismissed`."
        )
    )
    verdict: str | None = Field(
        description="What the gate said last: `pass`, `hold` or `block`; null before it was asked."
    )
    reasons: list[GateReason] = Field(description="Why the gate said so, the gravest first.")
    decision_id: UUID | None = Field(description="The gate's last decision, a row of the ledger.")
    reason: str = Field(description="Why it was proposed.")
    justified_by: list[str] = Field(
        description="The signals that the reason rests on: one that is bad or unknown holds the change."
    )
    spend_only: bool = Field(description="The reason needs nothing but what was spent.")
    evidence: dict[str, Any] = Field(description="The figures that it was proposed on.")
    origin: str = Field(
        description="Who proposes: automation, a person, a rollback, or a stop of everything (`stop`, `kill_switch`)."
    )
    requested_label: str = Field(description="Who proposed it, in words.")
    strategy: str | None = Field(description="The strategy that proposed it.")
    safety: bool = Field(description="It reads no signal health: nothing holds it back.")
    rollback_of: UUID | None = Field(description="The action that it undoes.")
    other_half: UUID | None = Field(description="The other action of a move between accounts.")
    plan_id: UUID | None = Field(description="The plan of cuts and raises that it is a part of.")
    approved_by: str | None = Field(description="Who approved it.")
    envelope_id: UUID | None = Field(
        description="The standing envelope by which it was approved beforehand; null: by none."
    )
    approved_at: datetime | None = Field(description="When, UTC.")
    proposed_at: datetime = Field(description="When it was proposed, on the domain's clock, UTC.")
    expires_at: datetime = Field(description="When silence dismisses it.")
    applied_at: datetime | None = Field(description="When the platform took the change, UTC.")
    verified_at: datetime | None = Field(description="When reading back confirmed it, UTC.")
    watch_until: datetime | None = Field(description="Until when its effect is watched, UTC.")
    ended_at: datetime | None = Field(description="When its last state was reached, UTC.")
    error_code: str | None = Field(description="A stable code of what went wrong.")
    error_detail: str | None = Field(description="What the platform said.")


class ActionStep(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    at: datetime = Field(description="When, UTC.")
    from_state: str | None = Field(description="The state before; null for the first.")
    to_state: str = Field(description="The state after.")
    actor: str = Field(description="Who moved it.")
    note: str | None = Field(description="Why, in words.")
    detail: dict[str, Any] = Field(description="What else is known of the step.")


class ActionDetail(ActionRead):
    timeline: list[ActionStep] = Field(description="Every state it went through, oldest first.")


class ActionCreate(Input):
    """A change of one campaign's daily budget or status, as a person or a program wants it."""

    campaign_id: UUID = Field(description="The campaign's id here.")
    daily_budget_micros: int | None = Field(None, gt=0, le=10**15, description="The budget that shall hold.")
    status: Literal["active", "paused"] | None = Field(
        None, description="What to set; left out where the budget is changed."
    )
    reason: Reason = Field(description="Why, for those who read it later.")
    justified_by: JustifiedBy
    spend_only: SpendOnly
    idempotency_key: str | None = Field(
        None, pattern=r"^[\x21-\x7e]{8,100}$", description="A retry with the same key is the same action."
    )


class BulkStatus(Input):
    """One status for many campaigns: each is an action of its own."""

    campaign_ids: list[UUID] = Field(
        min_length=1,
        max_length=50,
        description="The campaigns' ids here; one that is named twice counts once.",
    )
    status: Literal["active", "paused"] = Field(description="What shall hold for each of them.")
    reason: Reason = Field(description="Why, for those who read it later.")
    justified_by: JustifiedBy
    spend_only: SpendOnly
    idempotency_key: str | None = Field(
        None,
        pattern=r"^[\x21-\x7e]{8,60}$",
        description="A retry with the same key asks for the same actions.",
    )


class MoveCreate(Input):
    """Daily budget from one account's campaign to another's: absolute values, micros of each one's own currency."""

    from_campaign_id: UUID = Field(description="The campaign that gives.")
    from_daily_budget_micros: Budget = Field(
        description="Its daily budget afterwards, in millionths of the account's currency."
    )
    to_campaign_id: UUID = Field(description="The campaign that gets.")
    to_daily_budget_micros: Budget = Field(
        description="Its daily budget afterwards, in millionths of the account's currency."
    )
    reason: Reason = Field(description="Why, for those who read it later.")
    justified_by: JustifiedBy
    idempotency_key: str | None = Field(
        None, pattern=r"^[\x21-\x7e]{8,90}$", description="A retry with the same key is the same move."
    )


class MoveRead(BaseModel):
    """Both halves were decided on both accounts' health and on that of all accounts together."""

    cut: ActionRead = Field(description="The part that takes away.")
    raised: ActionRead = Field(description="Starts once the platform holds the cut.")


class BulkResult(BaseModel):
    """What became of one campaign's change: an action, or why there is none."""

    action: ActionRead | None = Field(
        description="The action, as the gate left it; null where none was made."
    )
    error_code: str | None = Field(description="A stable code of why there is none.")
    error: str | None = Field(description="The same in words.")


class BulkRead(BaseModel):
    results: list[BulkResult] = Field(
        description="One for each campaign, in the order of `campaign_ids` without repetitions."
    )


class Approve(Input):
    reason: Reason | None = Field(None, description="Why; needed where a limit is overridden.")


class Dismiss(Input):
    reason: Reason = Field(description="Why, for those who read it later.")
