"""What writes of events stored, until what follows from it is done."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, TenantOwned, UtcDateTime


class CdpEventArrival(TenantOwned, Base):
    """What one write stored: `[source, type, name, events, first, last]` each, and a sample of the events.

    The row goes in the transaction of what follows from it.
    """

    __tablename__ = "cdp_event_arrivals"

    queued_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    said: Mapped[list[Any]] = mapped_column(JSONB)
    received_at: Mapped[list[datetime]] = mapped_column(ARRAY(UtcDateTime()))
    event_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
