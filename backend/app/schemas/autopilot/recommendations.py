"""Recommendations, as the API shows them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.autopilot.actions import ActionRead
from app.schemas.inputs import Input
from app.schemas.text import Reason


class EffectRead(BaseModel):
    """A day's difference; amounts in millionths of the campaign's currency, the interval of 80 %."""

    model_config = ConfigDict(from_attributes=True)

    spend_micros: int = Field(description="How much more is spent a day; negative for less.")
    value_micros: int | None = Field(
        description="The conversion value a day that it is expected to bring; null where only the ends are known."
    )
    value_low_micros: int = Field(description="The lower end of its interval.")
    value_high_micros: int = Field(description="The upper end.")


class RecommendedChange(BaseModel):
    campaign_id: UUID = Field(description="The campaign's id here.")
    name: str = Field(description="Its name.")
    operation: str = Field(description="What it does: `set_daily_budget` or `set_status`.")
    before: dict[str, Any] = Field(description="The changed fields as they were.")
    after: dict[str, Any] = Field(description="The changed fields as they are to be, absolute values.")
    why: str = Field(description="A stable code of the reason.")
    sentence: str = Field(description="The same in words.")


class RecommendationRead(BaseModel):
    """One thing that a strategy would do: what it read, why, and what it expects of it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The recommendation's id.")
    strategy: str = Field(description="The strategy that says so.")
    ad_account_id: UUID = Field(description="The ad account's id here.")
    campaign_id: UUID | None = Field(
        description="The campaign's id here; null where it is about several of the account."
    )
    subject: str = Field(description="The campaign's name, or the account's.")
    why: str = Field(description="A stable code of the reason.")
    sentence: str = Field(description="The same in words.")
    currency: str = Field(description="The account's, ISO 4217.")
    changes: list[RecommendedChange] = Field(
        description="What a yes would change; none: there is nothing that Stratum could change."
    )
    version: str = Field(
        description="Of the changes: say it with a yes, which is a yes to these amounts alone."
    )
    effect: EffectRead | None = Field(description="What is expected of it; null where that is unknown.")
    evidence: dict[str, Any] = Field(description="What was read of each campaign, those left alone too.")
    state: str = Field(description="`open`, `accepted`, `dismissed` or `expired`.")
    made_at: datetime = Field(description="When it was first said, on the domain's clock, UTC.")
    renewed_at: datetime = Field(description="When the strategy last came to the same, UTC.")
    expires_at: datetime = Field(description="When it lapses by itself unless it is renewed, UTC.")
    ended_at: datetime | None = Field(description="When it was answered or lapsed, UTC.")
    ended_by: str | None = Field(description="Who answered it.")
    note: str | None = Field(description="Why, in words.")
    action_ids: list[UUID] = Field(description="The actions that a yes led to; raises of a plan come later.")


class RecommendationAccepted(BaseModel):
    recommendation: RecommendationRead = Field(description="The recommendation, accepted.")
    actions: list[ActionRead] = Field(
        description="What was proposed, as the gate left it. Of a plan these are the cuts; its raises follow."
    )


class RecommendationAccept(Input):
    version: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] = Field(
        description="The `version` that was shown: where the amounts are others by now, nothing is done."
    )
    reason: Reason | None = Field(None, description="Why; needed where a limit is overridden.")


class RecommendationDismiss(Input):
    reason: Reason = Field(description="Why, for those who read it later.")
