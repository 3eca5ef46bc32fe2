from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from app.db.session import TenantScope
from app.db.utils import Slice, in_order, paginate
from app.models.cdp.retention import CdpRetentionReport
from app.services.cdp.retention.errors import NameTaken

_SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "name": CdpRetentionReport.name,
    "created_at": CdpRetentionReport.created_at,
    "updated_at": CdpRetentionReport.updated_at,
}
_UNIQUE = "uq_cdp_retention_reports_name"


class RetentionRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def add(self, report: CdpRetentionReport) -> None:
        self._session.add(report)
        await self.save()

    async def save(self) -> None:
        """`NameTaken` where another report has the name."""
        try:
            await self._session.flush()
        except IntegrityError as error:
            if _UNIQUE in str(error.orig):
                raise NameTaken from error
            raise

    async def remove(self, report: CdpRetentionReport) -> None:
        await self._session.delete(report)

    async def page(
        self, *, page: int, limit: int, sort: str, search: str | None
    ) -> Slice[CdpRetentionReport]:
        statement = in_order(select(CdpRetentionReport), sort, _SORTS, then=CdpRetentionReport.id)
        if search:
            statement = statement.where(CdpRetentionReport.name.icontains(search, autoescape=True))
        return await paginate(self._session, statement, page=page, limit=limit)

    async def find(self, report_id: UUID) -> CdpRetentionReport | None:
        found: CdpRetentionReport | None = await self._session.scalar(
            select(CdpRetentionReport).where(CdpRetentionReport.id == report_id)
        )
        return found

    async def for_update(self, report_id: UUID) -> CdpRetentionReport | None:
        found: CdpRetentionReport | None = await self._session.scalar(
            select(CdpRetentionReport).where(CdpRetentionReport.id == report_id).with_for_update()
        )
        return found
