"""The log of every call to a platform."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from app.core.clock import real_now
from app.core.logging import redact_text
from app.core.metrics import PLATFORM_CALLS, PLATFORM_SECONDS
from app.db.session import Scopes, TenantScope
from app.models.integrations.calls import PlatformCall
from app.services.integrations.calls.repository import CallRepository, CallStatistics
from app.services.integrations.ports import CallLog, CallRecord

_KEPT = timedelta(days=30)
_LONGEST_MESSAGE = 500

__all__ = ["CallService", "CallStatistics", "call_log"]


class CallService:
    def __init__(self, scope: TenantScope) -> None:
        self._calls = CallRepository(scope)

    async def newest(
        self,
        *,
        cursor: str | None,
        limit: int,
        failed: bool | None = None,
        ad_account_id: UUID | None = None,
        mutating: bool | None = None,
    ) -> tuple[Sequence[PlatformCall], str | None]:
        return await self._calls.newest(
            cursor=cursor, limit=limit, failed=failed, ad_account_id=ad_account_id, mutating=mutating
        )

    async def statistics(self, ad_account_id: UUID, *, window: timedelta) -> CallStatistics:
        """Over the last `window` of real time: calls are made in real time, whatever the domain's clock says."""
        return await self._calls.statistics(ad_account_id, since=real_now() - window)

    async def forget_old(self) -> None:
        await self._calls.forget_before(real_now() - _KEPT)


def call_log(scopes: Scopes, *, connection_id: UUID | None, ad_account_id: UUID | None) -> CallLog:
    """Writes each call down in a transaction of its own: none is open while a call is on its way."""

    async def write_down(record: CallRecord) -> None:
        PLATFORM_CALLS.labels(record.platform, record.operation, record.outcome).inc()
        PLATFORM_SECONDS.labels(record.platform, record.operation).observe(record.duration_ms / 1000)
        async with scopes() as scope:
            CallRepository(scope).add(
                _presentable(record), connection_id=connection_id, ad_account_id=ad_account_id
            )

    return write_down


def _presentable(record: CallRecord) -> CallRecord:
    if record.error_message is None:
        return record
    return replace(record, error_message=redact_text(record.error_message)[:_LONGEST_MESSAGE])
