"""A whole rule: which campaigns it looks at, what it asks of them, what it does, and when."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from app.models.integrations.kinds import Platform
from app.schemas.cdp.conditions import Part
from app.schemas.rules.tree import Condition, Currency, Micros
from app.schemas.tenants import Timezone
from app.schemas.text import NO_NUL

DAY_MINUTES = 1_440
_AT = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_UNTIL = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"


def minutes_of(at: str) -> int:
    hours, minutes = at.split(":")
    return int(hours) * 60 + int(minutes)


class RuleScope(Part):
    """The rule's set: campaigns of accounts that are switched on here. Ranks are ranks within it."""

    level: Literal["campaign"] = Field("campaign", description="Figures are stored of campaigns alone.")
    statuses: Annotated[tuple[Literal["active", "paused"], ...], Field(min_length=1, max_length=2)] = Field(
        ("active", "paused"), description="What their owner set."
    )
    platforms: Annotated[tuple[Platform, ...], Field(max_length=4)] = Field((), description="Empty: any.")
    ad_account_ids: Annotated[tuple[UUID, ...], Field(max_length=100)] = Field((), description="Empty: any.")
    label_ids: Annotated[tuple[UUID, ...], Field(max_length=50)] = Field(
        (), description="Campaigns that bear any of these; empty: all."
    )


class Pause(Part):
    kind: Literal["pause"] = Field(description="What is done.")


class Enable(Part):
    kind: Literal["enable"] = Field(description="What is done.")


class Bounds(Part):
    """A floor and a ceiling of the daily budget, in one currency; campaigns of another are left alone."""

    floor_micros: Micros | None = Field(None, description="It never sets less.")
    ceiling_micros: Micros | None = Field(None, description="It never sets more.")
    currency: Currency

    @model_validator(mode="after")
    def _leaves_room(self) -> Self:
        low, high = self.floor_micros, self.ceiling_micros
        if low is None and high is None:
            raise PydanticCustomError(
                "no_bounds", "Give `floor_micros` or `ceiling_micros`, or leave `bounds` out."
            )
        if low is not None and high is not None and low > high:
            raise PydanticCustomError("empty_bounds", "`floor_micros` is above `ceiling_micros`: swap them.")
        return self


class BudgetByPercent(Part):
    kind: Literal["budget_percent"] = Field(description="What is done.")
    percent: Annotated[Decimal, Field(ge=-90, le=100, max_digits=6, decimal_places=2)] = Field(
        description="Of the present daily budget; below 0 takes away. The limits hold whatever stands here."
    )
    bounds: Bounds | None = Field(None, description="Between which amounts the budget is kept.")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.percent == 0:
            raise PydanticCustomError("no_change", "0 per cent changes nothing: give another number.")
        return self


class BudgetByAmount(Part):
    kind: Literal["budget_amount"] = Field(description="What is done.")
    micros: Annotated[int, Field(ge=-(10**15), le=10**15)] = Field(
        description="Added to the daily budget; below 0 takes away."
    )
    currency: Currency
    bounds: Bounds | None = Field(None, description="Between which amounts the budget is kept.")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.micros == 0:
            raise PydanticCustomError("no_change", "An amount of 0 changes nothing: give another one.")
        if self.bounds is not None and self.bounds.currency != self.currency:
            raise PydanticCustomError("currency", "`bounds` is in another currency: use one.")
        return self


class SetBudget(Part):
    kind: Literal["set_budget"] = Field(description="What is done.")
    micros: Annotated[int, Field(gt=0, le=10**15)] = Field(description="The daily budget that shall hold.")
    currency: Currency


class PutLabel(Part):
    kind: Literal["label"] = Field(description="What is done.")
    label_id: UUID = Field(description="The company's own label; no platform is told.")
    off: bool = Field(False, description="Take it off, instead of putting it on.")


class Notify(Part):
    """Tells the people who read of rules, once for each evaluation that finds something."""

    kind: Literal["notify"] = Field(description="What is done.")
    message: Annotated[str, Field(max_length=300, pattern=NO_NUL)] = Field("", description="Said with it.")


Action = Annotated[
    Pause | Enable | BudgetByPercent | BudgetByAmount | SetBudget | PutLabel | Notify,
    Field(discriminator="kind"),
]
PlatformAction = Pause | Enable | BudgetByPercent | BudgetByAmount | SetBudget


def _one_change(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    changes = [each.kind for each in actions if isinstance(each, PlatformAction)]
    if len(changes) > 1:
        raise PydanticCustomError(
            "one_change",
            "A rule changes one thing at a platform: keep `{first}` and make another rule of `{second}`.",
            {"first": changes[0], "second": changes[1]},
        )
    labels = [each.label_id for each in actions if isinstance(each, PutLabel)]
    if len(labels) != len(set(labels)):
        raise PydanticCustomError("label_twice", "The same label is named twice: name it once.")
    if sum(isinstance(each, Notify) for each in actions) > 1:
        raise PydanticCustomError("notify_twice", "`notify` stands there twice: once is enough.")
    return actions


class RuleDefinition(Part):
    """What is looked at, what is asked, what is done."""

    scope: RuleScope = Field(RuleScope(), description="Which campaigns it looks at.")
    condition: Condition = Field(description="A tree of `all`, `any` and `not`.")
    minimum_maturity: Annotated[Decimal, Field(ge=Decimal("0.5"), le=1, max_digits=3, decimal_places=2)] = (
        Field(
            Decimal("0.95"),
            description=(
                "The share of the attribution window that must have passed for each day of a window; before, "
                "conversions and value are not known."
            ),
        )
    )
    actions: Annotated[tuple[Action, ...], Field(min_length=1, max_length=5), AfterValidator(_one_change)] = (
        Field(description="What is done; at most one change at the platform, which goes through the gate.")
    )


class DayPart(Part):
    """From one time of the day to another, on some days of the week; 0 is Monday."""

    days: Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(min_length=1, max_length=7)] = Field(
        description="Days of the week, 0 is Monday."
    )
    since: Annotated[str, Field(pattern=_AT)] = Field(description="From then on, such as `08:00`.")
    until: Annotated[str, Field(pattern=_UNTIL)] = Field(
        description="Before then, such as `20:00`, or `24:00`."
    )

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if minutes_of(self.since) >= minutes_of(self.until):
            raise PydanticCustomError(
                "empty_part", "`until` has to come after `since`: make two parts of what goes past midnight."
            )
        return self


class RuleSchedule(Part):
    """When a rule is evaluated, by the clocks of its time zone."""

    every_minutes: Literal[15, 30, 60, 120, 180, 240, 360, 720, 1440] = Field(
        description="How often, counted from `at`; 1440 is once a day."
    )
    at: Annotated[str, Field(pattern=_AT)] = Field("00:00", description="The first time of each day.")
    timezone: Timezone = Field("UTC", description="Whose clocks, IANA.")
    parts: Annotated[tuple[DayPart, ...], Field(max_length=20)] = Field(
        (), description="Only at these times of the week; empty: at all."
    )

    def times_of(self, weekday: int) -> list[int]:
        """Minutes of a day of the week at which it is evaluated, in order."""
        return [
            minute
            for minute in range(minutes_of(self.at), DAY_MINUTES, self.every_minutes)
            if not self.parts
            or any(
                weekday in part.days and minutes_of(part.since) <= minute < minutes_of(part.until)
                for part in self.parts
            )
        ]

    @model_validator(mode="after")
    def _has_a_time(self) -> Self:
        if not any(self.times_of(weekday) for weekday in range(7)):
            raise PydanticCustomError(
                "no_time", "None of its times lies in `parts`: change `at`, `every_minutes` or the parts."
            )
        return self


def read_definition(stored: Mapping[str, Any]) -> RuleDefinition:
    return RuleDefinition.model_validate(stored)


def read_schedule(stored: Mapping[str, Any]) -> RuleSchedule:
    return RuleSchedule.model_validate(stored)


def written(part: BaseModel) -> dict[str, Any]:
    """As JSON holds it."""
    return part.model_dump(mode="json")
