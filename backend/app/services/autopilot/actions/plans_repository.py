from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction, AutopilotPlan


class PlanRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def add(self, plan: AutopilotPlan) -> None:
        self._session.add(plan)
        await self._session.flush()

    async def by_key(self, idempotency_key: str) -> AutopilotPlan | None:
        statement = select(AutopilotPlan).where(AutopilotPlan.idempotency_key == idempotency_key)
        return (await self._session.scalars(statement)).one_or_none()

    async def cutting(self) -> Sequence[UUID]:
        """Plans whose raises are still to come, oldest first."""
        statement = (
            select(AutopilotPlan.id)
            .where(AutopilotPlan.state == "cutting")
            .order_by(AutopilotPlan.made_at, AutopilotPlan.id)
        )
        return (await self._session.scalars(statement)).all()

    async def unless_in_hand(self, plan_id: UUID) -> AutopilotPlan | None:
        """Locked, where its raises are still to come; what another worker has in hand is left to it."""
        statement = (
            select(AutopilotPlan)
            .where(AutopilotPlan.id == plan_id, AutopilotPlan.state == "cutting")
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        return (await self._session.scalars(statement)).one_or_none()

    async def by_itself(self, strategy: str, *, since: datetime) -> Sequence[AutopilotPlan]:
        """Locked: the strategy's plans that no person said yes to, and that have not ended, or not long ago."""
        statement = (
            select(AutopilotPlan)
            .where(
                AutopilotPlan.strategy == strategy,
                AutopilotPlan.approved_by.is_(None),
                or_(AutopilotPlan.state == "cutting", AutopilotPlan.ended_at >= since),
            )
            .order_by(AutopilotPlan.made_at, AutopilotPlan.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.scalars(statement)).all()

    async def actions_of(self, plan_id: UUID) -> Sequence[AutopilotAction]:
        """In the order of their proposal."""
        statement = (
            select(AutopilotAction)
            .where(AutopilotAction.plan_id == plan_id)
            .order_by(AutopilotAction.proposed_at, AutopilotAction.id)
        )
        return (await self._session.scalars(statement)).all()
