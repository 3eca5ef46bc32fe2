"""People, as the events tell of them: each profile is the fold of the identifiers that belong to it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Computed, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned
from app.db.sealed import sealed_for

_EMPTY = text("'{}'")
_NO = text("false")


class CdpProfile(TenantOwned, CreatedAt, Base):
    """A person. Its id is the key of the identifier that founded it, and stays a member's key for ever.

    So the id of a profile that was merged into another still leads on: to the profile that now has that identifier.

    `traits` holds what names nobody, in the clear; what does is sealed in `sealed_traits`, each by itself, and found by
    `trait_hashes`. `computed` belongs to computed traits. `version` counts changes.
    """

    __tablename__ = "cdp_profiles"
    __table_args__ = (
        Index("ix_cdp_profiles_newest", "tenant_id", "created_at", "id"),
        Index(
            "ix_cdp_profiles_rfm_cell",
            "tenant_id",
            "rfm_cell",
            "created_at",
            "id",
            postgresql_where=text("rfm_cell IS NOT NULL"),
        ),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    lifecycle: Mapped[str]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    first_order_at: Mapped[datetime | None]
    last_order_at: Mapped[datetime | None]
    event_count: Mapped[int] = mapped_column(BigInteger)
    order_count: Mapped[int] = mapped_column(Integer)
    refund_count: Mapped[int] = mapped_column(Integer)
    revenue: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=_EMPTY)
    refunded: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=_EMPTY)
    traits: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_EMPTY)
    sealed_traits: Mapped[dict[str, str]] = mapped_column(
        JSONB, server_default=_EMPTY, info=sealed_for("cdp.traits", path="$.*")
    )
    trait_hashes: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=_EMPTY)
    click_ids: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_EMPTY)
    computed: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_EMPTY)
    rfm_cell: Mapped[str | None] = mapped_column(Text, Computed("computed #>> '{rfm,cell}'", persisted=True))
    has_user_id: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    has_email: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    has_phone: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    identifier_count: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
