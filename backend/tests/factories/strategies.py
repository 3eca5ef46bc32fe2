"""Campaigns with a past that strategies can read: spend that varied, and the value that it brought."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete

from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.services.autopilot.enforcement.service import EnforcementService
from tests.factories.trust import make_account, trusted

UNIT = 1_000_000
ORDER = 50 * UNIT


@dataclass(frozen=True)
class Steered:
    """An account of two campaigns: the first earns more with its last unit than the second."""

    account_id: UUID
    external_id: str
    starved: UUID
    fed: UUID


def answering(top: float, half: float) -> Callable[[float], float]:
    """Value for spend, in units: what more of it brings grows less and less."""
    return lambda spend: top * spend / (half + spend)


def varied(budget: float, days: int, *, by: float, seed: int) -> list[float]:
    """Daily spend around a budget, the last three days at it."""
    chance = random.Random(seed)  # noqa: S311  (no secret)
    return [budget * (1 + by * chance.uniform(-1, 1)) for _ in range(days - 3)] + [budget] * 3


async def add_campaign(
    scopes: Scopes,
    ad_account_id: UUID,
    *,
    budget: int,
    spends: Sequence[float],
    value: Callable[[float], float],
    name: str = "Campaign",
    noise: float = 0.03,
    status: str = "active",
    external_id: str | None = None,
) -> UUID:
    """A campaign with a daily budget of its own and finished days, as `add_days` writes them."""
    async with scopes() as scope:
        campaign = Campaign(
            id=uuid7(),
            ad_account_id=ad_account_id,
            platform="meta",
            external_id=external_id or uuid7().hex,
            name=name,
            status=status,
            effective_status=status,
            budget_level="campaign",
            daily_budget_micros=budget * UNIT,
            currency="USD",
            synced_at=scope.now(),
        )
        scope.session.add(campaign)
        await scope.session.flush()
        add_days(scope, campaign.id, spends, value, noise=noise)
        return campaign.id


def add_days(
    scope: TenantScope,
    campaign_id: UUID,
    spends: Sequence[float],
    value: Callable[[float], float],
    *,
    noise: float = 0.03,
) -> None:
    """One day for each spend, the last of them yesterday; all but the last three are mature."""
    chance = random.Random(len(spends))  # noqa: S311  (no secret)
    today = scope.now().date()
    for back, spend in enumerate(reversed(spends), start=1):
        won = max(0.0, value(spend) * (1 + noise * chance.gauss(0, 1)))
        scope.session.add(
            CampaignMetricsDay(
                campaign_id=campaign_id,
                day=today - timedelta(days=back),
                currency="USD",
                spend_micros=round(spend * UNIT),
                impressions=round(spend * 100),
                clicks=round(spend * 3),
                conversions=Decimal(math.ceil(won * UNIT / ORDER)),
                conversion_value_micros=round(won * UNIT),
                ad_set_rows=1,
                maturity=Decimal("0.3") if back <= 3 else Decimal(1),
                first_seen_at=scope.now(),
                observed_at=scope.now(),
            )
        )


async def steered_account(
    scopes: Scopes, *, by: float = 0.25, level: int = 1, score: float = 95.0
) -> Steered:
    """A trusted account whose two campaigns were fed the same and do not answer alike."""
    account = await make_account(scopes)
    async with scopes() as scope:
        await scope.session.execute(delete(Campaign).where(Campaign.ad_account_id == account.id))
    ids = [
        await add_campaign(
            scopes,
            account.id,
            budget=500,
            spends=varied(500, 60, by=by, seed=seed),
            value=answering(top, half),
            name=name,
        )
        for name, top, half, seed in (("Starved", 9_000, 1_500, 1), ("Fed", 2_000, 60, 2))
    ]
    await trusted(scopes, account.id, score=score)
    async with scopes() as scope:
        await EnforcementService(scope).set_limits({"level": level})
    return Steered(account.id, account.external_id, *ids)
