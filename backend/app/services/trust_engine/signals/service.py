"""An account's signals: measured now, and kept with what they were measured from."""

from collections.abc import Sequence
from uuid import UUID

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.kinds import Component
from app.models.trust_engine.signals import TrustSignal
from app.services.trust_engine.signals.evidence import StoredEvidence
from app.services.trust_engine.signals.measurements import Signal
from app.services.trust_engine.signals.measuring import Measuring
from app.services.trust_engine.signals.reading import SignalReading
from app.services.trust_engine.signals.repository import SignalRepository

__all__ = ["Component", "SignalReading", "Signals"]


class Signals:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = SignalRepository(scope)

    async def measure(self, account: AdAccount, *, stale_after_hours: float) -> list[Signal]:
        """Measure every component of the account, as things stand now."""
        evidence = StoredEvidence(self._scope, account)
        measuring = Measuring(evidence, account, self._scope.now())
        return await measuring.signals(stale_after_hours=stale_after_hours)

    def keep(self, ad_account_id: UUID, evaluation_id: UUID, signals: Sequence[Signal]) -> None:
        for signal in signals:
            self._rows.add(
                TrustSignal(
                    id=uuid7(),
                    ad_account_id=ad_account_id,
                    evaluation_id=evaluation_id,
                    component=signal.component,
                    state=signal.state,
                    score=signal.score,
                    broken=signal.broken,
                    reason=signal.reason,
                    evidence=signal.evidence,
                    observed_at=signal.observed_at,
                )
            )

    async def of(self, evaluation_id: UUID) -> Sequence[TrustSignal]:
        return await self._rows.of(evaluation_id)

    async def newest(
        self, *, ad_account_id: UUID | None, component: Component | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[TrustSignal], str | None]:
        return await self._rows.newest(
            ad_account_id=ad_account_id, component=component, cursor=cursor, limit=limit
        )
