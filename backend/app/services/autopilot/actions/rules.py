"""The life of an action: which state may follow which."""

from enum import StrEnum


class ActionState(StrEnum):
    PROPOSED = "proposed"
    HELD = "held"
    BLOCKED = "blocked"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    EXECUTING = "executing"
    APPLIED = "applied"
    VERIFIED = "verified"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"
    EXPIRED = "expired"
    DISMISSED = "dismissed"


S = ActionState

NEXT: dict[ActionState, frozenset[ActionState]] = {
    S.PROPOSED: frozenset({S.HELD, S.BLOCKED, S.AWAITING_APPROVAL, S.APPROVED, S.DISMISSED, S.EXPIRED}),
    S.HELD: frozenset({S.BLOCKED, S.APPROVED, S.DISMISSED, S.EXPIRED}),
    S.BLOCKED: frozenset(),
    S.AWAITING_APPROVAL: frozenset({S.HELD, S.BLOCKED, S.APPROVED, S.DISMISSED, S.EXPIRED}),
    S.APPROVED: frozenset({S.EXECUTING, S.HELD, S.BLOCKED, S.FAILED, S.EXPIRED}),
    S.EXECUTING: frozenset({S.APPLIED, S.APPROVED, S.HELD, S.BLOCKED, S.FAILED}),
    S.APPLIED: frozenset({S.VERIFIED, S.FAILED}),
    S.VERIFIED: frozenset({S.ROLLED_BACK}),
    S.ROLLED_BACK: frozenset(),
    S.FAILED: frozenset(),
    S.EXPIRED: frozenset(),
    S.DISMISSED: frozenset(),
}
"""`executing → approved`: the platform turned out not to hold the write; it may be tried again, on a new permit."""

OPEN = frozenset({S.PROPOSED, S.HELD, S.AWAITING_APPROVAL})
"""Waits for a person; silence expires it."""

IN_FLIGHT = frozenset({S.APPROVED, S.EXECUTING, S.APPLIED})
"""Owed to the platform: after a crash somebody has to resume it."""

ENDED = frozenset(state for state, following in NEXT.items() if not following)


def may_follow(now: ActionState, then: ActionState) -> bool:
    return then in NEXT[now]


class Level(StrEnum):
    """How much the autopilot does by itself."""

    SUGGEST_ONLY = "0"
    GUARDED_AUTO = "1"
    APPROVAL_REQUIRED = "2"


def state_after_pass(*, by_person: bool, is_rollback: bool, level: Level) -> ActionState:
    """Where a PASS leads: a person's own change and a rollback go ahead, automation as far as its level allows."""
    if by_person or is_rollback:
        return S.APPROVED
    return {
        Level.SUGGEST_ONLY: S.PROPOSED,
        Level.GUARDED_AUTO: S.APPROVED,
        Level.APPROVAL_REQUIRED: S.AWAITING_APPROVAL,
    }[level]
