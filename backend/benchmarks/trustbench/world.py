"""An account's truth, hour by hour: spend, visits, orders with their causes, and what the last unit of money earns.

It knows of no gate, and of faults only what truly happens to people.

Incremental orders a day = ceiling x (1 - exp(-spend / scale)) on adstocked spend; organic buyers besides, of whom the
platform claims some. Times are hours since the epoch, money is in the account's major unit.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.trustbench.shape import Effect

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Random = np.random.Generator

HERE = Path(__file__).parent / "worlds"
DAYS = 84
WARM_DAYS = 56
"""Days before anything may happen: an account has a past."""
HOURS = DAYS * 24
AD_SETS_OF_ONE = 4
MARGIN = 0.5
CLAIM_DAYS = 7
_HALF_LIFE = 24.0
_SESSIONS_PER_CLICK = 0.8
_WEEKEND = (5, 6)
_HOURS_SHAPE = np.array(
    (14, 8, 5, 4, 4, 8, 18, 32, 46, 58, 64, 66, 70, 66, 62, 60, 60, 64, 74, 88, 96, 84, 56, 30), dtype=float
)


@dataclass(frozen=True, slots=True)
class Character:
    """What tells one kind of shop from another."""

    says: str
    value: float
    spread: float
    """Of an order's value: standard deviation of its logarithm."""
    quiet_night: float
    weekend: float
    daily_noise: float
    late_share: float
    """Of buyers, who do not buy within the hour after their click."""
    late_hours: float
    organic: float
    """Orders that come of themselves, for one that the platform claims."""
    browser_blocked: float
    campaigns: int


def read_characters() -> dict[str, Character]:
    return {path.stem: Character(**json.loads(path.read_text())) for path in sorted(HERE.glob("*.json"))}


@dataclass(frozen=True, slots=True)
class Tape:
    """The whole truth of one account. Rows of `spend`, `impressions` and `clicks` are ad sets, columns are hours."""

    campaign_of: Ints
    spend: Floats
    impressions: Floats
    clicks: Floats
    sessions: Floats
    placed: Floats
    """Of each order: the hour, with its fraction."""
    value: Floats
    claimed_by: Ints
    """Ad set, or -1."""
    clicked: Floats
    seen: Floats
    """When the platform tells of it."""
    draws: Floats
    """Four draws from [0, 1) of each order, by which faults pick theirs."""
    blocked: NDArray[np.bool_]
    """The browser told nothing of this order."""
    named: NDArray[np.bool_]
    """Its buyer said who they are."""
    budget: Floats
    """Daily, by campaign and day."""
    marginal_profit: Floats
    """What the last unit of money truly earns beyond itself, by campaign and day."""


def simulate(
    character: Character,
    random: Random,
    conversions: float,
    *,
    effects: Iterable[Effect] = (),
    start: float = 0.0,
    end: float = 0.0,
) -> Tape:
    """One account that is claimed about `conversions` a day. Between `start` and `end` the effects hold."""
    amounts = {each.do: each.amount for each in effects}
    hours = np.arange(HOURS, dtype=float)
    on = (hours >= start) & (hours < end)
    plan = _Plan(character, random, conversions)
    budget = np.repeat(plan.budgets[:, None], HOURS, axis=1)
    budget[:, on] *= amounts.get("budget", 1.0)
    if "launch" in amounts:
        plan, budget = _launched(plan, budget, amounts, on)
    breath = _breath(character, random, night=np.where(on, amounts.get("night", 0.0), 0.0))
    demand = breath * np.where(on, amounts.get("demand", 1.0), 1.0)
    traffic = demand * np.where(on, amounts.get("traffic", 1.0), 1.0)
    buying = np.where(on, amounts.get("conversion_rate", 1.0), 1.0) * traffic
    spend = _delivered(plan, budget, breath, random)
    adstock = _adstock(np.add.reduceat(spend, plan.firsts, axis=0), breath)
    clicks, impressions = _shown(plan, spend, random, np.where(on, amounts.get("auction", 1.0), 1.0))
    sessions = random.poisson(plan.organic_sessions * traffic / 24 + _SESSIONS_PER_CLICK * clicks.sum(axis=0))
    orders = _orders(plan, random, adstock, buying)
    orders = _valued(orders, character, random, on, amounts)
    orders["named"] = _named(plan, random, orders["placed"], on, amounts)
    slope = plan.ceilings[:, None] / plan.scales[:, None] * np.exp(-adstock / plan.scales[:, None])
    earned = MARGIN * character.value * slope * _daily_mean(buying)[None, :] - 1.0
    return Tape(
        campaign_of=plan.campaign_of,
        spend=spend,
        impressions=impressions,
        clicks=clicks.astype(float),
        sessions=sessions.astype(float),
        budget=budget[:, ::24],
        marginal_profit=earned.reshape(len(plan.ceilings), DAYS, 24).mean(axis=2),
        **orders,
    )


class _Plan:
    """The hidden numbers of an account's campaigns."""

    def __init__(self, character: Character, random: Random, conversions: float) -> None:
        count = character.campaigns
        shares = random.dirichlet(np.full(count, 4.0))
        caused = 0.75 * conversions * shares
        worn = random.uniform(0.3, 2.0, count)
        returns = random.uniform(2.0, 7.0, count)
        self.budgets = caused * character.value / returns
        self.ceilings = caused / (1 - np.exp(-worn))
        self.scales = self.budgets / worn
        self.organic = character.organic * conversions
        self.overclaim = 0.25 * shares / character.organic
        self.organic_sessions = 30.0 * self.organic
        self.cpm = character.value * random.uniform(0.12, 0.3, count)
        self.click_rate = random.uniform(0.008, 0.02, count)
        self.named = random.uniform(0.6, 0.97)
        self.splits = random.dirichlet(np.full(AD_SETS_OF_ONE, 5.0), count)
        self.index()

    def index(self) -> None:
        self.campaign_of = np.repeat(np.arange(len(self.budgets)), AD_SETS_OF_ONE)
        self.firsts = np.arange(0, len(self.campaign_of), AD_SETS_OF_ONE)


def _launched(
    plan: _Plan, budget: Floats, amounts: dict[str, float], on: NDArray[np.bool_]
) -> tuple[_Plan, Floats]:
    """A campaign more, as good as the middle one, which spends from the launch on and stays.

    On another channel it is shown for a `launch_price` of its own: cheaper, and clicked on more rarely.
    """
    middle = int(np.argsort(plan.budgets)[len(plan.budgets) // 2])
    wanted = amounts["launch"] * plan.budgets.sum()
    factor, price = wanted / plan.budgets[middle], amounts.get("launch_price", 1.0)
    added = {
        "budgets": factor,
        "ceilings": factor,
        "scales": factor,
        "cpm": price,
        "click_rate": price**0.5,
    }
    for name, times in added.items():
        values = getattr(plan, name)
        setattr(plan, name, np.append(values, values[middle] * times))
    plan.overclaim = np.append(plan.overclaim, plan.overclaim[middle] * min(1.0, factor))
    plan.splits = np.vstack([plan.splits, plan.splits[middle]])
    plan.index()
    begun = np.maximum.accumulate(on.astype(float))
    return plan, np.vstack([budget, wanted * begun[None, :]])


def _breath(character: Character, random: Random, *, night: Floats) -> Floats:
    """Hour of the day, day of the week, and each day's own mood, with a mean near 1."""
    shape = _HOURS_SHAPE**character.quiet_night
    shape *= 24 / shape.sum()
    hour = np.arange(HOURS)
    later = (hour - night.astype(int)) % 24
    days = hour // 24
    week = np.where(np.isin(days % 7, _WEEKEND), character.weekend, 1.0)
    week /= (5 + 2 * character.weekend) / 7
    mood = np.zeros(DAYS)
    steps = random.normal(0.0, character.daily_noise, DAYS)
    for day in range(DAYS):
        mood[day] = steps[day] + (0.4 * mood[day - 1] if day else 0.0)
    return np.asarray(shape[later] * week * np.exp(mood[days]))


def _delivered(plan: _Plan, budget: Floats, breath: Floats, random: Random) -> Floats:
    """Spend follows the hours in which people are awake, and the budget over the day."""
    pace = breath / _daily_mean(breath)
    mine = budget[plan.campaign_of] * plan.splits.reshape(-1)[:, None] / 24
    return np.asarray(mine * pace * np.exp(random.normal(0.0, 0.08, mine.shape)))


def _daily_mean(values: Floats) -> Floats:
    return np.asarray(np.repeat(values.reshape(DAYS, 24).mean(axis=1), 24))


def _adstock(spend: Floats, breath: Floats) -> Floats:
    """Daily spend as it still works: an exponential memory of the pace."""
    keep = 0.5 ** (1 / _HALF_LIFE)
    pace = spend * 24 * _daily_mean(breath) / breath
    found = np.empty_like(pace)
    held = pace[:, 0].copy()
    for hour in range(HOURS):
        held = keep * held + (1 - keep) * pace[:, hour]
        found[:, hour] = held
    return found


def _shown(plan: _Plan, spend: Floats, random: Random, auction: Floats) -> tuple[Floats, Floats]:
    """What a thousand impressions cost moves from day to day, slowly, and with the `auction`."""
    mood = np.cumsum(random.normal(0.0, 0.03, (len(plan.cpm), DAYS)), axis=1)
    mood += random.normal(0.0, 0.08, mood.shape)
    price = plan.cpm[:, None] * np.exp(np.repeat(mood, 24, axis=1)) * auction
    impressions = np.round(spend / price[plan.campaign_of] * 1000)
    clicks = random.poisson(impressions * plan.click_rate[plan.campaign_of][:, None])
    return np.asarray(clicks, dtype=float), impressions


def _orders(plan: _Plan, random: Random, adstock: Floats, buying: Floats) -> dict[str, Any]:
    """Each order with its cause, and whom the platform says it is owed to."""
    saturated = 1 - np.exp(-adstock / plan.scales[:, None])
    rates = np.vstack([plan.ceilings[:, None] * saturated, np.full((1, HOURS), plan.organic)]) * buying / 24
    counts = random.poisson(rates)
    cause, hour = (np.repeat(each.ravel(), counts.ravel()) for each in np.indices(counts.shape))
    total = len(hour)
    placed = hour + random.random(total)
    organic = cause == len(plan.ceilings)
    claim = np.where(organic, -1, cause)
    claim[~organic & (random.random(total) >= 0.95)] = -1
    edges = np.cumsum(plan.overclaim[:, None] * saturated, axis=0)
    draw = random.random(total)
    for index in range(len(plan.ceilings) - 1, -1, -1):
        claim[organic & (draw < edges[index, hour])] = index
    ad_set = np.where(claim < 0, -1, claim * AD_SETS_OF_ONE + _within(plan, claim, random))
    return {"placed": placed, "claimed_by": ad_set, "hour": hour}


def _named(
    plan: _Plan, random: Random, placed: Floats, on: NDArray[np.bool_], amounts: dict[str, float]
) -> NDArray[np.bool_]:
    """Who leaves an e-mail, a phone or signs in differs by day."""
    hour = placed.astype(int)
    share = plan.named * np.exp(random.normal(0.0, 0.03, DAYS))[hour // 24]
    share = share * np.where(on, amounts.get("named", 1.0), 1.0)[hour]
    return np.asarray(random.random(len(placed)) < np.minimum(share, 0.99))


def _within(plan: _Plan, claim: Ints, random: Random) -> Ints:
    """Which ad set of the campaign, by what each spends."""
    edges = np.cumsum(plan.splits, axis=1)[np.maximum(claim, 0)]
    drawn = (random.random(len(claim))[:, None] >= edges).sum(axis=1)
    return np.asarray(np.minimum(drawn, AD_SETS_OF_ONE - 1))


def _valued(
    orders: dict[str, Any],
    character: Character,
    random: Random,
    on: NDArray[np.bool_],
    amounts: dict[str, float],
) -> dict[str, Any]:
    hour, total = orders.pop("hour"), len(orders["placed"])
    during = on[hour]
    worth = random.lognormal(np.log(character.value) - character.spread**2 / 2, character.spread, total)
    worth *= np.where(during, amounts.get("order_value", 1.0), 1.0)
    late = random.random(total) < character.late_share
    lag = np.where(late, random.exponential(character.late_hours, total), random.exponential(0.4, total))
    lag *= np.where(during & late, amounts.get("lag", 1.0), 1.0)
    slow = random.random(total) < 0.05
    delay = random.exponential(0.7, total) + np.where(slow, 48 * random.random(total), 0.0)
    lag = np.minimum(lag, CLAIM_DAYS * 24 - 1)
    return {
        **orders,
        "value": np.round(worth, 2),
        "clicked": orders["placed"] - lag,
        "seen": orders["placed"] + delay,
        "draws": random.random((4, total)),
        "blocked": random.random(total) < character.browser_blocked,
    }
