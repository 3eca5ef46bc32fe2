"""Signal health: evaluated per account, told live, rolled up to platform and tenant."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from app.core.ids import uuid7
from app.core.logging import get_logger
from app.core.metrics import HEALTH_SCORE
from app.db.session import TenantScope
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.kinds import (
    AutopilotMode,
    Component,
    IncidentKind,
    IncidentSeverity,
    SignalState,
)
from app.services.trust_engine.health.errors import AccountNotFound
from app.services.trust_engine.health.reading import AccountHealth, HealthReading
from app.services.trust_engine.health.repository import HealthRepository
from app.services.trust_engine.health.rules import (
    BETWEEN,
    INITIAL_MODE,
    Health,
    ModeState,
    combine,
    label,
    step,
)
from app.services.trust_engine.incidents.service import Incidents
from app.services.trust_engine.policies.service import Policies
from app.services.trust_engine.signals.measurements import Signal
from app.services.trust_engine.signals.service import Signals, mend

log = get_logger(__name__)

__all__ = ["HealthReading", "HealthService", "evidence_digest", "states"]


class HealthService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = HealthRepository(scope)

    async def evaluate_all(self) -> list[TrustEvaluation]:
        return [await self.evaluate(account.id) for account in await self._rows.accounts()]

    async def evaluate_due(self) -> list[TrustEvaluation]:
        """Evaluate what has no evaluation, an old one, or one by another policy."""
        policy = await Policies(self._scope).current()
        newest = [
            (account.id, await self._rows.newest(account.id)) for account in await self._rows.accounts()
        ]
        now = self._scope.now()
        return [
            await self.evaluate(account_id)
            for account_id, row in newest
            if row is None or row.policy_version != policy.version or now - row.evaluated_at >= BETWEEN
        ]

    async def evaluate(self, ad_account_id: UUID) -> TrustEvaluation:
        """Measure the account now, score it, and move its mode."""
        await self._rows.lock(ad_account_id)
        account = await self._rows.account(ad_account_id)
        if account is None:
            raise AccountNotFound
        policy = await Policies(self._scope).current()
        before = await self._rows.newest(ad_account_id)
        signals = await Signals(self._scope).measure(
            account, stale_after_hours=policy.stale_after_hours, before=before.id if before else None
        )
        health = combine(signals, policy, self._scope.now())
        state = self._advanced(before, health, policy.rise_after)
        evaluation = _row(account, health, state, policy.version, signals)
        self._rows.add(evaluation)
        await self._rows.flush()
        Signals(self._scope).keep(account.id, evaluation.id, signals)
        await self._tell(account, before, evaluation)
        await self._raise_incidents(account, evaluation, signals)
        return evaluation

    async def of_account(self, ad_account_id: UUID) -> AccountHealth:
        account = await self._rows.account(ad_account_id)
        if account is None:
            raise AccountNotFound
        return await self._health_of(account)

    async def newest(self, ad_account_id: UUID) -> TrustEvaluation | None:
        return await self._rows.newest(ad_account_id)

    async def history(self, ad_account_id: UUID, *, since: datetime, limit: int) -> Sequence[TrustEvaluation]:
        """Newest first."""
        if await self._rows.account(ad_account_id) is None:
            raise AccountNotFound
        return await self._rows.history(ad_account_id, since=since, limit=limit)

    async def only_account(self) -> UUID | None:
        """The account that is on, where there is exactly one."""
        accounts = await self._rows.accounts()
        return accounts[0].id if len(accounts) == 1 else None

    async def _health_of(self, account: AdAccount) -> AccountHealth:
        evaluation = await self._rows.newest(account.id)
        signals = await Signals(self._scope).of(evaluation.id) if evaluation else []
        return AccountHealth(account, evaluation, signals)

    @staticmethod
    def _advanced(before: TrustEvaluation | None, health: Health, rise_after: int) -> ModeState:
        if before is None:
            return step(None, None, health.target, rise_after)
        since = health.evaluated_at - before.evaluated_at
        return step(_state(before), since, health.target, rise_after)

    async def _raise_incidents(
        self, account: AdAccount, row: TrustEvaluation, signals: Sequence[Signal]
    ) -> None:
        """A dead signal is an incident until it lives again; unknown is neither."""
        incidents = Incidents(self._scope)
        for signal in signals:
            name = label(signal.component)
            if signal.component in row.capped_by:
                await incidents.open(
                    IncidentKind.SIGNAL_DEAD,
                    f"{account.name}: {name} is dead. {signal.reason}",
                    ad_account_id=account.id,
                    subject=signal.component,
                    severity=IncidentSeverity.CRITICAL,
                    mend=mend(signal),
                    evidence=signal.evidence,
                )
            elif signal.score is not None:
                await incidents.close(
                    IncidentKind.SIGNAL_DEAD,
                    f"{name} is alive again. {signal.reason}",
                    ad_account_id=account.id,
                    subject=signal.component,
                )

    async def _tell(self, account: AdAccount, before: TrustEvaluation | None, after: TrustEvaluation) -> None:
        HEALTH_SCORE.labels(account.platform).observe(after.score if after.score is not None else 0)
        told = {
            "ad_account_id": str(account.id),
            "account": account.name,
            "score": after.score,
            "status": after.status,
            "mode": after.mode,
            "coverage": after.coverage,
            "evaluated_at": after.evaluated_at.isoformat(),
        }
        if before is None or (before.score, before.coverage) != (after.score, after.coverage):
            await self._scope.announce("emq_update", {**told, "emq": _emq(after)})
        mode_before = before.mode if before else INITIAL_MODE.mode
        if mode_before == after.mode:
            return
        why = after.drivers[0]["sentence"] if after.drivers else None
        await self._scope.announce("autopilot_mode_change", {**told, "from": mode_before, "reason": why})
        log.info(
            "trust_engine.health.mode_changed",
            ad_account_id=str(account.id),
            came_from=mode_before,
            mode=after.mode,
            score=after.score,
        )


def evidence_digest(signals: Sequence[Signal]) -> str:
    """SHA-256 over the signals as measured: what a permit is bound to."""
    return hashlib.sha256(msgspec.json.encode(list(signals), order="sorted")).hexdigest()


def _row(
    account: AdAccount, health: Health, state: ModeState, policy_version: int, signals: Sequence[Signal]
) -> TrustEvaluation:
    return TrustEvaluation(
        id=uuid7(),
        ad_account_id=account.id,
        score=health.score,
        status=health.status,
        coverage=health.coverage,
        target=health.target,
        mode=state.mode,
        run=state.run,
        candidate=state.candidate,
        policy_version=policy_version,
        components=msgspec.to_builtins(health.components),
        drivers=msgspec.to_builtins(health.drivers),
        absent=list(health.absent),
        capped_by=list(health.capped_by),
        evidence_digest=evidence_digest(signals),
        evaluated_at=health.evaluated_at,
        expires_at=health.expires_at,
    )


def _state(row: TrustEvaluation) -> ModeState:
    candidate = AutopilotMode(row.candidate) if row.candidate else None
    return ModeState(mode=AutopilotMode(row.mode), run=row.run, candidate=candidate)


def _emq(row: TrustEvaluation) -> float | None:
    found: float | None = next(
        (part["score"] for part in row.components if part["component"] == Component.EMQ), None
    )
    return found


def states(row: TrustEvaluation) -> dict[Component, SignalState]:
    """Each component's state in an evaluation."""
    return {Component(part["component"]): SignalState(part["state"]) for part in row.components}
