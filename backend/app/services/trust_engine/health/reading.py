"""Signal health as it stands: the newest evaluation of every account, and what they come to together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from app.db.readers import Reads
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.kinds import AutopilotMode, Component, HealthStatus
from app.models.trust_engine.signals import TrustSignal
from app.services.trust_engine.health.repository import HealthReads
from app.services.trust_engine.health.rules import (
    WORST_FIRST,
    ComponentHealth,
    Driver,
    Health,
    Part,
    RollUp,
    roll_up,
)
from app.services.trust_engine.policies.service import PolicyInForce
from app.services.trust_engine.signals.service import SignalReading

__all__ = ["AccountHealth", "HealthReading", "TenantHealth"]

_SPEND_WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """An account's newest evaluation and its signals; None where it was never evaluated."""

    account: AdAccount
    evaluation: TrustEvaluation | None
    signals: Sequence[TrustSignal]

    def is_live(self, now: datetime) -> bool:
        return self.evaluation is not None and now < self.evaluation.expires_at


@dataclass(frozen=True, slots=True)
class TenantHealth:
    roll_up: RollUp
    platforms: dict[str, RollUp]
    accounts: Sequence[AccountHealth]
    mode: AutopilotMode
    """The most careful mode of any account: what a person should know first."""
    evaluated_at: datetime | None
    expires_at: datetime | None


class HealthReading:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._rows = HealthReads(reads)

    async def overview(self) -> TenantHealth:
        """Every account with its newest evaluation, and what they come to together."""
        now = self._reads.now()
        policy = await PolicyInForce(self._reads).current()
        accounts = await self._accounts()
        spend = await self._rows.spend_since(now - _SPEND_WINDOW)
        parts = {each.account.id: _part(each, spend.get(each.account.id, 0), now) for each in accounts}
        live = [each.evaluation for each in accounts if each.evaluation is not None]
        by_platform: dict[str, list[Part]] = {}
        for each in accounts:
            by_platform.setdefault(each.account.platform, []).append(parts[each.account.id])
        return TenantHealth(
            roll_up=roll_up(list(parts.values()), policy, now),
            platforms={name: roll_up(found, policy, now) for name, found in by_platform.items()},
            accounts=accounts,
            mode=_most_careful(accounts, now),
            evaluated_at=max((each.evaluated_at for each in live), default=None),
            expires_at=min((each.expires_at for each in live), default=None),
        )

    async def _accounts(self) -> list[AccountHealth]:
        found = await self._rows.evaluated()
        evaluations = [evaluation.id for _, evaluation in found if evaluation is not None]
        signals = await SignalReading(self._reads).of_each(evaluations)
        return [
            AccountHealth(account, evaluation, signals.get(evaluation.id, []) if evaluation else [])
            for account, evaluation in found
        ]


def _part(each: AccountHealth, spend_micros: int, now: datetime) -> Part:
    row = each.evaluation
    health = _health(row) if row is not None and each.is_live(now) else None
    return Part(name=each.account.name, health=health, spend_micros=spend_micros)


def _health(row: TrustEvaluation) -> Health:
    return Health(
        score=row.score,
        status=HealthStatus(row.status),
        coverage=row.coverage,
        target=AutopilotMode(row.target),
        components=tuple(msgspec.convert(row.components, list[ComponentHealth])),
        absent=tuple(Component(name) for name in row.absent),
        capped_by=tuple(Component(name) for name in row.capped_by),
        drivers=tuple(msgspec.convert(row.drivers, list[Driver])),
        evaluated_at=row.evaluated_at,
        expires_at=row.expires_at,
    )


def _most_careful(accounts: Sequence[AccountHealth], now: datetime) -> AutopilotMode:
    modes = [
        AutopilotMode(each.evaluation.mode)
        if each.evaluation is not None and each.is_live(now)
        else AutopilotMode.FROZEN
        for each in accounts
    ]
    return min(modes, key=WORST_FIRST.index, default=AutopilotMode.FROZEN)
