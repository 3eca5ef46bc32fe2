"""Google's money: micros of the account's currency, in multiples of the unit that the currency is billed in.

The unit is Google's own, `currency_constant.billable_unit_micros`, and is asked for, never guessed: a cent of the
dollar is 10,000 micros, a yen a million. What lies between two units Google refuses, and so do we, before it leaves.
"""

from decimal import Decimal, InvalidOperation

MICROS = 1_000_000


_COARSE = frozenset(
    {
        "CLP",
        "COP",
        "CRC",
        "HUF",
        "IDR",
        "ISK",
        "JPY",
        "KRW",
        "KZT",
        "NGN",
        "PKR",
        "PYG",
        "RSD",
        "TWD",
        "UGX",
        "VND",
    }
)
_COIN = 10_000


class NotMoney(ValueError):
    """An amount that Google would not take as it is, or that is none."""


def step(currency: str) -> int:
    """What a plan's amounts are multiples of: as fine as Google's unit, or coarser. Google's own is asked for later.

    >>> step("USD"), step("JPY")
    (10000, 1000000)
    """
    return MICROS if currency in _COARSE else _COIN


def amount(micros: object, unit: int) -> str:
    """A budget as the API wants it: an int64 as text. Never rounded.

    >>> amount(12_340_000, 10_000), amount(4_500_000_000, 1_000_000)
    ('12340000', '4500000000')
    """
    if not isinstance(micros, int) or isinstance(micros, bool) or micros <= 0:
        raise NotMoney("A budget is a positive whole number of micros.")
    if unit <= 0 or micros % unit:
        raise NotMoney(f"{micros} micros are no multiple of {unit}, the unit that the currency is billed in.")
    return str(micros)


def micros_of(value: object) -> int:
    """An int64 of micros, as text in JSON.

    >>> micros_of("12340000")
    12340000
    """
    text = str(value)
    if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdecimal():
        raise NotMoney(f"{text!r} is no amount of micros.")
    return int(text)


def micros_of_value(value: object) -> int:
    """A conversion's value, a number in the account's major unit; half a micro rounded to even.

    >>> micros_of_value(12.34), micros_of_value("0.0000005")
    (12340000, 0)
    """
    try:
        return int((Decimal(str(value)) * MICROS).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise NotMoney(f"{value!r} is no amount.") from error
