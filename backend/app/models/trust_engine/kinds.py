"""The words of the trust engine. Free of SQLAlchemy, so that pure rules may speak them."""

from enum import StrEnum


class Component(StrEnum):
    """What signal health is made of."""

    EMQ = "emq"
    FRESHNESS = "freshness"
    VARIANCE = "variance"
    INVARIANTS = "invariants"
    EVENT_LOSS = "event_loss"
    API_HEALTH = "api_health"
    ANOMALY = "anomaly"
    CDP_QUALITY = "cdp_quality"


class SignalState(StrEnum):
    """`unknown` should be known and is not; `absent` is a source that the tenant does not have."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    ABSENT = "absent"


class HealthStatus(StrEnum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


class AutopilotMode(StrEnum):
    """What automation may do on an account, most first."""

    NORMAL = "normal"
    LIMITED = "limited"
    CUTS_ONLY = "cuts_only"
    FROZEN = "frozen"


class RiskClass(StrEnum):
    """Most dangerous first; `safety` reads no health at all."""

    HIGH = "high"
    STANDARD = "standard"
    CONSERVATIVE = "conservative"
    CUT = "cut"
    SAFETY = "safety"


class ActionKind(StrEnum):
    """What a change turns out to do, whatever it was called when proposed."""

    INCREASE_BUDGET = "increase_budget"
    INCREASE_BID = "increase_bid"
    LAUNCH_CAMPAIGN = "launch_campaign"
    EXPAND_TARGETING = "expand_targeting"
    EXPAND_SCHEDULE = "expand_schedule"
    ENABLE = "enable"
    UNKNOWN_CHANGE = "unknown_change"
    SET_BID = "set_bid"
    UPDATE_TARGETING = "update_targeting"
    CREATE_PAUSED = "create_paused"
    REMOVE_PAUSED = "remove_paused"
    RENAME = "rename"
    NARROW_TARGETING = "narrow_targeting"
    NARROW_SCHEDULE = "narrow_schedule"
    NO_CHANGE = "no_change"
    REDUCE_BUDGET = "reduce_budget"
    REDUCE_BID = "reduce_bid"
    PAUSE = "pause"
    PAUSE_ALL = "pause_all"
    EMERGENCY_STOP = "emergency_stop"


class Origin(StrEnum):
    """Who or what asks for a change."""

    AUTOPILOT = "autopilot"
    RULE = "rule"
    API = "api"
    PERSON = "person"
    ROLLBACK = "rollback"
    KILL_SWITCH = "kill_switch"
    """An emergency stop: the switch is engaged, and all that is active is paused."""
    STOP = "stop"
    """A person's stop of everything that is active."""


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict of the gate
    HOLD = "hold"
    BLOCK = "block"


class EnforcementMode(StrEnum):
    """What breaking a limit leads to: a warning, a confirmation with a reason, or a refusal."""

    ADVISORY = "advisory"
    SOFT_BLOCK = "soft_block"
    HARD_BLOCK = "hard_block"


class Violation(StrEnum):
    BUDGET_EXCEEDED = "budget_exceeded"
    ROAS_BELOW_THRESHOLD = "roas_below_threshold"
    DAILY_SPEND_LIMIT = "daily_spend_limit"


class CalendarKind(StrEnum):
    PROMOTION = "promotion"
    CHANGE_FREEZE = "change_freeze"


class IncidentKind(StrEnum):
    """What can be wrong enough that a person should know."""

    SIGNAL_DEAD = "signal_dead"
    READ_BACK_MISMATCH = "read_back_mismatch"
    EXTERNAL_EDIT = "external_edit"
    ADS_DISAPPROVED = "ads_disapproved"
    """Its subject is the campaign's id here."""
    ACCOUNT_STOPPED = "account_stopped"
    """The platform stopped the account, or is about to: a bill is open, or it was disabled."""


class IncidentStatus(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class IncidentSeverity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"
