"""Segments that are audiences at a platform: what each is made of, who may be there, and every run and batch."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantKeyed, TenantOwned, tenant_fk
from app.db.sealed import sealed_for

_NONE = text("'{}'")
_ZERO = text("0")
_NO = text("false")


class CdpAudience(TenantOwned, CreatedAt, Base):
    """A segment, the ad account that it is an audience of, and which identifiers are sent.

    Segment, account, identifiers and holdout never change: another choice is another audience. `next_run_at` is the
    domain's time, `next_attempt_at` the real one, after a failure. `waiting_*` is a removal that a person has to allow;
    `approved_leaving` how many may leave since somebody did.
    """

    __tablename__ = "cdp_audiences"
    __table_args__ = (
        tenant_fk("segment_id", "cdp_segments"),
        tenant_fk("ad_account_id", "ad_accounts", ondelete="CASCADE"),
        Index("uq_cdp_audiences_name", "tenant_id", text("lower(name)"), unique=True),
    )

    name: Mapped[str]
    segment_id: Mapped[UUID]
    ad_account_id: Mapped[UUID]
    platform: Mapped[str]
    identifiers: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    holdout_percent: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    interval_minutes: Mapped[int | None] = mapped_column(Integer)
    resend_days: Mapped[int | None] = mapped_column(Integer)
    enabled: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    ending: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    external_id: Mapped[str | None]
    """The platform's id of it, once it is made there."""
    replace_asked: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    waiting_leaving: Mapped[int | None] = mapped_column(Integer)
    waiting_of: Mapped[int | None] = mapped_column(Integer)
    waiting_since: Mapped[datetime | None]
    approved_leaving: Mapped[int | None] = mapped_column(Integer)
    approved_by: Mapped[str | None]
    last_run_at: Mapped[datetime | None]
    next_run_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    next_attempt_at: Mapped[datetime | None]
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    remote_status: Mapped[str | None]
    size_lower: Mapped[int | None] = mapped_column(BigInteger)
    size_upper: Mapped[int | None] = mapped_column(BigInteger)
    size_at: Mapped[datetime | None]
    created_by: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class CdpAudienceMember(TenantKeyed, Base):
    """Somebody who is to be, or may be, in an audience at the platform: no row, no trace of them there.

    `sealed` holds the hashes as they were sent, for they are needed to take the person out again; `keys` are the
    identifiers that they were made from, `fingerprint` tells one set of hashes from another. `tried_at` is null until
    they first leave. `next_*` is what they are to be replaced by. `because` and `consent_at` say why it was allowed.
    """

    __tablename__ = "cdp_audience_members"
    __table_args__ = (
        tenant_fk("audience_id", "cdp_audiences", ondelete="CASCADE"),
        Index("ix_cdp_audience_members_profile", "tenant_id", "profile_id"),
        Index(
            "ix_cdp_audience_members_waiting",
            "tenant_id",
            "audience_id",
            "state",
            "profile_id",
            postgresql_where=text("state <> 'there'"),
        ),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    audience_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    reason: Mapped[str | None]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_for("cdp.audience_sync.entries"))
    keys: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    next_sealed: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sealed_for("cdp.audience_sync.entries")
    )
    next_keys: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid()))
    next_fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary)
    profile_version: Mapped[int] = mapped_column(Integer)
    profile_at: Mapped[datetime]
    country: Mapped[str | None]
    because: Mapped[str]
    consent_at: Mapped[datetime | None]
    queued_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    run_id: Mapped[UUID | None]


class CdpAudienceRun(TenantOwned, Base):
    """One synchronisation: what it found, what it sent, and how it ended. Times are the domain's."""

    __tablename__ = "cdp_audience_runs"
    __table_args__ = (
        tenant_fk("audience_id", "cdp_audiences", ondelete="CASCADE"),
        Index("ix_cdp_audience_runs_newest", "tenant_id", "audience_id", "started_at", "id"),
    )

    audience_id: Mapped[UUID]
    kind: Mapped[str]
    status: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    added: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    removed: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    left_segment: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """How many were to leave because they had left the segment."""
    approved: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    held_back: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    withheld: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_NONE)
    received: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    invalid: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    session: Mapped[int | None] = mapped_column(BigInteger)
    """The platform's name for what was uploaded."""
    matched: Mapped[int | None] = mapped_column(Integer)
    match_of: Mapped[int | None] = mapped_column(Integer)
    error_code: Mapped[str | None]
    error: Mapped[str | None]


class CdpAudienceBatch(TenantKeyed, Base):
    """One request of a run, written down before it left and once it was answered; whom it was about is not kept."""

    __tablename__ = "cdp_audience_batches"
    __table_args__ = (
        tenant_fk("run_id", "cdp_audience_runs", ondelete="CASCADE"),
        Index(
            "ix_cdp_audience_batches_unsettled",
            "tenant_id",
            "run_id",
            postgresql_where=text("receipts <> '{}'"),
        ),
    )

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    action: Mapped[str]
    people: Mapped[int] = mapped_column(Integer)
    entries: Mapped[int] = mapped_column(Integer)
    begun_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    received: Mapped[int | None] = mapped_column(Integer)
    invalid: Mapped[int | None] = mapped_column(Integer)
    error_code: Mapped[str | None]
    receipts: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=_NONE)
    """The platform's names of requests that it acknowledged, and of which it has not told yet what became of them."""
