"""What a strategy reads and what it answers: one form for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol
from uuid import UUID

from app.models.campaigns import Campaign
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.kinds import Component
from app.services.autopilot.strategies.days_rules import Candidate, Day
from app.services.autopilot.strategies.effect_rules import Effect

RETURN = (Component.FRESHNESS, Component.VARIANCE, Component.EVENT_LOSS)
"""A return is conversions over spend: stale, disagreeing or lost conversions would make it a lie."""
_LESS = frozenset({"down", "paused"})


def way_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Which way a change goes, whatever the amount.

    >>> way_of({"daily_budget_micros": 2}, {"daily_budget_micros": 3}), way_of({}, {"status": "paused"})
    ('up', 'paused')
    """
    was, will = before.get("daily_budget_micros"), after.get("daily_budget_micros")
    if isinstance(was, int) and isinstance(will, int):
        return "up" if will > was else "down"
    return str(after.get("status"))


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign with its finished days. `busy`: an action of it is open or under way."""

    campaign: Campaign
    account: AdAccount
    days: Sequence[Day]
    busy: bool
    waits: bool = False
    """All that is open of it is a program's raise that waits itself: it lapses where less spend is wanted."""
    paused_on: Mapping[str, Any] | None = None
    """What the strategy's own pause rested on, where nobody has changed the campaign since."""

    @property
    def candidate(self) -> Candidate:
        budget = self.campaign.daily_budget_micros or 0
        return Candidate(budget, bool(self.campaign.learning), self.days, self.busy)


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account that may be written to, with its campaigns that have a daily budget of their own."""

    account: AdAccount
    today: date
    """The account's own day, which is not over."""
    campaigns: Sequence[CampaignView]
    spent: Mapping[date, int] = field(default_factory=dict)
    """The spend of all of its campaigns, whoever has the budgets, on finished days."""
    last_acted: timedelta | None = None
    """How long ago the strategy last changed something here, or asked to."""

    def acted_within(self, days: float) -> bool:
        return self.last_acted is not None and self.last_acted < timedelta(days=days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One campaign that was looked at, and what is to hold of it from now on (`after`; None: leave it)."""

    view: CampaignView
    why: str
    sentence: str
    operation: str = "set_daily_budget"
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] | None = None
    effect: Effect | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    rests_on: tuple[Component, ...] = RETURN
    spend_only: bool = False
    """The reason needs nothing but what was spent."""
    advises: bool = False
    """A person is told of it although nothing is changed."""
    roas: float | None = None
    roas_low: float | None = None
    roas_high: float | None = None

    @property
    def budget_micros(self) -> int | None:
        found = (self.after or {}).get("daily_budget_micros")
        return found if isinstance(found, int) else None

    @property
    def way(self) -> str:
        """Up or down, or the status that is to hold."""
        return way_of(self.before, self.after or {})

    @property
    def wants_less(self) -> bool:
        return self.way in _LESS

    @property
    def may_go(self) -> bool:
        """Nothing that is open or under way stands in its way."""
        return not self.view.busy and (not self.view.waits or self.wants_less)


@dataclass(frozen=True, slots=True)
class Group:
    """What is said together: of one campaign, or of several of an account."""

    account: AdAccount
    findings: Sequence[Finding]
    sentence: str
    effect: Effect | None = None

    @property
    def changes(self) -> list[Finding]:
        return [each for each in self.findings if each.after is not None]

    @property
    def campaign_id(self) -> UUID | None:
        return self.findings[0].view.campaign.id if len(self.findings) == 1 else None


class Kind(Protocol):
    """One entry of the catalogue. `config` is a frozen dataclass of plain figures."""

    name: str
    config: type[Any]
    only_advises: bool
    plans: bool
    """What it says of an account are cuts and raises that go together."""
    wants_paused: bool
    """It looks at campaigns that are paused too."""

    def faults(self, config: Any) -> list[str]:
        """What is wrong with a setting, in sentences."""
        ...

    def look(self, account: AccountView, config: Any) -> list[Group]:
        """What it found of an account: every campaign is in one group."""
        ...


def budget_change(view: CampaignView, budget_micros: int | None) -> dict[str, Any]:
    """The fields of a finding that say what a daily budget was, and is to be."""
    before = {"daily_budget_micros": view.campaign.daily_budget_micros}
    after = None if budget_micros is None else {"daily_budget_micros": budget_micros}
    return {"operation": "set_daily_budget", "before": before, "after": after}
