"""What a platform is to whoever creates campaigns there.

The `after` of a `Change` that creates holds what shall stand, in our words; `before` is empty and `entity` is the
marker that stands in the new entity's name, by which it is found again when no answer came.

A campaign: `status` (always `paused`), `name`, `objective`, `budget_level`, one of `daily_budget_micros` and
`lifetime_budget_micros` (the sum of its ad sets' where these have the budgets), `bid_strategy`, `bid_micros`,
`starts_at` and `ends_at` (ISO 8601, UTC; where the offer is of whole days, a start of None is at once), `pixel` and
`conversion` where the objective counts conversions.
An ad set: all of that but for its own budget, which it may not have, and `campaign` (the platform's id), `countries`,
`age_min`, `age_max`.
An image: `status`, `name`, `sha256` (hex, of the file), `format`, `width`, `height`. Nothing shows it yet; it stays.
A creative: `status`, `name`, `image` (the platform's id), `page`, `brand`, `headline`, `body`, `call_to_action`,
`landing_url`.
An ad: `status`, `name`, `ad_set` and `creative` (the platform's ids). Where the offer has no creatives, an ad has in
the place of one what a creative would hold, the size of its image (`width`, `height`), and where the offer has a logo
that one's id (`logo`).
What removes an ad or a creative has the platform's id as its `entity`, and leads from `paused` to `deleted`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from app.services.integrations.ports import AdPlatform, Applied, BudgetedType
from app.services.trust_engine.gate.permits import Change, Permit

CREATED_STATUS = "paused"
"""Nothing that we create spends before somebody enables it, through the gate."""

REMOVED_STATUS = "deleted"
UPLOAD_IMAGE = "upload_image"
CREATE_CREATIVE = "create_creative"
CREATE_AD = "create_ad"
REMOVE_CREATIVE = "remove_creative"
REMOVE_AD = "remove_ad"
MadeType = Literal["image", "creative", "ad"]


def is_removal(change: Change, kind: MadeType) -> bool:
    """Whether it takes away one of that kind, and one that stands paused."""
    steps = ({"status": CREATED_STATUS}, {"status": REMOVED_STATUS})
    return change.entity_type == kind and (dict(change.before), dict(change.after)) == steps


@dataclass(frozen=True, slots=True)
class Created:
    """The platform's id of a new entity; only a read-back confirms that it holds what was asked."""

    external_id: str
    trace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An image, a creative or an ad as the platform holds it now.

    `status` is `paused`, `active`, `deleted`, or the platform's own word in lower case. `facts` are those of a change's
    `after` that the platform tells, in our words.
    """

    external_id: str
    name: str
    status: str
    facts: Mapping[str, Any]

    @property
    def is_gone(self) -> bool:
        return self.status == REMOVED_STATUS


@dataclass(frozen=True, slots=True, kw_only=True)
class AdOffer:
    """What of an ad a platform takes from us. Lengths are characters; 0 where its ads have no such text."""

    calls_to_action: tuple[str, ...]
    longest_name: int
    longest_headline: int
    longest_body: int
    identity: str | None = None
    """What its ads' sender is named by, in words that follow "Name ..."; None where nobody is named but the brand."""
    is_identity: Callable[[str], bool] = lambda told: not told
    longest_brand: int = 0
    has_creatives: bool = True
    """Whether pictures and words are a thing of their own, which an ad shows; where not, the ad holds them."""
    removes_creatives: bool = True
    """Whether a creative can be taken away again; where not, it stays, and shows nothing without an ad."""
    has_logo: bool = False
    """Whether its ads show a logo beside the picture."""
    counts_width: bool = False
    """Whether a letter that is shown double, as Chinese ones are, counts twice in the lengths above but the name's."""
    one_line: bool = False
    """Whether its texts have no line breaks."""
    most: int = 50
    """Ads of one campaign: each is several requests, and all of them are one task's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOffer:
    """What of a campaign a platform takes from us, in our words."""

    objectives: tuple[str, ...]
    counts_conversions: frozenset[str]
    """Objectives that are optimised for conversions: they need a pixel."""
    conversions: frozenset[str]
    """The conversions that these can be optimised for."""
    bid_strategies: tuple[str, ...]
    longest_name: int
    """Characters, or bytes of UTF-8 where `name_in_bytes`."""
    countries: frozenset[str] | None
    """ISO 3166-1 alpha-2; None where all are taken."""
    takes_ages: bool
    step: Callable[[str], int | None]
    """The smallest step of a budget in a currency, in micros; None for a currency that the platform has not."""
    name_in_bytes: bool = False
    budget_levels: tuple[BudgetedType, ...] = ("campaign", "ad_set")
    whole_days: bool = False
    """Whether a campaign begins and ends with a day of the account's clock."""
    declaration: str | None = None
    """What the platform is told of every campaign in the company's name beside its plan: a sentence to who approves."""
    ads: AdOffer | None = None
    """None where ads are made at the platform, by a person."""


class CampaignMaker(AdPlatform, Protocol):
    """One ad account in which campaigns can be created. Every method may raise `PlatformError`."""

    async def least_daily_micros(self, entity_type: BudgetedType) -> int | None:
        """The smallest daily budget at that level, in micros of the account's currency; None where it is not told."""
        ...

    async def create_campaign(self, change: Change, permit: Permit) -> Created: ...

    async def create_ad_set(self, change: Change, permit: Permit) -> Created: ...


class AdMaker(CampaignMaker, Protocol):
    """One ad account in which ads can be made, of images and creatives."""

    async def upload_image(self, change: Change, permit: Permit, content: bytes) -> Created: ...

    async def create_creative(self, change: Change, permit: Permit) -> Created: ...

    async def create_ad(self, change: Change, permit: Permit) -> Created: ...

    async def remove_creative(self, change: Change, permit: Permit) -> Applied:
        """For ever; refused while an ad shows it. Not there where the offer says that creatives stay."""
        ...

    async def remove_ad(self, change: Change, permit: Permit) -> Applied: ...

    async def find_made(self, kind: MadeType, name: str, parent: str | None = None) -> Made | None:
        """The one of that name, which bears our marker; `parent` is an ad's ad set. What is deleted is not found."""
        ...

    async def read_made(self, kind: MadeType, external_id: str) -> Made: ...


@runtime_checkable
class MakesCampaigns(Protocol):
    """A vendor whose connectors are `CampaignMaker`s."""

    @property
    def campaign_offer(self) -> CampaignOffer: ...
