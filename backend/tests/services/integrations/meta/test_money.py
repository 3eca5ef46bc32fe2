"""Money is exact to the last unit of Meta's own offset, in every currency that Meta knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.meta.money import (
    MICROS,
    OFFSETS,
    NotMoney,
    from_decimal,
    from_units,
    offset,
    to_units,
)

currencies = st.sampled_from(sorted(OFFSETS))


@given(units=st.integers(0, 10**12), currency=currencies)
def test_units_go_there_and_back(units: int, currency: str) -> None:
    assert to_units(from_units(units, currency), currency) == units


@given(units=st.integers(0, 10**9), beside=st.integers(1, 999_999), currency=currencies)
def test_nothing_between_two_units_is_rounded(units: int, beside: int, currency: str) -> None:
    unit = MICROS // offset(currency)
    micros = from_units(units, currency) + beside % unit
    if micros % unit:
        with pytest.raises(NotMoney):
            to_units(micros, currency)


@pytest.mark.parametrize(
    ("currency", "iso_exponent", "units_of_a_hundred"),
    [
        ("USD", 2, 10_000),
        ("EUR", 2, 10_000),
        # ISO 4217 says two decimals where Meta has none: a budget a hundred times too large.
        ("HUF", 2, 100),
        ("TWD", 2, 100),
        ("COP", 2, 100),
        ("CRC", 2, 100),
        ("IDR", 2, 100),
        # ISO says three where Meta has two: ten times.
        ("BHD", 3, 10_000),
        ("JOD", 3, 10_000),
        ("JPY", 0, 100),
        ("KRW", 0, 100),
    ],
)
def test_the_offset_is_metas_and_not_isos(currency: str, iso_exponent: int, units_of_a_hundred: int) -> None:
    assert to_units(100_000_000, currency) == units_of_a_hundred
    if currency in {"HUF", "TWD", "COP", "CRC", "IDR", "BHD", "JOD"}:
        assert to_units(100_000_000, currency) != 100 * 10**iso_exponent


@pytest.mark.parametrize("currency", ["XXX", "usd", "", "KWD"])
def test_a_currency_that_metas_table_does_not_hold_is_refused(currency: str) -> None:
    with pytest.raises(NotMoney):
        to_units(1_000_000, currency)


@given(cents=st.integers(0, 10**12))
def test_spend_is_read_without_a_float(cents: int) -> None:
    assert from_decimal(f"{cents // 100}.{cents % 100:02d}") == cents * 10_000


@pytest.mark.parametrize("text", ["", "1,5", "NaN cents", "--1"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotMoney):
        from_decimal(text)
