"""The catalogue of every table: Alembic and the row-level-security audit read it."""

from app.db.base import Base
from app.db.outbox import OutboxMessage
from app.models.api_keys import ApiKey
from app.models.audit_logs import AuditLogEntry
from app.models.auth.passwords import OneTimeToken
from app.models.auth.sessions import UserSession
from app.models.invitations import Invitation
from app.models.tenants import Membership, Tenant
from app.models.users import User

__all__ = [
    "ApiKey",
    "AuditLogEntry",
    "Base",
    "Invitation",
    "Membership",
    "OneTimeToken",
    "OutboxMessage",
    "Tenant",
    "User",
    "UserSession",
]
