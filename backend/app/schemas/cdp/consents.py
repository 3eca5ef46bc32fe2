"""What people allowed or refused, and what their silence means."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.schemas.times import Moment

PurposeName = Literal["analytics", "ads", "email", "sms", "personalization"]
Said = Literal["granted", "refused"]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class DecidedRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    decision: Said
    because: str
    at: datetime | None = Field(description="When they said so; null for silence.")


class ConsentStringRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: Literal["tcf", "gpp"]
    value: str
    at: datetime


class ConsentsRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    profile_id: UUID
    country: str | None
    purposes: dict[PurposeName, DecidedRead]
    strings: list[ConsentStringRead]


class ReceiptOfConsent(BaseModel):
    """One assertion, with its proof."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    person_key: UUID
    purpose: PurposeName
    decision: Said
    at: datetime
    recorded_at: datetime
    source: Literal["sdk", "gpc", "person"]
    wording_version: str | None
    proof: dict[str, Any]
    message_id: str | None
    event_id: UUID | None
    asserted_by: str | None


class ConsentRecord(BaseModel):
    """What a person said elsewhere: on paper, on the telephone, in a shop."""

    model_config = ConfigDict(extra="forbid")

    purposes: list[PurposeName] = Field(min_length=1, max_length=5)
    decision: Said
    proof: Line = Field(description="Where and how they said it.")
    wording_version: Line | None = None
    at: Moment | None = Field(None, description="When they said it; now if left out, never in the future.")


class ConsentWithdrawal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    purposes: list[PurposeName] = Field(min_length=1, max_length=5)
    proof: Line


class SilencePolicy(BaseModel):
    """What silence means where it is no refusal by law: outside the EEA, the United Kingdom and Switzerland."""

    model_config = ConfigDict(extra="forbid")

    elsewhere: Said = "granted"
    countries: dict[Country, Said] = Field(default_factory=dict, max_length=300)


class SilencePolicyRead(SilencePolicy):
    version: int
    always_refused: list[str] = Field(
        description="Where silence is a refusal whatever the policy says; so it is in an unknown country."
    )


class ConsentCategories(BaseModel):
    """Which purposes the SDKs' consent categories stand for; case and signs in a name do not count."""

    model_config = ConfigDict(extra="forbid")

    categories: dict[Line, list[PurposeName]] = Field(max_length=200)


class ConsentCategoriesRead(ConsentCategories):
    version: int
    defaults: dict[str, list[PurposeName]]
