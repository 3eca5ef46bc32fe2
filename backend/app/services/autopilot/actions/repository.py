from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.autopilot.actions import AutopilotAction, AutopilotActionEvent
from app.services.autopilot.actions.writes_repository import edited_since, was_written, write_began

_ANSWERED_WITHIN = timedelta(days=2)
"""Longer than an action waits for an answer."""


class ActionRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(self, row: AutopilotAction | AutopilotActionEvent) -> None:
        self._session.add(row)

    async def flush(self) -> None:
        await self._session.flush()

    async def find(self, action_id: UUID) -> AutopilotAction | None:
        return (
            await self._session.scalars(select(AutopilotAction).where(AutopilotAction.id == action_id))
        ).one_or_none()

    async def for_update(self, action_id: UUID) -> AutopilotAction | None:
        return (
            await self._session.scalars(
                select(AutopilotAction)
                .where(AutopilotAction.id == action_id)
                .with_for_update()
                .execution_options(populate_existing=True)
            )
        ).one_or_none()

    async def by_key(self, idempotency_key: str) -> AutopilotAction | None:
        return (
            await self._session.scalars(
                select(AutopilotAction).where(AutopilotAction.idempotency_key == idempotency_key)
            )
        ).one_or_none()

    async def lock_key(self, tenant_id: int, idempotency_key: str) -> None:
        """Proposals of one key wait for each other, so that they end in one row."""
        await self._session.execute(
            select(func.pg_advisory_xact_lock(tenant_id, func.hashtext(idempotency_key)))
        )

    async def listed(
        self, *, states: Collection[str], campaign_id: UUID | None, cursor: str | None, limit: int
    ) -> tuple[list[AutopilotAction], str | None]:
        statement = select(AutopilotAction)
        if states:
            statement = statement.where(AutopilotAction.state.in_(states))
        if campaign_id:
            statement = statement.where(AutopilotAction.campaign_id == campaign_id)
        rows, following = await newest_first(
            self._session,
            statement,
            at=AutopilotAction.proposed_at,
            id=AutopilotAction.id,
            cursor=cursor,
            limit=limit,
        )
        return list(rows), following

    async def events(self, action_id: UUID) -> list[AutopilotActionEvent]:
        statement = (
            select(AutopilotActionEvent)
            .where(AutopilotActionEvent.action_id == action_id)
            .order_by(AutopilotActionEvent.created_at, AutopilotActionEvent.id)
        )
        return list((await self._session.scalars(statement)).all())

    async def in_state(self, states: Collection[str]) -> list[AutopilotAction]:
        statement = select(AutopilotAction).where(AutopilotAction.state.in_(states))
        return list(
            (
                await self._session.scalars(
                    statement.order_by(AutopilotAction.proposed_at, AutopilotAction.id)
                )
            ).all()
        )

    async def open_for(
        self, ad_account_id: UUID, entity: str, states: Collection[str]
    ) -> list[AutopilotAction]:
        statement = select(AutopilotAction).where(
            AutopilotAction.ad_account_id == ad_account_id,
            AutopilotAction.entity == entity,
            AutopilotAction.state.in_(states),
        )
        return list((await self._session.scalars(statement)).all())

    async def standing_pauses(self, since: datetime) -> list[AutopilotAction]:
        """Our pauses since then that are the last word on a status, ours or others', one for each entity."""
        action = AutopilotAction
        edited = edited_since(action, write_began(action))
        newest = (
            select(action, (edited | ~was_written(action)).label("others"))
            .where(action.operation == "set_status", action.applied_at >= since)
            .ext(distinct_on(action.ad_account_id, action.entity))
            .order_by(action.ad_account_id, action.entity, action.applied_at.desc(), action.id.desc())
        )
        return [
            each
            for each, others in await self._session.execute(newest)
            if each.after.get("status") == "paused" and not others
        ]

    async def dismissed(self, strategy: str, since: datetime) -> list[AutopilotAction]:
        action = AutopilotAction
        statement = select(action).where(
            action.strategy == strategy,
            action.state == "dismissed",
            action.ended_at >= since,
            action.proposed_at >= since - _ANSWERED_WITHIN,
        )
        return list((await self._session.scalars(statement)).all())

    async def of_strategy(self, strategy: str, states: Collection[str], since: datetime) -> list[UUID]:
        action = AutopilotAction
        statement = select(action.id).where(
            action.strategy == strategy, action.proposed_at >= since, action.state.in_(states)
        )
        return list((await self._session.scalars(statement.order_by(action.id))).all())

    async def last_of(self, strategy: str, states: Collection[str], since: datetime) -> dict[UUID, datetime]:
        """When the strategy's newest action in one of these states was proposed, by account."""
        statement = (
            select(AutopilotAction.ad_account_id, func.max(AutopilotAction.proposed_at))
            .where(
                AutopilotAction.strategy == strategy,
                AutopilotAction.proposed_at >= since,
                AutopilotAction.state.in_(states),
            )
            .group_by(AutopilotAction.ad_account_id)
        )
        return dict((await self._session.execute(statement)).all())

    async def watched(self, now: datetime) -> list[AutopilotAction]:
        """Verified changes that are still being watched."""
        statement = select(AutopilotAction).where(
            AutopilotAction.state == "verified", AutopilotAction.watch_until > now
        )
        return list((await self._session.scalars(statement)).all())
