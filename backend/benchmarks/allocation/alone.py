"""What reallocation's rules would do alone: their advice is set on the platform as it is, whatever the figures are."""

import random

from app.services.autopilot.strategies.days_rules import Candidate
from app.services.autopilot.strategies.reallocation_rules import ReallocationConfig, plan
from benchmarks.allocation.account import DECISIONS, EVERY, UNIT, Account, Course, course
from tests.sandbox_process import running_sandbox


def without_gate(seed: int, fault: str | None) -> Course:
    with running_sandbox("--seed", str(seed)) as sandbox:
        account = Account(sandbox)
        start = dict(account.budgets)
        account.explore(random.Random(seed))  # noqa: S311  (a benchmark's draws)
        if fault is not None:
            account.break_(fault)
        path = []
        for _ in range(DECISIONS):
            account.live(EVERY)
            account.set(_advised(account))
            path.append(dict(account.budgets))
        return course(account, start, path)


def _advised(account: Account) -> dict[str, float]:
    days = account.days()
    names = list(account.budgets)
    candidates = [Candidate(round(account.budgets[each]) * UNIT, False, days[each]) for each in names]
    advice = plan(candidates, ReallocationConfig()).advice
    return {
        each: account.budgets[each] if said.budget_micros is None else said.budget_micros / UNIT
        for each, said in zip(names, advice, strict=True)
    }
