"""Audiences at the platforms that are kept equal to segments."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.schemas.inputs import Input
from app.schemas.text import Line

IdentifierName = Literal[
    "email", "phone", "external_id", "first_name", "last_name", "city", "state", "zip", "country"
]
AudienceSort = Literal["name", "-name", "created_at", "-created_at", "last_run_at", "-last_run_at"]
RemoteState = Literal["empty", "filling", "too_small", "ready", "blocked", "unknown"]
RunStatusName = Literal["running", "done", "failed", "interrupted"]
RunKindName = Literal["difference", "replace", "removals", "ending"]
Interval = Annotated[int, Field(ge=15, le=10_080)]
ResendDays = Annotated[int, Field(ge=1, le=500)]


class AudienceCreate(Input):
    name: Line = Field(description="What it is called, here and at the platform.")
    segment_id: UUID = Field(description="Whose members are to be in it.")
    ad_account_id: UUID = Field(description="The ad account that has it; written to from here.")
    identifiers: list[IdentifierName] = Field(
        min_length=1,
        max_length=9,
        description="What people are found by, hashed in the platform's own form; see `/options`.",
    )
    holdout_percent: int = Field(
        0,
        ge=0,
        le=50,
        description="The share of the segment, drawn once and for ever, that is never sent: what they do without it "
        "is what the audience's effect is measured against.",
    )
    interval_minutes: Interval | None = Field(
        60, description="How often it is compared; null: only when somebody asks."
    )
    resend_days: ResendDays | None = Field(
        None,
        description="Send members again after so many days, beside what the platform's own limit asks for.",
    )


class AudiencePatch(Input):
    """What is left out stays as it is."""

    name: Line | None = Field(None, description="Another name, here alone.")
    interval_minutes: Interval | None = Field(None, description="How often; null: only when somebody asks.")
    resend_days: ResendDays | None = Field(
        None, description="After how many days; null: only as the platform asks."
    )
    enabled: bool | None = Field(
        None, description="False: nobody is added any more; who withdraws or is erased still leaves."
    )

    @model_validator(mode="after")
    def _no_nothing(self) -> "AudiencePatch":
        for name in ("name", "enabled"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"leave out {name}, or give it a value")
        return self


class RemovalApproval(Input):
    leaving: int = Field(ge=1, description="How many you have seen that are about to leave.")


class AudienceRunRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The run's id.")
    kind: RunKindName = Field(
        description="`difference` sends what changed, `replace` everybody, `removals` only takes out who must not stay."
    )
    status: RunStatusName = Field(description="`interrupted`: its worker died, and another run went on.")
    started_at: datetime = Field(description="When it began, UTC.")
    finished_at: datetime | None = Field(description="When it ended, UTC.")
    added: int = Field(description="People whom the platform took in.")
    removed: int = Field(description="People whom it took out.")
    left_segment: int = Field(description="People in it who were no members of the segment any more.")
    held_back: int = Field(description="Of these, who stay until somebody approves it.")
    withheld: dict[str, int] = Field(
        description="Members of the segment who were not sent, by the reason: `no_consent`, `no_identifier`, "
        "`held_out`."
    )
    received: int = Field(description="Entries that the platform says it received; a person may be several.")
    invalid: int = Field(description="Entries that it could not read.")
    matched: int | None = Field(description="Entries that it found people for; null until it says so.")
    match_of: int | None = Field(description="Of how many; null until it says so.")
    error_code: str | None = Field(description="A stable code of why it failed.")
    error: str | None = Field(description="Why, in the platform's words.")


class AudienceBatchRead(BaseModel):
    """One request of a run."""

    model_config = ConfigDict(from_attributes=True)

    number: int = Field(description="Its place in the run.")
    action: Literal["add", "remove", "replace"] = Field(description="What it asked for.")
    people: int = Field(description="How many people it was about.")
    entries: int = Field(description="How many entries; a person may be several.")
    begun_at: datetime = Field(description="When it left, UTC.")
    answered_at: datetime | None = Field(description="When it was answered, UTC; null: no answer came.")
    received: int | None = Field(description="Entries that the platform says it received.")
    invalid: int | None = Field(description="Entries that it could not read.")
    error_code: str | None = Field(description="A stable code of its refusal.")


class AudienceBatches(BaseModel):
    items: list[AudienceBatchRead] = Field(description="In their order; at most 1,000.")


class RemovalWaiting(BaseModel):
    """A removal that somebody has to allow."""

    leaving: int = Field(description="How many are about to leave.")
    of: int = Field(description="Of how many who are there.")
    since: datetime | None = Field(description="Since when it waits, UTC.")


class AudienceMatch(BaseModel):
    matched: int = Field(description="Entries that the platform found people for.")
    of: int = Field(description="Of so many whose upload it has told of.")


class AudienceRead(BaseModel):
    id: UUID = Field(description="The audience's id here.")
    name: str = Field(description="What it is called.")
    segment_id: UUID = Field(description="Whose members are in it.")
    segment_name: str | None = Field(description="What that segment is called.")
    ad_account_id: UUID = Field(description="The ad account that has it.")
    account_name: str | None = Field(description="What that account is called.")
    platform: str = Field(description="The ad platform, such as `meta`.")
    external_id: str | None = Field(description="The platform's id of it; null until it is made there.")
    identifiers: list[IdentifierName] = Field(description="What people are found by.")
    holdout_percent: int = Field(description="The share that is never sent.")
    interval_minutes: int | None = Field(description="How often it is compared; null: when somebody asks.")
    resend_days: int | None = Field(description="After how many days members are sent again at the latest.")
    enabled: bool = Field(description="Whether it is kept up.")
    ending: bool = Field(description="Whether it is being deleted.")
    people: int = Field(description="Who is there, by what the platform acknowledged.")
    adding: int = Field(description="Who is about to be added.")
    removing: int = Field(description="Who is about to be taken out.")
    waiting: RemovalWaiting | None = Field(description="A removal that waits for an approval.")
    approved_by: str | None = Field(description="Who approved the removal that is about to be made.")
    replace_asked: bool = Field(description="Whether it is about to be sent whole.")
    remote_state: RemoteState | None = Field(
        description="What the platform says of it; null until it was asked."
    )
    size_lower: int | None = Field(
        description="Whom the platform can reach, at least; null where it does not say."
    )
    size_upper: int | None = Field(description="At most.")
    size_at: datetime | None = Field(description="When the platform was asked, UTC.")
    match: AudienceMatch | None = Field(description="How many of those sent it knows; null until it says so.")
    last_run: AudienceRunRead | None = Field(description="The last synchronisation.")
    last_run_at: datetime | None = Field(description="When the last one was done, UTC.")
    next_run_at: datetime | None = Field(description="When the next one is due, UTC.")
    next_attempt_at: datetime | None = Field(description="After a failure: when it is tried again, UTC.")
    error_code: str | None = Field(description="A stable code of what it fails at now.")
    error: str | None = Field(description="What it fails at now, in words.")
    created_at: datetime = Field(description="When it was made, UTC.")
    created_by: str = Field(description="Who made it.")


class AudienceOffer(BaseModel):
    """What a platform takes."""

    platform: str = Field(description="The ad platform.")
    identifiers: list[IdentifierName] = Field(description="What people can be found by there.")
    leading: list[IdentifierName] = Field(description="Of these, at least one has to be chosen.")
    expires_after_days: int | None = Field(
        description="After how many days it forgets members who are not sent again; null: never."
    )
    replaces: bool = Field(
        description="Whether sending an audience anew takes out whoever else is in it there; false: they stay."
    )
    tells_matches: bool = Field(description="Whether it tells how many of an upload's people it knows.")


class AudienceOptions(BaseModel):
    platforms: list[AudienceOffer] = Field(description="The platforms that take audiences.")
