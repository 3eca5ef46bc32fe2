"""An account's signals: measured now, and kept with what they were measured from."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.kinds import Component
from app.models.trust_engine.signals import TrustSignal
from app.services.trust_engine.signals import match_rules
from app.services.trust_engine.signals.evidence import StoredEvidence
from app.services.trust_engine.signals.grading_rules import GOOD_FROM, fallen
from app.services.trust_engine.signals.measurements import Signal
from app.services.trust_engine.signals.measuring import MATCH_KEY_NAMES, Measuring
from app.services.trust_engine.signals.mending_rules import mend
from app.services.trust_engine.signals.reading import SignalReading
from app.services.trust_engine.signals.repository import SignalRepository

__all__ = ["Component", "SignalReading", "Signals", "mend"]

_USUAL_DAYS = 14
"""So that a fall is told of for a week, before it is what is usual."""
_LOOK_BACK = timedelta(days=7)


class Signals:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = SignalRepository(scope)

    async def measure(
        self, account: AdAccount, *, stale_after_hours: float, before: UUID | None
    ) -> list[Signal]:
        """Measure every component of the account, as things stand now; `before` is its last evaluation."""
        evidence = StoredEvidence(self._scope, account)
        measuring = Measuring(evidence, account, self._scope.now())
        signals = await measuring.signals(stale_after_hours=stale_after_hours)
        signals = [
            await self._explained(account, each) if each.component is Component.EMQ else each
            for each in signals
        ]
        if before is None or all(each.score is None or each.score >= GOOD_FROM for each in signals):
            return signals
        earlier = {each.component: each for each in await self.of(before)}
        return [
            each if match_rules.names(each.evidence) else fallen(each, earlier.get(each.component))
            for each in signals
        ]

    async def _explained(self, account: AdAccount, emq: Signal) -> Signal:
        """With what fell of it, where and since when, where it lies under what it was."""
        if emq.score is None or emq.score > 100 - match_rules.LEAST_FALL:
            return emq
        now = emq.observed_at
        usual = match_rules.usual_of(await self._rows.emq_by_day(account.id, now, _USUAL_DAYS))
        identifier = match_rules.fell_most(usual, emq.evidence) if usual else None
        if usual is None or identifier is None:
            return emq
        keys = [key for key, name in MATCH_KEY_NAMES.items() if name == identifier]
        hours = await self._rows.lacking(account.id, keys, since=now - _LOOK_BACK, until=now)
        found = match_rules.lack(identifier, 1 - usual.shares[identifier], hours)
        if found is None:
            return emq
        fell_by = usual.fell_by(emq.evidence)
        return replace(
            emq,
            reason=f"{emq.reason} {match_rules.told(fell_by, found)}",
            evidence=emq.evidence | match_rules.facts(fell_by, found),
        )

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
