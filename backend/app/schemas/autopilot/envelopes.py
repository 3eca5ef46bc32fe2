"""Standing envelopes, as the API shows them."""

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from app.schemas.inputs import Input
from app.schemas.text import Reason

_MOST = 10**15


class EnvelopeCreate(Input):
    """A yes given beforehand to what automation wants within it. Money is micros of the account's currency."""

    ad_account_id: UUID | None = Field(None, description="Of every campaign of this ad account.")
    campaign_ids: list[UUID] = Field(
        default_factory=list,
        max_length=500,
        description="Or of these campaigns alone, which are of one account.",
    )
    most_daily_micros: int | None = Field(
        None, gt=0, le=_MOST, description="No daily budget is raised beyond it; null: cuts and pauses alone."
    )
    most_raised_micros: int = Field(
        0,
        ge=0,
        le=_MOST,
        description="What all raises of daily budgets under it may come to, until it ends.",
    )
    starts_at: AwareDatetime | None = Field(None, description="From when on; left out: from now on.")
    ends_at: AwareDatetime = Field(description="Until when: within 14 days from now.")
    reason: Reason = Field(
        description="Why, for everybody to read; it stands on every action that it approves."
    )
    idempotency_key: str | None = Field(
        None, pattern=r"^[\x21-\x7e]{8,100}$", description="A retry with the same key is the same envelope."
    )


class EnvelopeRevoke(Input):
    reason: Reason = Field(description="Why, for everybody to read.")


class EnvelopeRead(BaseModel):
    """Money is micros of `currency`; times are UTC, on the domain's clock."""

    id: UUID = Field(description="The envelope's id.")
    ad_account_id: UUID = Field(description="The ad account that it is of.")
    campaign_ids: list[UUID] = Field(description="Of these campaigns alone; empty: of all of the account.")
    currency: str = Field(description="The account's, ISO 4217.")
    most_daily_micros: int | None = Field(
        description="No daily budget is raised beyond it; null: cuts and pauses alone."
    )
    most_raised_micros: int = Field(
        description="What all raises of daily budgets under it may come to, until it ends."
    )
    raised_micros: int = Field(description="What they come to so far.")
    actions: int = Field(
        description="How many actions have its yes; those that never came to the platform aside."
    )
    reason: str = Field(description="Why it was given.")
    given_by: str = Field(description="Who gave it.")
    giver_may: bool = Field(description="Whether they may still approve; it covers nothing otherwise.")
    given_at: datetime = Field(description="When.")
    starts_at: datetime = Field(description="From when on it holds.")
    ends_at: datetime = Field(description="Until when.")
    revoked_by: str | None = Field(description="Who took it back.")
    revoked_at: datetime | None = Field(description="When.")
    revoked_reason: str | None = Field(description="Why.")
