"""Ways out of the dashboard: a Slack workspace, a webhook, and every message that left or is to leave."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned, tenant_fk
from app.db.sealed import sealed_for


class SlackWorkspace(TenantOwned, CreatedAt, Base):
    """A company's one workspace. `by_kind` names a channel of its own for a kind, or null where it is not told."""

    __tablename__ = "slack_workspaces"
    __table_args__ = (UniqueConstraint("tenant_id"),)

    team_id: Mapped[str]
    team_name: Mapped[str]
    team_url: Mapped[str | None]
    bot_user_id: Mapped[str | None]
    token_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_for("notifications.slack_token"))
    channel_id: Mapped[str | None]
    channel_name: Mapped[str | None]
    by_kind: Mapped[dict[str, dict[str, str] | None]] = mapped_column(JSONB, server_default=text("'{}'"))
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    last_error: Mapped[str | None]
    last_error_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class NotificationWebhook(TenantOwned, CreatedAt, Base):
    """A company's one address that is told by signed POSTs. `kinds` are what it is told of; null: of everything."""

    __tablename__ = "notification_webhooks"
    __table_args__ = (UniqueConstraint("tenant_id"),)

    url: Mapped[str]
    secret: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_for("notifications.webhook_secret"))
    previous_secret: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sealed_for("notifications.webhook_secret")
    )
    previous_until: Mapped[datetime | None]
    """Until then messages are signed with the secret before too."""
    kinds: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    last_error: Mapped[str | None]
    last_error_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class NotificationDelivery(TenantOwned, CreatedAt, Base):
    """One message on one channel, and what became of it. Times are real."""

    __tablename__ = "notification_deliveries"
    __table_args__ = (
        tenant_fk("notification_id", "notifications", ondelete="CASCADE"),
        Index(
            "ix_notification_deliveries_due",
            "tenant_id",
            "due_at",
            "id",
            postgresql_where=text("status IN ('queued', 'failed', 'sending')"),
        ),
        Index("ix_notification_deliveries_newest", "tenant_id", "created_at", "id"),
        Index("ix_notification_deliveries_notification", "tenant_id", "notification_id"),
        Index(
            "ix_notification_deliveries_parcel",
            "tenant_id",
            "parcel_id",
            postgresql_where=text("parcel_id IS NOT NULL"),
        ),
    )

    notification_id: Mapped[UUID | None]
    kind: Mapped[str]
    channel: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose mailbox or phone; null in Slack and for a webhook."""
    slack_channel: Mapped[str | None]
    slack_channel_name: Mapped[str | None]
    status: Mapped[str]
    held_for: Mapped[str | None]
    due_at: Mapped[datetime]
    """When it is to leave, or is tried again; while it is being sent, when whoever sends it counts as dead."""
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    reference: Mapped[str | None]
    """The message's own name where it went: Slack's `ts`, the webhook's `webhook-id`, WhatsApp's `wamid`."""
    parcel_id: Mapped[UUID | None]
    """What goes along with a message in WhatsApp and comes back with what became of it; one for all that it tells."""
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    """When it reached the person's device: known of WhatsApp alone."""
    read_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
