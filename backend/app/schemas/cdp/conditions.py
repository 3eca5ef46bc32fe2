"""What is asked of a value and of an event, in segments, funnels and retention alike; and over which days.

A condition on what is unknown does not hold. Numbers are compared with numbers and texts with texts.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.text import NO_NUL
from app.schemas.times import Day, Instant

MAX_DAYS = 1_100

Comparison = Literal["equals", "less_than", "at_most", "more_than", "at_least"]
Name = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$", description="As it was sent; case matters."),
]
Text = Annotated[str, Field(max_length=500, pattern=NO_NUL)]
Number = Annotated[Decimal, Field(max_digits=30, decimal_places=12)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Exists(Part):
    op: Literal["exists"] = Field(description="Which test it is.")


class IsText(Part):
    op: Literal["is"] = Field(description="Which test it is.")
    text: Text = Field(description="Exactly this text.")


class OneOf(Part):
    op: Literal["one_of"] = Field(description="Which test it is.")
    texts: Annotated[list[Text], Field(min_length=1, max_length=100)] = Field(description="Any of these.")


class HasText(Part):
    """Part of a text, in its own case."""

    op: Literal["contains", "starts_with"] = Field(description="Which test it is.")
    text: Annotated[Text, Field(min_length=1)] = Field(description="What to look for.")


class IsNumber(Part):
    op: Comparison = Field(description="How to compare.")
    number: Number = Field(description="What to compare with.")


class IsTruth(Part):
    op: Literal["is_true", "is_false"] = Field(description="Which test it is.")


class IsWhen(Part):
    """A time as ISO 8601 text; without a zone it is UTC."""

    op: Literal["before", "since"] = Field(description="Which test it is.")
    at: Instant = Field(description="A moment, with its zone.")


ValueTest = Annotated[
    Exists | IsText | OneOf | HasText | IsNumber | IsTruth | IsWhen, Field(discriminator="op")
]


class PropertyTest(Part):
    """A property by its name; a dot leads into an object: `cart.total`."""

    property: Name = Field(description="The property; dots lead into objects.")
    test: ValueTest = Field(description="What it must be.")


class EventChoice(Part):
    """Events of one name for which every condition holds."""

    event: Name = Field(description="The event's name, exactly.")
    where: Annotated[tuple[PropertyTest, ...], Field(max_length=10)] = Field(
        (), description="What its properties must be, all of it."
    )


class LatestDays(Part):
    """Today and the days before it, by the company's clock."""

    kind: Literal["last"] = Field(description="How the days are named.")
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = Field(description="How many, today among them.")


class DaysBetween(Part):
    """Two days of the company's clock and those between them."""

    kind: Literal["between"] = Field(description="How the days are named.")
    since: Day = Field(description="The first day.")
    until: Day = Field(description="The last day, included.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.since > self.until:
            raise PydanticCustomError("empty_range", "`until` has to be `since` or a later day.")
        if (self.until - self.since).days >= MAX_DAYS:
            raise PydanticCustomError(
                "long_range", "At most {most} days can be asked for.", {"most": MAX_DAYS}
            )
        return self


Days = Annotated[LatestDays | DaysBetween, Field(discriminator="kind")]
