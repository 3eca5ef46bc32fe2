"""WhatsApp: a company's number, its templates, whom it may write to, and the receipts of that."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantKeyed, TenantOwned
from app.db.sealed import sealed_for


class WhatsAppAccount(TenantOwned, CreatedAt, Base):
    """A company's one number in the Cloud API. Its webhook's address bears this row's id. Times are real."""

    __tablename__ = "whatsapp_accounts"
    __table_args__ = (UniqueConstraint("tenant_id"),)

    phone_number_id: Mapped[str]
    waba_id: Mapped[str]
    display_number: Mapped[str]
    verified_name: Mapped[str]
    quality: Mapped[str | None]
    token_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_for("notifications.whatsapp_token"))
    secret_sealed: Mapped[bytes] = mapped_column(
        LargeBinary, info=sealed_for("notifications.whatsapp_secret")
    )
    """The app's secret, which signs what its webhook is told."""
    verify_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the word that Meta repeats when the webhook is set up."""
    webhook_verified_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    """When the webhook last told something that was signed."""
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    last_error: Mapped[str | None]
    last_error_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class WhatsAppTemplate(TenantOwned, CreatedAt, Base):
    """One of our templates, as Meta last judged it."""

    __tablename__ = "whatsapp_templates"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    name: Mapped[str]
    status: Mapped[str]
    category: Mapped[str | None]
    reason: Mapped[str | None]
    """Meta's word for why it was rejected."""
    checked_at: Mapped[datetime]


class WhatsAppPerson(TenantOwned, CreatedAt, Base):
    """A member's number, and whether they wish to be written to there."""

    __tablename__ = "whatsapp_people"
    __table_args__ = (
        UniqueConstraint("tenant_id", "user_id"),
        Index(
            "ix_whatsapp_people_line",
            "tenant_id",
            "wa_id",
            unique=True,
            postgresql_where=text("state = 'confirmed'"),
        ),
        Index("ix_whatsapp_people_number", "tenant_id", "number"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    number: Mapped[str]
    """E.164, as it was given."""
    wa_id: Mapped[str | None]
    """The digits by which WhatsApp knows the number, once it has written."""
    state: Mapped[str]
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_until: Mapped[datetime | None]
    """Real time."""
    wording: Mapped[str]
    """The version of the words that were agreed to."""
    confirmed_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    wrote_at: Mapped[datetime | None]
    """When the person last wrote, by WhatsApp's time: for a day from then free text is taken."""
    falls_back: Mapped[bool] = mapped_column(server_default=text("true"))
    """What WhatsApp cannot bring comes by mail."""
    last_error: Mapped[str | None]
    """Why the last message did not reach this number."""
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class WhatsAppConsent(TenantOwned, CreatedAt, Base):
    """A receipt: who agreed, or no longer does, when (the domain's time), how, and to which words."""

    __tablename__ = "whatsapp_consents"
    __table_args__ = (Index("ix_whatsapp_consents_newest", "tenant_id", "user_id", "at", "id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    number: Mapped[str]
    act: Mapped[str]
    way: Mapped[str]
    wording: Mapped[str]
    message_id: Mapped[str | None]
    """WhatsApp's name of the message that said so."""
    at: Mapped[datetime]


class WhatsAppHeard(TenantKeyed, Base):
    """A message of a person that was taken, kept to know it again. Times are real; kept for thirty days."""

    __tablename__ = "whatsapp_heard"
    __table_args__ = (Index("ix_whatsapp_heard_age", "tenant_id", "received_at"),)

    message_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]
