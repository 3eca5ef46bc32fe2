from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

CallOutcomeName = Literal[
    "ok", "transient", "rate_limited", "auth", "permission", "invalid", "ambiguous", "unsupported"
]
ReplayWay = Literal["read", "sync", "conversions", "audience"]


class CallRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The call's id.")
    started_at: datetime = Field(description="When it began, UTC.")
    platform: str = Field(description="The ad platform, such as `meta`.")
    connection_id: UUID | None = Field(description="The connection that it used.")
    ad_account_id: UUID | None = Field(description="The ad account's id here.")
    operation: str = Field(description="What it was for.")
    method: str = Field(description="HTTP method.")
    path: str = Field(description="Path at the platform, without secrets.")
    mutating: bool = Field(description="It changes delivery, spend, bid, targeting or status.")
    permit_id: UUID | None = Field(description="The permit that it used up.")
    attempt: int = Field(description="The first is 1.")
    status: int | None = Field(description="HTTP; null when no answer came.")
    outcome: str = Field(description="What came of it: `ok`, or how it failed.")
    error_code: str | None = Field(description="A stable code of what went wrong.")
    error_message: str | None = Field(description="What the platform said, less what is secret.")
    trace: str | None = Field(description="The platform's own id of the request.")
    duration_ms: int = Field(description="Milliseconds.")
    replay_of: UUID | None = Field(description="The call that this one made again.")


class CallAgain(BaseModel):
    """Whether and how a call may be made again."""

    model_config = ConfigDict(from_attributes=True)

    way: Literal["read", "sync", "conversions", "audience", "none"] = Field(
        description="`none`: it may not. `sync`: its whole account is read again."
    )
    why: str = Field(description="In words, for people.")
    place: Literal["action", "campaigns", "connections", "conversions", "audiences"] | None = Field(
        description="Where to go instead, or to look for what came of it."
    )


class CallDetail(CallRead):
    asked: dict[str, Any] | None = Field(
        description="What it was asked with, in the platform's words; null where that is not kept: people, tokens."
    )
    meaning: str = Field(description="What its outcome means, in words.")
    again: CallAgain = Field(description="Whether and how it may be made again.")
    action_id: UUID | None = Field(description="The action whose change it carried.")
    replays: list[CallRead] = Field(description="When it was made again, newest first; 20 at most.")


class CallReplay(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    way: ReplayWay = Field(description="How it is made again.")
    queued: int = Field(description="Conversions or audiences that are sent again; 1 for a read.")
