"""The rule of a segment: a nested tree of conditions, each of which holds or does not; nothing is in between.

A condition on what is unknown does not hold: who has no trait `plan` is not `plan is pro`, and so is in
`not(plan is pro)`. Numbers are compared with numbers and texts with texts; an amount names its currency.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.cdp.conditions import (
    MAX_DAYS,
    Comparison,
    EventChoice,
    Exists,
    Name,
    Number,
    Part,
    ValueTest,
)
from app.schemas.times import Instant
from app.schemas.trees import bounded

Micros = Annotated[int, Field(ge=-(2**62), le=2**62, description="Millionths of the currency's unit.")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Days = Annotated[int, Field(ge=1, le=MAX_DAYS, description="Days of 24 hours, to this very moment.")]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class HasLifecycle(Part):
    kind: Literal["lifecycle"] = Field(description="Which condition it is.")
    one_of: Annotated[
        list[Literal["anonymous", "known", "customer", "churned"]], Field(min_length=1, max_length=4)
    ] = Field(description="Any of these stages.")


class HasIdentifier(Part):
    kind: Literal["has"] = Field(description="Which condition it is.")
    identifier: Literal["email", "phone", "user_id"] = Field(description="What is known of them.")


class Counter(Part):
    kind: Literal["counter"] = Field(description="Which condition it is.")
    field: Literal["event_count", "order_count", "refund_count", "identifier_count"] = Field(
        description="What is counted."
    )
    op: Comparison = Field(description="How to compare.")
    value: Count = Field(description="What to compare with.")


class Money(Part):
    """What was paid in one currency over all time; `net` is without what was paid back. Nothing paid is 0."""

    kind: Literal["money"] = Field(description="Which condition it is.")
    field: Literal["revenue", "refunded", "net"] = Field(
        description="What is summed up; `net` is revenue less refunds."
    )
    currency: Currency = Field(description="ISO 4217, such as `EUR`.")
    op: Comparison = Field(description="How to compare.")
    micros: Micros = Field(description="What to compare with, in millionths of `currency`.")


class Moment(Part):
    op: Literal["before", "since"] = Field(description="Which test it is.")
    at: Instant = Field(description="A moment, with its zone.")


class Lately(Part):
    """Within the last days; a time in the future is."""

    op: Literal["within_last", "longer_ago_than"] = Field(description="Which test it is.")
    days: Days = Field(description="Days of 24 hours, back from now.")


class When(Part):
    kind: Literal["time"] = Field(description="Which condition it is.")
    field: Literal["first_seen_at", "last_seen_at", "first_order_at", "last_order_at"] = Field(
        description="Which time of theirs."
    )
    test: Annotated[Exists | Moment | Lately, Field(discriminator="op")] = Field(
        description="What it must be."
    )


class Trait(Part):
    """What was said of a person. What names them is sealed, and can only be asked for as a whole."""

    kind: Literal["trait"] = Field(description="Which condition it is.")
    name: Name = Field(description="The trait; dots lead into objects.")
    test: ValueTest = Field(description="What it must be.")


class ComputedTrait(Part):
    kind: Literal["computed"] = Field(description="Which condition it is.")
    name: Name = Field(description="The computed trait.")
    test: ValueTest = Field(description="What it must be.")


class LastDays(Part):
    kind: Literal["last"] = Field(description="Which window it is.")
    days: Days = Field(description="Days of 24 hours, back from now.")


class Between(Part):
    """From `since`, included, to `until`, which is not."""

    kind: Literal["between"] = Field(description="Which window it is.")
    since: Instant = Field(description="From then on.")
    until: Instant = Field(description="Before then.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.since >= self.until:
            raise PydanticCustomError("empty_window", "`until` has to come after `since`.")
        return self


class Did(Part):
    op: Literal["did", "did_not"] = Field(description="Which test it is.")


class Times(Part):
    op: Literal["times"] = Field(description="Which test it is.")
    compare: Comparison = Field(description="How to compare.")
    value: Count = Field(description="How many times.")


class SumOf(Part):
    """The sum of a property's numbers over these events; 0 of none."""

    op: Literal["sum"] = Field(description="Which test it is.")
    property: Name = Field(description="The property that is summed up; what is no number is passed over.")
    compare: Comparison = Field(description="How to compare.")
    number: Number = Field(description="What to compare with.")


class MoneyOf(Part):
    """The sum of these events' values in one currency; 0 of none."""

    op: Literal["money"] = Field(description="Which test it is.")
    currency: Currency = Field(description="ISO 4217, such as `EUR`.")
    compare: Comparison = Field(description="How to compare.")
    micros: Micros = Field(description="What to compare with, in millionths of `currency`.")


class LastOf(Part):
    """The property's value in the last of these events that has it."""

    op: Literal["last"] = Field(description="Which test it is.")
    property: Name = Field(description="The property of the newest event that has it.")
    test: ValueTest = Field(description="What it must be.")


class Happened(EventChoice):
    """What a person did, by the events' own times. Without a window, over all that is stored."""

    kind: Literal["event"] = Field(description="Which condition it is.")
    window: Annotated[LastDays | Between, Field(discriminator="kind")] | None = Field(
        None, description="When it must have happened; null: ever."
    )
    test: Annotated[Did | Times | SumOf | MoneyOf | LastOf, Field(discriminator="op")] = Field(
        Did(op="did"), description="What of these events is asked."
    )


class AllOf(Part):
    kind: Literal["all"] = Field(description="Which condition it is.")
    of: Annotated[list["Node"], Field(min_length=1, max_length=20)] = Field(
        description="Every one must hold."
    )


class AnyOf(Part):
    kind: Literal["any"] = Field(description="Which condition it is.")
    of: Annotated[list["Node"], Field(min_length=1, max_length=20)] = Field(description="One must hold.")


class Not(Part):
    kind: Literal["not"] = Field(description="Which condition it is.")
    of: "Node" = Field(description="It must not hold.")


Condition = HasLifecycle | HasIdentifier | Counter | Money | When | Trait | ComputedTrait | Happened
Node = Annotated[AllOf | AnyOf | Not | Condition, Field(discriminator="kind")]

for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()


Rule = Annotated[Node, BeforeValidator(bounded("make it two segments"))]


class StoredRule(BaseModel):
    """For reading a rule back from where it is stored."""

    rule: Rule = Field(description="The conditions: a tree of `all`, `any` and `not`.")


def read_rule(stored: Mapping[str, Any]) -> Node:
    return StoredRule.model_validate({"rule": stored}).rule


def written_rule(rule: Node) -> dict[str, Any]:
    """A rule as JSON holds it."""
    return rule.model_dump(mode="json")
