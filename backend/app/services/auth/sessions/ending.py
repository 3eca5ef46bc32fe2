"""Ending sessions, one or all of a person's."""

from uuid import UUID

from app.core.clock import real_now
from app.core.logging import get_logger
from app.db.session import GlobalSession, TenantScope
from app.models.auth.sessions import UserSession
from app.services.audit_logs.service import AuditLog
from app.services.auth.sessions.repository import SessionRepository

log = get_logger(__name__)


async def end_sessions(
    session: GlobalSession, user_id: UUID, reason: str, *, tenant_id: int | None = None
) -> int:
    """End all of a person's sessions, or those in one tenant; access tokens die with them within seconds."""
    return len(await SessionRepository(session).revoke_all(user_id, real_now(), reason, tenant_id=tenant_id))


async def end_session(scope: TenantScope, row: UserSession, reason: str) -> None:
    row.revoked_at, row.revoked_reason = real_now(), reason
    await AuditLog(scope).record(
        "auth.session_ended", entity="auth.sessions", entity_id=row.id, after={"reason": reason}
    )
    log.info("auth.session_ended", session_id=str(row.id), reason=reason)
