"""People. A person is global and may belong to many tenants; `memberships` says which."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.ids import uuid7
from app.db.base import Base, CreatedAt
from app.db.sealed import sealed_for


class User(CreatedAt, Base):
    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    email: Mapped[str]
    full_name: Mapped[str]
    password_hash: Mapped[str]
    password_changed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    email_verified_at: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    is_superadmin: Mapped[bool] = mapped_column(server_default=text("false"))
    is_protected: Mapped[bool] = mapped_column(server_default=text("false"))
    failed_logins: Mapped[int] = mapped_column(server_default=text("0"))
    last_failed_login_at: Mapped[datetime | None]
    locked_until: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    mfa_secret: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed_for("users.mfa_secret|{id}"))
    mfa_enabled_at: Mapped[datetime | None]
    mfa_last_step: Mapped[int | None]
    mfa_backup_hashes: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary), server_default=text("'{}'"))

    @property
    def mfa_enabled(self) -> bool:
        return self.mfa_enabled_at is not None


Index("uq_users_email_lower", func.lower(User.email), unique=True)
