"""Files of people or events that were handed in, and how far they have been taken in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantKeyed, TenantOwned, tenant_fk
from app.db.sealed import sealed_for

_NONE = text("'[]'")
_EMPTY = text("'{}'")
_ZERO = text("0")


class CdpImport(TenantOwned, CreatedAt, Base):
    """One file. `plan` says how its columns are read.

    `chunk_from` is the domain's time since which events of the part under way can have been received; `progressed_at`
    is real time. `attempts` counts turns since the last part was done.
    """

    __tablename__ = "cdp_imports"
    __table_args__ = (
        Index("ix_cdp_imports_newest", "tenant_id", "created_at", "id"),
        Index(
            "ix_cdp_imports_waiting",
            "tenant_id",
            "started_at",
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
    )

    name: Mapped[str]
    kind: Mapped[str]
    format: Mapped[str]
    status: Mapped[str]
    columns: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=_EMPTY)
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_EMPTY)
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    rows_total: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    rows_read: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    accepted: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    duplicates: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    rejected: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    parts_total: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    parts_done: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    attempts: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    error: Mapped[str | None]
    created_by: Mapped[str]
    started_at: Mapped[datetime | None]
    started_by: Mapped[str | None]
    chunk_from: Mapped[datetime | None]
    progressed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class CdpImportPart(TenantKeyed, Base):
    """Some rows of a file, sealed, until they are taken in."""

    __tablename__ = "cdp_import_parts"
    __table_args__ = (tenant_fk("import_id", "cdp_imports", ondelete="CASCADE"),)

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_for("cdp.imports.rows"))


class CdpImportReject(TenantKeyed, Base):
    """The rows of a part that were not taken in, each with the reason, sealed, until they expire."""

    __tablename__ = "cdp_import_rejects"
    __table_args__ = (tenant_fk("import_id", "cdp_imports", ondelete="CASCADE"),)

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_for("cdp.imports.rows"))
