"""Funnels that people saved."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned


class CdpFunnel(TenantOwned, CreatedAt, Base):
    __tablename__ = "cdp_funnels"

    name: Mapped[str]
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_by: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_by: Mapped[str | None]


Index("uq_cdp_funnels_name", CdpFunnel.tenant_id, func.lower(CdpFunnel.name), unique=True)
