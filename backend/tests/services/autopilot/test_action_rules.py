from collections import deque

import pytest

from app.models.trust_engine.kinds import Verdict
from app.services.autopilot.actions.rules import (
    ENDED,
    IN_FLIGHT,
    NEXT,
    OPEN,
    ActionState,
    may_follow,
    state_after,
)

S = ActionState


def _reachable(start: ActionState) -> set[ActionState]:
    seen, queue = {start}, deque([start])
    while queue:
        for following in NEXT[queue.popleft()] - seen:
            seen.add(following)
            queue.append(following)
    return seen


def test_every_state_can_be_reached_and_every_life_can_end() -> None:
    assert _reachable(S.PROPOSED) == set(ActionState)
    assert all(_reachable(state) & (ENDED | {S.VERIFIED}) for state in ActionState)


def test_nothing_is_executed_that_was_not_approved() -> None:
    assert {state for state in ActionState if may_follow(state, S.EXECUTING)} == {S.APPROVED}
    assert {state for state in ActionState if may_follow(state, S.APPLIED)} == {S.EXECUTING}


def test_what_ended_stays_ended() -> None:
    assert {S.BLOCKED, S.ROLLED_BACK, S.FAILED, S.EXPIRED, S.DISMISSED} == ENDED


def test_waiting_and_owed_states_are_apart() -> None:
    assert not OPEN & IN_FLIGHT
    assert not (OPEN | IN_FLIGHT) & ENDED


@pytest.mark.parametrize(
    ("verdict", "holds", "state"),
    [
        (Verdict.PASS, (), S.APPROVED),
        (Verdict.BLOCK, ("suggest_only",), S.BLOCKED),
        (Verdict.HOLD, ("suggest_only",), S.PROPOSED),
        (Verdict.HOLD, ("approval_required",), S.AWAITING_APPROVAL),
        (Verdict.HOLD, ("degraded",), S.HELD),
        (Verdict.HOLD, ("suggest_only", "degraded"), S.HELD),
    ],
)
def test_a_decision_leads_to_one_state(verdict: Verdict, holds: tuple[str, ...], state: ActionState) -> None:
    assert state_after(verdict, frozenset(holds)) is state
