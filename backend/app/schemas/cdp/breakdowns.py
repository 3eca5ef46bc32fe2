"""By what people are told apart in funnels and retention alike. Each person is in one group, so that groups add up."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.schemas.cdp.conditions import Name, Part
from app.schemas.inputs import Input

MOST_GROUPS = 25
MOST_SEGMENTS = 10

_Top = Annotated[
    int, Field(ge=1, le=MOST_GROUPS, description="The values of the most people; the rest is one.")
]


class ByProperty(Part):
    """By a property of the event with which a person first entered."""

    kind: Literal["property"] = Field(description="By what people are told apart.")
    name: Name = Field(description="The property; dots lead into objects.")
    top: _Top = 5


class ByTrait(Part):
    """By a trait of the person, as it is now. Those that name a person are sealed, and so are no value here."""

    kind: Literal["trait"] = Field(description="By what people are told apart.")
    name: Name = Field(description="The trait; dots lead into objects.")
    top: _Top = 5


class ByComputedTrait(Part):
    """By a computed trait of the person, as it is now."""

    kind: Literal["computed"] = Field(description="By what people are told apart.")
    name: Name = Field(description="The computed trait; dots lead into objects.")
    top: _Top = 5


class ByLifecycle(Part):
    """By how far the person has come: `anonymous`, `known`, `customer` or `churned`, as it is now."""

    kind: Literal["lifecycle"] = Field(description="By what people are told apart.")


def _each_once(ids: tuple[UUID, ...]) -> tuple[UUID, ...]:
    if len(set(ids)) < len(ids):
        raise PydanticCustomError("repeated", "Name each segment once.")
    return ids


class BySegment(Part):
    """By the segments that the person is in now: who is in several counts in the first of them."""

    kind: Literal["segment"] = Field(description="By what people are told apart.")
    segment_ids: Annotated[
        tuple[UUID, ...], Field(min_length=1, max_length=MOST_SEGMENTS), AfterValidator(_each_once)
    ] = Field(description="The segments, the first before the second.")


Breakdown = Annotated[
    ByProperty | ByTrait | ByComputedTrait | ByLifecycle | BySegment, Field(discriminator="kind")
]


class GroupNamed(Input):
    """One group of an answer, as the answer names it."""

    value: str | None = Field(max_length=500, pattern=r"^[^\x00]*$", description="Its value; null for none.")
    rest: bool = Field(default=False, description="Whether it is the rest.")


class GroupHead(BaseModel):
    """People who have one value in common. `rest` is everybody whose value is not among the top ones."""

    model_config = ConfigDict(from_attributes=True)

    value: str | None = Field(
        description="A segment's is its id. Null where there is none, and for the rest."
    )
    label: str | None = Field(description="What people call it: a segment's name, else the value.")
    rest: bool = Field(description="Whether this is the rest.")
