"""People, who are global: one person may belong to many tenants."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.auth.permissions import Role
from app.core.context import Actor, ActorKind
from app.core.ids import uuid7
from app.db.session import GlobalSession
from app.models.users import User
from app.services.people.repository import PeopleRepository
from app.services.people.tenants import TenantOfPerson

__all__ = ["People", "TenantOfPerson", "actor_of"]


def actor_of(user: User) -> Actor:
    kind = ActorKind.SUPERADMIN if user.is_superadmin else ActorKind.USER
    return Actor(kind, user.email, user.id)


class People:
    """Works in any transaction: `users` belongs to no tenant."""

    def __init__(self, session: GlobalSession) -> None:
        self._people = PeopleRepository(session)

    async def find(self, user_id: UUID) -> User | None:
        return await self._people.get(user_id)

    async def by_email(self, email: str) -> User | None:
        return await self._people.by_email(email)

    async def lock(self, user_id: UUID) -> User | None:
        """The person's row as it is now, held until the transaction ends."""
        return await self._people.for_update(user_id)

    async def tenants(self, user: User) -> Sequence[TenantOfPerson]:
        """The live tenants that the person is an active member of, the oldest membership first."""
        found = await self._people.tenants(user.id)
        if not user.is_superadmin:
            return found
        return [TenantOfPerson(each.id, each.name, Role.SUPERADMIN) for each in found]

    async def home(self, user: User) -> int | None:
        """A tenant to write from to a person of whom nothing else is known: that of the oldest membership."""
        found = await self._people.tenants(user.id)
        return found[0].id if found else None

    async def create(
        self,
        *,
        email: str,
        full_name: str,
        password_hash: str,
        verified_at: datetime | None = None,
        is_superadmin: bool = False,
        is_protected: bool = False,
    ) -> User | None:
        """The new person, or None when the address is taken."""
        user = User(
            id=uuid7(),
            email=email.lower(),
            full_name=full_name,
            password_hash=password_hash,
            email_verified_at=verified_at,
            is_superadmin=is_superadmin,
            is_protected=is_protected,
        )
        return await self._people.get(user.id) if await self._people.insert_if_new(user) else None

    @staticmethod
    def set_password(user: User, password_hash: str, now: datetime) -> None:
        user.password_hash = password_hash
        user.password_changed_at = now
        user.failed_logins, user.locked_until = 0, None
