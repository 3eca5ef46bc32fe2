from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.autopilot.recommendations import AutopilotRecommendation


class RecommendationRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    def add(self, row: AutopilotRecommendation) -> None:
        self._session.add(row)

    async def lock(self) -> None:
        """Two refreshments wait for each other, so that of one key one is open."""
        await self._session.execute(
            select(func.pg_advisory_xact_lock(self._tenant_id, func.hashtext("autopilot.recommendations")))
        )

    async def find(self, recommendation_id: UUID) -> AutopilotRecommendation | None:
        statement = select(AutopilotRecommendation).where(AutopilotRecommendation.id == recommendation_id)
        return (await self._session.scalars(statement)).one_or_none()

    async def for_update(self, recommendation_id: UUID) -> AutopilotRecommendation | None:
        statement = (
            select(AutopilotRecommendation)
            .where(AutopilotRecommendation.id == recommendation_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def open(self) -> Sequence[AutopilotRecommendation]:
        statement = (
            select(AutopilotRecommendation)
            .where(AutopilotRecommendation.state == "open")
            .order_by(AutopilotRecommendation.id)
            .with_for_update()
        )
        return (await self._session.scalars(statement)).all()

    async def dismissed_since(self, since: datetime) -> frozenset[str]:
        """The keys that somebody said no to."""
        row = AutopilotRecommendation
        statement = select(row.key).where(row.state == "dismissed", row.ended_at >= since)
        return frozenset(await self._session.scalars(statement))

    async def listed(
        self, *, states: Collection[str], cursor: str | None, limit: int
    ) -> tuple[list[AutopilotRecommendation], str | None]:
        statement = select(AutopilotRecommendation)
        if states:
            statement = statement.where(AutopilotRecommendation.state.in_(states))
        rows, following = await newest_first(
            self._session,
            statement,
            at=AutopilotRecommendation.made_at,
            id=AutopilotRecommendation.id,
            cursor=cursor,
            limit=limit,
        )
        return list(rows), following
