"""Stops, as the API shows them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input
from app.schemas.text import Reason


class StopCreate(Input):
    """Pause everything that is active: of one account, or of the company."""

    kind: Literal["pause_all", "emergency_stop"] = Field(
        description=(
            "`pause_all` pauses; `emergency_stop` engages the company's kill switch first, in the same transaction."
        )
    )
    ad_account_id: UUID | None = Field(
        None,
        description="Only this account's campaigns; left out: the whole company's. Not for `emergency_stop`.",
    )
    reason: Reason = Field(description="Why, for everybody to read.")
    idempotency_key: str | None = Field(
        None, pattern=r"^[\x21-\x7e]{8,100}$", description="A retry with the same key is the same stop."
    )


class StopGiveBack(Input):
    reason: Reason = Field(description="Why, for everybody to read.")


class UnreachedAccount(BaseModel):
    """An account that a stop cannot write to: what runs there goes on."""

    ad_account_id: UUID = Field(description="The ad account's id here.")
    name: str = Field(description="Its name.")
    platform: str = Field(description="The ad platform, such as `meta`.")
    campaigns: int | None = Field(description="Active campaigns that are known there; null: not known.")
    why: str = Field(description="`disconnected`, `read_only`, `disabled`, `no_write_lease` or `not_read`.")
    sentence: str = Field(description="The same in words.")


class StopReach(BaseModel):
    """What a stop would pause now."""

    campaigns: int = Field(description="Active campaigns, as the platforms were last read.")
    accounts: int = Field(description="Accounts that it can write to.")
    out_of_reach: list[UnreachedAccount] = Field(description="Accounts that it cannot write to, and why.")


class TallyRead(BaseModel):
    """How many campaigns of a stop stand where."""

    model_config = ConfigDict(from_attributes=True)

    campaigns: int = Field(description="Active when the stop was asked for.")
    waiting: int = Field(description="Their turn has not come.")
    pauses: dict[str, int] = Field(description="By the state of the action that pauses them.")
    passed_over: dict[str, int] = Field(
        description="For which nothing was proposed, by why: `not_active`, `unreached` or `given_back`."
    )
    enables: dict[str, int] = Field(description="By the state of the action that enables them again.")
    kept: dict[str, int] = Field(
        description=(
            "Not enabled again, by why: `not_paused`, `not_confirmed`, `paused_before`, `edited_elsewhere`, "
            "`changed_since`, `not_paused_now` or `frozen`."
        )
    )


class StopRead(BaseModel):
    id: UUID = Field(description="The stop's id.")
    kind: str = Field(description="`pause_all` or `emergency_stop`.")
    ad_account_id: UUID | None = Field(description="The ad account that it is of; null: the whole company.")
    reason: str = Field(description="Why it was asked for.")
    asked_by: str = Field(description="Who asked for it.")
    asked_at: datetime = Field(description="When, on the domain's clock, UTC.")
    proposed_at: datetime | None = Field(
        description="When every campaign had had its turn, UTC; null while some wait."
    )
    given_back_by: str | None = Field(description="Who gave it back.")
    given_back_reason: str | None = Field(description="Why.")
    given_back_at: datetime | None = Field(description="When, UTC.")
    returned_at: datetime | None = Field(
        description="When every campaign had been proposed to be enabled again, or left out, UTC."
    )
    owed: int = Field(
        description="Campaigns that giving it back again tries anew: the gate blocked or holds them, nobody approved "
        "them in time, or a kill switch or a later stop kept them."
    )
    tally: TallyRead = Field(description="How many of its campaigns stand where.")
    out_of_reach: list[UnreachedAccount] = Field(description="Accounts that it could not write to, and why.")


class StopCampaignRead(BaseModel):
    """One campaign of a stop. Money is micros of `currency`."""

    campaign_id: UUID = Field(description="The campaign's id here.")
    ad_account_id: UUID = Field(description="The ad account's id here.")
    name: str = Field(description="Its name.")
    place: int = Field(description="Its turn, from 0: the dearest come first.")
    daily_micros: int | None = Field(
        description="What it might spend on a day; null where that is not known."
    )
    currency: str = Field(description="The account's, ISO 4217.")
    action_id: UUID | None = Field(description="The action that pauses it.")
    state: str | None = Field(description="That action's state.")
    passed_over: str | None = Field(description="Why no pause was proposed.")
    enable_action_id: UUID | None = Field(description="The action that enables it again.")
    enable_state: str | None = Field(description="That action's state.")
    kept: str | None = Field(description="Why it is not enabled again.")
    sentence: str | None = Field(description="`kept`, or else `passed_over`, in words.")
