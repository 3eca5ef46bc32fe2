"""Budgets are exact to TikTok's precision of each currency, there and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.tiktok.money import (
    DECIMALS,
    MICROS,
    NotMoney,
    from_budget,
    from_decimal,
    smallest,
    to_budget,
)

currencies = st.sampled_from(sorted(DECIMALS))


@given(steps=st.integers(0, 10**11), currency=currencies)
def test_a_budget_goes_there_and_back_over_json(steps: int, currency: str) -> None:
    micros = steps * smallest(currency)
    assert from_budget(json.loads(json.dumps(to_budget(micros, currency))), currency) == micros


@given(steps=st.integers(0, 10**9), beside=st.integers(1, MICROS - 1), currency=currencies)
def test_nothing_between_two_steps_is_rounded(steps: int, beside: int, currency: str) -> None:
    micros = steps * smallest(currency) + beside % smallest(currency)
    if micros % smallest(currency):
        with pytest.raises(NotMoney):
            to_budget(micros, currency)


@pytest.mark.parametrize(
    ("currency", "micros", "told"),
    [
        ("USD", 12_340_000, 12.34),
        ("EUR", 20_000_000, 20),
        # ISO 4217 says two decimals where TikTok has none.
        ("HUF", 4_500_000_000, 4500),
        ("TWD", 900_000_000, 900),
        ("IDR", 90_000_000_000, 90_000),
        ("ISK", 5_000_000_000, 5000),
        # Meta has none where TikTok has two.
        ("COP", 4_500_500_000, 4500.5),
        ("CRC", 4_500_500_000, 4500.5),
        ("JPY", 3_000_000_000, 3000),
    ],
)
def test_the_precision_is_tiktoks(currency: str, micros: int, told: float) -> None:
    assert to_budget(micros, currency) == told
    assert from_budget(told, currency) == micros


@pytest.mark.parametrize(
    ("currency", "micros"), [("HUF", 4_500_500_000), ("TWD", 900_500_000), ("USD", 5_000)]
)
def test_what_the_precision_cannot_hold_is_refused(currency: str, micros: int) -> None:
    with pytest.raises(NotMoney):
        to_budget(micros, currency)


@pytest.mark.parametrize("currency", ["XXX", "usd", "", "KWD", "BHD"])
def test_a_currency_that_tiktoks_table_does_not_hold_is_refused(currency: str) -> None:
    with pytest.raises(NotMoney):
        to_budget(1_000_000, currency)


@pytest.mark.parametrize("amount", [True, -1, "a", None, "NaN", float("inf"), 12.345, [1]])
def test_what_is_no_budget_is_refused(amount: object) -> None:
    with pytest.raises(NotMoney):
        from_budget(amount, "USD")


@given(cents=st.integers(0, 10**12))
def test_spend_is_read_without_a_float(cents: int) -> None:
    assert from_decimal(f"{cents // 100}.{cents % 100:02d}") == cents * 10_000


@pytest.mark.parametrize("text", ["", "1,5", "NaN", "Infinity", "--1", "12 USD"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotMoney):
        from_decimal(text)
