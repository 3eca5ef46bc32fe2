"""The life of an action: which state may follow which. The size of what raises may take of cuts."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

from app.models.trust_engine.kinds import Origin, Verdict


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
    S.HELD: frozenset({S.BLOCKED, S.AWAITING_APPROVAL, S.APPROVED, S.DISMISSED, S.EXPIRED}),
    S.BLOCKED: frozenset(),
    S.AWAITING_APPROVAL: frozenset({S.HELD, S.BLOCKED, S.APPROVED, S.DISMISSED, S.EXPIRED}),
    S.APPROVED: frozenset({S.EXECUTING, S.HELD, S.BLOCKED, S.FAILED, S.EXPIRED}),
    S.EXECUTING: frozenset(
        {S.APPLIED, S.PROPOSED, S.HELD, S.BLOCKED, S.AWAITING_APPROVAL, S.APPROVED, S.FAILED, S.EXPIRED}
    ),
    S.APPLIED: frozenset({S.VERIFIED, S.FAILED}),
    S.VERIFIED: frozenset({S.ROLLED_BACK}),
    S.ROLLED_BACK: frozenset(),
    S.FAILED: frozenset(),
    S.EXPIRED: frozenset(),
    S.DISMISSED: frozenset(),
}
"""`executing → approved`: the platform turned out not to hold the write; it may be tried again, on a new permit.
It is decided anew then, so that all that a decision leads to may follow; it expires where nobody wants it any more."""

OPEN = frozenset({S.PROPOSED, S.HELD, S.AWAITING_APPROVAL})
"""Waits for a person; silence expires it."""

IN_FLIGHT = frozenset({S.APPROVED, S.EXECUTING, S.APPLIED})
"""Owed to the platform: after a crash somebody has to resume it."""

LOG_MARGIN = timedelta(seconds=1)
"""Platforms' logs speak to the second."""

ENDED = frozenset(state for state, following in NEXT.items() if not following)


_PROGRAMS = frozenset({Origin.AUTOPILOT, Origin.RULE})


def gives_way(state: str, origin: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a change lapses for one that wants less spend: a program's raise or start that is still waiting."""
    if ActionState(state) not in OPEN or Origin(origin) not in _PROGRAMS:
        return False
    return wants_more(before, after)


def wants_more(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a change raises a budget or starts what does not spend."""
    budgets = before.get("daily_budget_micros"), after.get("daily_budget_micros")
    return after.get("status") == "active" or (
        isinstance(budgets[0], int) and isinstance(budgets[1], int) and budgets[1] > budgets[0]
    )


def may_follow(now: ActionState, then: ActionState) -> bool:
    return then in NEXT[now]


_WAITS_FOR = {
    frozenset({"suggest_only"}): S.PROPOSED,
    frozenset({"approval_required"}): S.AWAITING_APPROVAL,
}


def state_after(verdict: Verdict, holds: frozenset[str]) -> ActionState:
    """Where a decision leads. `holds` are the codes of the reasons that hold it back.

    What only the autopilot's level holds back is sound: it stands as a suggestion, or waits for approval.
    """
    if verdict is Verdict.PASS:
        return S.APPROVED
    if verdict is Verdict.BLOCK:
        return S.BLOCKED
    return _WAITS_FOR.get(holds, S.HELD)


_STANDS = frozenset({S.APPROVED, S.PROPOSED, S.AWAITING_APPROVAL})
_OF_THE_WHOLE = frozenset({"daily_cap", "usual_cap"})
"""Caps of all budgets together, which a raise that takes what a cut gave does not move."""


def would_stand(verdict: Verdict, codes: frozenset[str]) -> bool:
    """Whether a raise of a plan would pass once its cuts hold, or waits for a person alone.

    `codes` are of the reasons that stand in its way before the cuts.
    """
    left = codes - _OF_THE_WHOLE
    return not left or (verdict is Verdict.HOLD and state_after(verdict, left) in _STANDS)


_UNIT = 1_000_000


def sized(wanted: Sequence[int], freed_micros: int) -> list[int]:
    """Raises in whole units of the currency that together take no more than was freed, each by its share.

    >>> sized([30_000_000, 10_000_000], 20_000_000), sized([2_500_000], 9_000_000)
    ([15000000, 5000000], [2000000])
    """
    total = sum(wanted)
    share = min(max(0, freed_micros), total)
    return [each * share // total // _UNIT * _UNIT if total else 0 for each in wanted]
