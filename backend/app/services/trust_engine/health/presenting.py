"""Health as people are shown it."""

from collections.abc import Iterable
from typing import Any

from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.kinds import AutopilotMode, HealthStatus
from app.models.trust_engine.signals import TrustSignal
from app.schemas.trust_engine.health import (
    AccountHealthRead,
    ComponentRead,
    HealthRead,
    PlatformHealthRead,
)
from app.services.trust_engine.health.reading import AccountHealth, TenantHealth
from app.services.trust_engine.health.rules import RollUp


def presented(found: TenantHealth) -> HealthRead:
    """The components at the top are the account's, where there is only one; else each account has its own."""
    accounts = [_account(each) for each in found.accounts]
    only = accounts[0] if len(accounts) == 1 else None
    return HealthRead(
        ad_account_id=None,
        name=None,
        platform=None,
        score=found.roll_up.score,
        status=found.roll_up.status.value,
        mode=found.mode.value,
        coverage=found.roll_up.coverage,
        evaluated_at=found.evaluated_at,
        expires_at=found.expires_at,
        components=only.components if only else [],
        capped_by=only.capped_by if only else None,
        drivers=only.drivers if only else _sentences(found.roll_up),
        platforms=[
            PlatformHealthRead(
                platform=name,
                score=each.score,
                status=each.status.value,
                coverage=each.coverage,
                drivers=_sentences(each),
            )
            for name, each in found.platforms.items()
        ],
        accounts=accounts,
    )


def _account(each: AccountHealth) -> AccountHealthRead:
    row = each.evaluation
    return AccountHealthRead(
        ad_account_id=each.account.id,
        name=each.account.name,
        platform=each.account.platform,
        score=row.score if row else None,
        status=HealthStatus(row.status).value if row else HealthStatus.UNKNOWN.value,
        mode=AutopilotMode(row.mode).value if row else AutopilotMode.FROZEN.value,
        coverage=row.coverage if row else 0.0,
        evaluated_at=row.evaluated_at if row else None,
        expires_at=row.expires_at if row else None,
        components=_components(row, each.signals) if row else [],
        capped_by=row.capped_by[0] if row and row.capped_by else None,
        drivers=[driver["sentence"] for driver in row.drivers] if row else [],
    )


def _components(row: TrustEvaluation, signals: Iterable[TrustSignal]) -> list[ComponentRead]:
    by_name = {signal.component: signal for signal in signals}
    return [_component(part, by_name.get(part["component"]), row) for part in row.components]


def _component(part: dict[str, Any], signal: TrustSignal | None, row: TrustEvaluation) -> ComponentRead:
    return ComponentRead(
        name=part["component"],
        state=part["state"],
        score=part["score"],
        weight=part["weight"],
        evidence=signal.evidence if signal else {},
        measured_at=signal.observed_at if signal else None,
        reason=signal.reason if signal else "It was not measured.",
        drivers=[each["sentence"] for each in row.drivers if each["component"] == part["component"]],
    )


def _sentences(found: RollUp) -> list[str]:
    return [driver.sentence for driver in found.drivers]
