"""What people allowed or refused, and what their silence means."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.schemas.inputs import Input
from app.schemas.text import NO_NUL
from app.schemas.times import Moment

PurposeName = Literal["analytics", "ads", "email", "sms", "personalization"]
Said = Literal["granted", "refused"]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class DecidedRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    decision: Said = Field(description="What may be done.")
    because: str = Field(description="What it rests on: what they said, the law, or the tenant's policy.")
    at: datetime | None = Field(description="When they said so; null for silence.")


class ConsentStringRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: Literal["tcf", "gpp"] = Field(description="IAB TCF or IAB GPP.")
    value: str = Field(description="As it was received.")
    at: datetime = Field(description="When, UTC.")


class ConsentsRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    profile_id: UUID = Field(description="The person's profile.")
    country: str | None = Field(description="ISO 3166, as last known; null: treated as the strictest.")
    purposes: dict[PurposeName, DecidedRead] = Field(description="What holds for each purpose now.")
    strings: list[ConsentStringRead] = Field(description="Consent strings, as they were received.")


class ReceiptOfConsent(BaseModel):
    """One assertion, with its proof."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The receipt's id.")
    person_key: UUID = Field(description="The identifier that it was said under.")
    purpose: PurposeName = Field(description="`analytics`, `ads`, `email`, `sms` or `personalization`.")
    decision: Said = Field(description="What was said.")
    at: datetime = Field(description="When they said so, UTC.")
    recorded_at: datetime = Field(description="When it was written down, UTC.")
    source: Literal["sdk", "gpc", "person"] = Field(
        description="An SDK, the browser's Global Privacy Control, or a person on their behalf."
    )
    wording_version: str | None = Field(description="The version of the words that they saw.")
    proof: dict[str, Any] = Field(description="What shows that they said so.")
    message_id: str | None = Field(description="The event that carried it.")
    event_id: UUID | None = Field(description="The same, as it is stored.")
    asserted_by: str | None = Field(description="Who wrote it down.")


class ConsentRecord(Input):
    """What a person said elsewhere: on paper, on the telephone, in a shop."""

    purposes: list[PurposeName] = Field(
        min_length=1, max_length=5, description="`analytics`, `ads`, `email`, `sms` or `personalization`."
    )
    decision: Said = Field(description="What they said.")
    proof: Line = Field(description="Where and how they said it.")
    wording_version: Line | None = Field(None, description="The version of the words that they saw.")
    at: Moment | None = Field(None, description="When they said it; now if left out, never in the future.")


class ConsentWithdrawal(Input):
    purposes: list[PurposeName] = Field(
        min_length=1, max_length=5, description="`analytics`, `ads`, `email`, `sms` or `personalization`."
    )
    proof: Line = Field(description="Where and how they said it.")


class SaidRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    granted: int = Field(description="People whose last word was a grant.")
    refused: int = Field(description="People whose last word was a refusal.")
    silent: int = Field(
        description="People who said nothing of it: what that means follows the policy of silence."
    )


class ConsentSummaryRead(BaseModel):
    """Counted at one time, every hour and when somebody asks: not of this moment."""

    model_config = ConfigDict(from_attributes=True)

    computed_at: datetime | None = Field(description="When they were counted, UTC; null: not yet.")
    people: int | None = Field(description="Profiles that there were then.")
    purposes: dict[PurposeName, SaidRead] | None = Field(description="What they said of each purpose.")


class SilencePolicy(Input):
    """What silence means where it is no refusal by law: outside the EEA, the United Kingdom and Switzerland."""

    elsewhere: Said = Field("granted", description="What silence means where no country says otherwise.")
    countries: dict[Country, Said] = Field(
        default_factory=dict, max_length=300, description="What it means in these, by ISO 3166 code."
    )


class SilencePolicyRead(SilencePolicy):
    version: int = Field(description="Counts the changes of the policy.")
    always_refused: list[str] = Field(
        description="Where silence is a refusal whatever the policy says; so it is in an unknown country."
    )


class ConsentCategories(Input):
    """Which purposes the SDKs' consent categories stand for; case and signs in a name do not count."""

    categories: dict[Line, list[PurposeName]] = Field(
        max_length=200, description="Purposes by the category's name."
    )


class ConsentCategoriesRead(ConsentCategories):
    version: int = Field(description="Counts the changes.")
    defaults: dict[str, list[PurposeName]] = Field(
        description="What the usual names stand for where they are not named here."
    )
