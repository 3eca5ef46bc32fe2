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
from app.services.autopilot.strategies.refusals import SILENT_FOR, Refusals
from app.services.autopilot.strategies.repository import StrategyRepository
from app.services.autopilot.strategies.viewing import AccountViews

__all__ = ["SILENT_FOR", "Finding", "Group", "Step", "StrategyService", "Suggestion"]


@dataclass(frozen=True, slots=True)
class Strategy:
    name: str
    enabled: bool
    config: Any
    last_run_at: datetime | None
    last_result: dict[str, Any] | None
    only_advises: bool = False


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
        """Switch a strategy on or off, or set some of its settings. Off, its plans end where they are."""
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
        if not on:
            why = "Its strategy was switched off."
            actions = AutopilotActions(self._scope)
            await actions.plans.halt(name, why)
            await actions.halting.of_strategy(name, why)
        await AuditLog(self._scope).record(
            "autopilot.strategies.changed",
            entity="autopilot.strategies",
            entity_id=name,
            before={"enabled": before.enabled, "config": asdict(before.config)},
            after={"enabled": on, "config": settings},
        )
        return await self.get(name)

    async def suggestions(self) -> list[Suggestion]:
        """What every strategy would do that it does not do by itself, each thing by itself."""
        found = []
        for strategy in await self.listed():
            refusals = await Refusals.read(self._scope, strategy.name)
            for group in await self.groups(strategy):
                told = group.changes or any(each.advises for each in group.findings)
                if any(not each.may_go or refusals.cover(group, each) for each in group.changes):
                    continue
                if told and (not strategy.enabled or not await self.acts(strategy, group)):
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

    async def _known_accounts(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Amounts that are set for single accounts stand under their ids."""
        if "budgets" not in settings:
            return settings
        budgets = {str(account): micros for account, micros in settings["budgets"].items()}
        if not await self._rows.knows_accounts([UUID(account) for account in budgets]):
            raise BadStrategySetting("budgets names an ad account that is not there.")
        return settings | {"budgets": budgets}

    async def groups(self, strategy: Strategy) -> list[Group]:
        """What it finds of every campaign now, as it is set."""
        kind = _kind(strategy.name)
        views = await AccountViews(self._scope).read(kind)
        return [group for view in views for group in kind.look(view, strategy.config)]

    async def acts(self, strategy: Strategy, group: Group) -> bool:
        """Whether the autopilot's level lets it do any of this by itself, or ask for approval of it."""
        if strategy.only_advises:
            return False
        for each in group.changes:
            campaign = each.view.campaign
            if (await self._enforcement.limits(campaign.ad_account_id, campaign.id)).level == 0:
                return False
        return True


def _kind(name: str) -> Kind:
    if name not in CATALOGUE:
        raise StrategyNotFound(name=name)
    return CATALOGUE[name]
