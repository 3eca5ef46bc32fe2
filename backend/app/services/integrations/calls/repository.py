from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import case, delete, func, select, text
from sqlalchemy.dialects.postgresql import array

from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.integrations.calls import PlatformCall
from app.models.integrations.kinds import CallOutcome
from app.services.integrations.ports import CallRecord

_UNANSWERED = (CallOutcome.TRANSIENT, CallOutcome.AMBIGUOUS)
_FAULTS = (CallOutcome.TRANSIENT, CallOutcome.AMBIGUOUS, CallOutcome.AUTH, CallOutcome.PERMISSION)


@dataclass(frozen=True, slots=True)
class CallStatistics:
    calls: int
    failures: int
    """The platform's or the connection's fault; a rate limit obeyed and an input refused are none."""
    throttled: int
    p95_ms: float | None
    last_success_at: datetime | None
    failed_with: str | None
    """The code that most failures had, and how they ended."""
    failed_as: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls; what is None is not asked. `since` is included, `until` is not."""

    failed: bool | None = None
    mutating: bool | None = None
    ad_account_id: UUID | None = None
    platform: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallDay:
    """One account's calls of one day, UTC."""

    day: date
    calls: int
    unanswered: int
    """The platform failed, or no answer came."""
    failures: int
    throttled: int
    p95_ms: float | None


class CallRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(
        self,
        record: CallRecord,
        *,
        connection_id: UUID | None,
        ad_account_id: UUID | None,
        replay_of: UUID | None,
    ) -> None:
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
                asked=None if record.asked is None else dict(record.asked),
                replay_of=replay_of,
            )
        )

    async def newest(
        self, wanted: CallFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[PlatformCall], str | None]:
        statement = select(PlatformCall)
        if wanted.failed is not None:
            # Written out, so that the partial index of failures serves it.
            statement = statement.where(text("outcome <> 'ok'" if wanted.failed else "outcome = 'ok'"))
        for column, value in (
            (PlatformCall.ad_account_id, wanted.ad_account_id),
            (PlatformCall.mutating, wanted.mutating),
            (PlatformCall.platform, wanted.platform),
            (PlatformCall.outcome, wanted.outcome),
        ):
            if value is not None:
                statement = statement.where(column == value)
        if wanted.since is not None:
            statement = statement.where(PlatformCall.started_at >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(PlatformCall.started_at < wanted.until)
        return await newest_first(
            self._session,
            statement,
            at=PlatformCall.started_at,
            id=PlatformCall.id,
            cursor=cursor,
            limit=limit,
        )

    async def find(self, call_id: UUID) -> PlatformCall | None:
        found: PlatformCall | None = await self._session.scalar(
            select(PlatformCall).where(PlatformCall.id == call_id)
        )
        return found

    async def replays(self, call_id: UUID, limit: int) -> Sequence[PlatformCall]:
        """What was made of it again, newest first."""
        statement = (
            select(PlatformCall)
            .where(PlatformCall.replay_of == call_id)
            .order_by(PlatformCall.started_at.desc(), PlatformCall.id.desc())
            .limit(limit)
        )
        return (await self._session.scalars(statement)).all()

    async def by_day(self, ad_account_id: UUID, *, since: datetime) -> Sequence[CallDay]:
        """In no order; a day without calls is left out."""
        outcome = PlatformCall.outcome
        day = func.date(func.timezone("UTC", PlatformCall.started_at)).label("day")
        statement = (
            select(
                day,
                func.count(),
                func.count(case((outcome.in_(_UNANSWERED), 1))),
                func.count(case((outcome.in_(_FAULTS), 1))),
                func.count(case((outcome == CallOutcome.RATE_LIMITED, 1))),
                func.percentile_cont(0.95).within_group(PlatformCall.duration_ms),
            )
            .where(PlatformCall.ad_account_id == ad_account_id, PlatformCall.started_at >= since)
            .group_by(day)
        )
        found = await self._session.execute(statement)
        return [
            CallDay(on, calls, unanswered, failures, throttled, None if p95 is None else float(p95))
            for on, calls, unanswered, failures, throttled, p95 in found
        ]

    async def last_success(self, ad_account_id: UUID) -> datetime | None:
        """Of those that are still kept."""
        found: datetime | None = await self._session.scalar(
            select(func.max(PlatformCall.started_at)).where(
                PlatformCall.ad_account_id == ad_account_id, PlatformCall.outcome == CallOutcome.OK
            )
        )
        return found

    async def statistics(self, ad_account_id: UUID, *, since: datetime) -> CallStatistics:
        outcome = PlatformCall.outcome
        failure = array([outcome, PlatformCall.error_code])
        statement = select(
            func.count(),
            func.count(case((outcome.in_(_FAULTS), 1))),
            func.count(case((outcome == CallOutcome.RATE_LIMITED, 1))),
            func.percentile_cont(0.95).within_group(PlatformCall.duration_ms),
            func.max(case((outcome == CallOutcome.OK, PlatformCall.started_at))),
            func.mode().within_group(case((outcome.in_(_FAULTS), failure))),
        ).where(PlatformCall.ad_account_id == ad_account_id, PlatformCall.started_at >= since)
        calls, failures, throttled, p95, last, most = (await self._session.execute(statement)).one()
        failed_as, failed_with = most or (None, None)
        return CallStatistics(
            calls, failures, throttled, None if p95 is None else float(p95), last, failed_with, failed_as
        )

    async def forget_before(self, moment: datetime) -> None:
        await self._session.execute(delete(PlatformCall).where(PlatformCall.started_at < moment))
