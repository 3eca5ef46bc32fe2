"""The overview: what needs a person, first; then how things stand, each figure known or said to be unknown."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.db.session import Scopes, TenantScope
from app.models.autopilot.enforcement import AutopilotIntervention
from app.models.trust_engine.kinds import Violation
from app.services.autopilot.actions.service import AutopilotActions
from app.services.autopilot.enforcement.service import EnforcementService, Intervention
from app.services.campaigns.metrics.service import DayTotals, MetricsService
from app.services.cdp.events.service import EventService
from app.services.cdp.identity.service import Quarantine
from app.services.cdp.sources.service import SourceService
from app.services.dashboard.rules import (
    Figure,
    Item,
    Kind,
    Severity,
    broken,
    by_urgency,
    first_steps,
    known,
    set_aside,
    total,
    unknown,
)
from app.services.integrations.ad_accounts.service import AdAccountService
from app.services.integrations.connections.service import ConnectionService
from app.services.trust_engine.gate.service import KillSwitch
from app.services.trust_engine.health.service import HealthReading
from app.services.trust_engine.incidents.service import Incidents

_VIOLATIONS_SHOWN = timedelta(days=1)
_NEEDS_SIGN_IN = "needs_sign_in"


@dataclass(frozen=True, slots=True)
class Summary:
    as_of: datetime
    health: Figure
    mode: Figure
    spend_today: Figure
    conversion_value_today: Figure
    events_last_hour: Figure
    actions_waiting: Figure
    currency: str | None


class DashboardService:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def triage(self) -> list[Item]:
        """Everything that waits for a person, the most urgent first."""
        connections = await self._connections()
        async with self._scopes() as scope:
            return by_urgency(
                [
                    *await self._frozen(scope),
                    *await self._incidents(scope),
                    *connections,
                    *await self._decisions(scope),
                    *await self._set_aside(scope),
                    *await self._first_run(scope),
                ]
            )

    async def summary(self) -> Summary:
        async with self._scopes() as scope:
            overview = await HealthReading(scope).overview()
            spend, value, currency = await self._money(scope)
            waiting = await AutopilotActions(scope).waiting()
            score = overview.roll_up.score
            return Summary(
                as_of=scope.now(),
                health=known(round(score, 1)) if score is not None else unknown("No signal was scored yet."),
                mode=known(overview.mode) if overview.evaluated_at else unknown("No signal was scored yet."),
                spend_today=spend,
                conversion_value_today=value,
                events_last_hour=await self._events(scope),
                actions_waiting=known(len(waiting)),
                currency=currency,
            )

    @staticmethod
    async def _frozen(scope: TenantScope) -> list[Item]:
        state = await KillSwitch(scope).state()
        return [
            Item(
                Kind.FROZEN, Severity.CRITICAL, title, switch.reason or "No reason was given.",
                "See the switch", "/autopilot", since=switch.changed_at, entity="trust_engine.gate",
            )
            for switch, title in (
                (state.platform, "Everything is stopped on every tenant"),
                (state.tenant, "The kill switch is on"),
            )
            if switch.engaged
        ]  # fmt: skip

    @staticmethod
    async def _incidents(scope: TenantScope) -> list[Item]:
        return [
            Item(
                Kind.INCIDENT, Severity(incident.severity), incident.sentence,
                incident.mend or "Look at the evidence.", "See the evidence", f"/trust/incidents/{incident.id}",
                since=incident.opened_at, entity="trust_engine.incidents", entity_id=incident.id,
            )
            for incident in await Incidents(scope).live()
            if incident.acknowledged_by is None
        ]  # fmt: skip

    @staticmethod
    async def _decisions(scope: TenantScope) -> list[Item]:
        """Actions that wait for a yes or a no, and others that met a limit: one matter is told once.

        What a person has let through in spite of a limit needs nobody any more.
        """
        waiting = await AutopilotActions(scope).waiting()
        approvals = [
            Item(
                Kind.APPROVAL, Severity.WARNING,
                f"{action.operation.replace('_', ' ').capitalize()}: {action.entity_name}",
                action.reason, "Decide", f"/autopilot/actions/{action.id}",
                since=action.proposed_at, entity="autopilot.actions", entity_id=action.id,
            )
            for action in waiting
        ]  # fmt: skip
        found = await EnforcementService(scope).violations_since(scope.now() - _VIOLATIONS_SHOWN)
        settled = {action.id for action in waiting} | {
            each.action_id for each in found if each.kind == Intervention.OVERRIDE_LOGGED
        }
        left = {each.action_id or each.id: each for each in found if each.action_id not in settled}
        return approvals + [_violation(each) for each in left.values()]

    async def _connections(self) -> list[Item]:
        return [
            Item(
                Kind.CONNECTION, Severity.CRITICAL, f"Sign in to {each.platform.title()} again",
                "The platform refused our token: nothing is read or sent until then.", "Connect", "/connect",
                entity="integrations.connections", entity_id=each.id,
            )
            for each in await ConnectionService(self._scopes).all()
            if each.status == _NEEDS_SIGN_IN
        ]  # fmt: skip

    @staticmethod
    async def _set_aside(scope: TenantScope) -> list[Item]:
        standing = await Quarantine(scope).standing()
        if standing.since is None:
            return []
        return [
            Item(
                Kind.SET_ASIDE, Severity.WARNING,
                set_aside(standing.events, is_exact=standing.is_exact),
                "They are stored, but whose they are could not be worked out: no profile counts them.",
                "See why", "/events?show=aside", since=standing.since, entity="cdp.identity",
            )
        ]  # fmt: skip

    async def _first_run(self, scope: TenantScope) -> list[Item]:
        sent = await EventService(scope).stats(None)
        accounts = await AdAccountService(scope).all()
        return first_steps(
            has_source=await SourceService(scope).has_one(),
            has_event=any(each.accepted for each in sent),
            has_account=bool(accounts),
            reads_one=any(each.enabled for each in accounts),
        )

    @staticmethod
    async def _events(scope: TenantScope) -> Figure:
        since = scope.now() - timedelta(hours=1)
        if not await SourceService(scope).has_one():
            return unknown("There is no source that could send events.")
        return known(sum(each.accepted for each in await EventService(scope).stats(since)))

    @staticmethod
    async def _money(scope: TenantScope) -> tuple[Figure, Figure, str | None]:
        days: list[DayTotals] = []
        for account in await AdAccountService(scope).enabled():
            days += await MetricsService(scope).today(account.id, account.timezone)
        nothing = "No platform has reported figures for today."
        spend, currency = total([(day.currency, day.spend_micros) for day in days], nothing=nothing)
        value, _ = total([(day.currency, day.conversion_value_micros) for day in days], nothing=nothing)
        return spend, value, currency


def _violation(found: AutopilotIntervention) -> Item:
    label, href = ("See what was done", "/autopilot/interventions")
    if found.action_id is not None:
        label, href = ("See the action", f"/autopilot/actions/{found.action_id}")
    return Item(
        Kind.VIOLATION, Severity.WARNING, broken(Violation(str(found.violation))), found.sentence, label, href,
        since=found.at, entity="autopilot.enforcement", entity_id=found.id,
    )  # fmt: skip
