"""The limits a tenant sets, and what a change would break of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from app.models.trust_engine.kinds import EnforcementMode


class Intervention(StrEnum):
    WARNED = "warned"
    BLOCKED = "blocked"
    OVERRIDE_LOGGED = "override_logged"
    KILL_SWITCH_CHANGED = "kill_switch_changed"


@dataclass(frozen=True, slots=True)
class LimitChanges:
    """What one layer says: the tenant's, an account's or a campaign's. None leaves it to the wider one.

    Money in micros of the tenant's `currency`, which no other layer has; where it has none, of each account's own.
    The meaning of each is the gate's (`trust_engine.gate.facts.Limits`).
    """

    mode: EnforcementMode | None = None
    level: int | None = None
    currency: str | None = None
    max_daily_budget_micros: int | None = None
    max_campaign_budget_micros: int | None = None
    max_daily_increase_micros: int | None = None
    increase_limit_pct: float | None = None
    total_raise_pct: float | None = None
    max_changes_per_day: int | None = None
    min_hours_between: float | None = None
    roas_floor: float | None = None
    roas_lookback_days: int | None = None
    cpa_ceiling_micros: int | None = None


AMOUNTS = frozenset(f.name for f in fields(LimitChanges) if f.name.endswith("_micros"))


class CurrencyFault(StrEnum):
    """Why amounts would come to stand in a currency that nobody said them in."""

    NOT_THE_COMPANYS = "not_the_companys"
    NOT_NAMED = "not_named"
    IN_USE = "in_use"


def override_fault(changes: Mapping[str, Any], company: LimitChanges) -> CurrencyFault | None:
    """Whether an account or campaign speaks of another currency than the company; what names none means its."""
    said = changes.get("currency", company.currency)
    says_amounts = any(changes.get(name) is not None for name in AMOUNTS)
    if said == company.currency or (said is None and not says_amounts):
        return None
    return CurrencyFault.NOT_THE_COMPANYS


def company_fault(
    changes: Mapping[str, Any], company: LimitChanges, overrides: Iterable[LimitChanges]
) -> CurrencyFault | None:
    """Whether a new currency of the company would turn amounts that were said in the old one into others."""
    if changes.get("currency", company.currency) == company.currency:
        return None
    if any(getattr(each, name) is not None for each in overrides for name in AMOUNTS):
        return CurrencyFault.IN_USE
    standing = {name for name in AMOUNTS if getattr(company, name) is not None}
    return None if standing <= changes.keys() else CurrencyFault.NOT_NAMED


def merged(*layers: LimitChanges) -> dict[str, Any]:
    """What the layers say together, a later one over an earlier wherever it says something."""
    said: dict[str, Any] = {}
    for layer in layers:
        said |= {f.name: value for f in fields(layer) if (value := getattr(layer, f.name)) is not None}
    return said
