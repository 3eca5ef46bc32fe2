"""A person as a tenant knows them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.models.tenants import Membership
from app.models.users import User


@dataclass(frozen=True, slots=True)
class Member:
    """A person as a tenant knows them; `id` is the person's."""

    user: User
    membership: Membership

    @property
    def id(self) -> UUID:
        return self.user.id

    @property
    def email(self) -> str:
        return self.user.email

    @property
    def full_name(self) -> str:
        return self.user.full_name

    @property
    def role(self) -> str:
        return self.membership.role

    @property
    def is_active(self) -> bool:
        return self.membership.is_active

    @property
    def is_protected(self) -> bool:
        return self.user.is_protected

    @property
    def mfa_enabled(self) -> bool:
        return self.user.mfa_enabled

    @property
    def last_login_at(self) -> datetime | None:
        return self.user.last_login_at

    @property
    def joined_at(self) -> datetime:
        return self.membership.created_at
