from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay, CampaignMetricsObservation
from app.models.integrations.ad_accounts import AdAccount

_NAMES = (
    "spend_micros",
    "impressions",
    "clicks",
    "conversions",
    "conversion_value_micros",
    "ad_set_rows",
    "currency",
)
TOLD_AGES = 15
"""Days of which it is written down how late they were told of: the day itself, and fourteen after it."""
KEPT_TELLINGS = timedelta(days=70)
_TOLD = ("conversions", "value_micros", "lost_value_micros", "spend_up_micros", "spend_down_micros")
_ARRAYS = ", ".join(_TOLD)
_BY_AGE = ", ".join(f"array_agg(coalesce(told.{name}, 0) ORDER BY ages.age)" for name in _TOLD)
_ADDED = ", ".join(
    f"{name} = (SELECT array_agg(was + more ORDER BY place) FROM unnest(old.{name}, excluded.{name})"  # noqa: S608
    " WITH ORDINALITY AS each (was, more, place))"  # columns of this module
    for name in _TOLD
)
_FIGURES = ", ".join(_NAMES)
_OLD, _NEW, _EXCLUDED = (", ".join(f"{of}.{name}" for name in _NAMES) for of in ("old", "new", "excluded"))

# One statement: the current figures where they or their maturity moved, and an observation of each day that is new or
# whose figures differ from the reading before. Both are compared as they are stored, or a third of a conversion would
# differ each time. What both sides differ by is written down by the age of the day, for each hour of telling; the hours
# that nobody asks for any more are forgotten.
_ABSORB = text(
    f"""
    WITH new AS MATERIALIZED (
      SELECT * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:campaigns AS uuid[]), CAST(:days AS date[]), CAST(:spend AS bigint[]),
        CAST(:impressions AS bigint[]), CAST(:clicks AS bigint[]), CAST(:conversions AS numeric(18, 4)[]),
        CAST(:value AS bigint[]), CAST(:rows AS integer[]), CAST(:currencies AS text[]),
        CAST(:maturities AS numeric(5, 4)[])
      ) AS rows (id, campaign_id, day, {_FIGURES}, maturity)
    ), changed AS MATERIALIZED (
      SELECT new.*, old.day IS NULL AS is_added,
        new.conversions - coalesce(old.conversions, 0) AS more_conversions,
        new.conversion_value_micros - coalesce(old.conversion_value_micros, 0) AS more_value,
        new.spend_micros - coalesce(old.spend_micros, 0) AS more_spend,
        old.day IS NOT NULL AND ({_OLD}) IS DISTINCT FROM ({_NEW}) AS is_restated
      FROM new LEFT JOIN campaign_metrics_daily AS old USING (campaign_id, day)
      WHERE old.day IS NULL OR ({_OLD}, old.maturity) IS DISTINCT FROM ({_NEW}, new.maturity)
    ), written AS (
      INSERT INTO campaign_metrics_daily AS old (
        campaign_id, day, {_FIGURES}, maturity, first_seen_at, observed_at, restated_at)
      SELECT campaign_id, day, {_FIGURES}, maturity, CAST(:now AS timestamptz), CAST(:now AS timestamptz), NULL
      FROM changed ORDER BY campaign_id, day
      ON CONFLICT (tenant_id, campaign_id, day) DO UPDATE SET
        ({_FIGURES}) = ROW ({_EXCLUDED}), maturity = excluded.maturity, observed_at = excluded.observed_at,
        restated_at = CASE WHEN ({_OLD}) IS DISTINCT FROM ({_EXCLUDED})
          THEN excluded.observed_at ELSE old.restated_at END
      WHERE excluded.observed_at >= old.observed_at
    ), observed AS (
      INSERT INTO campaign_metrics_observations (id, campaign_id, day, observed_at, {_FIGURES}, maturity)
      SELECT id, campaign_id, day, CAST(:now AS timestamptz), {_FIGURES}, maturity FROM changed
      WHERE is_added OR is_restated
    ), told AS (
      SELECT CAST(:today AS date) - day AS age,
        sum(greatest(more_conversions, 0)) AS conversions,
        sum(greatest(more_value, 0))::bigint AS value_micros,
        sum(greatest(-more_value, 0))::bigint AS lost_value_micros,
        sum(greatest(more_spend, 0))::bigint AS spend_up_micros,
        sum(greatest(-more_spend, 0))::bigint AS spend_down_micros
      FROM changed WHERE is_added OR is_restated GROUP BY age
    ), telling AS (
      INSERT INTO account_tellings AS old (ad_account_id, told_at, {_ARRAYS})
      SELECT CAST(:account AS uuid), date_trunc('hour', CAST(:now AS timestamptz), 'UTC'), {_BY_AGE}
      FROM generate_series(0, {TOLD_AGES - 1}) AS ages (age) LEFT JOIN told USING (age)
      ON CONFLICT (tenant_id, ad_account_id, told_at) DO UPDATE SET {_ADDED}
    ), forgotten AS (
      DELETE FROM account_tellings
      WHERE ad_account_id = CAST(:account AS uuid) AND told_at < CAST(:forget AS timestamptz)
    )
    SELECT count(*) FILTER (WHERE is_added) AS added, count(*) FILTER (WHERE is_restated) AS restated
    FROM changed
    """  # noqa: S608  (column names of this module)
)


@dataclass(frozen=True, slots=True)
class Figures:
    campaign_id: UUID
    day: date
    currency: str
    spend_micros: int
    impressions: int
    clicks: int
    conversions: Decimal
    conversion_value_micros: int
    ad_set_rows: int
    maturity: Decimal


@dataclass(frozen=True, slots=True)
class Absorbed:
    added: int
    restated: int


@dataclass(frozen=True, slots=True)
class DayTotals:
    currency: str
    spend_micros: int
    conversion_value_micros: int


class MetricsRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def absorb(
        self, figures: Sequence[Figures], *, ad_account_id: UUID, today: date, now: datetime
    ) -> Absorbed:
        """`today` is the account's. One reading of an account at a time, or two would tell of the same twice."""
        if not figures:
            return Absorbed(0, 0)
        await self._session.execute(
            select(AdAccount.id).where(AdAccount.id == ad_account_id).with_for_update(key_share=True)
        )
        found = (
            await self._session.execute(
                _ABSORB,
                {
                    "now": now,
                    "account": ad_account_id,
                    "today": today,
                    "forget": now - KEPT_TELLINGS,
                    "ids": [uuid7() for _ in figures],
                    "campaigns": [one.campaign_id for one in figures],
                    "days": [one.day for one in figures],
                    "spend": [one.spend_micros for one in figures],
                    "impressions": [one.impressions for one in figures],
                    "clicks": [one.clicks for one in figures],
                    "conversions": [one.conversions for one in figures],
                    "value": [one.conversion_value_micros for one in figures],
                    "rows": [one.ad_set_rows for one in figures],
                    "currencies": [one.currency for one in figures],
                    "maturities": [one.maturity for one in figures],
                },
            )
        ).one()
        return Absorbed(found.added, found.restated)

    async def timezone_of(self, campaign_id: UUID) -> str:
        """Of the account that the campaign belongs to."""
        statement = (
            select(AdAccount.timezone)
            .join(Campaign, Campaign.ad_account_id == AdAccount.id)
            .where(Campaign.id == campaign_id)
        )
        return (await self._session.scalars(statement)).one()

    async def days(self, campaign_id: UUID, since: date, until: date) -> Sequence[CampaignMetricsDay]:
        statement = (
            select(CampaignMetricsDay)
            .where(
                CampaignMetricsDay.campaign_id == campaign_id, CampaignMetricsDay.day.between(since, until)
            )
            .order_by(CampaignMetricsDay.day)
        )
        return (await self._session.scalars(statement)).all()

    async def days_of_account(
        self, ad_account_id: UUID, since: date, until: date
    ) -> Sequence[CampaignMetricsDay]:
        statement = (
            select(CampaignMetricsDay)
            .join(Campaign, Campaign.id == CampaignMetricsDay.campaign_id)
            .where(Campaign.ad_account_id == ad_account_id, CampaignMetricsDay.day.between(since, until))
            .order_by(CampaignMetricsDay.day, CampaignMetricsDay.campaign_id)
        )
        return (await self._session.scalars(statement)).all()

    async def known_at(
        self, campaign_id: UUID, since: date, until: date, *, moment: datetime
    ) -> Sequence[CampaignMetricsObservation]:
        """The figures as they were known at `moment`: of each day the last observation until then."""
        statement = (
            select(CampaignMetricsObservation)
            .ext(distinct_on(CampaignMetricsObservation.day))
            .where(
                CampaignMetricsObservation.campaign_id == campaign_id,
                CampaignMetricsObservation.day.between(since, until),
                CampaignMetricsObservation.observed_at <= moment,
            )
            .order_by(
                CampaignMetricsObservation.day,
                CampaignMetricsObservation.observed_at.desc(),
                CampaignMetricsObservation.id.desc(),
            )
        )
        return (await self._session.scalars(statement)).all()

    async def observations_of_account(
        self, ad_account_id: UUID, since: date, until: date
    ) -> Sequence[CampaignMetricsObservation]:
        statement = (
            select(CampaignMetricsObservation)
            .join(Campaign, Campaign.id == CampaignMetricsObservation.campaign_id)
            .where(
                Campaign.ad_account_id == ad_account_id,
                CampaignMetricsObservation.day.between(since, until),
            )
            .order_by(
                CampaignMetricsObservation.day,
                CampaignMetricsObservation.observed_at,
                CampaignMetricsObservation.id,
            )
        )
        return (await self._session.scalars(statement)).all()

    async def newest_change(self, ad_account_id: UUID) -> datetime | None:
        """When a figure of the account last moved."""
        changed = func.greatest(CampaignMetricsDay.first_seen_at, CampaignMetricsDay.restated_at)
        newest: datetime | None = await self._session.scalar(
            select(func.max(changed))
            .join(Campaign, Campaign.id == CampaignMetricsDay.campaign_id)
            .where(Campaign.ad_account_id == ad_account_id)
        )
        return newest

    async def day_totals(self, ad_account_id: UUID, day: date) -> Sequence[DayTotals]:
        """What the account's campaigns spent and brought on one of its days, by currency; nothing if unread."""
        found = await self._session.execute(
            select(
                CampaignMetricsDay.currency,
                func.sum(CampaignMetricsDay.spend_micros),
                func.sum(CampaignMetricsDay.conversion_value_micros),
            )
            .join(Campaign, Campaign.id == CampaignMetricsDay.campaign_id)
            .where(Campaign.ad_account_id == ad_account_id, CampaignMetricsDay.day == day)
            .group_by(CampaignMetricsDay.currency)
        )
        return [DayTotals(currency, int(spend), int(value)) for currency, spend, value in found]
