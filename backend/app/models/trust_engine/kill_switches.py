"""Kill switches: one for each tenant, and one for the whole platform. Read in the statement that uses a permit."""

from datetime import datetime

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, TenantKeyed


class KillSwitchRow(TenantKeyed, Base):
    __tablename__ = "kill_switches"

    engaged: Mapped[bool]
    reason: Mapped[str]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class PlatformKillSwitchRow(Base):
    """The switch over every tenant; one row."""

    __tablename__ = "platform_kill_switch"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    engaged: Mapped[bool]
    reason: Mapped[str]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
