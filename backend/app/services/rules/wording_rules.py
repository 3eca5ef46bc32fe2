"""Figures, reasons and actions in words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.models.rules.kinds import Idle, Metric, Unknown
from app.schemas.rules.tree import MONEY, Lifetime, Measure, Today, WholeDays, Window, Yesterday

_METRICS = {
    Metric.SPEND: "spend",
    Metric.IMPRESSIONS: "impressions",
    Metric.CLICKS: "clicks",
    Metric.CONVERSIONS: "conversions",
    Metric.VALUE: "conversion value",
    Metric.CTR: "CTR",
    Metric.CPC: "CPC",
    Metric.CPM: "CPM",
    Metric.CVR: "conversion rate",
    Metric.CPA: "CPA",
    Metric.ROAS: "ROAS",
    Metric.DAILY_BUDGET: "daily budget",
}
_SHARES = frozenset({Metric.CTR, Metric.CVR})
_MICROS = Decimal(1_000_000)

UNKNOWN = {
    Unknown.UNREAD: "The account has not been read yet since its day began.",
    Unknown.NOT_STORED: "The window begins before anything was read of the account.",
    Unknown.CURRENCY: "Its money is in another currency than the rule names.",
    Unknown.IMMATURE: "Conversions of these days may still be attributed.",
    Unknown.NO_DENOMINATOR: "There is nothing to divide by: no spend, no clicks or no conversions.",
    Unknown.NO_BUDGET: "It has no daily budget of its own.",
    Unknown.NOT_KEPT: "What the daily budget was on a past day is not kept.",
    Unknown.OTHERS: "Its rank depends on campaigns whose figures are not known.",
}
IDLE = {
    Idle.RESTING: "The rule has acted on it within its cooldown.",
    Idle.WAITING: "Another change of it is open or under way.",
    Idle.NOT_BY_A_RULE: "It is paused, and not by a rule: whoever stopped it starts it again.",
    Idle.BLOCKED: "The gate blocked it the last time, and still would.",
    Idle.STOPPED: "The rule was changed or switched off before it came to this one.",
    Idle.STANDS: "It is so already.",
    Idle.NO_BUDGET: "It has no daily budget of its own.",
    Idle.CURRENCY: "Its budget is in another currency than the action names.",
    Idle.AT_LIMIT: "Nothing is left to change within the bounds and whole units.",
    Idle.NO_LABEL: "The label was deleted.",
    Idle.LATER: "More hold at once than one evaluation acts on: the next one goes on.",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it was read: money in micros of the campaign's currency; None with the reason why."""

    metric: Metric
    window: str | None
    value: Decimal | None
    unknown: Unknown | None


def window_in_words(window: Window) -> str:
    match window:
        case Today():
            return "today so far"
        case Yesterday():
            return "yesterday"
        case WholeDays():
            return f"last {window.days} {'settled ' if window.settled else ''}days"
        case Lifetime():
            return "settled lifetime" if window.settled else "lifetime"


def figure_of(measure: Measure, value: Decimal | None, unknown: str | None) -> Figure:
    window = None if measure.window is None else window_in_words(measure.window)
    return Figure(measure.metric, window, value, None if unknown is None else Unknown(unknown))


def figure_from(stored: Mapping[str, Any]) -> Figure:
    """As a firing holds it."""
    value, unknown = stored["value"], stored["unknown"]
    return Figure(
        Metric(stored["metric"]),
        stored["window"],
        None if value is None else Decimal(str(value)),
        unknown and Unknown(unknown),
    )


def in_words(figure: Figure, currency: str) -> str:
    """`CPA, last 7 settled days: 61.2 EUR`."""
    name = _METRICS[figure.metric] + ("" if figure.window is None else f", {figure.window}")
    if figure.value is None:
        return f"{name}: unknown"
    if figure.metric in MONEY:
        return f"{name}: {_plain(figure.value / _MICROS)} {currency}"
    if figure.metric in _SHARES:
        return f"{name}: {_plain(figure.value * 100)} %"
    return f"{name}: {_plain(figure.value)}"


def reason_of(rule: str, figures: Sequence[Figure], currency: str) -> str:
    """Why an action is proposed: the rule, and what it read."""
    read = "; ".join(in_words(each, currency) for each in figures)
    return f"Rule “{rule}” holds" + (f": {read}." if read else ".")


def _plain(number: Decimal) -> str:
    return f"{number.quantize(Decimal('0.0001')).normalize():f}"
