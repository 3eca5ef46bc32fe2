"""Which events a question is about: by name and by what their properties say. And over which days.

A condition on what is unknown does not hold. Numbers are compared with numbers and texts with texts.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.times import Day, Moment

MAX_DAYS = 1_100

Name = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$", description="As it was sent; case matters."),
]
Text = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
Number = Annotated[Decimal, Field(max_digits=30, decimal_places=12)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Exists(Part):
    op: Literal["exists"]


class IsText(Part):
    op: Literal["is"]
    text: Text


class OneOf(Part):
    op: Literal["one_of"]
    texts: Annotated[list[Text], Field(min_length=1, max_length=100)]


class HasText(Part):
    """Part of a text, in its own case."""

    op: Literal["contains", "starts_with"]
    text: Annotated[Text, Field(min_length=1)]


class IsNumber(Part):
    op: Literal["equals", "less_than", "at_most", "more_than", "at_least"]
    number: Number


class IsTruth(Part):
    op: Literal["is_true", "is_false"]


class IsWhen(Part):
    """A time as ISO 8601 text; without a zone it is UTC."""

    op: Literal["before", "since"]
    at: Moment


ValueTest = Annotated[
    Exists | IsText | OneOf | HasText | IsNumber | IsTruth | IsWhen, Field(discriminator="op")
]


class PropertyTest(Part):
    """A property by its name; a dot leads into an object: `cart.total`."""

    property: Name
    test: ValueTest


class EventChoice(Part):
    """Events of one name for which every condition holds."""

    event: Name
    where: Annotated[tuple[PropertyTest, ...], Field(max_length=10)] = ()


class LastDays(Part):
    """Today and the days before it, by the company's clock."""

    kind: Literal["last"]
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)]


class Between(Part):
    """Two days of the company's clock and those between them."""

    kind: Literal["between"]
    since: Day
    until: Day

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.since > self.until:
            raise PydanticCustomError("empty_range", "`until` has to be `since` or a later day.")
        if (self.until - self.since).days >= MAX_DAYS:
            raise PydanticCustomError(
                "long_range", "At most {most} days can be asked for.", {"most": MAX_DAYS}
            )
        return self


Days = Annotated[LastDays | Between, Field(discriminator="kind")]
