"""Ad accounts, the lease to write to them, their synchronisations and the edits that others made."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Integer, LargeBinary, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned, tenant_fk


class AdAccount(TenantOwned, CreatedAt, Base):
    """An account at a platform. Its days, its money and its conversions are its own."""

    __tablename__ = "ad_accounts"
    __table_args__ = (
        UniqueConstraint("tenant_id", "platform", "external_id"),
        tenant_fk("connection_id", "connections"),
    )

    connection_id: Mapped[UUID]
    platform: Mapped[str]
    external_id: Mapped[str]
    name: Mapped[str]
    currency: Mapped[str]
    timezone: Mapped[str]
    status: Mapped[str]
    """The platform's own word: `active`, `disabled`, `unsettled`, …"""
    enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    write_lease: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether this tenant is the one that may write to the account."""
    pixel_id: Mapped[str | None]
    conversions_enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    lead_event: Mapped[str | None]
    """The event that stands for a lead, at a platform that has none."""
    primary_conversion: Mapped[str] = mapped_column(server_default=text("'purchase'"))
    """Canonical event whose conversions and value count."""
    attribution_click_days: Mapped[int] = mapped_column(Integer, server_default=text("7"))
    attribution_view_days: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    last_synced_at: Mapped[datetime | None]
    last_metrics_at: Mapped[datetime | None]
    """Domain time of the newest complete reading of metrics."""
    match_quality: Mapped[Decimal | None] = mapped_column(Numeric(4, 2))
    """The platform's own figure for the primary conversion, 0 to 10, where it reports one."""
    match_quality_at: Mapped[datetime | None]
    edits_read_until: Mapped[datetime | None]
    sync_error_code: Mapped[str | None]
    ads_read_at: Mapped[datetime | None]
    """Domain time of the last whole reading of its ads."""
    ads_error_code: Mapped[str | None]
    """Why its ads, or its state, could not be read the last time."""
    ads_limited_at: Mapped[datetime | None]
    """Domain time at which reading them met the platform's limit of requests; None since it did not."""


class WriteLease(Base):
    """Which tenant may write to an external account: hashes alone, so that no tenant learns of another.

    Global: an account that two tenants read is written to by one of them.
    """

    __tablename__ = "platform_write_leases"

    account_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    holder_hash: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class AccountSync(TenantOwned, CreatedAt, Base):
    """One synchronisation: what was asked for, what came, and how it ended. Times are the domain's."""

    __tablename__ = "account_syncs"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        Index("ix_account_syncs_newest", "tenant_id", "ad_account_id", "started_at"),
    )

    ad_account_id: Mapped[UUID]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    since: Mapped[date | None]
    until: Mapped[date | None]
    rows_received: Mapped[int | None]
    """Ad sets with a row for the newest complete day."""
    rows_expected: Mapped[int | None]
    """Ad sets that were active then."""
    days_restated: Mapped[int | None]
    error_code: Mapped[str | None]


class PlatformEdit(TenantOwned, CreatedAt, Base):
    """A change that the platform's activity log tells of; `by_others` when it was not ours."""

    __tablename__ = "platform_edits"
    __table_args__ = (
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "ad_account_id", "fingerprint"),
        Index("ix_platform_edits_entity", "tenant_id", "ad_account_id", "entity", "edited_at"),
    )

    ad_account_id: Mapped[UUID]
    fingerprint: Mapped[str]
    """Digest of the log's entry, which has no id of its own."""
    edited_at: Mapped[datetime]
    entity_type: Mapped[str]
    entity: Mapped[str]
    """The platform's id of what was edited."""
    event_type: Mapped[str]
    actor_name: Mapped[str | None]
    application_id: Mapped[str | None]
    by_others: Mapped[bool]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
