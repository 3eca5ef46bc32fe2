"""What people ask of their data: to have it, or to have it gone; and how long it is kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, TenantKeyed, TenantOwned, tenant_fk
from app.db.sealed import sealed_for

_NONE = text("'[]'")
_ZERO = text("0")


class CdpTombstone(TenantKeyed, Base):
    """An identifier of an erased person, by its keyed hash: no event from before that time comes in again."""

    __tablename__ = "cdp_tombstones"

    key: Mapped[UUID] = mapped_column(primary_key=True)
    before: Mapped[datetime]
    request_id: Mapped[UUID]


class CdpPrivacyRequest(TenantOwned, Base):
    """An export or an erasure. `steps` says of each store what was done; keys are hashes, and name nobody."""

    __tablename__ = "cdp_privacy_requests"
    __table_args__ = (
        Index("ix_cdp_privacy_requests_newest", "tenant_id", "requested_at", "id"),
        Index(
            "uq_cdp_privacy_requests_proposed",
            "tenant_id",
            "profile_id",
            unique=True,
            postgresql_where=text("status = 'proposed'"),
        ),
    )

    kind: Mapped[str]
    status: Mapped[str]
    profile_id: Mapped[UUID]
    subject_keys: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default=text("'{}'"))
    reason: Mapped[str]
    law: Mapped[str] = mapped_column(server_default=text("'gdpr'"))
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    steps_done: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    steps_total: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=_NONE)
    certificate: Mapped[str | None] = mapped_column(Text)
    signature: Mapped[str | None]


class CdpPrivacyExportPart(TenantKeyed, Base):
    """A piece of an export, sealed, until it expires."""

    __tablename__ = "cdp_privacy_export_parts"
    __table_args__ = (tenant_fk("request_id", "cdp_privacy_requests", ondelete="CASCADE"),)

    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    section: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_for("cdp.privacy.export"))


class CdpPrivacySettings(TenantKeyed, Base):
    """How long a tenant keeps what its people did; null follows the platform's own limit."""

    __tablename__ = "cdp_privacy_settings"

    event_days: Mapped[int | None] = mapped_column(Integer)
    verdict_days: Mapped[int | None] = mapped_column(Integer)
    export_hours: Mapped[int] = mapped_column(Integer, server_default=text("72"))
    updated_at: Mapped[datetime]
    updated_by: Mapped[str]
