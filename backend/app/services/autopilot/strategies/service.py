"""Strategies: what the autopilot proposes by itself. Everything proposed goes through the gate."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.services.audit_logs.service import AuditLog
from app.services.autopilot.actions.service import AutopilotActions
from app.services.autopilot.enforcement.service import EnforcementService
from app.services.autopilot.strategies.acting import Step, StrategyActing
from app.services.autopilot.strategies.catalogue import CATALOGUE
from app.services.autopilot.strategies.errors import BadStrategySetting, StrategyNotFound
from app.services.autopilot.strategies.findings import Finding, Group, Kind
from app.services.autopilot.strategies.repository import StrategyRepository
from app.services.autopilot.strategies.viewing import AccountViews

__all__ = ["Finding", "Group", "Step", "StrategyService", "Suggestion"]


@dataclass(frozen=True, slots=True)
class Strategy:
    name: str
    enabled: bool
    config: Any
    last_run_at: datetime | None
    last_result: dict[str, Any] | None
    only_advises: bool = False


@dataclass(frozen=True, slots=True)
class Considered:
    """One campaign that was looked at, what was found, and the action that came of it."""

    finding: Finding
    recommended: bool = False
    action_id: UUID | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a strategy would do and does not do by itself: it is off, only advises, or its level is to suggest."""

    strategy: str
    group: Group


class StrategyService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = StrategyRepository(scope)
        self._acting = StrategyActing(scope)
        self._enforcement = EnforcementService(scope)

    async def listed(self) -> list[Strategy]:
        return [await self.get(name) for name in CATALOGUE]

    async def get(self, name: str) -> Strategy:
        kind = _kind(name)
        row = await self._rows.find(name)
        if row is None:
            return Strategy(name, False, kind.config(), None, None, kind.only_advises)
        known = {field.name for field in fields(kind.config)}
        config = kind.config(**{key: value for key, value in row.config.items() if key in known})
        return Strategy(name, row.enabled, config, row.last_run_at, row.last_result, kind.only_advises)

    async def change(
        self, name: str, *, enabled: bool | None = None, config: Mapping[str, Any] | None = None
    ) -> Strategy:
        """Switch a strategy on or off, or set some of its settings."""
        kind, before = _kind(name), await self.get(name)
        settings = asdict(before.config) | dict(config or {})
        if unknown := settings.keys() - {field.name for field in fields(kind.config)}:
            raise BadStrategySetting(f"Unknown: {', '.join(sorted(unknown))}.")
        if empty := [
            each.name
            for each in fields(kind.config)
            if settings[each.name] is None and each.default is not None
        ]:
            raise BadStrategySetting(f"Give a value: {', '.join(sorted(empty))}.")
        settings = await self._known_accounts(settings)
        if wrong := kind.faults(kind.config(**settings)):
            raise BadStrategySetting(" ".join(wrong))
        on = before.enabled if enabled is None else enabled
        await self._rows.save(name, enabled=on, config=settings)
        await AuditLog(self._scope).record(
            "autopilot.strategies.changed",
            entity="autopilot.strategies",
            entity_id=name,
            before={"enabled": before.enabled, "config": asdict(before.config)},
            after={"enabled": on, "config": settings},
        )
        return await self.get(name)

    async def run_if_enabled(self) -> list[Considered]:
        found = []
        for strategy in await self.listed():
            if strategy.enabled:
                found += await self._run(strategy)
        return found

    async def run(self, name: str) -> list[Considered]:
        """Look at every campaign once and propose what the figures surely call for.

        Where the autopilot's level is to suggest, nothing is proposed: it stands among the recommendations, soon.
        """
        found = await self._run(await self.get(name))
        await self._scope.enqueue("autopilot.recommendations.refresh", {}, queue="rules", unless_pending=True)
        return found

    async def _run(self, strategy: Strategy) -> list[Considered]:
        found: list[Considered] = []
        for group in await self._groups(strategy):
            found += await self._consider(strategy, group)
        proposed = sum(each.action_id is not None for each in found)
        result = {"considered": len(found), "proposed": proposed}
        await self._rows.note_run(strategy.name, self._scope.now(), result)
        return found

    async def suggestions(self) -> list[Suggestion]:
        """What every strategy would do that it does not do by itself, each thing by itself."""
        found = []
        for strategy in await self.listed():
            for group in await self._groups(strategy):
                told = group.changes or any(each.advises for each in group.findings)
                if any(each.view.busy for each in group.changes):
                    continue
                if told and (not strategy.enabled or not await self._acts(strategy, group)):
                    found.append(Suggestion(strategy.name, group))
        return found

    async def take_up(
        self, name: str, changes: Sequence[Mapping[str, Any]], *, reason: str | None
    ) -> list[AutopilotAction]:
        """What was suggested, as a person who says yes to it wants it done now; the gate decides on it.

        Nothing, where a campaign has changed since or has something under way.
        """
        steps = await AccountViews(self._scope).steps(changes)
        if len(steps) < len(changes):
            return []
        return await self._acting.act(name, steps, self._acting.yes(reason))

    async def go_on_with_plans(self) -> int:
        """Raise what the cuts of earlier plans have made room for."""
        return await AutopilotActions(self._scope).plans.go_on()

    async def _known_accounts(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Amounts that are set for single accounts stand under their ids."""
        if "budgets" not in settings:
            return settings
        budgets = {str(account): micros for account, micros in settings["budgets"].items()}
        if not await self._rows.knows_accounts([UUID(account) for account in budgets]):
            raise BadStrategySetting("budgets names an ad account that is not there.")
        return settings | {"budgets": budgets}

    async def _groups(self, strategy: Strategy) -> list[Group]:
        kind = _kind(strategy.name)
        views = await AccountViews(self._scope).read(kind)
        return [group for view in views for group in kind.look(view, strategy.config)]

    async def _acts(self, strategy: Strategy, group: Group) -> bool:
        """Whether the autopilot's level lets it do any of this by itself, or ask for approval of it."""
        if strategy.only_advises:
            return False
        for each in group.changes:
            campaign = each.view.campaign
            if (await self._enforcement.limits(campaign.ad_account_id, campaign.id)).level == 0:
                return False
        return True

    async def _consider(self, strategy: Strategy, group: Group) -> list[Considered]:
        changes = [each for each in group.changes if not each.view.busy]
        if not changes:
            return [Considered(each, each.advises) for each in group.findings]
        if not await self._acts(strategy, group):
            return [Considered(each, each.after is not None) for each in group.findings]
        actions = await self._acting.act(strategy.name, [_step(each) for each in changes])
        by_campaign = {action.campaign_id: action for action in actions}
        return [_considered(each, by_campaign.get(each.view.campaign.id)) for each in group.findings]


def _kind(name: str) -> Kind:
    if name not in CATALOGUE:
        raise StrategyNotFound(name=name)
    return CATALOGUE[name]


def _considered(finding: Finding, action: AutopilotAction | None) -> Considered:
    if action is None:
        return Considered(finding)
    return Considered(finding, False, action.id, action.state)


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
