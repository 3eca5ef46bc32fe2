"""A strategy's run: it looks once, then proposes one thing after another, each in a transaction of its own.

So the ledger's head is held for one decision at a time, and whoever else decides comes between. After a crash the next
run goes on: what was proposed is open, under way or done by then, and what was not is found again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.logging import get_logger
from app.db.session import Scopes, TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.services.autopilot.actions.service import AutopilotActions
from app.services.autopilot.strategies.acting import Step, StrategyActing
from app.services.autopilot.strategies.catalogue import CATALOGUE
from app.services.autopilot.strategies.findings import Finding, Group
from app.services.autopilot.strategies.refusals import Refusals
from app.services.autopilot.strategies.repository import StrategyRepository
from app.services.autopilot.strategies.service import Strategy, StrategyService
from app.services.autopilot.strategies.viewing import AccountViews

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Considered:
    """One campaign that was looked at, what was found, and the action that came of it."""

    finding: Finding
    recommended: bool = False
    action_id: UUID | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found together, and what of it is proposed; `recommended`: the autopilot's level only suggests it."""

    group: Group
    proposed: Sequence[Finding]
    recommended: bool


class StrategyRuns:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def run_enabled(self) -> list[Considered]:
        async with self._scopes() as scope:
            enabled = [each.name for each in await StrategyService(scope).listed() if each.enabled]
        return [each for name in enabled for each in await self._run(name, by_clock=True)]

    async def run(self, name: str) -> list[Considered]:
        """Look at every campaign once and propose what the figures surely call for.

        Where the autopilot's level is to suggest, nothing is proposed: it stands among the recommendations, soon.
        """
        found = await self._run(name, by_clock=False)
        async with self._scopes() as scope:
            await scope.enqueue("autopilot.recommendations.refresh", {}, queue="rules", unless_pending=True)
        return found

    async def go_on_with_plans(self) -> int:
        """Raise what the cuts of earlier plans have made room for; how many plans came to their end."""
        async with self._scopes() as scope:
            cutting = await AutopilotActions(scope).plans.cutting()
        ended = 0
        for plan_id in cutting:
            async with self._scopes() as scope:
                ended += await AutopilotActions(scope).plans.go_on(plan_id)
        return ended

    async def _run(self, name: str, *, by_clock: bool) -> list[Considered]:
        async with self._scopes() as scope:
            strategy = await StrategyService(scope).get(name)
            if by_clock and not strategy.enabled:
                return []
            looks = await self._look(scope, strategy)
            considered = sum(len(each.group.findings) for each in looks)
            await self._note(scope, name, considered, 0)
        actions: dict[UUID | None, AutopilotAction] = {}
        for steps in [part for look in looks for part in _parts(name, look)]:
            async with self._scopes() as scope:
                if not await self._still(scope, strategy):
                    break
                found = await self._propose(scope, name, steps)
                actions |= {each.campaign_id: each for each in found}
                await self._note(scope, name, considered, len(actions))
        log.info("autopilot.strategies.ran", strategy=name, considered=considered, proposed=len(actions))
        return [_considered(each, look, actions) for look in looks for each in look.group.findings]

    async def _look(self, scope: TenantScope, strategy: Strategy) -> list[_Look]:
        service, refusals = StrategyService(scope), await Refusals.read(scope, strategy.name)
        looks = []
        for group in await service.groups(strategy):
            changes = [each for each in group.changes if each.may_go and not refusals.cover(group, each)]
            if CATALOGUE[strategy.name].plans and len(changes) < len(group.changes):
                changes = []  # its gain was counted of all of it
            acts = bool(changes) and await service.acts(strategy, group)
            looks.append(_Look(group, changes if acts else [], recommended=bool(changes) and not acts))
        return looks

    @staticmethod
    async def _still(scope: TenantScope, strategy: Strategy) -> bool:
        """Whoever switches it off meanwhile stops the rest."""
        row = await StrategyRepository(scope).locked(strategy.name)
        return row is None or row.enabled >= strategy.enabled

    @staticmethod
    async def _propose(scope: TenantScope, name: str, steps: Sequence[Step]) -> list[AutopilotAction]:
        """Of the campaigns that are still as they were; of a plan all or nothing."""
        views = AccountViews(scope)
        standing = [each for each in steps if await views.stands(each)]
        if not standing or (CATALOGUE[name].plans and len(standing) < len(steps)):
            return []
        return await StrategyActing(scope).act(name, standing)

    @staticmethod
    async def _note(scope: TenantScope, name: str, considered: int, proposed: int) -> None:
        result = {"considered": considered, "proposed": proposed}
        await StrategyRepository(scope).note_run(name, scope.now(), result)


def _parts(name: str, look: _Look) -> list[list[Step]]:
    """What is proposed in one transaction: a change by itself, and a plan of cuts and raises as a whole."""
    steps = [_step(each) for each in look.proposed]
    if CATALOGUE[name].plans:
        return [steps] if steps else []
    return [[each] for each in steps]


def _considered(finding: Finding, look: _Look, actions: dict[UUID | None, AutopilotAction]) -> Considered:
    wanted = any(each is finding for each in look.proposed)
    action = actions.get(finding.view.campaign.id) if wanted else None
    if action is not None:
        return Considered(finding, False, action.id, action.state)
    if look.proposed:
        return Considered(finding)
    return Considered(finding, finding.advises or (look.recommended and finding.after is not None))


def _step(finding: Finding) -> Step:
    return Step(
        campaign=finding.view.campaign,
        account=finding.view.account,
        why=finding.why,
        sentence=finding.sentence,
        operation=finding.operation,
        before=finding.before,
        after=finding.after or {},
        evidence=finding.evidence,
        rests_on=finding.rests_on,
        spend_only=finding.spend_only,
    )
