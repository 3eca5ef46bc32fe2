"""Rules, as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.autopilot.actions import GateReason
from app.schemas.inputs import Input
from app.schemas.rules.definition import RuleDefinition, RuleSchedule
from app.schemas.text import NO_NUL, Line

RuleSort = Literal[
    "name", "-name", "created_at", "-created_at", "updated_at", "-updated_at", "last_run_at", "-last_run_at"
]
RuleState = Literal["on", "off", "archived"]
Cooldown = Annotated[int, Field(ge=1, le=720, description="Hours in which it acts on a campaign once.")]
AcceptConflicts = Annotated[
    bool,
    Field(default=False, description="Save it though it works against rules that are switched on."),
]
Description = Annotated[str, Field(max_length=1_000, pattern=NO_NUL, description="What it is for.")]


class RuleCreate(Input):
    name: Line = Field(description="Its name, unique among those that are not archived.")
    description: Description = ""
    definition: RuleDefinition = Field(description="What it looks at, asks and does.")
    schedule: RuleSchedule = Field(description="When it is evaluated.")
    cooldown_hours: Cooldown = 24
    enabled: bool = Field(False, description="Whether it runs by the clock.")
    accept_conflicts: AcceptConflicts


class RulePatch(Input):
    name: Line | None = Field(None, description="Its name, unique among those that are not archived.")
    description: Description | None = Field(None, description="What it is for.")
    definition: RuleDefinition | None = Field(None, description="Another definition is a new version.")
    schedule: RuleSchedule | None = Field(None, description="When it is evaluated.")
    cooldown_hours: Cooldown | None = Field(None, description="Hours in which it acts on a campaign once.")
    enabled: bool | None = Field(None, description="Whether it runs by the clock.")
    accept_conflicts: AcceptConflicts


class RuleRead(BaseModel):
    id: UUID = Field(description="The rule's id.")
    name: str = Field(description="Its name.")
    description: str = Field(description="What it is for.")
    state: RuleState = Field(description="Whether it runs by the clock.")
    definition: dict[str, Any] = Field(description="What it looks at, asks and does.")
    schedule: dict[str, Any] = Field(description="When it is evaluated.")
    cooldown_hours: int = Field(description="Hours in which it acts on a campaign once.")
    version: int = Field(description="Counts the changes of the definition.")
    template: str | None = Field(description="The template that it was made of.")
    next_run_at: datetime | None = Field(description="When it is evaluated next, UTC; null while it is off.")
    last_run_at: datetime | None = Field(description="When it was evaluated last, UTC.")
    created_at: datetime = Field(description="When it was made, UTC.")
    updated_at: datetime = Field(description="When it was last changed, UTC.")


class FigureRead(BaseModel):
    """A figure that was read, or why it is not known."""

    model_config = ConfigDict(from_attributes=True)

    metric: str = Field(description="Which figure.")
    window: str | None = Field(description="Over which days, in words.")
    value: float | None = Field(
        description="Money in micros of the campaign's currency, ratios as shares of 1; null where not known."
    )
    unknown: str | None = Field(description="A stable code of why it is not known.")


class PreviewBody(Input):
    name: Line = Field("Preview", description="The name that its reasons are to be given under.")
    definition: RuleDefinition = Field(description="What it looks at, asks and does.")


class CampaignVerdict(BaseModel):
    """A campaign, what the rule says of it now, and what would be done about it."""

    campaign_id: UUID = Field(description="The campaign's id here.")
    campaign: str = Field(description="Its name.")
    platform: str = Field(description="The ad platform.")
    status: str = Field(description="What its owner set.")
    currency: str = Field(description="The account's, ISO 4217.")
    holds: bool | None = Field(description="Whether the rule holds; null where that is not known.")
    why: str | None = Field(description="A stable code of why it is not known.")
    sentence: str | None = Field(description="Why it is not known, or why nothing would be done, in words.")
    figures: list[FigureRead] = Field(description="What the rule read of it.")
    conditions: list[bool | None] = Field(description="Each condition by itself, in the order of `paths`.")
    before: dict[str, Any] | None = Field(description="What would be changed, as it is.")
    after: dict[str, Any] | None = Field(description="The same as it would be; null where nothing would.")
    verdict: Literal["pass", "hold", "block"] | None = Field(
        description="What the gate would say now; null where it was not asked."
    )
    reasons: list[GateReason] = Field(description="Why the gate would say so.")


class RulePreview(BaseModel):
    considered: int = Field(description="Campaigns of the rule's set.")
    held: int = Field(description="Those for which it holds now.")
    unknown: int = Field(description="Those of which it cannot be known.")
    unknown_by_reason: dict[str, int] = Field(description="How many for each reason.")
    paths: list[str] = Field(description="Where each condition stands in the tree, from left to right.")
    campaigns: list[CampaignVerdict] = Field(
        description="Those for which it holds first; some of the others."
    )


class BacktestBody(Input):
    definition: RuleDefinition = Field(description="What it looks at, asks and does.")
    schedule: RuleSchedule = Field(description="When it is evaluated.")
    cooldown_hours: Cooldown = 24
    days: Annotated[int, Field(ge=1, le=90)] = Field(30, description="How many days back from yesterday.")


class PastCampaign(BaseModel):
    campaign_id: UUID = Field(description="The campaign's id here.")
    campaign: str = Field(description="Its name, as it is today.")
    currency: str = Field(description="The account's, ISO 4217.")
    figures: list[FigureRead] = Field(description="As they were known then.")


class BacktestDay(BaseModel):
    day: date = Field(description="A day of the schedule's time zone.")
    at: datetime | None = Field(
        description="The moment it stands for, UTC; null where the schedule has none on it."
    )
    considered: int = Field(description="Campaigns of the rule's set.")
    held: int = Field(description="Those for which it held.")
    fired: int = Field(description="Those on which it would have acted, its cooldown kept.")
    unknown_by_reason: dict[str, int] = Field(
        description="Of how many it could not be known, for each reason."
    )
    examples: list[PastCampaign] = Field(description="Some of those on which it would have acted.")


class RuleBacktest(BaseModel):
    days: list[BacktestDay] = Field(description="The oldest first.")
    not_looked_at: list[date] = Field(description="Days for which the time did not suffice.")
    unknowable: list[str] = Field(description="What the past does not tell of this rule, in sentences.")


class ConflictsBody(Input):
    rule_id: UUID | None = Field(
        None, description="The rule that is being changed: it is not held against itself."
    )
    definition: RuleDefinition = Field(description="What it looks at, asks and does.")


class ConflictExample(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    figures: list[str] = Field(description="Figures for which both hold, in words.")
    platform: str | None = Field(description="A platform for which both hold.")
    name: str | None = Field(description="A name for which both hold, where they ask for one.")
    currency: str | None = Field(description="The currency that both speak of.")


class ConflictRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    rule_id: UUID = Field(description="The other rule's id.")
    rule_name: str = Field(description="Its name.")
    overlap: Literal["witness", "undecided"] = Field(
        description="`witness`: there is an example for which both hold; `undecided`: neither found nor ruled out."
    )
    clash: str = Field(description="What they would do against each other.")
    sentence: str = Field(description="The same with the example, and how to mend it.")
    example: ConflictExample | None = Field(description="Figures for which both hold.")


class RuleConflicts(BaseModel):
    conflicts: list[ConflictRead] = Field(description="With the rules that are switched on.")


class RuleEvaluationRead(BaseModel):
    """One evaluation; a rule that does not hold leaves it with nothing but its counts."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The evaluation's id.")
    version: int = Field(description="The version of the rule.")
    due_at: datetime = Field(description="The time of its schedule that it stands for, UTC.")
    evaluated_at: datetime = Field(description="When it was made, UTC.")
    ended_at: datetime | None = Field(
        description="When it had acted on all, UTC; null while it still acts, or where it was interrupted."
    )
    considered: int = Field(description="Campaigns of the rule's set.")
    held: int = Field(description="Those for which it held.")
    unknown: int = Field(description="Those of which it could not be known.")
    acted: int = Field(description="Those about which something was done.")
    unknown_by_reason: dict[str, int] = Field(description="How many for each reason.")
    idle_by_reason: dict[str, int] = Field(
        description="Of those for which it held and nothing was done, why."
    )
    unknown_examples: list[dict[str, Any]] = Field(
        description="Some of which it could not be known, with their figures."
    )


class RuleFiringRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The firing's id.")
    evaluation_id: UUID = Field(description="The evaluation that it is of.")
    campaign_id: UUID = Field(description="The campaign's id here.")
    campaign_name: str = Field(description="Its name then.")
    currency: str = Field(description="The account's, ISO 4217.")
    fired_at: datetime = Field(description="When, UTC.")
    figures: list[FigureRead] = Field(description="What the rule had read of it.")
    steps: list[dict[str, Any]] = Field(description="What was done or left, for each of the rule's actions.")
    action_id: UUID | None = Field(description="The action that was proposed to the gate.")
