"""The outbox: what must follow a commit is a row of the same transaction; the relay hands it on."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.base import Base, CreatedAt, TenantOwned

TASK = "task"
LIVE = "live"


class OutboxMessage(TenantOwned, CreatedAt, Base):
    """A task to hand to Celery, or a message for the live streams; deleted once handed on."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "kind", "available_at", "seq"),)

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    kind: Mapped[str]
    name: Mapped[str]
    queue: Mapped[str | None]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    available_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]

    def __init__(
        self,
        *,
        kind: str,
        name: str,
        payload: dict[str, Any],
        queue: str | None = None,
        delay: timedelta = timedelta(0),
        id: UUID | None = None,  # noqa: A002  (the column's name)
    ) -> None:
        super().__init__(
            id=id or uuid7(), kind=kind, name=name, payload=payload, queue=queue,
            available_at=real_now() + delay,
        )  # fmt: skip
