"""Who may go on listening to live streams, asked for all of a tenant's listeners at once."""

from collections.abc import Hashable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.principals import Principal
from app.core.clock import real_now
from app.db.session import open_scope
from app.models.api_keys import ApiKey
from app.models.auth.sessions import UserSession
from app.models.tenants import Membership, Tenant
from app.models.users import User


@dataclass(frozen=True, slots=True)
class Listener:
    """A person under one sign-in, or under one API key."""

    user_id: UUID
    session_id: UUID | None
    api_key_id: UUID | None


def listener_of(principal: Principal) -> Listener:
    return Listener(principal.user_id, principal.session_id, principal.api_key_id)


async def still_valid(engine: AsyncEngine, tenant_id: int, listeners: set[Hashable]) -> set[Hashable]:
    """Those whose account, membership, tenant and session or key are all live; a superadmin needs no membership."""
    asked = [each for each in listeners if isinstance(each, Listener)]
    now = real_now()
    members = (
        select(User.id)
        .join(Tenant, Tenant.id == tenant_id)
        .outerjoin(Membership, (Membership.user_id == User.id) & (Membership.tenant_id == Tenant.id))
        .where(
            User.id.in_({each.user_id for each in asked}),
            User.is_active,
            or_(Membership.is_active, User.is_superadmin),
            Tenant.is_active,
        )
    )
    sessions = select(UserSession.id).where(
        UserSession.id.in_({each.session_id for each in asked if each.session_id}),
        UserSession.tenant_id == tenant_id,
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > now,
    )
    keys = select(ApiKey.id).where(
        ApiKey.id.in_({each.api_key_id for each in asked if each.api_key_id}),
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now),
    )
    async with open_scope(engine, tenant_id) as scope:
        people = set(await scope.session.scalars(members))
        credentials = {*await scope.session.scalars(sessions), *await scope.session.scalars(keys)}
    return {
        each
        for each in asked
        if each.user_id in people and (each.session_id or each.api_key_id) in credentials
    }
