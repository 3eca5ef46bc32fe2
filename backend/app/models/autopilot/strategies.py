"""Strategies a tenant has switched on, and their settings."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, TenantKeyed


class AutopilotStrategy(TenantKeyed, Base):
    __tablename__ = "autopilot_strategies"

    name: Mapped[str] = mapped_column(primary_key=True)
    enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    config: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    last_run_at: Mapped[datetime | None]
    last_result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
