"""Conversions sent on to the platforms, one row per event and ad account; and what orders are worth since."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, Micros, TenantKeyed, TenantOwned, tenant_fk


class ConversionDelivery(TenantOwned, CreatedAt, Base):
    """Identifiers are not kept here: only which of them went along."""

    __tablename__ = "conversion_deliveries"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "ad_account_id", "platform_event", "dedupe_key"),
        Index(
            "ix_conversion_deliveries_due",
            "tenant_id",
            "ad_account_id",
            "next_attempt_at",
            postgresql_where=text("status in ('queued', 'failed')"),
        ),
        Index(
            "ix_conversion_deliveries_verdicts",
            "tenant_id",
            "ad_account_id",
            "verdict_due_at",
            postgresql_where=text("verdict_due_at is not null"),
        ),
        Index("ix_conversion_deliveries_newest", "tenant_id", "created_at", "id"),
        Index("ix_conversion_deliveries_key", "tenant_id", "dedupe_key"),
        Index("ix_conversion_deliveries_account", "tenant_id", "ad_account_id", "queued_at"),
    )

    ad_account_id: Mapped[UUID]
    platform: Mapped[str]
    event_id: Mapped[UUID]
    """The row of `cdp_events`."""
    event_received_at: Mapped[datetime]
    dedupe_key: Mapped[str]
    """The id by which the platform recognises the same event from the browser."""
    event_name: Mapped[str]
    platform_event: Mapped[str]
    event_time: Mapped[datetime]
    status: Mapped[str]
    reason: Mapped[str | None]
    match_keys: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    queued_at: Mapped[datetime]
    """Domain time."""
    next_attempt_at: Mapped[datetime | None]
    """Real time: retries do not follow the domain's clock."""
    first_tried_at: Mapped[datetime | None]
    """Real time: when it was to leave for the first time. From then on it may have arrived, whatever came of it."""
    sent_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    receipts: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    """By which the platform is asked what became of the requests that it went along in."""
    verdict_due_at: Mapped[datetime | None]
    """Real time: when that is asked next. None where nothing more is to be told."""
    response: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class ConversionValue(TenantKeyed, Base):
    """What an order is worth now, where that has changed since it was told. Zero: it was taken back.

    `version` counts the changes; `told_*` is what its event said. Times are the domain's.
    """

    __tablename__ = "conversion_values"

    dedupe_key: Mapped[str] = mapped_column(primary_key=True)
    value_micros: Mapped[Micros]
    currency: Mapped[str]
    told_micros: Mapped[Micros]
    told_currency: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_at: Mapped[datetime]


class ConversionAdjustment(TenantKeyed, Base):
    """How a delivery whose order is worth something else now stands at its platform. `next_at` is real time.

    `version` is the change that was dealt with last, `reported_*` what the platform holds as far as it has said so,
    and `asked_*` what it was asked to hold in the request that it works at.
    """

    __tablename__ = "conversion_adjustments"
    __table_args__ = (tenant_fk("delivery_id", "conversion_deliveries", ondelete="CASCADE"),)

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    status: Mapped[str]
    reason: Mapped[str | None]
    reported_micros: Mapped[Micros]
    reported_currency: Mapped[str]
    asked_micros: Mapped[Micros | None]
    asked_currency: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_at: Mapped[datetime | None]
    receipts: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    adjusted_at: Mapped[datetime | None]
