from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, delete, func, select

from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.integrations.calls import PlatformCall
from app.models.integrations.kinds import CallOutcome
from app.services.integrations.ports import CallRecord

_FAULTS = (CallOutcome.TRANSIENT, CallOutcome.AMBIGUOUS, CallOutcome.AUTH, CallOutcome.PERMISSION)


@dataclass(frozen=True, slots=True)
class CallStatistics:
    calls: int
    failures: int
    """The platform's or the connection's fault; a rate limit obeyed and an input refused are none."""
    throttled: int
    p95_ms: float | None
    last_success_at: datetime | None


class CallRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(self, record: CallRecord, *, connection_id: UUID | None, ad_account_id: UUID | None) -> None:
        self._session.add(
            PlatformCall(
                started_at=record.started_at,
                platform=record.platform,
                connection_id=connection_id,
                ad_account_id=ad_account_id,
                operation=record.operation,
                method=record.method,
                path=record.path,
                mutating=record.mutating,
                permit_id=record.permit_id,
                attempt=record.attempt,
                status=record.status,
                outcome=record.outcome,
                error_code=record.error_code,
                error_message=record.error_message,
                trace=record.trace,
                duration_ms=record.duration_ms,
            )
        )

    async def newest(
        self,
        *,
        cursor: str | None,
        limit: int,
        failed: bool | None,
        ad_account_id: UUID | None,
        mutating: bool | None,
    ) -> tuple[Sequence[PlatformCall], str | None]:
        statement = select(PlatformCall)
        if failed is not None:
            is_ok = PlatformCall.outcome == CallOutcome.OK
            statement = statement.where(~is_ok if failed else is_ok)
        if ad_account_id is not None:
            statement = statement.where(PlatformCall.ad_account_id == ad_account_id)
        if mutating is not None:
            statement = statement.where(PlatformCall.mutating == mutating)
        return await newest_first(
            self._session,
            statement,
            at=PlatformCall.started_at,
            id=PlatformCall.id,
            cursor=cursor,
            limit=limit,
        )

    async def statistics(self, ad_account_id: UUID, *, since: datetime) -> CallStatistics:
        outcome = PlatformCall.outcome
        statement = select(
            func.count(),
            func.count(case((outcome.in_(_FAULTS), 1))),
            func.count(case((outcome == CallOutcome.RATE_LIMITED, 1))),
            func.percentile_cont(0.95).within_group(PlatformCall.duration_ms),
            func.max(case((outcome == CallOutcome.OK, PlatformCall.started_at))),
        ).where(PlatformCall.ad_account_id == ad_account_id, PlatformCall.started_at >= since)
        calls, failures, throttled, p95, last = (await self._session.execute(statement)).one()
        return CallStatistics(calls, failures, throttled, None if p95 is None else float(p95), last)

    async def forget_before(self, moment: datetime) -> None:
        await self._session.execute(delete(PlatformCall).where(PlatformCall.started_at < moment))
