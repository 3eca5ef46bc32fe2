"""A tenant's members."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.auth.permissions import RANK, Role, programs_part_of
from app.auth.principals import Principal
from app.core.clock import real_now
from app.db.session import TenantScope
from app.db.utils import Slice
from app.services.audit_logs.service import AuditLog
from app.services.auth.sessions.service import end_sessions
from app.services.users.errors import LastAdmin, MemberNotFound, MemberProtected, RoleAboveOwn
from app.services.users.member import Member
from app.services.users.repository import MemberRepository


class Members:
    """Who belongs to the scope's tenant."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._members = MemberRepository(scope)

    async def join(self, user_id: UUID, role: Role) -> bool:
        """False where the person is a member already."""
        return await self._members.insert_if_new(user_id, role)

    async def has_email(self, email: str) -> bool:
        return await self._members.has_email(email)


class MemberService:
    """Changing members, within what the caller's own role allows."""

    def __init__(self, scope: TenantScope, principal: Principal) -> None:
        self._scope = scope
        self._principal = principal
        self._members = MemberRepository(scope)

    async def page(
        self, *, q: str | None, role: Role | None, sort: str, page: int, limit: int
    ) -> Slice[Member]:
        return await self._members.page(q=q, role=role, sort=sort, page=page, limit=limit)

    async def change(self, user_id: UUID, *, role: Role | None, is_active: bool | None) -> Member:
        """Give another role, or switch the membership off or on; what ends their access ends their sessions here."""
        member = await self._for_change(user_id)
        before = {"role": member.role, "is_active": member.is_active}
        membership = member.membership
        if role is not None:
            demand_within(self._principal, role)
            membership.role = role
        if is_active is not None and is_active != membership.is_active:
            membership.is_active = is_active
            membership.deactivated_at = None if is_active else real_now()
        after = {"role": member.role, "is_active": member.is_active}
        if before == after:
            return member
        await self._demand_an_admin()
        if not membership.is_active:
            await self._end_sessions(user_id, "deactivated")
        await self._record("users.changed", user_id, before=before, after=after)
        return member

    async def remove(self, user_id: UUID) -> None:
        member = await self._for_change(user_id)
        await self._members.delete(member.membership)
        await self._demand_an_admin()
        await self._end_sessions(user_id, "removed")
        await self._record("users.removed", user_id, before={"role": member.role, "email": member.email})

    async def _for_change(self, user_id: UUID) -> Member:
        # The admins first, always in one order: two that demote each other at once must not both succeed.
        await self._members.lock_admins()
        member = await self._members.for_update(user_id)
        if member is None:
            raise MemberNotFound
        if member.is_protected and self._principal.role is not Role.SUPERADMIN:
            raise MemberProtected
        demand_within(self._principal, Role(member.role))
        return member

    async def _end_sessions(self, user_id: UUID, reason: str) -> None:
        await end_sessions(self._scope.session, user_id, reason, tenant_id=self._scope.tenant_id)

    async def _demand_an_admin(self) -> None:
        if not await self._members.has_an_admin():
            raise LastAdmin

    async def _record(self, action: str, user_id: UUID, **states: Mapping[str, Any]) -> None:
        await AuditLog(self._scope).record(action, entity="users", entity_id=user_id, **states)


def demand_within(principal: Principal, given: Role) -> None:
    """Nobody gives, takes or changes a role above their own; an API key none that may do more than the key."""
    if RANK[given] > RANK[principal.role]:
        raise RoleAboveOwn(own=principal.role, given=given)
    if principal.api_key_id is not None and not programs_part_of(given) <= principal.permissions:
        raise RoleAboveOwn(given=given, api_key_id=str(principal.api_key_id))
