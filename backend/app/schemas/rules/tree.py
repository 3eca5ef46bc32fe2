"""What a rule asks of campaigns: a nested tree of conditions, each of which holds, does not, or is not known.

What is not known stays so through `not`; `all` is false once one part is, `any` true once one part is. A rule does
something only where its whole holds: what is not known never fires.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.models.integrations.kinds import Platform
from app.models.rules.kinds import Metric
from app.schemas.cdp.conditions import Comparison, Number, Part
from app.schemas.text import NO_NUL
from app.schemas.trees import bounded

MONEY = frozenset({Metric.SPEND, Metric.VALUE, Metric.CPC, Metric.CPM, Metric.CPA, Metric.DAILY_BUDGET})
RATIOS = frozenset({Metric.CTR, Metric.CPC, Metric.CPM, Metric.CVR, Metric.CPA, Metric.ROAS})

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217, such as `EUR`.")]
Micros = Annotated[int, Field(ge=0, le=10**15, description="Millionths of the currency's unit.")]
Percent = Annotated[Decimal, Field(ge=-100, le=100_000, max_digits=12, decimal_places=4)]


class Today(Part):
    """The account's own day, as far as it has been read."""

    kind: Literal["today"] = Field(description="Which window it is.")


class Yesterday(Part):
    kind: Literal["yesterday"] = Field(description="Which window it is.")


class WholeDays(Part):
    """Whole days of the account, the newest of them yesterday; of settled ones, the newest that is settled."""

    kind: Literal["last"] = Field(description="Which window it is.")
    days: Literal[3, 7, 14, 30] = Field(description="How many days.")
    settled: bool = Field(
        False, description="Days whose attribution window is over, instead of the newest ones."
    )


class Lifetime(Part):
    """Since the campaign began, today included; of settled days, up to the newest of them."""

    kind: Literal["lifetime"] = Field(description="Which window it is.")
    settled: bool = Field(False, description="Only days whose attribution window is over.")


Window = Annotated[Today | Yesterday | WholeDays | Lifetime, Field(discriminator="kind")]


class Measure(Part):
    """A metric over a window; the daily budget is what it is now, and has none."""

    metric: Metric = Field(description="Which figure.")
    window: Window | None = Field(None, description="Over which days; null for `daily_budget` alone.")

    @model_validator(mode="after")
    def _has_its_window(self) -> Self:
        if self.metric is Metric.DAILY_BUDGET and self.window is not None:
            raise PydanticCustomError(
                "no_window", "`daily_budget` is what it is now: leave `window` out, or set it to null."
            )
        if self.metric is not Metric.DAILY_BUDGET and self.window is None:
            raise PydanticCustomError(
                "window_wanted", "`{metric}` needs a `window`: name the days.", {"metric": str(self.metric)}
            )
        return self

    @property
    def measure(self) -> "Measure":
        """Itself alone, whatever else is asked of it."""
        return Measure(metric=self.metric, window=self.window)


class ANumber(Part):
    kind: Literal["number"] = Field(description="What it is compared with.")
    value: Number = Field(description="Ratios are shares of 1: a click rate of 1 % is 0.01.")


class AnAmount(Part):
    """Campaigns of another currency are not known to be above it or below."""

    kind: Literal["money"] = Field(description="What it is compared with.")
    micros: Micros
    currency: Currency


class AMetric(Measure):
    kind: Literal["metric"] = Field(description="What it is compared with.")
    times: Annotated[Decimal, Field(gt=0, le=1_000, max_digits=10, decimal_places=6)] = Field(
        Decimal(1), description="So many times the other metric."
    )


class MetricTest(Measure):
    """A metric against a number, an amount of money, or another metric."""

    kind: Literal["metric"] = Field(description="Which condition it is.")
    op: Comparison = Field(description="How to compare.")
    than: Annotated[ANumber | AnAmount | AMetric, Field(discriminator="kind")] = Field(
        description="What to compare with."
    )

    @model_validator(mode="after")
    def _is_of_one_unit(self) -> Self:
        is_money = self.metric in MONEY
        other = (
            self.than.metric in MONEY if isinstance(self.than, AMetric) else isinstance(self.than, AnAmount)
        )
        if is_money and not other:
            raise PydanticCustomError(
                "unit",
                "`{metric}` is money: compare it with `money` or a metric of money.",
                {"metric": str(self.metric)},
            )
        if other and not is_money:
            raise PydanticCustomError(
                "unit",
                "`{metric}` is no money: compare it with a `number` or a metric like it.",
                {"metric": str(self.metric)},
            )
        return self


class ChangeTest(Measure):
    """How many per cent a metric has changed against another window; sums are compared by their days' mean."""

    kind: Literal["change"] = Field(description="Which condition it is.")
    base: Window = Field(description="The window that it is held against.")
    op: Comparison = Field(description="How to compare.")
    percent: Percent = Field(description="-20 is a fall by a fifth.")

    @model_validator(mode="after")
    def _can_be_compared(self) -> Self:
        if self.metric is Metric.DAILY_BUDGET:
            raise PydanticCustomError("no_past", "`daily_budget` has no past here: choose another metric.")
        if self.base == self.window:
            raise PydanticCustomError("same_window", "`base` is the same window: choose another one.")
        if self.metric not in RATIOS and Lifetime in {type(self.window), type(self.base)}:
            raise PydanticCustomError(
                "no_length",
                "A lifetime has no fixed number of days: compare `{metric}` over other windows.",
                {"metric": str(self.metric)},
            )
        return self

    @property
    def before(self) -> Measure:
        return Measure(metric=self.metric, window=self.base)


class RankTest(Measure):
    """Whether fewer than `count` campaigns of the rule's set are better (top) or worse (bottom); ties are all in."""

    kind: Literal["rank"] = Field(description="Which condition it is.")
    end: Literal["top", "bottom"] = Field(description="The highest figures, or the lowest.")
    count: Annotated[int, Field(ge=1, le=1_000)] = Field(description="How many.")
    currency: Currency | None = Field(
        None, description="Of money alone, where it is needed: campaigns of another currency have no rank."
    )

    @model_validator(mode="after")
    def _names_its_currency(self) -> Self:
        if (self.metric in MONEY) != (self.currency is not None):
            raise PydanticCustomError(
                "currency",
                "Name `currency` where the metric is money, so that like is ranked with like; else leave it out.",
            )
        return self


class OnPlatform(Part):
    kind: Literal["platform"] = Field(description="Which condition it is.")
    one_of: Annotated[tuple[Platform, ...], Field(min_length=1, max_length=4)] = Field(
        description="Any of these platforms."
    )


class Named(Part):
    kind: Literal["name"] = Field(description="Which condition it is.")
    op: Literal["is", "contains", "starts_with"] = Field(
        description="How the name is looked at, in any case."
    )
    text: Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)] = Field(
        description="What to look for in the campaign's name."
    )


class Labelled(Part):
    kind: Literal["label"] = Field(description="Which condition it is.")
    label_id: UUID = Field(description="The label that the campaign bears.")


class RuleAll(Part):
    kind: Literal["all"] = Field(description="Which condition it is.")
    of: Annotated[tuple["Node", ...], Field(min_length=1, max_length=20)] = Field(
        description="Every one must hold."
    )


class RuleAny(Part):
    kind: Literal["any"] = Field(description="Which condition it is.")
    of: Annotated[tuple["Node", ...], Field(min_length=1, max_length=20)] = Field(
        description="One must hold."
    )


class RuleNot(Part):
    kind: Literal["not"] = Field(description="Which condition it is.")
    of: "Node" = Field(description="It must not hold.")


Leaf = MetricTest | ChangeTest | RankTest | OnPlatform | Named | Labelled
Node = Annotated[RuleAll | RuleAny | RuleNot | Leaf, Field(discriminator="kind")]

for _model in (RuleAll, RuleAny, RuleNot):
    _model.model_rebuild()

Condition = Annotated[Node, BeforeValidator(bounded("make it two rules"))]
