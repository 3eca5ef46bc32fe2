"""What campaigns spent and earned, by the account's own day, with every restatement kept."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Index, Numeric
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Micros, TenantKeyed, TenantOwned, tenant_fk


class CampaignMetricsDay(TenantKeyed, Base):
    """A campaign's day as the platform last told of it. Times are the domain's."""

    __tablename__ = "campaign_metrics_daily"
    __table_args__ = (
        tenant_fk("campaign_id", "campaigns", ondelete="CASCADE"),
        Index("ix_campaign_metrics_daily_day", "tenant_id", "day"),
    )

    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    """The account's day."""
    currency: Mapped[str]
    spend_micros: Mapped[Micros]
    impressions: Mapped[int] = mapped_column(BigInteger)
    clicks: Mapped[int] = mapped_column(BigInteger)
    conversions: Mapped[Decimal] = mapped_column(Numeric(18, 4))
    conversion_value_micros: Mapped[Micros]
    ad_set_rows: Mapped[int]
    """How many ad sets reported: fewer than usual is a partial reading."""
    maturity: Mapped[Decimal] = mapped_column(Numeric(5, 4))
    """Share, 0 to 1, of the attribution window that had passed when the day was last read."""
    first_seen_at: Mapped[datetime]
    observed_at: Mapped[datetime]
    restated_at: Mapped[datetime | None]
    """When a figure last differed from the reading before."""


class CampaignMetricsObservation(TenantOwned, Base):
    """A day's figures from `observed_at` on, until the next row: what was known when. Append-only."""

    __tablename__ = "campaign_metrics_observations"
    __table_args__ = (
        tenant_fk("campaign_id", "campaigns", ondelete="CASCADE"),
        Index("ix_campaign_metrics_observations_day", "tenant_id", "campaign_id", "day", "observed_at"),
    )

    campaign_id: Mapped[UUID]
    day: Mapped[date]
    observed_at: Mapped[datetime]
    currency: Mapped[str]
    spend_micros: Mapped[Micros]
    impressions: Mapped[int] = mapped_column(BigInteger)
    clicks: Mapped[int] = mapped_column(BigInteger)
    conversions: Mapped[Decimal] = mapped_column(Numeric(18, 4))
    conversion_value_micros: Mapped[Micros]
    ad_set_rows: Mapped[int]
    maturity: Mapped[Decimal] = mapped_column(Numeric(5, 4))


class AccountTelling(TenantKeyed, Base):
    """What an account's platform newly told of within an hour, by how many days after: place 1 is the day itself.

    Of days that had been told of before, what was added to and what was taken from them; a day that is told of for the
    first time was added whole. Sums over campaigns, so that what moves between two of them counts on both sides.
    """

    __tablename__ = "account_tellings"
    __table_args__ = (tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),)

    ad_account_id: Mapped[UUID] = mapped_column(primary_key=True)
    told_at: Mapped[datetime] = mapped_column(primary_key=True)
    """The hour's beginning, of domain time. An hour without a row was not read; nothing new is noughts."""
    conversions: Mapped[list[Decimal]] = mapped_column(ARRAY(Numeric(18, 4)))
    value_micros: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    lost_value_micros: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    spend_up_micros: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    spend_down_micros: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
