"""Drafts of campaigns: the canonical JSON of a plan, and what the API tells of a draft.

The shape is checked when a plan is stored; whether a platform would take it is told by its validation, so that half
a plan can be kept.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NaiveDatetime, StringConstraints

from app.models.campaigns.kinds import DraftStatus, PublishOutcome
from app.schemas.inputs import Input
from app.schemas.text import Reason

Objective = Literal["sales", "leads", "traffic", "awareness"]
Level = Literal["campaign", "ad_set"]
BidStrategy = Literal["lowest_cost", "cost_cap", "bid_cap"]
CallToAction = Literal[
    "shop_now",
    "learn_more",
    "sign_up",
    "subscribe",
    "book_now",
    "contact_us",
    "download",
    "get_offer",
    "get_quote",
    "apply_now",
    "order_now",
]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=600, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=3_000, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$")
]
"""Of several lines."""
Address = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=3_000, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Amount = Annotated[int, Field(gt=0, le=10**15)]


def _each_once(ids: list[UUID]) -> list[UUID]:
    return list(dict.fromkeys(ids))


Images = Annotated[list[UUID], Field(max_length=20), AfterValidator(_each_once)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="The version of the draft that you saw.")]


class PlanBudget(Input):
    level: Level = Field("campaign", description="Where the money is set: once, or for each ad set.")
    kind: Literal["daily", "lifetime"] = Field("daily", description="By the day, or for all of its time.")
    amount_micros: Amount | None = Field(
        None,
        description="The campaign's, in millionths of the account's currency; null where the ad sets have their own.",
    )


class PlanSchedule(Input):
    starts_at: NaiveDatetime | None = Field(
        None,
        description="On the clock of the ad account's time zone, without an offset; null begins at once.",
    )
    ends_at: NaiveDatetime | None = Field(
        None, description="On the same clock; null has no end. A lifetime budget needs one."
    )


class PlanBid(Input):
    strategy: BidStrategy = Field("lowest_cost", description="How the platform bids.")
    amount_micros: Amount | None = Field(
        None, description="The cap, in millionths of the account's currency; null for `lowest_cost`."
    )


class PlanAd(Input):
    """One ad: a picture, its words, and where it leads."""

    name: Name = Field("", description="Its name at the platform; nobody else sees it.")
    headline: Name = Field("", description="The line beside the picture.")
    body: Text = Field("", description="The text; several lines are kept.")
    call_to_action: CallToAction | None = Field(None, description="What its button says.")
    landing_url: Address = Field("", description="Where it leads: an https address.")
    asset: UUID | None = Field(None, description="Its picture, an image of the library.")


class PlanIdentity(Input):
    """As whom the ads of a campaign speak."""

    page: Name = Field(
        "", description="The platform's id of who is shown as the sender, such as a Facebook page's number."
    )
    brand: Name = Field("", description="The name beside the ads, where the platform asks for one.")
    logo: UUID | None = Field(
        None, description="The logo beside the ads, where the platform asks for one: an image of the library."
    )


class PlanAdSet(Input):
    name: Name = Field("", description="Its name at the platform.")
    countries: list[Country] = Field(
        default_factory=list, max_length=60, description="Whom it reaches: ISO 3166-1 alpha-2 codes."
    )
    age_min: int | None = Field(
        None, ge=13, le=65, description="The youngest that it reaches; null: the platform's."
    )
    age_max: int | None = Field(None, ge=13, le=65, description="The oldest, where 65 is `65 and more`.")
    budget_micros: Amount | None = Field(
        None,
        description="Its own, in millionths of the account's currency; null where the campaign has the budget.",
    )
    assets: Images = Field(
        default_factory=list,
        description="Images of the library for ads that a person makes at the platform: these are not sent there.",
    )
    ads: list[PlanAd] = Field(
        default_factory=list, max_length=10, description="Its ads, which are made paused with it, in order."
    )


class CampaignPlan(Input):
    """A campaign in one form for every platform."""

    name: Name = Field("", description="Its name at the platform.")
    objective: Objective | None = Field(None, description="What it is optimised for.")
    budget: PlanBudget = Field(default_factory=PlanBudget, description="What it may spend.")
    schedule: PlanSchedule = Field(default_factory=PlanSchedule, description="When it runs.")
    bid: PlanBid = Field(default_factory=PlanBid, description="How it bids.")
    ad_sets: list[PlanAdSet] = Field(default_factory=list, max_length=20, description="Its parts, in order.")
    identity: PlanIdentity = Field(default_factory=PlanIdentity, description="As whom its ads speak.")
    assets: Images = Field(
        default_factory=list,
        description="Images of the library for ads that a person makes at the platform: these are not sent there.",
    )


class DraftCreate(Input):
    ad_account_id: UUID = Field(description="The ad account to publish to; it cannot be changed later.")
    plan: CampaignPlan = Field(description="What is planned so far.")


class DraftEdit(Input):
    version: Version
    plan: CampaignPlan = Field(description="The whole plan as it shall be.")


class DraftStep(Input):
    version: Version


class DraftApprove(DraftStep):
    reason: Reason | None = Field(None, description="Why; needed where a limit asks for it.")


class DraftReject(DraftStep):
    reason: Reason = Field(description="Why, for who mends it.")


class DraftRead(BaseModel):
    """A draft and how far it has come."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The draft's id.")
    ad_account_id: UUID = Field(description="The ad account's id here.")
    platform: str = Field(description="The ad platform, such as `meta`.")
    name: str = Field(description="The campaign's name; empty while it has none.")
    status: DraftStatus = Field(description="How far it has come. Every edit leads back to `draft`.")
    version: int = Field(description="Counts the edits; changes and decisions name the one that was seen.")
    created_by: str = Field(description="Who began it.")
    created_at: datetime = Field(description="When, UTC.")
    updated_by: str = Field(description="Who changed it last.")
    updated_at: datetime = Field(description="When, UTC.")
    submitted_by: str | None = Field(description="Who asks for its approval.")
    submitted_at: datetime | None = Field(description="Since when, UTC.")
    decided_by: str | None = Field(description="Who approved or rejected it.")
    decided_at: datetime | None = Field(description="When, UTC.")
    decision_reason: str | None = Field(description="Why, in their words.")
    external_id: str | None = Field(description="The campaign's id at the platform, once there is one.")
    published_at: datetime | None = Field(description="When all of it stood at the platform, UTC.")
    error_code: str | None = Field(description="A stable code of why the publication failed.")
    error_detail: str | None = Field(description="The same in words.")


class PublishStepRead(BaseModel):
    """One line of the log of a publication."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime = Field(description="When, UTC.")
    version: int = Field(description="Of which version of the draft.")
    part: str = Field(
        description="`campaign`, or the place in the plan: `ad_sets.0`, `ad_sets.0.ads.1`, that ad's "
        "`ad_sets.0.ads.1.creative`; `images.` and an image's id."
    )
    name: str = Field(description="Its name at the platform, with the marker that it is found again by.")
    outcome: PublishOutcome = Field(description="What became of it.")
    external_id: str | None = Field(description="Its id at the platform, once known.")
    decision_id: UUID | None = Field(description="The gate's decision, a row of the ledger.")
    error_code: str | None = Field(description="A stable code of what went wrong.")
    message: str | None = Field(description="What happened, in words, or what the platform said.")


class DraftDetail(DraftRead):
    plan: CampaignPlan = Field(description="The plan at this version.")
    campaign_id: UUID | None = Field(description="The campaign here, once the account's sync has read it.")
    may_approve: bool = Field(
        description="Whether you may decide: who submits does not approve while somebody else could."
    )
    log: list[PublishStepRead] = Field(description="Each step of its publication, oldest first.")


class FaultRead(BaseModel):
    """One thing that stands in the way, and how to mend it."""

    field: str = Field(description="A dotted path such as `plan.budget.amount_micros`.")
    code: str = Field(description="A stable code.")
    message: str = Field(description="What is wrong, and what to do about it.")


class ValidationRead(BaseModel):
    """Whether the platform and the company's limits would take the plan now."""

    version: int = Field(description="The version that was looked at.")
    valid: bool = Field(description="Nothing stands in the way.")
    faults: list[FaultRead] = Field(description="What does, field by field.")
    least_daily_micros: int | None = Field(
        description="The account's smallest daily budget at the plan's level; null while the platform does not tell."
    )


class AdOfferRead(BaseModel):
    """What of an ad one platform takes."""

    calls_to_action: list[str] = Field(description="The buttons that it takes.")
    longest_name: int = Field(description="Characters of an ad's name, our marker left out.")
    longest_headline: int = Field(description="Characters of a headline.")
    longest_body: int = Field(description="Characters of the text; 0 where its ads have none.")
    identity: str | None = Field(
        description="What `identity.page` is there, in words; null where it stays empty."
    )
    longest_brand: int = Field(description="Characters of the brand's name; 0 where none is asked for.")
    has_logo: bool = Field(description="Whether `identity.logo` is asked for.")
    counts_width: bool = Field(
        description="Whether a letter that is shown double, as Chinese ones are, counts twice in these lengths "
        "but the name's."
    )
    one_line: bool = Field(description="Whether its texts have no line breaks.")
    most: int = Field(description="Ads of one campaign that are made from here.")


class OfferRead(BaseModel):
    """What of a plan one platform takes."""

    platform: str = Field(description="The ad platform, such as `meta`.")
    offered: bool = Field(description="False where campaigns are not created from here yet.")
    objectives: list[str] = Field(description="The objectives that it takes.")
    bid_strategies: list[str] = Field(description="The ways of bidding that it takes.")
    longest_name: int | None = Field(
        description="Characters of a name, our marker left out; null where not offered."
    )
    countries: list[str] | None = Field(description="The countries that it takes; null: all.")
    takes_ages: bool = Field(description="Whether ages can be chosen.")
    budget_levels: list[str] = Field(description="Where a budget may be set: `campaign`, `ad_set` or both.")
    whole_days: bool = Field(
        description="Whether it begins and ends at midnight of the account's clock, and at no other time."
    )
    declaration: str | None = Field(
        description="What the platform is told in the company's name beside the plan, in words; approving covers it."
    )
    ads: AdOfferRead | None = Field(
        description="What of ads it takes; null where they are made there by a person."
    )


def plan_of(stored: dict[str, Any]) -> CampaignPlan:
    return CampaignPlan.model_validate(stored)
