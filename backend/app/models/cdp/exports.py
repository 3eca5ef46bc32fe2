"""Files of people or events that are taken away."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantKeyed, TenantOwned, tenant_fk
from app.db.sealed import sealed_for

_EMPTY = text("'{}'")
_ZERO = text("0")


class CdpExport(TenantOwned, CreatedAt, Base):
    """One file. `place` is the key after which the next page begins; `rows_total` is null where it is not known."""

    __tablename__ = "cdp_exports"
    __table_args__ = (
        Index("ix_cdp_exports_newest", "tenant_id", "created_at", "id"),
        Index(
            "ix_cdp_exports_waiting",
            "tenant_id",
            "created_at",
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
    )

    name: Mapped[str]
    what: Mapped[str]
    format: Mapped[str]
    status: Mapped[str]
    columns: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    selection: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_EMPTY)
    purpose: Mapped[str | None]
    raw: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str | None]
    keep_days: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[str]
    point: Mapped[datetime | None]
    place: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    rows_total: Mapped[int | None]
    rows_read: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    rows_written: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    parts: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    downloads: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    attempts: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    error: Mapped[str | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class CdpExportSubject(TenantKeyed, Base):
    """Whom an export is about, as it stood at one moment; gone when it is done."""

    __tablename__ = "cdp_export_subjects"
    __table_args__ = (tenant_fk("export_id", "cdp_exports", ondelete="CASCADE"),)

    export_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)


class CdpExportPart(TenantKeyed, Base):
    """A piece of a file, sealed, until it expires; `person_keys` are the hashed ids of those whom it is about."""

    __tablename__ = "cdp_export_parts"
    __table_args__ = (tenant_fk("export_id", "cdp_exports", ondelete="CASCADE"),)

    export_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    person_keys: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default=_EMPTY)
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_for("cdp.exports.part"))
