"""The autopilot's work: execute, resume, watch, stop, propose, recommend, let lapse."""

from uuid import UUID

from app.db.session import Scopes, TenantScope
from app.services.autopilot.actions.execution import ActionExecution
from app.services.autopilot.actions.service import AutopilotActions
from app.services.autopilot.actions.watching import ActionWatch
from app.services.autopilot.recommendations.service import RecommendationService
from app.services.autopilot.stops.running import StopRuns
from app.services.autopilot.strategies.running import StrategyRuns
from app.workers.handlers import every, handles


@handles("autopilot.actions.execute", max_retries=8, timeout=60)
async def execute(scopes: Scopes, action_id: str) -> None:
    await ActionExecution(scopes).run(UUID(action_id))


@every(seconds=60)
@handles("autopilot.actions.resume_abandoned")
async def resume_abandoned(scopes: Scopes) -> None:
    await ActionExecution(scopes).resume_abandoned()


@every(seconds=60)
@handles("autopilot.actions.expire_unanswered")
async def expire_unanswered(scope: TenantScope) -> None:
    await AutopilotActions(scope).expire_unanswered()


@every(seconds=300)
@handles("autopilot.actions.watch", queue="intel")
async def watch(scope: TenantScope) -> None:
    await ActionWatch(scope).look()


@every(seconds=300)
@handles("autopilot.strategies.run", queue="rules", timeout=300)
async def run_strategies(scopes: Scopes) -> None:
    await StrategyRuns(scopes).run_enabled()


@every(seconds=60)
@handles("autopilot.strategies.go_on_with_plans", queue="rules")
async def go_on_with_plans(scopes: Scopes) -> None:
    await StrategyRuns(scopes).go_on_with_plans()


@every(seconds=3600)
@handles("autopilot.recommendations.refresh", queue="rules")
async def refresh_recommendations(scope: TenantScope) -> None:
    await RecommendationService(scope).refresh()


@every(seconds=600)
@handles("autopilot.recommendations.expire", queue="rules")
async def expire_recommendations(scope: TenantScope) -> None:
    await RecommendationService(scope).expire()


@handles("autopilot.stops.go_on", max_retries=8, timeout=300)
async def go_on_with_stop(scopes: Scopes, stop_id: str) -> None:
    await StopRuns(scopes).go_on(UUID(stop_id))


@every(seconds=60)
@handles("autopilot.stops.resume")
async def resume_stops(scopes: Scopes) -> None:
    await StopRuns(scopes).resume()
