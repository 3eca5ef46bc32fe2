"""Money is exact to the unit that Google bills the currency in, and what lies between is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.google.money import NotMoney, amount, micros_of, micros_of_value

units = st.sampled_from([1_000, 10_000, 1_000_000])
"""The dinar's, the dollar's, the yen's."""


@given(number=st.integers(1, 10**12), unit=units)
def test_whole_units_go_there_and_back(number: int, unit: int) -> None:
    assert micros_of(amount(number * unit, unit)) == number * unit


@given(number=st.integers(0, 10**9), beside=st.integers(1, 999_999), unit=units)
def test_nothing_between_two_units_is_rounded(number: int, beside: int, unit: int) -> None:
    micros = number * unit + beside % unit
    if micros % unit:
        with pytest.raises(NotMoney):
            amount(micros, unit)


@pytest.mark.parametrize("micros", [0, -1_000_000, True, 12.5, "1000000", None])
def test_what_is_no_budget_is_refused(micros: object) -> None:
    with pytest.raises(NotMoney):
        amount(micros, 10_000)


@pytest.mark.parametrize("unit", [0, -10_000])
def test_a_unit_that_is_none_is_refused(unit: int) -> None:
    with pytest.raises(NotMoney):
        amount(1_000_000, unit)


@given(micros=st.integers(-(2**63), 2**63 - 1))
def test_every_int64_is_read_whole(micros: int) -> None:
    assert micros_of(str(micros)) == micros


@pytest.mark.parametrize("text", ["", "-", "1.5", "1e6", "١٢", "12 ", "NaN", None])
def test_what_is_no_int64_is_refused(text: object) -> None:
    with pytest.raises(NotMoney):
        micros_of(text)


@given(cents=st.integers(0, 10**11))
def test_a_value_of_cents_is_read_to_the_last_one(cents: int) -> None:
    assert micros_of_value(float(Decimal(cents) / 100)) == cents * 10_000


@pytest.mark.parametrize("value", ["", "1,5", float("nan"), float("inf"), None, []])
def test_what_is_no_value_is_refused(value: object) -> None:
    with pytest.raises(NotMoney):
        micros_of_value(value)
