"""Rates of exchange as somebody recorded them; append-only."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned


class FxRate(TenantOwned, CreatedAt, Base):
    """One unit of `base` was worth `rate` units of `quote` at `as_of` (domain time), by `source`."""

    __tablename__ = "trust_fx_rates"
    __table_args__ = (
        CheckConstraint("rate > 0", name="positive"),
        Index("ix_trust_fx_rates_newest", "tenant_id", "base", "quote", "as_of", "id"),
    )

    base: Mapped[str]
    quote: Mapped[str]
    rate: Mapped[Decimal] = mapped_column(Numeric(28, 12))
    as_of: Mapped[datetime]
    source: Mapped[str]
    recorded_by: Mapped[str]
