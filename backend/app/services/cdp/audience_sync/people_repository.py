from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from app.db.session import TenantScope
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile

_TYPES = ("email", "phone", "user_id")


class PeopleRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def profiles(self, ids: Sequence[UUID]) -> Sequence[CdpProfile]:
        statement = select(CdpProfile).where(CdpProfile.tenant_id == self._tenant_id, CdpProfile.id.in_(ids))
        return (await self._session.scalars(statement.execution_options(populate_existing=True))).all()

    async def identifiers(self, ids: Sequence[UUID]) -> dict[UUID, list[CdpIdentifier]]:
        """Of what platforms know people by; the one that was seen first stands first."""
        statement = (
            select(CdpIdentifier)
            .where(
                CdpIdentifier.tenant_id == self._tenant_id,
                CdpIdentifier.profile_id.in_(ids),
                CdpIdentifier.type.in_(_TYPES),
            )
            .order_by(CdpIdentifier.first_seen_at, CdpIdentifier.key)
        )
        found: dict[UUID, list[CdpIdentifier]] = {}
        for each in await self._session.scalars(statement):
            found.setdefault(each.profile_id, []).append(each)
        return found

    def forget(self) -> None:
        """Let go of what was read: pages of a large audience must not add up."""
        self._session.expunge_all()
