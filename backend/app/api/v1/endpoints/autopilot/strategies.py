"""Strategies: what the autopilot proposes by itself."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from app.api.deps import ScopeDep, ScopesDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.autopilot.recommendations import EffectRead
from app.schemas.autopilot.strategies import ConsideredRead, StrategyPatch, StrategyRead, StrategyRun
from app.services.autopilot.strategies.running import StrategyRuns
from app.services.autopilot.strategies.service import StrategyService

router = APIRouter(prefix="/autopilot/strategies", tags=["autopilot"])

Reader = Annotated[Principal, requires("autopilot.strategies:read")]
Writer = Annotated[Principal, requires("autopilot.strategies:write")]


async def strategies(scope: ScopeDep) -> StrategyService:
    return StrategyService(scope)


async def strategy_runs(scopes: ScopesDep) -> StrategyRuns:
    return StrategyRuns(scopes)


Runs = Annotated[StrategyRuns, Depends(strategy_runs)]
Strategies = Annotated[StrategyService, Depends(strategies)]
StrategyName = Annotated[str, Path(max_length=60, pattern=r"^[a-z_]+$", description="The strategy's name.")]


@router.get("")
async def list_strategies(found: Strategies, _: Reader) -> list[StrategyRead]:
    """Every strategy with its settings and its last run."""
    return [StrategyRead.model_validate(each) for each in await found.listed()]


@router.get("/{name}")
async def get_strategy(name: StrategyName, found: Strategies, _: Reader) -> StrategyRead:
    """One strategy with its settings and its last run."""
    return StrategyRead.model_validate(await found.get(name))


@router.patch("/{name}")
async def change_strategy(
    name: StrategyName, changes: StrategyPatch, found: Strategies, _: Writer
) -> StrategyRead:
    """Switch a strategy on or off, or change its settings."""
    config = changes.config.model_dump(exclude_unset=True) if changes.config else None
    return StrategyRead.model_validate(await found.change(name, enabled=changes.enabled, config=config))


@router.post("/{name}/run")
async def run_strategy(name: StrategyName, runs: Runs, _: Writer) -> StrategyRun:
    """Look at every campaign now; what is proposed goes through the gate like anything else."""
    considered = [
        ConsideredRead(
            campaign_id=each.finding.view.campaign.id,
            campaign=each.finding.view.campaign.name,
            why=each.finding.why,
            sentence=each.finding.sentence,
            roas=each.finding.roas,
            roas_low=each.finding.roas_low,
            roas_high=each.finding.roas_high,
            budget_micros=each.finding.budget_micros,
            effect=None if each.finding.effect is None else EffectRead.model_validate(each.finding.effect),
            recommended=each.recommended,
            action_id=each.action_id,
            state=each.state,
        )
        for each in await runs.run(name)
    ]
    return StrategyRun(considered=considered)
