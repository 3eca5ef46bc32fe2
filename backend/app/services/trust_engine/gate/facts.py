"""Everything that a decision reads, and what it answers: exactly what the ledger stores.

A `GateInput` decoded from its stored bytes decides the same again, years later. Money is micros of the account's
currency unless a field says otherwise; times are the domain's.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from app.models.trust_engine.kinds import (
    ActionKind,
    AutopilotMode,
    CalendarKind,
    Component,
    EnforcementMode,
    Origin,
    RiskClass,
    SignalState,
    Verdict,
    Violation,
)
from app.services.trust_engine.gate.permits import Change
from app.services.trust_engine.policies.rules import TrustPolicy


class _Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class ChangeFacts(_Fact, frozen=True, kw_only=True):
    """A `Change` as it is stored."""

    platform: str
    account: str
    entity_type: str
    entity: str
    operation: str
    before: dict[str, Any]
    after: dict[str, Any]
    digest: str

    @classmethod
    def of(cls, change: Change) -> "ChangeFacts":
        return cls(
            platform=change.platform,
            account=change.account,
            entity_type=change.entity_type,
            entity=change.entity,
            operation=change.operation,
            before=dict(change.before),
            after=dict(change.after),
            digest=change.digest,
        )


class Approval(_Fact, frozen=True, kw_only=True):
    """A person's yes to this very change."""

    by: str
    at: datetime
    reason: str | None = None


class Ask(_Fact, frozen=True, kw_only=True):
    """Who wants the change, and on what grounds."""

    origin: Origin
    actor: str
    justified_by: tuple[Component, ...] = ()
    """Signals that the reasoning rests on: a bad or unknown one holds the action. Where none is named and
    `spend_only` is not said, it rests on all that a return is made of."""
    spend_only: bool = False
    """The reasoning needs nothing but what was spent."""
    approval: Approval | None = None
    restores_micros: int | None = None
    """The budget before our own earlier cut, where this change gives it back."""
    untouched_since: bool = True
    """Nobody else has changed the entity since our last write."""


class HealthFacts(_Fact, frozen=True, kw_only=True):
    """The account's evaluation, as known when the decision was made."""

    evaluation_id: str
    score: float | None
    coverage: float
    mode: AutopilotMode
    states: dict[Component, SignalState]
    absent: tuple[Component, ...]
    evaluated_at: datetime
    expires_at: datetime
    evidence_digest: str


class Limits(_Fact, frozen=True, kw_only=True):
    """Enforcement settings in force for this entity; amounts in `currency`, which is the account's when empty."""

    mode: EnforcementMode = EnforcementMode.ADVISORY
    level: int = 0
    """0 suggest only, 1 guarded auto, 2 approval required."""
    currency: str = ""
    max_daily_budget_micros: int | None = None
    max_campaign_budget_micros: int | None = None
    max_daily_increase_micros: int | None = None
    increase_limit_pct: float = 30.0
    total_raise_pct: float = 20.0
    max_changes_per_day: int = 5
    min_hours_between: float = 4.0
    roas_floor: float | None = 1.0
    roas_lookback_days: int = 7
    cpa_ceiling_micros: int | None = None


class Activity(_Fact, frozen=True, kw_only=True):
    """What has happened to the entity and its account, edits from elsewhere included."""

    changes_24h: int = 0
    last_change_at: datetime | None = None
    cooldown_until: datetime | None = None
    lowest_24h_micros: int | None = None
    """Lowest daily budget that the entity had in the last 24 h."""
    budget_24h_ago_micros: int | None = None
    own_daily_micros: int | None = None
    """What the entity may spend on one day once it runs: its budget, or those of what runs below; None: not known."""
    others_daily_micros: int = 0
    """Daily budgets of the account's other live entities."""
    account_raised_24h_micros: int = 0
    roas: float | None = None
    cpa_micros: int | None = None
    conversions: int = 0
    """Conversions that the account has ever had: automation starts after enough of them."""
    launched: bool = True
    usual_daily_micros: int | None = None
    """What the account spends on a usual day: the median of its last 90; None while fewer than 14 are known."""
    usual_daily_conversions: float | None = None
    """Likewise."""


class PlatformFacts(_Fact, frozen=True, kw_only=True):
    learning: bool = False
    read_only: bool = False
    write_lease: bool = True
    account_currency: str = "USD"
    fx_rate: Decimal | None = None
    """Limit currency per unit of the account's, as it was recorded; needed only where they differ."""
    fx_at: datetime | None = None
    fx_source: str | None = None


class CalendarEntry(_Fact, frozen=True, kw_only=True):
    kind: CalendarKind
    name: str
    starts_at: datetime
    ends_at: datetime


class RollUpFacts(_Fact, frozen=True, kw_only=True):
    """The health of all of the tenant's accounts together."""

    score: float | None
    coverage: float
    mode: AutopilotMode
    evaluations: tuple[str, ...] = ()
    """What it was rolled up from; entries of before it was written down name none."""


class Leg(_Fact, frozen=True, kw_only=True):
    """The other half of a move across accounts: what it changes there, and what is known of that account."""

    account_name: str
    change: ChangeFacts
    health: HealthFacts | None
    evaluated_with: int | None
    limits: Limits
    activity: Activity
    platform: PlatformFacts
    untouched_since: bool = True
    calendar: tuple[CalendarEntry, ...] = ()


class Move(_Fact, frozen=True, kw_only=True):
    """Money that goes from one account to another: neither half is decided without the other."""

    other: Leg
    roll_up: RollUpFacts


class GateInput(_Fact, frozen=True, kw_only=True):
    """The whole of what a decision may read."""

    tenant_id: int
    at: datetime
    ask: Ask
    change: ChangeFacts
    health: HealthFacts | None
    policy: TrustPolicy | None
    evaluated_with: int | None
    """The policy version that the health was evaluated with: another one makes it stale."""
    limits: Limits
    activity: Activity
    platform: PlatformFacts
    calendar: tuple[CalendarEntry, ...] = ()
    entity_name: str | None = None
    """As people call it; decides nothing."""
    kill_switch: bool = False
    """Engaged for the tenant or for everyone."""
    move: Move | None = None
    """Set where this is one half of a move across accounts."""


class Reason(_Fact, frozen=True, kw_only=True):
    """One reason, coded for programs and rendered for people. `verdict` is what it alone would lead to."""

    code: str
    verdict: Verdict
    sentence: str
    violation: Violation | None = None


class GateDecision(_Fact, frozen=True, kw_only=True):
    decider: str
    verdict: Verdict
    risk: RiskClass
    kind: ActionKind
    need: float | None
    score: float | None
    """What the score counts for here, the mode's ceiling applied."""
    reasons: tuple[Reason, ...]
    """Everything that stands in the way, worst first; then what was noted."""


def encode(fact: GateInput | GateDecision) -> bytes:
    """Canonical bytes: sorted keys, no spaces, shortest numbers."""
    return msgspec.json.encode(fact, order="sorted")


def decode_input(raw: bytes | msgspec.Raw) -> GateInput:
    return msgspec.json.decode(raw, type=GateInput)
