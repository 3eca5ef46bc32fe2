"""Where events come from. A write key is shown once and kept as a hash."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned


class CdpSource(TenantOwned, CreatedAt, Base):
    __tablename__ = "cdp_sources"

    name: Mapped[str]
    kind: Mapped[str]
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    write_key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    write_key_prefix: Mapped[str]
    rotated_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]
