"""The limits a tenant sets, and what a change would break of them."""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from app.models.trust_engine.kinds import EnforcementMode


class Intervention(StrEnum):
    WARNED = "warned"
    BLOCKED = "blocked"
    AUTO_PAUSED = "auto_paused"
    OVERRIDE_LOGGED = "override_logged"
    NOTIFICATION_SENT = "notification_sent"
    KILL_SWITCH_CHANGED = "kill_switch_changed"


@dataclass(frozen=True, slots=True)
class LimitChanges:
    """What one layer says: the tenant's, an account's or a campaign's. None leaves it to the wider one.

    Money in micros of `currency`; the meaning of each is the gate's (`trust_engine.gate.facts.Limits`).
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


def merged(*layers: LimitChanges) -> dict[str, Any]:
    """What the layers say together, a later one over an earlier wherever it says something."""
    said: dict[str, Any] = {}
    for layer in layers:
        said |= {f.name: value for f in fields(layer) if (value := getattr(layer, f.name)) is not None}
    return said
