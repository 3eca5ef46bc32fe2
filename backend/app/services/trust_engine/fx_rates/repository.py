from datetime import datetime

from sqlalchemy import select

from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.trust_engine.fx_rates import FxRate


class FxRateRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def newest(self, base: str, quote: str, *, at: datetime) -> FxRate | None:
        """The last one known of by then; of one moment, the one that was recorded last."""
        statement = (
            select(FxRate)
            .where(FxRate.base == base, FxRate.quote == quote, FxRate.as_of <= at)
            .order_by(FxRate.as_of.desc(), FxRate.id.desc())
            .limit(1)
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def listed(
        self, *, base: str | None, quote: str | None, cursor: str | None, limit: int
    ) -> tuple[list[FxRate], str | None]:
        statement = select(FxRate)
        if base:
            statement = statement.where(FxRate.base == base)
        if quote:
            statement = statement.where(FxRate.quote == quote)
        rows, following = await newest_first(
            self._session, statement, at=FxRate.as_of, id=FxRate.id, cursor=cursor, limit=limit
        )
        return list(rows), following

    def add(self, rate: FxRate) -> None:
        self._session.add(rate)
