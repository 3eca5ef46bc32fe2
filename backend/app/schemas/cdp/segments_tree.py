"""The rule of a segment: a nested tree of conditions, each of which holds or does not; nothing is in between.

A condition on what is unknown does not hold: who has no trait `plan` is not `plan is pro`, and so is in
`not(plan is pro)`. Numbers are compared with numbers and texts with texts; an amount names its currency.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

MAX_DEPTH = 6
MAX_CONDITIONS = 40
MAX_DAYS = 1_100

Comparison = Literal["equals", "less_than", "at_most", "more_than", "at_least"]
Name = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$", description="As it was sent; case matters."),
]
Text = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
Number = Annotated[Decimal, Field(max_digits=30, decimal_places=12)]
Micros = Annotated[int, Field(ge=-(2**62), le=2**62, description="Millionths of the currency's unit.")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Days = Annotated[int, Field(ge=1, le=MAX_DAYS, description="Days of 24 hours, to this very moment.")]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# -- tests of one value


class Exists(_Part):
    op: Literal["exists"]


class IsText(_Part):
    op: Literal["is"]
    text: Text


class OneOf(_Part):
    op: Literal["one_of"]
    texts: Annotated[list[Text], Field(min_length=1, max_length=100)]


class HasText(_Part):
    """Part of a text, in its own case."""

    op: Literal["contains", "starts_with"]
    text: Annotated[Text, Field(min_length=1)]


class IsNumber(_Part):
    op: Comparison
    number: Number


class IsTruth(_Part):
    op: Literal["is_true", "is_false"]


class IsWhen(_Part):
    """A time as ISO 8601 text; without a zone it is UTC."""

    op: Literal["before", "since"]
    at: AwareDatetime


ValueTest = Annotated[
    Exists | IsText | OneOf | HasText | IsNumber | IsTruth | IsWhen, Field(discriminator="op")
]

# -- conditions on the profile


class HasLifecycle(_Part):
    kind: Literal["lifecycle"]
    one_of: Annotated[
        list[Literal["anonymous", "known", "customer", "churned"]], Field(min_length=1, max_length=4)
    ]


class HasIdentifier(_Part):
    kind: Literal["has"]
    identifier: Literal["email", "phone", "user_id"]


class Counter(_Part):
    kind: Literal["counter"]
    field: Literal["event_count", "order_count", "refund_count", "identifier_count"]
    op: Comparison
    value: Count


class Money(_Part):
    """What was paid in one currency over all time; `net` is without what was paid back. Nothing paid is 0."""

    kind: Literal["money"]
    field: Literal["revenue", "refunded", "net"]
    currency: Currency
    op: Comparison
    micros: Micros


class Moment(_Part):
    op: Literal["before", "since"]
    at: AwareDatetime


class Lately(_Part):
    """Within the last days; a time in the future is."""

    op: Literal["within_last", "longer_ago_than"]
    days: Days


class When(_Part):
    kind: Literal["time"]
    field: Literal["first_seen_at", "last_seen_at", "first_order_at", "last_order_at"]
    test: Annotated[Exists | Moment | Lately, Field(discriminator="op")]


class Trait(_Part):
    """What was said of a person. What names them is sealed, and can only be asked for as a whole."""

    kind: Literal["trait"]
    name: Name
    test: ValueTest


class ComputedTrait(_Part):
    kind: Literal["computed"]
    name: Name
    test: ValueTest


# -- conditions on events


class LastDays(_Part):
    kind: Literal["last"]
    days: Days


class Between(_Part):
    """From `since`, included, to `until`, which is not."""

    kind: Literal["between"]
    since: AwareDatetime
    until: AwareDatetime

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.since >= self.until:
            raise PydanticCustomError("empty_window", "`until` has to come after `since`.")
        return self


class Property(_Part):
    """A property by its name; a dot leads into an object: `cart.total`."""

    property: Name
    test: ValueTest


class Did(_Part):
    op: Literal["did", "did_not"]


class Times(_Part):
    op: Literal["times"]
    compare: Comparison
    value: Count


class SumOf(_Part):
    """The sum of a property's numbers over these events; 0 of none."""

    op: Literal["sum"]
    property: Name
    compare: Comparison
    number: Number


class MoneyOf(_Part):
    """The sum of these events' values in one currency; 0 of none."""

    op: Literal["money"]
    currency: Currency
    compare: Comparison
    micros: Micros


class LastOf(_Part):
    """The property's value in the last of these events that has it."""

    op: Literal["last"]
    property: Name
    test: ValueTest


class Happened(_Part):
    """What a person did, by the events' own times. Without a window, over all that is stored."""

    kind: Literal["event"]
    event: Name
    where: Annotated[list[Property], Field(max_length=10)] = []
    window: Annotated[LastDays | Between, Field(discriminator="kind")] | None = None
    test: Annotated[Did | Times | SumOf | MoneyOf | LastOf, Field(discriminator="op")] = Did(op="did")


# -- the tree


class AllOf(_Part):
    kind: Literal["all"]
    of: Annotated[list["Node"], Field(min_length=1, max_length=20)]


class AnyOf(_Part):
    kind: Literal["any"]
    of: Annotated[list["Node"], Field(min_length=1, max_length=20)]


class Not(_Part):
    kind: Literal["not"]
    of: "Node"


Condition = HasLifecycle | HasIdentifier | Counter | Money | When | Trait | ComputedTrait | Happened
Node = Annotated[AllOf | AnyOf | Not | Condition, Field(discriminator="kind")]

for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    inside = value.get("of") if isinstance(value, Mapping) else getattr(value, "of", None)
    if isinstance(inside, list):
        yield from ((f".of.{number}", each) for number, each in enumerate(inside))
    elif inside is not None:
        yield ".of", inside


def _bounded(value: Any) -> Any:
    """Before anything is read of a tree: how deep and how large it is."""
    waiting = [("", 1, value)]
    conditions = 0
    while waiting:
        path, depth, node = waiting.pop()
        if depth > MAX_DEPTH:
            raise PydanticCustomError(
                "too_deep",
                "The rule is nested deeper than {most} levels at `{path}`: flatten it.",
                {"most": MAX_DEPTH, "path": path.lstrip(".")},
            )
        inside = [(path + step, depth + 1, child) for step, child in _children(node)]
        conditions += not inside
        if conditions > MAX_CONDITIONS or len(waiting) > MAX_CONDITIONS * MAX_DEPTH:
            raise PydanticCustomError(
                "too_many_conditions",
                "The rule has more than {most} conditions: make it two segments.",
                {"most": MAX_CONDITIONS},
            )
        waiting += inside
    return value


Rule = Annotated[Node, BeforeValidator(_bounded)]


class StoredRule(BaseModel):
    """For reading a rule back from where it is stored."""

    rule: Rule


def read_rule(stored: Mapping[str, Any]) -> Node:
    return StoredRule.model_validate({"rule": stored}).rule


def written_rule(rule: Node) -> dict[str, Any]:
    """A rule as JSON holds it."""
    return rule.model_dump(mode="json")
