"""What each source sends: the names of its events, how often, and the shape of what is said with them.

Counts are exact: a write's row goes in the transaction that adds it up. Shapes are those of a sample. No
value of an event lies here: examples are read from the events that `recent` names, as long as they are kept.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, TenantKeyed

_NOTHING, _NONE, _ZERO = text("'{}'"), text("'[]'"), text("0")


class CdpSourceSchema(TenantKeyed, Base):
    """One kind of event of a source. An empty type and name stand for those beyond the most that are kept.

    `properties` is `{name: {"events": n, "types": {type: [n, first, last]}}}` of the `sampled` events, `days` the
    events by day, `recent` the newest sampled events, `[received_at, id]` each.
    """

    __tablename__ = "cdp_source_schemas"

    source_id: Mapped[UUID] = mapped_column(primary_key=True)
    event_type: Mapped[str] = mapped_column(primary_key=True)
    event_name: Mapped[str] = mapped_column(primary_key=True)
    events: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    days: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=_NOTHING)
    sampled: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    properties: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_NOTHING)
    properties_left_out: Mapped[bool] = mapped_column(server_default=text("false"))
    recent: Mapped[list[list[str]]] = mapped_column(JSONB, server_default=_NONE)
