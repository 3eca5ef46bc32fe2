"""Well-known rules, each with a few numbers of the company's own. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from app.schemas.rules.definition import RuleDefinition, RuleSchedule, read_definition, read_schedule

_MICROS = 1_000_000
_SETTLED_WEEK = {"kind": "last", "days": 7, "settled": True}
_SETTLED_DAYS = {"kind": "last", "days": 3, "settled": True}
_DAILY = {"every_minutes": 1440, "at": "07:00"}
_HALF_HOURLY = {"every_minutes": 30}

Values = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a template asks for; money is in units of the currency, and has no default."""

    name: str
    kind: Literal["money", "number", "percent"]
    label: str
    least: Decimal
    most: Decimal
    default: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Template:
    name: str
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    cooldown_hours: int
    schedule: Mapping[str, Any]
    build: Callable[[Values, str], dict[str, Any]]

    @property
    def speaks_of_money(self) -> bool:
        return any(each.kind == "money" for each in self.parameters)

    def definition(self, values: Values, currency: str) -> RuleDefinition:
        return read_definition(self.build(values, currency))

    def schedule_in(self, timezone: str) -> RuleSchedule:
        return read_schedule({**self.schedule, "timezone": timezone})


def _money(name: str, label: str) -> Parameter:
    return Parameter(name, "money", label, Decimal("0.01"), Decimal(10**8))


def _micros(value: Decimal) -> int:
    return int(value * _MICROS)


def _amount(value: Decimal, currency: str) -> dict[str, Any]:
    return {"kind": "money", "micros": _micros(value), "currency": currency}


def _metric(
    metric: str, window: Mapping[str, Any] | None, op: str, than: Mapping[str, Any]
) -> dict[str, Any]:
    return {"kind": "metric", "metric": metric, "window": window, "op": op, "than": than}


def _number(value: Decimal | int) -> dict[str, Any]:
    return {"kind": "number", "value": str(value)}


def _stop_loss(values: Values, currency: str) -> dict[str, Any]:
    return {
        "scope": {"statuses": ["active"]},
        "condition": {
            "kind": "all",
            "of": [
                _metric("spend", _SETTLED_WEEK, "at_least", _amount(values["spend"], currency)),
                _metric("cpa", _SETTLED_WEEK, "more_than", _amount(values["cpa"], currency)),
            ],
        },
        "actions": [{"kind": "pause"}, {"kind": "notify"}],
    }


def _no_conversions(values: Values, currency: str) -> dict[str, Any]:
    return {
        "scope": {"statuses": ["active"]},
        "condition": {
            "kind": "all",
            "of": [
                _metric("spend", _SETTLED_DAYS, "at_least", _amount(values["spend"], currency)),
                _metric("conversions", _SETTLED_DAYS, "equals", _number(0)),
            ],
        },
        "actions": [{"kind": "pause"}, {"kind": "notify"}],
    }


def _scale_winners(values: Values, currency: str) -> dict[str, Any]:
    return {
        "scope": {"statuses": ["active"]},
        "condition": {
            "kind": "all",
            "of": [
                _metric("roas", _SETTLED_WEEK, "more_than", _number(values["roas"])),
                _metric("conversions", _SETTLED_WEEK, "at_least", _number(values["conversions"])),
            ],
        },
        "actions": [
            {
                "kind": "budget_percent",
                "percent": str(values["percent"]),
                "bounds": {"ceiling_micros": _micros(values["ceiling"]), "currency": currency},
            }
        ],
    }


def _pause_fatigue(values: Values, _: str) -> dict[str, Any]:
    return {
        "scope": {"statuses": ["active"]},
        "condition": {
            "kind": "all",
            "of": [
                _metric(
                    "impressions", {"kind": "last", "days": 3}, "at_least", _number(values["impressions"])
                ),
                {
                    "kind": "change",
                    "metric": "ctr",
                    "window": {"kind": "last", "days": 3},
                    "base": {"kind": "last", "days": 14},
                    "op": "at_most",
                    "percent": str(-values["percent"]),
                },
            ],
        },
        "actions": [{"kind": "pause"}, {"kind": "notify"}],
    }


def _budget_guard(values: Values, _: str) -> dict[str, Any]:
    budget = {"kind": "metric", "metric": "daily_budget", "times": str(values["percent"] / 100)}
    return {
        "scope": {"statuses": ["active"]},
        "condition": _metric("spend", {"kind": "today"}, "more_than", budget),
        "actions": [{"kind": "pause"}, {"kind": "notify"}],
    }


TEMPLATES = {
    each.name: each
    for each in (
        Template(
            "stop_loss",
            "Stop loss on CPA",
            "Pauses what costs too much for a conversion over seven settled days, once it has spent enough to tell.",
            (
                _money("cpa", "The most that a conversion may cost"),
                _money("spend", "Not before so much is spent"),
            ),
            48,
            _DAILY,
            _stop_loss,
        ),
        Template(
            "no_conversions",
            "No conversions after a spend",
            "Pauses what has spent an amount over three settled days and sold nothing.",
            (_money("spend", "The spend after which there must be a conversion"),),
            48,
            _DAILY,
            _no_conversions,
        ),
        Template(
            "scale_winners",
            "Scale winners",
            "Raises the budget of what returns enough over seven settled days, with enough conversions to tell.",
            (
                Parameter(
                    "roas", "number", "The return it must exceed", Decimal("0.1"), Decimal(100), Decimal(3)
                ),
                Parameter(
                    "conversions",
                    "number",
                    "The conversions it must have",
                    Decimal(1),
                    Decimal(10**6),
                    Decimal(30),
                ),
                Parameter(
                    "percent", "percent", "By how much the budget rises", Decimal(1), Decimal(20), Decimal(10)
                ),
                _money("ceiling", "The most that a day's budget may become"),
            ),
            24,
            _DAILY,
            _scale_winners,
        ),
        Template(
            "pause_fatigue",
            "Pause fatigue",
            "Pauses what is clicked on far less in the last three days than over the last fourteen.",
            (
                Parameter(
                    "percent", "percent", "The fall of the click rate", Decimal(5), Decimal(95), Decimal(40)
                ),
                Parameter(
                    "impressions",
                    "number",
                    "Not before so many impressions",
                    Decimal(100),
                    Decimal(10**9),
                    Decimal(5_000),
                ),
            ),
            72,
            _DAILY,
            _pause_fatigue,
        ),
        Template(
            "budget_guard",
            "Budget guard",
            "Pauses what has spent more today than a share of its daily budget.",
            (
                Parameter(
                    "percent", "percent", "Of the daily budget", Decimal(50), Decimal(300), Decimal(120)
                ),
            ),
            24,
            _HALF_HOURLY,
            _budget_guard,
        ),
    )
}


def faults(template: Template, values: Values) -> dict[str, str]:
    """What is wrong with the numbers given, by parameter, and how to mend it."""
    known = {each.name: each for each in template.parameters}
    wrong = dict.fromkeys(values.keys() - known.keys(), "The template has no such number: leave it out.")
    for name, each in known.items():
        value = values.get(name, each.default)
        if value is None:
            wrong[name] = f"{each.label}: give a number."
        elif not each.least <= value <= each.most:
            wrong[name] = f"{each.label}: from {each.least} to {each.most}."
    return wrong


def filled(template: Template, values: Values) -> Values:
    return {
        each.name: value
        for each in template.parameters
        if (value := values.get(each.name, each.default)) is not None
    }
