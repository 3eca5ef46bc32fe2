"""The sessions of a person who is signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.auth.principals import Principal
from app.core.clock import real_now
from app.core.config import Settings
from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.auth.sessions import UserSession
from app.models.tenants import Tenant
from app.models.users import User
from app.services.auth.sessions.ending import end_session
from app.services.auth.sessions.errors import SessionEnded, SessionNotFound
from app.services.auth.sessions.repository import SessionRepository
from app.services.people.service import People, TenantOfPerson


@dataclass(frozen=True, slots=True)
class Me:
    user: User
    tenant: Tenant
    tenants: Sequence[TenantOfPerson]


class OwnSessions:
    """A signed-in person's own sessions, in every tenant of theirs."""

    def __init__(self, scope: TenantScope, principal: Principal, settings: Settings) -> None:
        self._scope = scope
        self._principal = principal
        self._settings = settings
        self._sessions = SessionRepository(scope.session)

    async def me(self) -> Me:
        people = People(self._scope.session)
        user = await people.find(self._principal.user_id)
        tenant = await self._sessions.tenant(self._scope.tenant_id)
        if user is None or tenant is None:
            raise SessionEnded
        return Me(user, tenant, await people.tenants(user))

    async def page(self, *, page: int, limit: int, sort: str) -> Slice[UserSession]:
        now = real_now()
        idle_since = now - timedelta(days=self._settings.refresh_idle_days)
        return await self._sessions.live(
            self._principal.user_id, now, idle_since=idle_since, page=page, limit=limit, sort=sort
        )

    async def revoke(self, session_id: UUID) -> None:
        row = await self._sessions.for_update(session_id)
        if row is None or row.user_id != self._principal.user_id or row.revoked_at is not None:
            raise SessionNotFound
        await end_session(self._scope, row, "revoked")
