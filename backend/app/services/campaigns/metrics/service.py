"""Campaigns' figures by the account's day, with what was known when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.db.session import TenantScope
from app.models.campaigns.metrics import CampaignMetricsDay, CampaignMetricsObservation
from app.services.campaigns.metrics.repository import Absorbed, DayTotals, Figures, MetricsRepository
from app.services.campaigns.metrics.rules import account_day, day_begins, day_ends, maturity
from app.services.campaigns.service import CampaignService
from app.services.integrations.ports import ConversionSettings, MetricsReading

_SHOWN_DAYS = 30
_MOST_DAYS = 400

__all__ = [
    "Absorbed",
    "DayTotals",
    "MetricsService",
    "account_day",
    "day_begins",
    "day_ends",
    "maturity",
]


@dataclass(frozen=True, slots=True)
class ShownDay:
    day: date
    spend_micros: int
    impressions: int
    clicks: int
    conversions: float
    conversion_value_micros: int
    roas: float | None
    maturity: float
    restated_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownMetrics:
    days: Sequence[ShownDay]
    currency: str
    timezone: str


def _shown(day: CampaignMetricsDay) -> ShownDay:
    return ShownDay(
        day=day.day,
        spend_micros=day.spend_micros,
        impressions=day.impressions,
        clicks=day.clicks,
        conversions=float(day.conversions),
        conversion_value_micros=day.conversion_value_micros,
        roas=round(day.conversion_value_micros / day.spend_micros, 4) if day.spend_micros else None,
        maturity=float(day.maturity),
        restated_at=day.restated_at,
    )


class MetricsService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._metrics = MetricsRepository(scope)

    async def absorb(
        self,
        reading: MetricsReading,
        campaigns: Mapping[str, UUID],
        *,
        ad_account_id: UUID,
        timezone: str,
        conversion: ConversionSettings,
    ) -> Absorbed:
        """Take over a reading; days that differ from the reading before are restated, and the past is kept."""
        now = self._scope.now()
        window = max(conversion.click_days, conversion.view_days)
        maturities = {
            day: maturity(day, timezone, observed_at=now, window_days=window)
            for day in {one.day for one in reading.days}
        }
        figures = [
            Figures(
                campaign_id=campaigns[one.campaign],
                day=one.day,
                currency=one.currency,
                spend_micros=one.spend_micros,
                impressions=one.impressions,
                clicks=one.clicks,
                conversions=one.conversions,
                conversion_value_micros=one.conversion_value_micros,
                ad_set_rows=one.rows,
                maturity=maturities[one.day],
            )
            for one in reading.days
            if one.campaign in campaigns
        ]
        return await self._metrics.absorb(
            figures, ad_account_id=ad_account_id, today=account_day(now, timezone), now=now
        )

    async def days(self, campaign_id: UUID, since: date, until: date) -> Sequence[CampaignMetricsDay]:
        await CampaignService(self._scope).get(campaign_id)
        return await self._metrics.days(campaign_id, since, until)

    async def shown(self, campaign_id: UUID, *, since: date | None, until: date | None) -> ShownMetrics:
        """The days from `since` to `until`, by default the last 30 of the account; at most 400."""
        campaign = await CampaignService(self._scope).get(campaign_id)
        timezone = await self._metrics.timezone_of(campaign_id)
        last = until or account_day(self._scope.now(), timezone)
        first = since or last - timedelta(days=_SHOWN_DAYS - 1)
        first = max(first, last - timedelta(days=_MOST_DAYS - 1))
        days = await self._metrics.days(campaign_id, first, last)
        return ShownMetrics([_shown(day) for day in days], campaign.currency, timezone)

    async def days_of_account(
        self, ad_account_id: UUID, since: date, until: date
    ) -> Sequence[CampaignMetricsDay]:
        return await self._metrics.days_of_account(ad_account_id, since, until)

    async def known_at(
        self, campaign_id: UUID, since: date, until: date, *, moment: datetime
    ) -> Sequence[CampaignMetricsObservation]:
        return await self._metrics.known_at(campaign_id, since, until, moment=moment)

    async def observations_of_account(
        self, ad_account_id: UUID, since: date, until: date
    ) -> Sequence[CampaignMetricsObservation]:
        """Every reading that said something new of the account's days, oldest first by day."""
        return await self._metrics.observations_of_account(ad_account_id, since, until)

    async def newest_change(self, ad_account_id: UUID) -> datetime | None:
        return await self._metrics.newest_change(ad_account_id)

    async def today(self, ad_account_id: UUID, timezone: str) -> Sequence[DayTotals]:
        """The account's figures of its own today, as far as they are read."""
        return await self._metrics.day_totals(ad_account_id, account_day(self._scope.now(), timezone))
