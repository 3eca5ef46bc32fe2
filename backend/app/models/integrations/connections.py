"""Connections to a platform: a sealed token and what it may do."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantOwned
from app.db.sealed import sealed_for


class Connection(TenantOwned, CreatedAt, Base):
    """One signed-in account of a platform; times are real, since tokens live in real time."""

    __tablename__ = "connections"
    __table_args__ = (
        Index(
            "uq_connections_live",
            "tenant_id",
            "platform",
            "external_user_id",
            unique=True,
            postgresql_where=text("status <> 'disconnected'"),
        ),
    )

    platform: Mapped[str]
    status: Mapped[str]
    external_user_id: Mapped[str]
    external_user_name: Mapped[str | None]
    app_id: Mapped[str | None]
    """The platform's app that the token belongs to: edits through another one are foreign."""
    host: Mapped[str | None]
    """Where this account answers, at a platform that has a host for each: Salesforce's `instance_url`."""
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    read_only: Mapped[bool] = mapped_column(server_default=text("true"))
    pasted: Mapped[bool] = mapped_column(server_default=text("false"))
    """The token was made by a person at the platform: it is theirs, and is never revoked there by us."""
    token_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed_for("integrations.token"))
    refresh_token_sealed: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sealed_for("integrations.refresh_token")
    )
    expires_at: Mapped[datetime | None]
    refresh_claimed_until: Mapped[datetime | None]
    """Somebody exchanges the token, or tried in vain: nobody else does before."""
    refreshed_at: Mapped[datetime | None]
    last_error_code: Mapped[str | None]
    last_error_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    disconnected_at: Mapped[datetime | None]


class SignInAttempt(TenantOwned, CreatedAt, Base):
    """A sign-in at a platform that was begun: used once, soon, and from the browser that began it."""

    __tablename__ = "sign_in_attempts"

    platform: Mapped[str]
    read_only: Mapped[bool]
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    started_by: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
