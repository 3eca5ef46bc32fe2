"""What a platform is to whoever creates campaigns there.

The `after` of a `Change` that creates holds what shall stand, in our words; `before` is empty and `entity` is the
marker that stands in the new entity's name, by which it is found again when no answer came.

A campaign: `status` (always `paused`), `name`, `objective`, `budget_level`, one of `daily_budget_micros` and
`lifetime_budget_micros` (the sum of its ad sets' where these have the budgets), `bid_strategy`, `bid_micros`,
`starts_at` and `ends_at` (ISO 8601, UTC; where the offer is of whole days, a start of None is at once), `pixel` and
`conversion` where the objective counts conversions.
An ad set: all of that but for its own budget, which it may not have, and `campaign` (the platform's id), `countries`,
`age_min`, `age_max`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from app.services.integrations.ports import AdPlatform, BudgetedType
from app.services.trust_engine.gate.permits import Change, Permit

CREATED_STATUS = "paused"
"""Nothing that we create spends before somebody enables it, through the gate."""


@dataclass(frozen=True, slots=True)
class Created:
    """The platform's id of a new entity; only a read-back confirms that it holds what was asked."""

    external_id: str
    trace: str | None = None


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


class CampaignMaker(AdPlatform, Protocol):
    """One ad account in which campaigns can be created. Every method may raise `PlatformError`."""

    async def least_daily_micros(self, entity_type: BudgetedType) -> int | None:
        """The smallest daily budget at that level, in micros of the account's currency; None where it is not told."""
        ...

    async def create_campaign(self, change: Change, permit: Permit) -> Created: ...

    async def create_ad_set(self, change: Change, permit: Permit) -> Created: ...


@runtime_checkable
class MakesCampaigns(Protocol):
    """A vendor whose connectors are `CampaignMaker`s."""

    @property
    def campaign_offer(self) -> CampaignOffer: ...
