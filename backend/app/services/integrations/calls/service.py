"""The log of every call to a platform."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from app.core.clock import real_now
from app.core.logging import redact, redact_text
from app.core.metrics import PLATFORM_CALLS, PLATFORM_SECONDS
from app.db.session import Scopes, TenantScope
from app.models.integrations.calls import PlatformCall
from app.services.integrations.calls.errors import CallNotFound
from app.services.integrations.calls.repository import CallDay, CallFilter, CallRepository, CallStatistics
from app.services.integrations.ports import CallLog, CallRecord

_KEPT = timedelta(days=30)
_LONGEST_MESSAGE = 500
_LONGEST_ASKED = 8_000
"""Characters of JSON."""

__all__ = ["CallDay", "CallFilter", "CallService", "CallStatistics", "call_log"]


class CallService:
    def __init__(self, scope: TenantScope) -> None:
        self._calls = CallRepository(scope)

    async def newest(
        self, wanted: CallFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[PlatformCall], str | None]:
        return await self._calls.newest(wanted, cursor=cursor, limit=limit)

    async def get(self, call_id: UUID) -> PlatformCall:
        call = await self._calls.find(call_id)
        if call is None:
            raise CallNotFound(call_id=str(call_id))
        return call

    async def by_day(self, ad_account_id: UUID, *, since: datetime) -> Sequence[CallDay]:
        """Real days, UTC, in no order; a day without calls is left out."""
        return await self._calls.by_day(ad_account_id, since=since)

    async def last_success(self, ad_account_id: UUID) -> datetime | None:
        """Within the 30 days that calls are kept for."""
        return await self._calls.last_success(ad_account_id)

    async def statistics(self, ad_account_id: UUID, *, window: timedelta) -> CallStatistics:
        """Over the last `window` of real time: calls are made in real time, whatever the domain's clock says."""
        return await self._calls.statistics(ad_account_id, since=real_now() - window)

    async def forget_old(self) -> None:
        await self._calls.forget_before(real_now() - _KEPT)


def call_log(
    scopes: Scopes,
    *,
    connection_id: UUID | None,
    ad_account_id: UUID | None,
    replay_of: UUID | None = None,
) -> CallLog:
    """Writes each call down in a transaction of its own: none is open while a call is on its way.

    What a call of a sign-in was asked with is never kept: it is made of codes and tokens.
    """

    async def write_down(record: CallRecord) -> None:
        PLATFORM_CALLS.labels(record.platform, record.operation, record.outcome).inc()
        PLATFORM_SECONDS.labels(record.platform, record.operation).observe(record.duration_ms / 1000)
        async with scopes() as scope:
            CallRepository(scope).add(
                _presentable(record, of_account=ad_account_id is not None),
                connection_id=connection_id,
                ad_account_id=ad_account_id,
                replay_of=replay_of,
            )

    return write_down


def _presentable(record: CallRecord, *, of_account: bool) -> CallRecord:
    message, asked = record.error_message, record.asked if of_account else None
    if asked is not None:
        asked = redact(dict(asked))
        if len(msgspec.json.encode(asked)) > _LONGEST_ASKED:
            asked = None
    return replace(
        record,
        asked=asked,
        error_message=None if message is None else redact_text(message)[:_LONGEST_MESSAGE],
    )
