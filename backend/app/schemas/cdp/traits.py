"""Computed traits: what is computed of each person's events, and kept beside what was said of them.

What is of no event is absent, whatever the kind: there is no value, not 0 and not false, and a segment's condition on
it does not hold. Ask `exists` inside `not` for those who have none.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.cdp.conditions import EventChoice, Name
from app.schemas.cdp.segments_tree import Between, Currency, LastDays
from app.schemas.inputs import Input
from app.schemas.text import NO_NUL

Kind = Literal["count", "sum", "average", "min", "max", "first", "last", "unique_count", "exists"]
TraitSort = Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"]
TraitState = Literal["computing", "live"]
Cell = Literal["Champions", "Loyal", "Potential Loyalist", "New", "At Risk", "Hibernating"]
RESERVED = frozenset({"rfm", "churn"})
"""Names of what is always computed."""

_OF_NUMBERS = frozenset({"sum", "average", "min", "max"})
_OF_VALUES = frozenset({"first", "last", "unique_count"})
TraitName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[a-z][a-z0-9_]*$",
        description="Small letters, digits and underscores: `orders_90d`. It stays. `rfm` and `churn` are ours.",
    ),
]
Said = Annotated[str, Field(max_length=1_000, pattern=NO_NUL, description="What it is for.")]


class TraitDefinition(EventChoice):
    """What of which events, and over which time. What is of no event is absent, and never 0 or false."""

    kind: Kind = Field(
        description=(
            "`count` of the events; `sum`, `average`, `min`, `max` of a property's numbers or of the events' own "
            "value; `first`, `last` value of a property; `unique_count` of its values; `exists`: true."
        )
    )
    property: Name | None = Field(
        None,
        description="The property that it is computed of; dots lead into objects. Not for `count` and `exists`.",
    )
    currency: Currency | None = Field(
        None,
        description=(
            "In place of `property`, for `sum`, `average`, `min` and `max`: the events' own value in this currency "
            "(ISO 4217), exact, in millionths of its unit."
        ),
    )
    window: Annotated[LastDays | Between, Field(discriminator="kind")] | None = Field(
        None, description="When it must have happened; null: ever."
    )

    @model_validator(mode="after")
    def _says_of_what(self) -> Self:
        given = [each for each in (self.property, self.currency) if each is not None]
        if self.kind in _OF_NUMBERS and len(given) != 1:
            raise PydanticCustomError(
                "of_what",
                "`{kind}` needs a `property`, or the `currency` of the events' own value: one of them.",
                {"kind": self.kind},
            )
        if self.kind in _OF_VALUES and (self.property is None or self.currency is not None):
            raise PydanticCustomError(
                "of_what", "`{kind}` needs a `property`, and no `currency`.", {"kind": self.kind}
            )
        if self.kind in {"count", "exists"} and given:
            raise PydanticCustomError(
                "of_what",
                "`{kind}` is of whole events: leave `property` and `currency` out.",
                {"kind": self.kind},
            )
        return self


class TraitCreate(Input):
    name: TraitName
    description: Said = ""
    definition: TraitDefinition = Field(description="What is computed.")


class TraitPatch(Input):
    description: str | None = Field(
        None, max_length=1_000, pattern=NO_NUL, description="What it is for; left out: as it is."
    )
    definition: TraitDefinition | None = Field(
        None, description="Another definition is a new version; everybody is computed anew by a task."
    )


class TraitPreviewRequest(Input):
    definition: TraitDefinition = Field(description="What would be computed.")


class TraitRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The trait's id.")
    name: str = Field(description="The name under which profiles have it, and segments ask for it.")
    description: str = Field(description="What it is for.")
    definition: TraitDefinition = Field(description="What is computed.")
    version: int = Field(description="Counts changes of the definition.")
    state: TraitState = Field(
        description="`computing`: not everybody has their value by it yet; `live`: it follows what happens."
    )
    computed_at: datetime | None = Field(description="When everybody was last computed, UTC; null: not yet.")
    created_at: datetime = Field(description="When it was made, UTC.")
    updated_at: datetime = Field(description="When it was last changed, UTC.")


class ValueCount(BaseModel):
    value: Any = Field(description="A value.")
    count: int = Field(description="How many people have it.")


class NumberSpread(BaseModel):
    """How the numbers are spread: each figure but `average` is a value that somebody has."""

    min: Decimal = Field(description="The least.")
    p25: Decimal = Field(description="A quarter of them have this or less.")
    median: Decimal = Field(description="Half of them have this or less.")
    p75: Decimal = Field(description="Three quarters have this or less.")
    max: Decimal = Field(description="The greatest.")
    average: Decimal = Field(description="Their mean, to six places.")


class TraitSample(BaseModel):
    profile_id: UUID = Field(description="The profile's id.")
    value: Any = Field(description="The value that they would have.")


class TraitPreview(BaseModel):
    count: int = Field(description="How many people would have a value: exact, at this moment.")
    total: int = Field(description="How many profiles there are; the others would have none.")
    numbers: NumberSpread | None = Field(
        description="How the numbers are spread; null where none is a number."
    )
    top: list[ValueCount] = Field(description="The ten values that most people have.")
    sample: list[TraitSample] = Field(description="Ten of those who would have one.")


class TraitEvidence(BaseModel):
    id: UUID = Field(description="The event's id.")
    at: datetime = Field(description="When it happened, UTC.")


class TraitWhy(BaseModel):
    """A person's value, and the events that it rests on."""

    name: str = Field(description="The trait's name.")
    definition: TraitDefinition = Field(description="What is computed.")
    value: Any = Field(description="As of this moment; null: of no event, so there is none.")
    stored: Any = Field(
        description="As segments see it; another than `value` only until the change is followed."
    )
    events: list[TraitEvidence] = Field(description="The five newest that count.")
    event_count: int = Field(description="How many count.")


class ProfileTrait(BaseModel):
    id: UUID = Field(description="The trait's id.")
    name: str = Field(description="The trait's name.")
    description: str = Field(description="What it is for.")
    definition: TraitDefinition = Field(description="What is computed.")
    value: Any = Field(description="Their value; null: of no event, so there is none.")


class RfmScores(BaseModel):
    """Quintiles: 1 is the fifth of the customers that is worst, 5 the best."""

    recency: int = Field(description="By their last order.")
    frequency: int = Field(description="By their number of orders.")
    monetary: int = Field(description="By what they paid less what they got back, in the reporting currency.")
    cell: Cell = Field(description="The cell that the three scores lead to.")


class ChurnInputs(BaseModel):
    """What speaks for a customer's having left. Unknown, and so null, with fewer than three orders."""

    orders: int = Field(description="Their orders.")
    last_order_at: datetime = Field(description="Their last order, UTC.")
    days_since_last_order: int = Field(description="Whole days of 24 hours since then, as of now.")
    median_gap_days: float | None = Field(
        description="The median of the gaps between their own orders, in days."
    )
    ratio: float | None = Field(
        description=(
            "The time since the last order over the median gap: 1 is when the next was due by their own rhythm. Null "
            "too where all of their orders came at one time."
        )
    )


class ProfileTraits(BaseModel):
    profile_id: UUID = Field(description="The profile, or the one that it was merged into.")
    traits: list[ProfileTrait] = Field(description="Every computed trait, with their value.")
    rfm: RfmScores | None = Field(description="Null where they were not ranked.")
    rfm_computed_at: datetime | None = Field(description="When customers were last ranked, UTC.")
    churn: ChurnInputs | None = Field(description="Null where they have not ordered.")


class RfmCell(BaseModel):
    cell: Cell = Field(description="The cell.")
    customers: int = Field(description="How many are in it.")
    revenue_micros: int = Field(
        description="What they paid less what they got back, in millionths of `currency`."
    )


class RfmThresholds(BaseModel):
    """The least that a score takes, from 2 to 5; null where, for ties, nobody has that score."""

    recency: list[datetime | None] = Field(description="The time of the last order, UTC.")
    frequency: list[int | None] = Field(description="Orders.")
    monetary: list[int | None] = Field(description="Millionths of `currency`.")


class RfmRate(BaseModel):
    currency: str = Field(description="What was paid in.")
    rate: Decimal = Field(description="What one unit of it was worth in the reporting currency.")
    as_of: datetime = Field(description="When the rate was so, UTC.")
    source: str = Field(description="Who said so.")


class RfmRead(BaseModel):
    """Where the customers stand. The ranking is of `computed_at`; it is made anew once a day."""

    state: Literal["not_yet", "not_enough_data", "ready"] = Field(
        description="`not_enough_data`: fewer than `needed` customers can be ranked, so nobody is in a cell."
    )
    running: bool = Field(description="A ranking is under way.")
    computed_at: datetime | None = Field(description="When the customers were last ranked, UTC.")
    next_at: datetime | None = Field(description="When they will be ranked next, UTC.")
    needed: int = Field(description="How many customers a ranking takes.")
    currency: str | None = Field(description="The reporting currency of the ranking.")
    customers: int = Field(description="People with at least one order.")
    ranked: int = Field(description="Those whose spending is known in the reporting currency.")
    left_out: int = Field(
        description="Customers who paid in a currency without a rate, or whose orders have no worth: not ranked."
    )
    without_rate: list[str] = Field(description="Currencies that were paid in and have no recorded rate.")
    rates: list[RfmRate] = Field(description="The rates that other currencies were converted by.")
    thresholds: RfmThresholds | None = Field(description="Null where there are no cells.")
    cells: list[RfmCell] = Field(
        description="Every cell, the best first; empty where there is not enough data."
    )
