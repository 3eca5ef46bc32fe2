"""Computed traits: what is computed of each person, how far that has come, and when time may change it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantKeyed, TenantOwned, tenant_fk


class CdpTrait(TenantOwned, CreatedAt, Base):
    """What a trait is computed of; its values lie in `cdp_profiles.computed`, by its name.

    While `computing_since` is set it is being computed whole, and everybody up to `computing_after` is done.
    `removed_at`: its values are being taken away, and the row goes with the last. `built_in` are ours.
    """

    __tablename__ = "cdp_traits"
    __table_args__ = (Index("uq_cdp_traits_name", "tenant_id", "name", unique=True),)

    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default=text("''"))
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    built_in: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    computing_since: Mapped[datetime | None]
    computing_after: Mapped[UUID | None]
    computed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    created_by: Mapped[UUID | None]
    removed_at: Mapped[datetime | None]


class CdpTraitTimer(TenantKeyed, Base):
    """When nothing but time may next change a value: never later than it does, so that early is harmless."""

    __tablename__ = "cdp_trait_timers"
    __table_args__ = (
        tenant_fk("trait_id", "cdp_traits"),
        Index("ix_cdp_trait_timers_due", "tenant_id", "next_evaluation_at"),
    )

    trait_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    next_evaluation_at: Mapped[datetime]


class CdpTraitCursor(TenantKeyed, Base):
    """How far a tenant's computed traits have followed the feed of changed profiles."""

    __tablename__ = "cdp_trait_cursors"

    seq: Mapped[int] = mapped_column(BigInteger)


class CdpRfm(TenantKeyed, Base):
    """The last ranking of a tenant's customers, and when the next is due.

    `run_id` names the ranking under way: one that finds another's stops.
    """

    __tablename__ = "cdp_rfm"
    __table_args__ = (Index("ix_cdp_rfm_due", "next_at"),)

    next_at: Mapped[datetime]
    run_id: Mapped[UUID | None]
    running_since: Mapped[datetime | None]
    computed_at: Mapped[datetime | None]
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
