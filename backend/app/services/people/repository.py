from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.db.session import GlobalSession
from app.models.users import User
from app.services.people.tenants import TenantOfPerson

_NEW = (
    "id",
    "email",
    "full_name",
    "password_hash",
    "email_verified_at",
    "is_superadmin",
    "is_protected",
)
_TENANTS = text("select tenant_id, tenant_name, role from memberships_of(:person)")


class PeopleRepository:
    def __init__(self, session: GlobalSession) -> None:
        self._session = session

    async def get(self, user_id: UUID) -> User | None:
        return await self._session.get(User, user_id)

    async def by_email(self, email: str) -> User | None:
        found: User | None = await self._session.scalar(
            select(User).where(func.lower(User.email) == email.lower())
        )
        return found

    async def for_update(self, user_id: UUID) -> User | None:
        found: User | None = await self._session.scalar(
            select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
        )
        return found

    async def tenants(self, user_id: UUID) -> Sequence[TenantOfPerson]:
        rows = await self._session.execute(_TENANTS, {"person": user_id})
        return [TenantOfPerson(row.tenant_id, row.tenant_name, row.role) for row in rows]

    async def insert_if_new(self, user: User) -> bool:
        """False when the address is taken; two at once never both win."""
        values = {name: getattr(user, name) for name in _NEW}
        made = await self._session.scalar(
            insert(User).values(**values).on_conflict_do_nothing().returning(User.id)
        )
        return made is not None
