"""Rules by the clock: what is due is evaluated, each by a task of its own."""

from datetime import datetime
from uuid import UUID

from app.db.session import Scopes, TenantScope
from app.services.rules.service import RuleEvaluating, RuleRuns
from app.workers.handlers import every, handles


@every(seconds=300)
@handles("rules.begin_due", queue="rules")
async def begin_due(scope: TenantScope) -> None:
    await RuleRuns(scope).begin_due()


@handles("rules.evaluate", queue="rules", timeout=300)
async def evaluate(scopes: Scopes, rule_id: str, due_at: str) -> None:
    await RuleEvaluating(scopes).evaluate(UUID(rule_id), datetime.fromisoformat(due_at))


@every(seconds=86_400)
@handles("rules.forget_old", queue="rules")
async def forget_old(scope: TenantScope) -> None:
    await RuleRuns(scope).forget_old()
