"""Which steps of an action people are told of: it waits for them, or what they set up was not let through."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.trust_engine.kinds import Origin
from app.services.autopilot.actions.rules import ActionState
from app.services.notifications.service import (
    Notice,
    NotificationKind,
    Notifications,
    NotificationSeverity,
    NotificationSubject,
)

_SET_UP_BY_PEOPLE = frozenset({Origin.RULE, Origin.AUTOPILOT})
_MICROS = Decimal(1_000_000)
_BUDGET = "daily_budget_micros"


async def tell_people(scope: TenantScope, action: AutopilotAction, to: ActionState, note: str) -> None:
    """An approval is wanted once of each action; what is blocked again and again is one for each entity and origin."""
    if to is ActionState.AWAITING_APPROVAL:
        kind, key = NotificationKind.APPROVAL_WANTED, str(action.id)
    elif to is ActionState.BLOCKED and Origin(action.origin) in _SET_UP_BY_PEOPLE:
        kind, key = NotificationKind.ACTION_BLOCKED, f"{action.ad_account_id}:{action.entity}:{action.origin}"
    else:
        return
    await Notifications(scope).tell(
        Notice(
            kind=kind,
            severity=NotificationSeverity.WARNING,
            subject=NotificationSubject.ACTION,
            subject_id=action.id,
            key=key,
            facts={
                "entity": action.entity_name,
                "change": change_in_words(action.before, action.after, action.currency),
                "reason": action.reason,
                "note": note,
                "by": action.requested_label,
            },
        )
    )


def change_in_words(before: Mapping[str, Any], after: Mapping[str, Any], currency: str) -> str:
    """`Daily budget 100 → 120 USD`; what is no budget is named by its fields.

    >>> change_in_words({"daily_budget_micros": 100_000_000}, {"daily_budget_micros": 120_500_000}, "USD")
    'Daily budget 100 → 120.5 USD'
    >>> change_in_words({"status": "ACTIVE"}, {"status": "PAUSED"}, "USD")
    'Status ACTIVE → PAUSED'
    """
    said = []
    for name in sorted(after):
        old, new = before.get(name), after[name]
        if old == new:
            continue
        if name == _BUDGET and isinstance(new, int):
            said.append(f"daily budget {_units(old)} → {_units(new)} {currency}")
        else:
            said.append(f"{name.replace('_', ' ')} {_word(old)} → {_word(new)}")
    text = ", ".join(said) or "change"
    return text[:1].upper() + text[1:]


def _units(micros: object) -> str:
    return f"{(Decimal(micros) / _MICROS).normalize():f}" if isinstance(micros, int) else "unknown"


def _word(value: object) -> str:
    return "unknown" if value is None else str(value)
