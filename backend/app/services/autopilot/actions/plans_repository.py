from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

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

    async def cutting(self) -> Sequence[AutopilotPlan]:
        """Plans whose raises are still to come, oldest first; what another worker has in hand is left to it."""
        statement = (
            select(AutopilotPlan)
            .where(AutopilotPlan.state == "cutting")
            .order_by(AutopilotPlan.made_at, AutopilotPlan.id)
            .with_for_update(skip_locked=True)
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
