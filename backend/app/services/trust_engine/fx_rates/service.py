"""Rates of exchange, each with its date and source. None is ever made up, not even out of its inverse."""

from datetime import datetime
from decimal import Decimal

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.trust_engine.fx_rates import FxRate
from app.services.audit_logs.service import AuditLog
from app.services.trust_engine.fx_rates.errors import RateUnsound
from app.services.trust_engine.fx_rates.repository import FxRateRepository

__all__ = ["FxRates"]


class FxRates:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = FxRateRepository(scope)

    async def newest(self, base: str, quote: str) -> FxRate | None:
        """What one unit of `base` was last known to be worth in `quote`; how old is too old is the policy's."""
        return await self._rows.newest(base, quote, at=self._scope.now())

    async def listed(
        self, *, base: str | None, quote: str | None, cursor: str | None, limit: int
    ) -> tuple[list[FxRate], str | None]:
        """The latest date first."""
        return await self._rows.listed(base=base, quote=quote, cursor=cursor, limit=limit)

    async def record(self, base: str, quote: str, rate: Decimal, *, as_of: datetime, source: str) -> FxRate:
        """A rate as it was at `as_of`; one that was wrong is corrected by recording another, never changed."""
        if base == quote:
            raise RateUnsound("A currency needs no rate to itself.")
        if as_of > self._scope.now():
            raise RateUnsound("A rate of the future is a guess.")
        row = FxRate(
            id=uuid7(),
            base=base,
            quote=quote,
            rate=rate,
            as_of=as_of,
            source=source,
            recorded_by=self._scope.actor.label,
        )
        self._rows.add(row)
        await AuditLog(self._scope).record(
            "trust_engine.fx_rates.recorded",
            entity="trust_engine.fx_rates",
            entity_id=row.id,
            after={
                "pair": f"{base}/{quote}",
                "rate": str(rate),
                "as_of": as_of.isoformat(),
                "source": source,
            },
        )
        return row
