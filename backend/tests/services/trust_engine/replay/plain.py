"""A counterfactual as one would write it on paper: slow, over plain values, and with none of the program's rules.

It knows the changes that `worlds` makes, and no others.
"""

from datetime import timedelta
from typing import Any

from tests.services.trust_engine.replay.worlds import Evaluated, Made

LADDER = {"frozen": 0, "cuts_only": 1, "limited": 2, "normal": 3}
FROM = {"frozen": 0.0, "cuts_only": 40.0, "limited": 60.0, "normal": 70.0}
CEILING = {"frozen": 39.9, "cuts_only": 59.9, "limited": 69.9, "normal": 100.0}


def freshness(hours: float, policy: dict[str, Any]) -> float:
    cadence = 6.0
    limit: float = policy["stale_after_hours"]
    end = 2 * max(limit, cadence)
    if hours <= cadence:
        return 100.0
    return round(max(0.0, 100 * (end - hours) / (end - cadence)), 1)


def signals_of(evaluated: Evaluated, policy: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {name: dict(each) for name, each in evaluated.signals.items()}
    if found["freshness"]["state"] in ("good", "bad"):
        score = freshness(evaluated.freshness_hours, policy)
        found["freshness"] |= {"score": score, "state": "good" if score >= 70 else "bad"}
    return found


def mean(scores: dict[str, float], weights: dict[str, float]) -> float | None:
    total = sum(weights[name] for name in scores)
    if not total:
        return None
    return round(sum(score * weights[name] for name, score in scores.items()) / total, 1)


def health_of(evaluated: Evaluated, policy: dict[str, Any]) -> dict[str, Any]:
    signals = signals_of(evaluated, policy)
    weights = dict(policy["weights"])
    if signals["cdp_quality"]["state"] != "absent":
        weights = {name: weight * (1 - policy["cdp_weight"]) for name, weight in weights.items()}
        weights["cdp_quality"] = policy["cdp_weight"]
    weights = {name: weight for name, weight in weights.items() if signals[name]["state"] != "absent"}
    known = {
        name: each["score"]
        for name, each in signals.items()
        if each["score"] is not None and weights.get(name, 0) > 0
    }
    whole = sum(weights.values())
    coverage = sum(weights[name] for name in known) / whole if whole else 0.0
    score = mean({name: each for name, each in known.items() if name != "anomaly"}, weights)
    if score is not None and "anomaly" in known:
        pulled = mean(known, weights) or 0.0
        edges = {0.0, 40.0, 60.0, 70.0, policy["hold_from"], *policy["thresholds"].values()}
        under = max((edge for edge in edges if edge <= score), default=0.0)
        above = min((edge for edge in edges if edge > score), default=100.1)
        score = round(min(max(pulled, under), above - 0.1), 1)
    dead = [
        name
        for name, each in signals.items()
        if name != "anomaly"
        and each["score"] is not None
        and (each["broken"] or (name in policy["floors"] and each["score"] <= policy["floors"][name]))
    ]
    if score is not None and dead:
        score = min(score, policy["dead_cap"])
    if score is None or coverage < policy["coverage_block"]:
        target = "frozen"
    else:
        target = next(mode for mode in ("normal", "limited", "cuts_only", "frozen") if score >= FROM[mode])
        if coverage < policy["coverage_hold"] and LADDER[target] > 1:
            target = "cuts_only"
    return {"score": score, "coverage": round(coverage, 4), "target": target, "signals": signals}


def modes_of(history: list[Evaluated], start: int, policy: dict[str, Any]) -> dict[str, str]:
    """The mode after each evaluation from `start` on; before it, the recorded one stands."""
    if start == 0:
        mode, run, least, at = "frozen", 0, None, None
    else:
        before = history[start - 1]
        mode, run, least = before.state
        at = before.at
    found = {}
    for each in history[start:]:
        target = health_of(each, policy)["target"]
        close = at is not None and each.at - at < timedelta(minutes=5)
        at = each.at
        if LADDER[target] <= LADDER[mode]:
            mode, run, least = target, 0, None
        elif not close:
            run += 1
            least = target if least is None or LADDER[target] < LADDER[least] else least
            if run >= policy["rise_after"]:
                mode, run, least = least, 0, None
        found[each.id] = mode
    return found


RISKS = {"raise": "high", "targeting": "standard", "rename": "conservative", "cut": "cut", "pause": "cut"}


def verdict_of(made: Made, health: dict[str, Any] | None, mode: str | None, policy: dict[str, Any]) -> str:
    if made.read_only:
        return "block"
    if made.change == "pause" and made.person:
        return "pass"
    if made.kill_switch:
        return "block"
    waits = not made.person and made.level != 1
    if RISKS[made.change] == "cut" and made.spend_only:
        return "hold" if waits else "pass"
    found = _by_health(made, health, mode, policy)
    return "hold" if found == "pass" and (waits or _is_held(made, health, policy)) else found


def _by_health(made: Made, health: dict[str, Any] | None, mode: str | None, policy: dict[str, Any]) -> str:
    if health is None or health["score"] is None or mode is None or made.evaluated is None:
        return "block"
    expired = made.at >= made.evaluated.at + timedelta(minutes=policy["score_ttl_minutes"])
    score, need = min(health["score"], CEILING[mode]), policy["thresholds"][RISKS[made.change]]
    if expired or health["coverage"] < policy["coverage_block"] or score < min(policy["hold_from"], need):
        return "block"
    return "hold" if health["coverage"] < policy["coverage_hold"] or score < need else "pass"


def _is_held(made: Made, health: dict[str, Any] | None, policy: dict[str, Any]) -> bool:
    assert health is not None
    states = {name: each["state"] for name, each in health["signals"].items()}
    rests_on = list(made.justified_by)
    if not rests_on and made.decider != "1":
        rests_on = [name for name in ("freshness", "variance", "event_loss") if states[name] != "absent"]
    rises = RISKS[made.change] in ("high", "standard")
    return (
        any(states[name] != "good" for name in rests_on)
        or (rises and not made.person and made.conversions < policy["automation_after_conversions"])
        or (
            made.change == "raise"
            and "absent" in states.values()
            and (made.percent > policy["absent_raise_pct"] or not made.has_cap)
        )
    )
