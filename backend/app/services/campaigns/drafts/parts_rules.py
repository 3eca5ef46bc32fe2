"""A plan as the entities that are created of it, one after the other, each with a marker of its own."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from app.schemas.campaigns.drafts import CampaignPlan
from app.services.campaigns.drafts.rules import MARKER_LENGTH, Place, moment
from app.services.integrations.campaigns.ports import (
    CREATE_AD,
    CREATE_CREATIVE,
    CREATED_STATUS,
    UPLOAD_IMAGE,
    CampaignOffer,
)
from app.services.integrations.ports import CREATE_AD_SET, CREATE_CAMPAIGN, EntityState
from app.services.trust_engine.gate.permits import Change

PartType = Literal["campaign", "ad_set", "image", "creative", "ad"]
_OPERATIONS: Mapping[PartType, str] = {
    "campaign": CREATE_CAMPAIGN,
    "ad_set": CREATE_AD_SET,
    "image": UPLOAD_IMAGE,
    "creative": CREATE_CREATIVE,
    "ad": CREATE_AD,
}


@dataclass(frozen=True, slots=True)
class Part:
    """One entity to be. `after` is what shall stand, without what only the platform can tell."""

    key: str
    entity_type: PartType
    marker: str
    after: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.after["name"])

    def change(self, platform: str, account: str, links: Mapping[str, str]) -> Change:
        """What the gate decides of, and a permit is bound to; `links` are the platform's ids of what it belongs to."""
        return Change(
            platform=platform,
            account=account,
            entity_type=self.entity_type,
            entity=self.marker,
            operation=_OPERATIONS[self.entity_type],
            before={},
            after={**self.after, **links},
        )

    def stands(self, state: EntityState) -> bool:
        """Whether the platform shows what was asked: name, status, and a budget where this entity has its own."""
        own = self.after["budget_level"] == self.entity_type
        wanted = tuple(
            self.after.get(name) if own else None
            for name in ("daily_budget_micros", "lifetime_budget_micros")
        )
        held = (state.daily_budget_micros, state.lifetime_budget_micros)
        return (state.name, state.status, held) == (self.name, CREATED_STATUS, wanted)

    def is_marked(self, state: EntityState) -> bool:
        return f"[{self.marker}]" in state.name


def marker(draft_id: UUID, version: int, key: str) -> str:
    """By which an entity is found again: the same for every attempt at one version, another for the next."""
    told = f"{draft_id}:{version}:{key}".encode()
    return hashlib.sha256(told).hexdigest()[:MARKER_LENGTH]


def parts(
    plan: CampaignPlan, draft: tuple[UUID, int], place: Place, offer: CampaignOffer, now: datetime
) -> tuple[Part, tuple[Part, ...]]:
    """The campaign, then its ad sets, of a draft's id and version. `now` is when those start that name no start.

    Where a campaign begins with a day, they start at once, and name none at the platform either.
    """
    counted = plan.objective in offer.counts_conversions
    shared: dict[str, Any] = {
        "status": CREATED_STATUS,
        "objective": plan.objective,
        "budget_level": plan.budget.level,
        "bid_strategy": plan.bid.strategy,
        "bid_micros": plan.bid.amount_micros,
        "starts_at": _iso(plan.schedule.starts_at, place) or (None if offer.whole_days else _utc(now)),
        "ends_at": _iso(plan.schedule.ends_at, place),
        "pixel": place.pixel if counted else None,
        "conversion": place.conversion if counted else None,
    }
    kind = f"{plan.budget.kind}_budget_micros"
    mark = marker(*draft, "campaign")
    campaign = Part(
        "campaign",
        "campaign",
        mark,
        {**shared, "name": f"{plan.name} [{mark}]", kind: total_micros(plan)},
    )
    below = []
    for number, one in enumerate(plan.ad_sets):
        key = f"ad_sets.{number}"
        mark = marker(*draft, key)
        after = {
            **shared,
            "name": f"{one.name} [{mark}]",
            "countries": sorted(set(one.countries)),
            "age_min": one.age_min,
            "age_max": one.age_max,
        }
        if plan.budget.level == "ad_set":
            after[kind] = one.budget_micros
        below.append(Part(key, "ad_set", mark, after))
    return campaign, tuple(below)


def total_micros(plan: CampaignPlan) -> int:
    """What all of it may spend, a day or in all: what caps are held against."""
    if plan.budget.level == "campaign":
        return plan.budget.amount_micros or 0
    return sum(one.budget_micros or 0 for one in plan.ad_sets)


def _iso(local: datetime | None, place: Place) -> str | None:
    return None if local is None else _utc(moment(local, place.timezone))


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}"
