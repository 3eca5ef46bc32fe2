"""Webhooks: an address that is told of people and segments, how far it has been told, and every try of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned, tenant_fk
from app.db.sealed import sealed_for

_ZERO = text("0")
_NONE = text("'{}'")


class CdpWebhook(TenantOwned, CreatedAt, Base):
    """A subscription, and its place in the two logs that it is fed from.

    Of the feed of changed profiles it was told up to row `change_seq`, and of that row `change_offset` ids; of the
    segments' log up to `transition_seq`. `skip_to` is a place in the feed before which only erasures are still told.
    `open_*` is the message on its way: a range of both logs that keeps its id until somebody acknowledges it. What it
    says is read from the logs at each try, so nothing of a person is kept here.
    """

    __tablename__ = "cdp_webhooks"
    __table_args__ = (Index("uq_cdp_webhooks_name", "tenant_id", text("lower(name)"), unique=True),)

    name: Mapped[str]
    url: Mapped[str]
    topics: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    segment_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default=_NONE)
    include_personal: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    purpose: Mapped[str | None]
    enabled: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    off_reason: Mapped[str | None]
    off_at: Mapped[datetime | None]
    secret: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_for("cdp.webhooks.secret"))
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed_for("cdp.webhooks.secret"))
    previous_until: Mapped[datetime | None]
    change_seq: Mapped[int] = mapped_column(BigInteger)
    change_offset: Mapped[int] = mapped_column(Integer)
    transition_seq: Mapped[int] = mapped_column(BigInteger)
    skip_to: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    open_id: Mapped[UUID | None]
    open_change_seq: Mapped[int | None] = mapped_column(BigInteger)
    open_change_offset: Mapped[int | None] = mapped_column(Integer)
    open_transition_seq: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    failing_since: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    last_told_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    lost_at: Mapped[datetime | None]
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    turn_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class CdpWebhookDelivery(TenantOwned, Base):
    """One try: what came of it, and which range of the logs it told. No content, neither sent nor answered."""

    __tablename__ = "cdp_webhook_deliveries"
    __table_args__ = (
        tenant_fk("webhook_id", "cdp_webhooks", ondelete="CASCADE"),
        Index("ix_cdp_webhook_deliveries_newest", "tenant_id", "webhook_id", "at", "id"),
    )

    webhook_id: Mapped[UUID]
    message_id: Mapped[UUID]
    kind: Mapped[str]
    at: Mapped[datetime]
    attempt: Mapped[int] = mapped_column(Integer)
    acknowledged: Mapped[bool] = mapped_column(Boolean)
    http_status: Mapped[int | None] = mapped_column(Integer)
    duration_ms: Mapped[int] = mapped_column(Integer)
    error: Mapped[str | None]
    items: Mapped[int] = mapped_column(Integer)
    retry_at: Mapped[datetime | None]
    from_change_seq: Mapped[int | None] = mapped_column(BigInteger)
    from_change_offset: Mapped[int | None] = mapped_column(Integer)
    from_transition_seq: Mapped[int | None] = mapped_column(BigInteger)
    to_change_seq: Mapped[int | None] = mapped_column(BigInteger)
    to_change_offset: Mapped[int | None] = mapped_column(Integer)
    to_transition_seq: Mapped[int | None] = mapped_column(BigInteger)
    skip_to: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
