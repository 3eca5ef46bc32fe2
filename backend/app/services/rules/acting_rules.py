"""What a rule's action comes to for one campaign as it stands: absolute values before and after. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from app.models.rules.kinds import Idle
from app.schemas.rules.definition import (
    Bounds,
    BudgetByAmount,
    BudgetByPercent,
    Enable,
    Pause,
    PlatformAction,
    SetBudget,
)

_UNIT = 1_000_000
_WHOLE = frozenset({
    *("BIF", "CLP", "COP", "CRC", "DJF", "GNF", "HUF", "IDR", "ISK", "JPY", "KMF", "KRW"),
    *("PYG", "RWF", "TWD", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
})  # fmt: skip
"""Currencies of which some platform takes whole units alone (ISO 4217 without decimals, and Meta's own table)."""


@dataclass(frozen=True, slots=True)
class Stands:
    """A campaign, as far as an action asks of it."""

    status: str
    daily_budget_micros: int | None
    currency: str
    budget_level: str = "campaign"
    by_a_rule: bool = True
    """Where it is paused: a rule's pause was the last word on that."""


@dataclass(frozen=True, slots=True)
class Step:
    """A change at the platform, in absolute values."""

    operation: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def wants_less(self) -> bool:
        """It stops spend, or takes some of it."""
        if self.operation == "set_status":
            return bool(self.after["status"] == "paused")
        return bool(self.after["daily_budget_micros"] < self.before["daily_budget_micros"])


def planned(action: PlatformAction, campaign: Stands) -> Step | Idle:
    """The change that the action wants, or why there is none."""
    match action:
        case Pause():
            return _status(campaign, "active", "paused")
        case Enable():
            step = _status(campaign, "paused", "active")
            return step if campaign.by_a_rule or isinstance(step, Idle) else Idle.NOT_BY_A_RULE
        case SetBudget():
            wanted, bounds, currency = Decimal(action.micros), None, action.currency
        case BudgetByAmount():
            wanted = Decimal((campaign.daily_budget_micros or 0) + action.micros)
            bounds, currency = action.bounds, action.currency
        case BudgetByPercent():
            wanted = (campaign.daily_budget_micros or 0) * (1 + action.percent / 100)
            bounds, currency = action.bounds, campaign.currency
    if campaign.daily_budget_micros is None or campaign.budget_level != "campaign":
        return Idle.NO_BUDGET
    if campaign.currency != currency or (bounds is not None and bounds.currency != currency):
        return Idle.CURRENCY
    return _budget(campaign.daily_budget_micros, wanted, bounds, currency)


def _status(campaign: Stands, was: str, will: str) -> Step | Idle:
    if campaign.status != was:
        return Idle.STANDS
    return Step("set_status", {"status": was}, {"status": will})


def _budget(now: int, wanted: Decimal, bounds: Bounds | None, currency: str) -> Step | Idle:
    """In units that every platform can hold, and never further from the present budget than was asked for."""
    unit = _UNIT if currency in _WHOLE else _UNIT // 100
    rises = wanted > now
    if bounds is not None and rises and bounds.ceiling_micros is not None:
        wanted = min(wanted, Decimal(bounds.ceiling_micros))
    if bounds is not None and not rises and bounds.floor_micros is not None:
        wanted = max(wanted, Decimal(bounds.floor_micros))
    units = (wanted / unit).to_integral_value(ROUND_FLOOR if rises else ROUND_CEILING)
    after = int(units) * unit
    if after <= 0 or after == now or (after > now) != rises:
        return Idle.AT_LIMIT
    return Step("set_daily_budget", {"daily_budget_micros": now}, {"daily_budget_micros": after})
