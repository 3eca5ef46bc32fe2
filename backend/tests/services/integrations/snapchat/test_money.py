"""Micro-currency in any currency is micros: exact, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.snapchat.money import MOST, NotMoney, from_micro, to_major, to_micro


@given(st.integers(1, MOST))
def test_a_budget_goes_there_and_back(micros: int) -> None:
    assert from_micro(to_micro(micros)) == micros
    assert from_micro(str(to_micro(micros))) == micros


@given(st.integers(0, 4_000_000_000_000_000))
def test_a_value_in_major_units_keeps_its_last_micro(micros: int) -> None:
    assert round(Decimal(repr(to_major(micros))) * 1_000_000) == micros


@pytest.mark.parametrize("micros", [0, -1, MOST + 1, True, 1.0, "5", None])
def test_what_is_no_budget_is_refused(micros: object) -> None:
    with pytest.raises(NotMoney):
        to_micro(micros)


@pytest.mark.parametrize("value", ["", "1,5", 1.5, "1e-7", "NaN", float("inf"), True, None, [], "1" * 30])
def test_what_is_no_whole_number_of_micros_is_refused(value: object) -> None:
    with pytest.raises(NotMoney):
        from_micro(value)


@given(st.one_of(st.floats(), st.text(max_size=12), st.integers()))
def test_anything_is_read_exactly_or_refused(value: float | str) -> None:
    try:
        found = from_micro(value)
    except NotMoney:
        return
    assert float(value) == float(found)


@pytest.mark.parametrize(
    ("currency", "micros"), [("JPY", 1_500_000_000), ("USD", 12_340_000), ("KWD", 8_125_000)]
)
def test_no_currency_has_an_offset_of_its_own(currency: str, micros: int) -> None:
    assert to_micro(micros) == micros, currency
