"""Shops: each that is connected, every synchronisation, and its orders with what of them was told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, Micros, TenantKeyed, TenantOwned, tenant_fk

_ZERO, _NO, _NONE, _EMPTY = text("0"), text("false"), text("'{}'"), text("'[]'")


class Shop(TenantOwned, CreatedAt, Base):
    """A shop, and how it is read. `read_until` is how far, by the shop's own clock; `reading` a reading under way.

    `next_sync_at` and `last_synced_at` are the domain's time, what is said of webhooks is real time.
    """

    __tablename__ = "shops"
    __table_args__ = (
        tenant_fk("connection_id", "connections"),
        UniqueConstraint("tenant_id", "provider", "domain"),
        Index("ix_shops_domain", "provider", "domain"),
    )

    connection_id: Mapped[UUID]
    provider: Mapped[str]
    domain: Mapped[str]
    """The shop's own host at its provider, which never changes: `northwind.myshopify.com`."""
    name: Mapped[str]
    currency: Mapped[str]
    enabled: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    order_reference: Mapped[str]
    """What the shop's own events call an order: its `id`, or its `name`."""
    wait_minutes: Mapped[int]
    """How long an order waits for the shop's own event of it, before it is told from here."""
    customer_ids: Mapped[bool] = mapped_column(Boolean, server_default=_NO)
    """The shop's customer ids are the user ids of its events."""
    read_until: Mapped[datetime | None]
    reading: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=_NONE)
    next_sync_at: Mapped[datetime | None]
    last_synced_at: Mapped[datetime | None]
    subscribed_at: Mapped[datetime | None]
    """When the shop last had all our subscriptions to its webhooks; None where it was not asked, or has not."""
    last_webhook_at: Mapped[datetime | None]
    error_code: Mapped[str | None]
    error: Mapped[str | None]


class ShopSync(TenantOwned, CreatedAt, Base):
    """One synchronisation: what was read, what of it was told, and how it ended. Times are the domain's."""

    __tablename__ = "shop_syncs"
    __table_args__ = (
        tenant_fk("shop_id", "shops", ondelete="CASCADE"),
        Index("ix_shop_syncs_newest", "tenant_id", "shop_id", "started_at", "id"),
    )

    shop_id: Mapped[UUID]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    orders_read: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    orders_told: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    orders_covered: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """Of which the shop's own events had told already."""
    orders_unnamed: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """Without an identifier by which somebody could be known."""
    refunds_told: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """What was given back, taken out or cancelled."""
    rejected: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """Events that were not taken in: the event log says why."""
    error_code: Mapped[str | None]
    error: Mapped[str | None]


class ShopOrder(TenantKeyed, Base):
    """An order as the shop held it last, and what of it was told: nothing readable of the person.

    `keys` are the hashed identifiers that it names. Money is in the shop's own currency. `pending` is what is being
    told right now: written down before it is sent, so that whoever dies in between sends the very same again.
    """

    __tablename__ = "shop_orders"
    __table_args__ = (
        tenant_fk("shop_id", "shops", ondelete="CASCADE"),
        Index("ix_shop_orders_newest", "tenant_id", "shop_id", "updated_at", "external_id"),
        Index("ix_shop_orders_id", "tenant_id", "external_id"),
        Index("ix_shop_orders_name", "tenant_id", "name"),
        Index(
            "ix_shop_orders_due",
            "tenant_id",
            "shop_id",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_shop_orders_pending", "tenant_id", "shop_id", postgresql_where=text("pending <> '[]'")),
    )

    shop_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    """What the shop's people call it: `#1001`."""
    reference: Mapped[str]
    """By which id it was, or will be, told."""
    ordered_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    currency: Mapped[str]
    total_micros: Mapped[Micros]
    current_micros: Mapped[Micros]
    refunded_micros: Mapped[Micros]
    state: Mapped[str]
    due_at: Mapped[datetime | None]
    """Until when it waits for the shop's own event, in the domain's time; None while it does not."""
    told_micros: Mapped[Micros | None]
    """Its worth as it was told, by us or by the shop's own event."""
    back_micros: Mapped[Micros] = mapped_column(server_default=_ZERO)
    """How much of it we have told as given back."""
    grown_micros: Mapped[Micros | None]
    """The greater worth that was told after an edit, if one was."""
    refunds: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=_NONE)
    """Ids of the refunds that were dealt with."""
    tellings: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """How many changes were told that have no id of their own at the shop."""
    consents: Mapped[str | None]
    """Which of the buyer's consents were told last."""
    pending: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=_EMPTY)
    keys: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default=_NONE)
