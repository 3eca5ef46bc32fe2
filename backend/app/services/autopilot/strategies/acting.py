"""From what a strategy found to actions, through the gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from app.core.context import ActorKind
from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.campaigns import Campaign
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.kinds import Component, Origin
from app.services.autopilot.actions.errors import PersonNeeded
from app.services.autopilot.actions.service import AutopilotActions, PlanWanted, Wanted
from app.services.autopilot.strategies.catalogue import CATALOGUE
from app.services.autopilot.strategies.findings import RETURN, way_of
from app.services.trust_engine.gate.service import Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change of one campaign, as a strategy wants it."""

    campaign: Campaign
    account: AdAccount
    why: str
    sentence: str
    operation: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    evidence: Mapping[str, Any] = field(default_factory=dict)
    rests_on: tuple[Component, ...] = RETURN
    spend_only: bool = False

    @property
    def raises(self) -> bool:
        return way_of(self.before, self.after) == "up"

    @property
    def wants_less(self) -> bool:
        return way_of(self.before, self.after) in {"down", "paused"}


class StrategyActing:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._actions = AutopilotActions(scope)

    async def act(
        self, strategy: str, steps: Sequence[Step], approval: Approval | None = None
    ) -> list[AutopilotAction]:
        """One action for each step; of a plan the cuts, whose raises follow once they hold."""
        wanted = [self._wanted(strategy, step, approval) for step in steps]
        if not CATALOGUE[strategy].plans:
            return [await self._actions.propose(each) for each in wanted]
        account = steps[0].account
        return await self._actions.plans.begin(
            PlanWanted(
                ad_account_id=account.id,
                strategy=strategy,
                idempotency_key=f"{strategy}:{account.id}:{self._hour}{_under(approval)}",
                cuts=[each for each, step in zip(wanted, steps, strict=True) if not step.raises],
                raises=[each for each, step in zip(wanted, steps, strict=True) if step.raises],
                approval=approval,
            )
        )

    def yes(self, reason: str | None) -> Approval:
        """The yes of whoever asks now, who must be a person: a key's own would stand for nobody."""
        if self._scope.actor.kind not in {ActorKind.USER, ActorKind.SUPERADMIN}:
            raise PersonNeeded
        return Approval(by=self._scope.actor.label, at=self._scope.now(), reason=reason)

    @property
    def _hour(self) -> str:
        return f"{self._scope.now():%Y-%m-%dT%H}"

    def _wanted(self, strategy: str, step: Step, approval: Approval | None) -> Wanted:
        """Of one campaign, direction and hour there is one proposal: a task that runs twice proposes once."""
        campaign, account = step.campaign, step.account
        was = "-".join(str(value) for value in step.before.values())
        key = f"{strategy}:{campaign.id}:{step.why}:{was}:{self._hour}{_under(approval)}"
        return Wanted(
            ad_account_id=account.id,
            campaign_id=campaign.id,
            platform=campaign.platform,
            account=account.external_id,
            entity_type="campaign",
            entity=campaign.external_id,
            entity_name=campaign.name,
            operation=step.operation,
            before=step.before,
            after=step.after,
            currency=campaign.currency,
            reason=step.sentence,
            idempotency_key=key,
            origin=Origin.AUTOPILOT,
            justified_by=() if step.spend_only else step.rests_on,
            spend_only=step.spend_only,
            evidence=msgspec.to_builtins(dict(step.evidence)),
            strategy=strategy,
            learning=bool(campaign.learning),
            approval=approval,
        )


def _under(approval: Approval | None) -> str:
    """Each yes stands for itself: another one to what was blocked in the same hour is another proposal."""
    return "" if approval is None else f":accepted:{approval.at.isoformat()}"
