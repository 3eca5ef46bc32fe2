"""Segments: a rule, or an uploaded list; who is in, since when, and every coming and going."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Identity, Index, Integer, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.db.base import Base, CreatedAt, TenantKeyed, TenantOwned, tenant_fk

_NONE = text("'{}'")


class CdpSegment(TenantOwned, CreatedAt, Base):
    """A rule (`rule` null: an uploaded list), and how far its membership has come.

    `version` counts changes of what it asks; its membership is that of `computed_version`, null before the first.
    `reads_*` say which changes of a profile concern it. `announced_count` is what live views were last told.
    `daily_at`, in minutes of the company's day, is null where it follows changes; else it is computed at
    `next_run_at`, and holds what was true `as_of` its last computation.
    """

    __tablename__ = "cdp_segments"
    __table_args__ = (
        Index(
            "uq_cdp_segments_name",
            "tenant_id",
            text("lower(name)"),
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index(
            "ix_cdp_segments_next_run",
            "next_run_at",
            postgresql_where=text("next_run_at IS NOT NULL AND live AND archived_at IS NULL"),
        ),
    )

    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default=text("''"))
    rule: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    live: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    reads_events: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=_NONE)
    reads_traits: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=_NONE)
    reads_all: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    reads_lifecycle: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    reads_absence: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    member_count: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    announced_count: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    computing_since: Mapped[datetime | None]
    computed_at: Mapped[datetime | None]
    computed_version: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    created_by: Mapped[UUID | None]
    archived_at: Mapped[datetime | None]
    daily_at: Mapped[int | None]
    next_run_at: Mapped[datetime | None]
    as_of: Mapped[datetime | None]


class CdpSegmentMember(TenantKeyed, Base):
    __tablename__ = "cdp_segment_members"
    __table_args__ = (
        tenant_fk("segment_id", "cdp_segments"),
        Index("ix_cdp_segment_members_newest", "tenant_id", "segment_id", "entered_at", "profile_id"),
        Index("ix_cdp_segment_members_profile", "tenant_id", "profile_id"),
    )

    segment_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    entered_at: Mapped[datetime]


class CdpSegmentTransition(TenantKeyed, Base):
    """The log of who entered and who left. In one tenant, `seq` grows in the order of the commits.

    `reason` is what led to it: a reason of the feed of changes (`events`, `graph`, `ended`, `erased`, `lifecycle`, …),
    `time`, `recompute`, or `archived`.
    """

    __tablename__ = "cdp_segment_transitions"
    __table_args__ = (
        tenant_fk("segment_id", "cdp_segments"),
        Index("ix_cdp_segment_transitions_segment", "tenant_id", "segment_id", "seq"),
        Index("ix_cdp_segment_transitions_profile", "tenant_id", "profile_id", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    segment_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(Integer)
    profile_id: Mapped[UUID]
    entered: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str]
    at: Mapped[datetime]


class CdpSegmentTimer(TenantKeyed, Base):
    """When nothing but time may next change a membership: never later than it does, so that early is harmless."""

    __tablename__ = "cdp_segment_timers"
    __table_args__ = (
        tenant_fk("segment_id", "cdp_segments"),
        Index("ix_cdp_segment_timers_due", "tenant_id", "next_evaluation_at"),
    )

    segment_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    next_evaluation_at: Mapped[datetime]


class CdpSegmentListEntry(TenantKeyed, Base):
    """An identifier that an uploaded list names, by its key; whoever has it is in the segment."""

    __tablename__ = "cdp_segment_list_entries"
    __table_args__ = (tenant_fk("segment_id", "cdp_segments"),)

    segment_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column(primary_key=True)


class CdpSegmentCursor(TenantKeyed, Base):
    """How far a tenant's segments have followed the feed of changed profiles."""

    __tablename__ = "cdp_segment_cursors"

    seq: Mapped[int] = mapped_column(BigInteger)
    announced_at: Mapped[datetime]
