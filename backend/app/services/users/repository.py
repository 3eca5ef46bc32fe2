from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import Slice, in_order, paginate
from app.models.tenants import Membership
from app.models.users import User
from app.services.users.member import Member

_SORTS: Mapping[str, ColumnElement[Any] | InstrumentedAttribute[Any]] = {
    "name": func.lower(User.full_name),
    "email": User.email,
    "role": Membership.role,
    "joined_at": Membership.created_at,
    "last_login_at": User.last_login_at,
}


class MemberRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def page(
        self, *, q: str | None, role: Role | None, sort: str, page: int, limit: int
    ) -> Slice[Member]:
        members_of = select(Membership).join(User, User.id == Membership.user_id)
        statement = in_order(members_of, sort, _SORTS, then=Membership.id)
        if q:
            statement = statement.where(
                or_(User.email.icontains(q, autoescape=True), User.full_name.icontains(q, autoescape=True))
            )
        if role is not None:
            statement = statement.where(Membership.role == role)
        found = await paginate(self._session, statement, page=page, limit=limit)
        people = await self._session.scalars(
            select(User).where(User.id.in_([each.user_id for each in found.items]))
        )
        by_id = {user.id: user for user in people}
        members = [Member(by_id[each.user_id], each) for each in found.items]
        return Slice(members, found.total, found.total_capped, page, limit)

    async def for_update(self, user_id: UUID) -> Member | None:
        row = (
            await self._session.execute(
                select(User, Membership)
                .join(Membership, Membership.user_id == User.id)
                .where(User.id == user_id)
                .with_for_update(of=Membership)
                .execution_options(populate_existing=True)
            )
        ).one_or_none()
        return Member(row[0], row[1]) if row else None

    async def lock_admins(self) -> None:
        await self._session.scalars(
            select(Membership.id)
            .where(Membership.role == Role.ADMIN)
            .order_by(Membership.id)
            .with_for_update()
        )

    async def has_an_admin(self) -> bool:
        found = await self._session.scalar(
            select(Membership.id)
            .join(User, User.id == Membership.user_id)
            .where(Membership.role == Role.ADMIN, Membership.is_active, User.is_active)
            .limit(1)
        )
        return found is not None

    async def insert_if_new(self, user_id: UUID, role: Role) -> bool:
        made = await self._session.scalar(
            insert(Membership)
            .values(tenant_id=self._tenant_id, id=uuid7(), user_id=user_id, role=role)
            .on_conflict_do_nothing(index_elements=["tenant_id", "user_id"])
            .returning(Membership.id)
        )
        return made is not None

    async def has_email(self, email: str) -> bool:
        found = await self._session.scalar(
            select(Membership.id)
            .join(User, User.id == Membership.user_id)
            .where(func.lower(User.email) == email.lower())
        )
        return found is not None

    async def delete(self, membership: Membership) -> None:
        await self._session.delete(membership)
        await self._session.flush()
