"""The limits a tenant sets, and what a change would break of them."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum

from app.models.trust_engine.kinds import EnforcementMode


class Intervention(StrEnum):
    WARNED = "warned"
    BLOCKED = "blocked"
    AUTO_PAUSED = "auto_paused"
    OVERRIDE_LOGGED = "override_logged"
    NOTIFICATION_SENT = "notification_sent"
    KILL_SWITCH_CHANGED = "kill_switch_changed"


@dataclass(frozen=True, slots=True)
class Limits:
    """Money in micros of the account's currency, ratios as shares of 1. None: no such limit.

    A tenant's own limits; an account's and a campaign's override them field by field.
    """

    mode: EnforcementMode | None = None
    level: int | None = None
    max_daily_budget_micros: int | None = None
    max_campaign_budget_micros: int | None = None
    max_increase_ratio: float | None = None
    max_changes_per_day: int | None = None
    min_hours_between: float | None = None
    max_raise_24h: float | None = None
    daily_increase_cap_micros: int | None = None
    roas_floor: float | None = None
    roas_lookback_days: int | None = None
    cpa_ceiling_micros: int | None = None


DEFAULTS = Limits(
    mode=EnforcementMode.ADVISORY,
    level=0,
    max_increase_ratio=0.30,
    max_changes_per_day=5,
    min_hours_between=4.0,
    max_raise_24h=0.20,
    roas_floor=1.0,
    roas_lookback_days=7,
)
"""A new tenant's: it is told, nothing is done for it."""


def effective(*layers: Limits | None) -> Limits:
    """The limits in force: the defaults, overridden by each layer in turn wherever it says something."""
    merged = DEFAULTS
    for layer in layers:
        if layer is not None:
            said = {f.name: value for f in fields(layer) if (value := getattr(layer, f.name)) is not None}
            merged = replace(merged, **said)
    return merged
