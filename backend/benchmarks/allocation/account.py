"""The dollar account of a sandbox: its budgets, what the platform tells of its days, and the truth beneath."""

import json
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp
from typing import Any

from app.services.autopilot.strategies.days_rules import Day
from app.services.autopilot.strategies.reallocation_rules import ReallocationConfig
from tests.sandbox_process import US_ACCOUNT, Sandbox

EXPLORED_DAYS, EVERY, DECISIONS = 56, 3, 9
EXPLORED_FROM, EXPLORED_TO = 0.7, 1.3
"""Of the budgets at the start."""
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
        self.budgets: dict[str, float] = {}
        self.read()

    def read(self) -> None:
        """The daily budgets that the platform holds now, in dollars."""
        found = self._sandbox.graph(
            "GET", f"{US_ACCOUNT}/campaigns", fields="id,name,status,daily_budget", limit="100"
        ).json()["data"]
        self.budgets = {
            each["id"]: int(each["daily_budget"]) / _CENTS
            for each in found
            if int(each.get("daily_budget", 0)) > 0
            and (each["status"] == "ACTIVE" or each["id"] in self.budgets)
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

    def explore(self, chance: random.Random) -> None:
        """Eight weeks in which somebody moves the budgets about, for else nothing could be known."""
        start = dict(self.budgets)
        for _ in range(EXPLORED_DAYS // EVERY):
            self.set(
                {
                    each: round(budget * chance.uniform(EXPLORED_FROM, EXPLORED_TO))
                    for each, budget in start.items()
                }
            )
            self.live(EVERY)
        self.set(start)
        self.live(EVERY)

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
    """The best allocation of the total."""
    return _best(truth, total, dict.fromkeys(truth, 0.0), dict.fromkeys(truth, total))


def in_reach(truth: Mapping[str, Truth], start: Mapping[str, float]) -> dict[str, float]:
    """The best allocation of the start's total that goes no further beyond what was ever spent than is allowed."""
    beyond = ReallocationConfig().exploration
    least = {each: start[each] * EXPLORED_FROM * (1 - beyond) for each in truth}
    most = {each: start[each] * EXPLORED_TO * (1 + beyond) for each in truth}
    return _best(truth, sum(start.values()), least, most)


def _best(
    truth: Mapping[str, Truth], total: float, least: Mapping[str, float], most: Mapping[str, float]
) -> dict[str, float]:
    """By handing out thousandths of the total to whoever earns most with the next; none above it."""
    step = total / 1000
    budgets = dict(least)
    for _ in range(int((total - sum(least.values())) / step + 1e-9)):
        may = [each for each in truth if budgets[each] + step <= most[each] + 1e-9]
        best = max(
            may, key=lambda each: truth[each].value(budgets[each] + step) - truth[each].value(budgets[each])
        )
        budgets[best] += step
    return budgets


@dataclass(frozen=True)
class Course:
    """What the budgets were worth: at the start, after each decision, and by whoever knows the curves."""

    start: float
    after: list[float]
    oracle: float
    in_reach: float
    """By whoever knows the curves and goes no further beyond what was ever spent than reallocation may."""
    moved: int
    """Decisions after which the platform held other budgets."""
    held: int = 0
    """Proposals that the gate did not let pass."""


def course(
    account: Account, start: Mapping[str, float], path: list[dict[str, float]], held: int = 0
) -> Course:
    truth = account.truth()
    before = [start, *path[:-1]]
    return Course(
        worth(truth, start),
        [worth(truth, budgets) for budgets in path],
        worth(truth, oracle(truth, sum(start.values()))),
        worth(truth, in_reach(truth, start)),
        sum(was != will for was, will in zip(before, path, strict=True)),
        held,
    )
