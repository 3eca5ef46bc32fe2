"""What reallocation leaves on the table: its regret beside the status quo's and the oracle's, by the world's truth.

    python -m benchmarks.allocation [seed…]

One sandbox for each seed (drawn anew where none is given), without a fault and with one. For eight weeks somebody
moves the budgets of the dollar account about, for else nothing could be known; then the rules decide every third day
for four weeks, on what the platform reports. Each allocation is valued by the hidden curves: incremental revenue a
day, before season and carry-over. The oracle knows them and moves the same total without any cap; regret is what an
allocation misses of its value. The gate is not in it: with a fault this is what the rules alone would do.
"""

import json
import random
import secrets
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp
from statistics import fmean
from typing import Any

from app.services.autopilot.strategies.days_rules import Candidate, Day
from app.services.autopilot.strategies.reallocation_rules import ReallocationConfig, plan
from tests.sandbox_process import US_ACCOUNT, Sandbox, running_sandbox

SEEDS = 3
FAULTS: tuple[str | None, ...] = (None, "pixel_drop", "duplicated_events")
EXPLORED_DAYS, EVERY, DECISIONS = 56, 3, 9
MATURE_AFTER = timedelta(days=7)
UNIT = 1_000_000
_CENTS = 100


@dataclass(frozen=True)
class Truth:
    """A campaign's hidden curve, in incremental revenue a day for daily spend."""

    ceiling: float
    scale: float

    def value(self, spend: float) -> float:
        return self.ceiling * (1 - exp(-spend / self.scale))


class Account:
    """The dollar account's campaigns that have a daily budget of their own, over plain HTTP."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        sandbox.control("POST", "clock", json={"mode": "paused"})
        found = sandbox.graph(
            "GET", f"{US_ACCOUNT}/campaigns", fields="id,name,status,daily_budget", limit="100"
        ).json()["data"]
        self.budgets = {
            each["id"]: int(each["daily_budget"]) / _CENTS
            for each in found
            if each["status"] == "ACTIVE" and int(each.get("daily_budget", 0)) > 0
        }

    def set(self, budgets: Mapping[str, float]) -> None:
        for campaign, budget in budgets.items():
            if budget != self.budgets[campaign]:
                cents = str(round(budget * _CENTS))
                self._sandbox.graph("POST", campaign, daily_budget=cents).raise_for_status()
        self.budgets = dict(budgets)

    def live(self, days: float) -> None:
        self._sandbox.control("POST", "clock", json={"advance_hours": 24 * days})

    def today(self) -> date:
        now: str = self._sandbox.control("GET", "clock")["now"]
        return datetime.fromisoformat(now).date()

    def break_(self, kind: str) -> None:
        self._sandbox.control("POST", "faults", json={"kind": kind, "severity": 0.6, "account": US_ACCOUNT})

    def truth(self) -> dict[str, Truth]:
        curves = self._sandbox.control("GET", "truth/curves", params={"account": US_ACCOUNT})["curves"]
        found = {}
        for each in curves:
            if each["campaign_id"] in self.budgets:
                last = each["points"][-1]
                share = 1 - exp(-last["spend"] / each["scale"])
                found[each["campaign_id"]] = Truth(last["revenue"] / share, each["scale"])
        return found

    def days(self) -> dict[str, list[Day]]:
        """As the platform tells of them now; young days are not mature."""
        today = self.today()
        since = today - timedelta(days=EXPLORED_DAYS + EVERY * DECISIONS)
        until = today - timedelta(days=1)
        params: dict[str, Any] = {
            "level": "campaign",
            "time_increment": "1",
            "fields": "campaign_id,spend,impressions,clicks,actions,action_values",
            "time_range": json.dumps({"since": str(since), "until": str(until)}),
            "limit": "500",
        }
        answer = self._sandbox.graph("GET", f"{US_ACCOUNT}/insights", **params).json()
        found: dict[str, list[Day]] = defaultdict(list)
        while True:
            for row in answer["data"]:
                found[row["campaign_id"]].append(_day(row, today))
            after = answer.get("paging", {}).get("cursors", {}).get("after")
            if not after or "next" not in answer["paging"]:
                return found
            answer = self._sandbox.graph("GET", f"{US_ACCOUNT}/insights", **params, after=after).json()


def _day(row: Mapping[str, Any], today: date) -> Day:
    day = date.fromisoformat(row["date_start"])
    return Day(
        day,
        round(float(row["spend"]) * UNIT),
        _purchases(row.get("actions")),
        round(_purchases(row.get("action_values")) * UNIT),
        1.0 if today - day > MATURE_AFTER else 0.5,
        int(row["impressions"]),
        int(row["clicks"]),
    )


def _purchases(rows: list[dict[str, str]] | None) -> float:
    return next((float(each["value"]) for each in rows or () if each["action_type"] == "purchase"), 0.0)


def worth(truth: Mapping[str, Truth], budgets: Mapping[str, float]) -> float:
    return sum(truth[campaign].value(budget) for campaign, budget in budgets.items())


def oracle(truth: Mapping[str, Truth], total: float) -> dict[str, float]:
    """The best allocation by handing out thousandths to whoever earns most with the next; none above the total."""
    step = total / 1000
    budgets = dict.fromkeys(truth, 0.0)
    for _ in range(1000):
        best = max(
            truth, key=lambda each: truth[each].value(budgets[each] + step) - truth[each].value(budgets[each])
        )
        budgets[best] += step
    return budgets


def measured(seed: int, fault: str | None) -> dict[str, float]:
    chance = random.Random(seed)  # noqa: S311  (a benchmark's draws)
    with running_sandbox("--seed", str(seed)) as sandbox:
        account = Account(sandbox)
        start = dict(account.budgets)
        for _ in range(EXPLORED_DAYS // EVERY):
            account.set({each: round(budget * chance.uniform(0.7, 1.3)) for each, budget in start.items()})
            account.live(EVERY)
        account.set(start)
        account.live(EVERY)
        if fault is not None:
            account.break_(fault)
        moved = 0
        for _ in range(DECISIONS):
            days = account.days()
            names = list(account.budgets)
            candidates = [Candidate(round(account.budgets[each]) * UNIT, False, days[each]) for each in names]
            advice = plan(candidates, ReallocationConfig()).advice
            wanted = {
                each: account.budgets[each] if said.budget_micros is None else said.budget_micros / UNIT
                for each, said in zip(names, advice, strict=True)
            }
            moved += wanted != account.budgets
            account.set(wanted)
            account.live(EVERY)
        truth = account.truth()
        return {
            "status quo": worth(truth, start),
            "allocator": worth(truth, account.budgets),
            "oracle": worth(truth, oracle(truth, sum(start.values()))),
            "plans": float(moved),
        }


def main() -> None:
    seeds = [int(each) for each in sys.argv[1:]] or [secrets.randbelow(10**6) for _ in range(SEEDS)]
    print(
        f"seeds {', '.join(map(str, seeds))}; incremental revenue a day by the hidden curves, means over seeds"
    )
    print(
        f"{'fault':<20}{'status quo':>12}{'allocator':>12}{'oracle':>12}{'regret before':>15}{'after':>8}{'plans':>7}"
    )
    for fault in FAULTS:
        found = [measured(seed, fault) for seed in seeds]
        quo, mine, best, plans = (fmean(each[name] for each in found) for name in found[0])
        print(
            f"{fault or 'none':<20}{quo:>12.0f}{mine:>12.0f}{best:>12.0f}"
            f"{1 - quo / best:>15.1%}{1 - mine / best:>8.1%}{plans:>7.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
