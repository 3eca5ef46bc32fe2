from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from app.db.session import TenantScope
from app.db.utils import Slice, in_order, paginate
from app.models.cdp.funnels import CdpFunnel
from app.services.cdp.funnels.errors import NameTaken

_SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "name": CdpFunnel.name,
    "created_at": CdpFunnel.created_at,
    "updated_at": CdpFunnel.updated_at,
}
_UNIQUE = "uq_cdp_funnels_name"


class FunnelRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def add(self, funnel: CdpFunnel) -> None:
        self._session.add(funnel)
        await self.save()

    async def save(self) -> None:
        """`NameTaken` where another funnel has the name."""
        try:
            await self._session.flush()
        except IntegrityError as error:
            if _UNIQUE in str(error.orig):
                raise NameTaken from error
            raise

    async def remove(self, funnel: CdpFunnel) -> None:
        await self._session.delete(funnel)

    async def page(self, *, page: int, limit: int, sort: str, search: str | None) -> Slice[CdpFunnel]:
        statement = in_order(select(CdpFunnel), sort, _SORTS, then=CdpFunnel.id)
        if search:
            statement = statement.where(CdpFunnel.name.icontains(search, autoescape=True))
        return await paginate(self._session, statement, page=page, limit=limit)

    async def find(self, funnel_id: UUID) -> CdpFunnel | None:
        found: CdpFunnel | None = await self._session.scalar(
            select(CdpFunnel).where(CdpFunnel.id == funnel_id)
        )
        return found

    async def for_update(self, funnel_id: UUID) -> CdpFunnel | None:
        found: CdpFunnel | None = await self._session.scalar(
            select(CdpFunnel).where(CdpFunnel.id == funnel_id).with_for_update()
        )
        return found
