"""What an action comes to for a campaign as it stands."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.rules.kinds import Idle
from app.models.trust_engine.kinds import Component
from app.schemas.rules.definition import (
    Bounds,
    BudgetByAmount,
    BudgetByPercent,
    Enable,
    Pause,
    SetBudget,
    read_definition,
)
from app.services.rules.acting_rules import Stands, Step, planned
from app.services.rules.rules import rests_on

UNIT = 1_000_000
RUNS = Stands("active", 100 * UNIT, "USD")


def _percent(percent: str, **bounds: int) -> BudgetByPercent:
    kept = (
        Bounds(currency="USD", **{f"{name}_micros": value * UNIT for name, value in bounds.items()})
        if bounds
        else None
    )
    return BudgetByPercent(kind="budget_percent", percent=Decimal(percent), bounds=kept)


def _after(action: BudgetByPercent | BudgetByAmount | SetBudget, campaign: Stands = RUNS) -> int | Idle:
    found = planned(action, campaign)
    return found if isinstance(found, Idle) else int(found.after["daily_budget_micros"])


def test_what_runs_is_paused_and_what_is_paused_enabled() -> None:
    assert planned(Pause(kind="pause"), RUNS) == Step(
        "set_status", {"status": "active"}, {"status": "paused"}
    )
    assert planned(Enable(kind="enable"), RUNS) is Idle.STANDS
    assert planned(Pause(kind="pause"), Stands("paused", None, "USD")) is Idle.STANDS


def test_percentages_stop_at_the_floor_and_the_ceiling() -> None:
    assert _after(_percent("15")) == 115 * UNIT
    assert _after(_percent("15", ceiling=110)) == 110 * UNIT
    assert _after(_percent("-50", floor=80)) == 80 * UNIT
    assert _after(_percent("15", ceiling=100)) is Idle.AT_LIMIT
    # A floor above the present budget does not turn a cut into a raise.
    assert _after(_percent("-10", floor=120)) is Idle.AT_LIMIT


def test_money_of_another_currency_is_left_alone() -> None:
    euros = Stands("active", 100 * UNIT, "EUR")
    assert _after(_percent("10", ceiling=200), euros) is Idle.CURRENCY
    assert _after(SetBudget(kind="set_budget", micros=5 * UNIT, currency="USD"), euros) is Idle.CURRENCY
    assert _after(_percent("10"), euros) == 110 * UNIT


def test_a_campaign_without_a_budget_of_its_own_has_none_to_change() -> None:
    assert _after(_percent("10"), Stands("active", None, "USD")) is Idle.NO_BUDGET


@pytest.mark.parametrize(("currency", "unit"), [("USD", 10_000), ("HUF", UNIT), ("JPY", UNIT)])
@given(budget=st.integers(1, 10**6), percent=st.integers(-90, 100).filter(bool))
def test_a_budget_is_whole_units_and_never_moves_further_than_asked(
    currency: str, unit: int, budget: int, percent: int
) -> None:
    now = budget * unit
    found = _after(_percent(str(percent)), Stands("active", now, currency))
    if isinstance(found, Idle):
        assert found is Idle.AT_LIMIT
        assert abs(now * percent) < 100 * unit or percent < 0
        return
    assert found % unit == 0
    assert found > 0
    assert 0 < abs(found - now) * 100 <= abs(now * percent)
    assert (found > now) is (percent > 0)


def _spend(op: str, micros: int = 100 * UNIT) -> dict[str, object]:
    than = {"kind": "money", "micros": micros, "currency": "USD"}
    return {"kind": "metric", "metric": "spend", "window": {"kind": "yesterday"}, "op": op, "than": than}


@pytest.mark.parametrize(
    ("condition", "rests_on_freshness"),
    [
        (_spend("at_least"), False),
        (_spend("less_than"), True),
        ({"kind": "not", "of": _spend("less_than")}, False),
        ({"kind": "not", "of": _spend("at_least")}, True),
        ({"kind": "all", "of": [_spend("at_least"), {"kind": "platform", "one_of": ["meta"]}]}, False),
        ({"kind": "any", "of": [_spend("at_least"), _spend("equals")]}, True),
    ],
)
def test_only_that_so_much_was_spent_needs_no_signal(
    condition: dict[str, object], *, rests_on_freshness: bool
) -> None:
    """That little was spent may be that little was read."""
    definition = read_definition({"condition": condition, "actions": [{"kind": "pause"}]})
    assert rests_on(definition) == ((Component.FRESHNESS,) if rests_on_freshness else ())


def test_a_budget_that_lies_elsewhere_is_not_touched() -> None:
    unknown = Stands("active", 100 * UNIT, "USD", "unknown")
    assert _after(_percent("10"), unknown) is Idle.NO_BUDGET
