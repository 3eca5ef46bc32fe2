"""A rule held against one campaign after the other, in plain Python, from the rows: the judge of the statement.

It shares nothing with what it judges but the words of a definition: it reads the JSON, and exact fractions.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

_RATIO = {
    "ctr": ("clicks", "impressions", 1),
    "cpc": ("spend", "clicks", 1),
    "cpm": ("spend", "impressions", 1000),
    "cvr": ("conversions", "clicks", 1),
    "cpa": ("spend", "conversions", 1),
    "roas": ("value", "spend", 1),
}
_LATE = {"conversions", "value"}


@dataclass
class OneDay:
    """Money in micros."""

    day: date
    currency: str
    spend: int
    impressions: int
    clicks: int
    conversions: Fraction
    value: int
    maturity: Fraction


@dataclass
class OneCampaign:
    name: str
    platform: str
    currency: str
    budget: int | None
    today: date
    read_on: date | None
    read_since: date | None
    began: date | None
    lag: int
    labels: set[str] = field(default_factory=set)
    days: list[OneDay] = field(default_factory=list)


class Hidden(Exception):
    """A figure that is not known; `may_come` where it exists and is only not seen."""

    def __init__(self, *, may_come: bool) -> None:
        self.may_come = may_come


def figure(campaign: OneCampaign, metric: str, window: dict[str, Any] | None, maturity: Fraction) -> Fraction:
    if metric == "daily_budget":
        if campaign.budget is None:
            raise Hidden(may_come=False)
        return Fraction(campaign.budget)
    assert window is not None
    first, last = _span(campaign, window)
    if campaign.read_on is None or campaign.read_on < campaign.today:
        raise Hidden(may_come=True)
    if campaign.read_since is None:
        raise Hidden(may_come=True)
    may_have_run_before = campaign.began is None or campaign.began < campaign.read_since
    if may_have_run_before and (first is None or first < campaign.read_since):
        raise Hidden(may_come=True)
    rows = [row for row in campaign.days if row.day <= last and (first is None or row.day >= first)]
    if any(row.currency != campaign.currency for row in rows):
        raise Hidden(may_come=False)
    over, under, times = _RATIO.get(metric, (metric, None, 1))
    if _LATE & {over, under} and any(row.maturity < maturity for row in rows):
        raise Hidden(may_come=True)
    total = times * sum(Fraction(getattr(row, over)) for row in rows)
    if under is None:
        return Fraction(total)
    below = sum(Fraction(getattr(row, under)) for row in rows)
    if below == 0:
        raise Hidden(may_come=False)
    return Fraction(total) / below


def _span(campaign: OneCampaign, window: dict[str, Any]) -> tuple[date | None, date]:
    today = campaign.today
    if window["kind"] == "today":
        return today, today
    if window["kind"] == "yesterday":
        return today - timedelta(1), today - timedelta(1)
    settled = window.get("settled", False)
    newest = today - timedelta(1 + campaign.lag) if settled else today - timedelta(1)
    if window["kind"] == "lifetime":
        return None, newest if settled else today
    return newest - timedelta(window["days"] - 1), newest


def _compare(op: str, one: Fraction, other: Fraction) -> bool:
    return {
        "equals": one == other,
        "less_than": one < other,
        "at_most": one <= other,
        "more_than": one > other,
        "at_least": one >= other,
    }[op]


def _days(window: dict[str, Any]) -> int:
    return int(window["days"]) if window["kind"] == "last" else 1


def judge(definition: dict[str, Any], herd: list[OneCampaign]) -> list[bool | None]:
    """What the rule says of each campaign, in their order."""
    least = Fraction(str(definition.get("minimum_maturity", "0.95")))
    return [_node(definition["condition"], each, herd, least) for each in herd]


def _node(  # noqa: PLR0911  (a judge says it as it is)
    node: dict[str, Any], one: OneCampaign, herd: list[OneCampaign], least: Fraction
) -> bool | None:
    kind = str(node["kind"])
    if kind == "not":
        inner = _node(node["of"], one, herd, least)
        return None if inner is None else not inner
    if kind in {"all", "any"}:
        parts = [_node(each, one, herd, least) for each in node["of"]]
        decisive = kind == "any"
        if any(each is decisive for each in parts):
            return decisive
        return None if any(each is None for each in parts) else not decisive
    if kind == "platform":
        return one.platform in set(node["one_of"])
    if kind == "label":
        return node["label_id"] in one.labels
    if kind == "name":
        name, text = one.name.lower(), str(node["text"]).lower()
        op = str(node["op"])
        return {"is": name == text, "contains": text in name, "starts_with": name.startswith(text)}[op]
    try:
        if kind == "rank":
            return _rank(node, one, herd, least)
        return _metric(node, one, least)
    except Hidden:
        return None


def _metric(node: dict[str, Any], one: OneCampaign, least: Fraction) -> bool | None:
    value = figure(one, node["metric"], node.get("window"), least)
    if node["kind"] == "change":
        before = figure(one, node["metric"], node["base"], least)
        if node["metric"] not in _RATIO:
            value, before = value / _days(node["window"]), before / _days(node["base"])
        if before <= 0:
            return None
        return _compare(node["op"], (value - before) / before * 100, Fraction(str(node["percent"])))
    than = node["than"]
    if than["kind"] == "money":
        if than["currency"] != one.currency:
            return None
        return _compare(node["op"], value, Fraction(than["micros"]))
    if than["kind"] == "number":
        return _compare(node["op"], value, Fraction(str(than["value"])))
    other = figure(one, than["metric"], than.get("window"), least)
    return _compare(node["op"], value, other * Fraction(str(than.get("times", 1))))


def _rank(node: dict[str, Any], one: OneCampaign, herd: list[OneCampaign], least: Fraction) -> bool | None:
    currency = node.get("currency")
    if currency is not None and one.currency != currency:
        return None
    own = figure(one, node["metric"], node.get("window"), least)
    better = hidden = 0
    for other in herd:
        if other is one or (currency is not None and other.currency != currency):
            continue
        try:
            theirs = figure(other, node["metric"], node.get("window"), least)
        except Hidden as unseen:
            hidden += unseen.may_come
            continue
        better += theirs > own if node["end"] == "top" else theirs < own
    if better + hidden < node["count"]:
        return True
    return False if better >= node["count"] else None
