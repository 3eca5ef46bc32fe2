"""The event store: partitioned by the month of receipt, with exact deduplication beside it.

Nothing that names a person lies here in the clear: user ids, e-mail addresses, phone numbers and the like are
sealed together in `identifiers`, and found again by keyed hashes.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.ids import uuid7
from app.db.base import Base, Micros, TenantKeyed, TenantOwned
from app.db.sealed import sealed_for


class CdpEvent(TenantKeyed, Base):
    """What happened once. `received_at` is ours; `event_time` is the client's, mended for its clock's error.

    `clock_shift_ms` is by how much it was mended; null where the client said no time.
    """

    __tablename__ = "cdp_events"
    __table_args__ = (
        Index("ix_cdp_events_received_at", "received_at", postgresql_using="brin"),
        Index(
            "ix_cdp_events_commerce",
            "tenant_id",
            "event_time",
            postgresql_where=text("is_order OR is_refund"),
        ),
        Index(
            "ix_cdp_events_order",
            "tenant_id",
            "order_id",
            postgresql_where=text("is_order OR is_refund"),
        ),
        Index("ix_cdp_events_person", "tenant_id", "person_key", "event_time"),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )

    received_at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    message_id: Mapped[str]
    source_id: Mapped[UUID | None]
    event_type: Mapped[str]
    event_name: Mapped[str]
    event_time: Mapped[datetime]
    anonymous_id: Mapped[str | None]
    user_id_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    identifiers: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed_for("cdp.events.identifiers"))
    properties: Mapped[dict[str, Any]] = mapped_column(JSONB)
    context: Mapped[dict[str, Any]] = mapped_column(JSONB)
    order_id: Mapped[str | None]
    value_micros: Mapped[Micros | None]
    currency: Mapped[str | None]
    is_order: Mapped[bool] = mapped_column(Boolean)
    is_refund: Mapped[bool] = mapped_column(Boolean)
    click_ids: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    match_keys: Mapped[int] = mapped_column(SmallInteger)
    person_key: Mapped[UUID | None]
    clock_shift_ms: Mapped[int | None] = mapped_column(BigInteger)


class CdpEventDedupe(TenantKeyed, Base):
    """Message ids seen: a partitioned table's key must hold the partition's column, so they stand apart."""

    __tablename__ = "cdp_event_dedupe"
    __table_args__ = (Index("ix_cdp_event_dedupe_seen_at", "seen_at", postgresql_using="brin"),)

    message_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class CdpEventVerdict(TenantOwned, Base):
    """Why an event was not stored. The same event refused again is counted, not written anew."""

    __tablename__ = "cdp_event_verdicts"
    __table_args__ = (
        Index("uq_cdp_event_verdicts_fingerprint", "tenant_id", "fingerprint", unique=True),
        Index("ix_cdp_event_verdicts_newest", "tenant_id", "last_at", "id"),
        Index("ix_cdp_event_verdicts_message", "tenant_id", "message_id"),
    )

    source_id: Mapped[UUID | None]
    message_id: Mapped[str | None]
    event_name: Mapped[str | None]
    dialect: Mapped[str]
    code: Mapped[str]
    reason: Mapped[str]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed_for("cdp.events.verdict"))
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(server_default=text("1"))
    replayed_at: Mapped[datetime | None]
    replay_outcome: Mapped[str | None]


class CdpEventCount(TenantKeyed, Base):
    """What each source sent in each hour. A writer keeps to its own shard, so that no two wait for one row."""

    __tablename__ = "cdp_event_counts"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    source_id: Mapped[UUID] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    accepted: Mapped[int] = mapped_column(BigInteger)
    duplicates: Mapped[int] = mapped_column(BigInteger)
    rejected: Mapped[int] = mapped_column(BigInteger)
    newest_accepted_at: Mapped[datetime | None]
