"""Snapchat's money: micro-currency, a millionth of the account's unit, whatever the currency.

There is no table of offsets to get wrong; what can go wrong is a figure that is no whole number of micros.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

MICROS = 1_000_000
MOST = 2**63 - 1
"""What a 64-bit micro-currency field holds."""


class NotMoney(ValueError):
    """A figure that is no whole number of micro-currency."""


def to_micro(micros: object) -> int:
    """What a budget field is set to: as it is, or refused.

    >>> to_micro(12_340_000)
    12340000
    """
    if isinstance(micros, bool) or not isinstance(micros, int) or not 0 < micros <= MOST:
        raise NotMoney(f"{micros!r} is no budget in micro-currency.")
    return micros


def from_micro(value: Any) -> int:
    """Micros of what came: a JSON number or its text, without going through a float's arithmetic.

    >>> from_micro(12340000), from_micro("5"), from_micro(7.0)
    (12340000, 5, 7)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise NotMoney(f"{value!r} is no amount of micro-currency.")
    try:
        exact = Decimal(str(value))
        whole = exact.to_integral_value()
    except InvalidOperation as error:
        raise NotMoney(f"{value!r} is no amount of micro-currency.") from error
    if not exact.is_finite() or whole != exact or abs(whole) > MOST:
        raise NotMoney(f"{value!r} is no whole number of micro-currency.")
    return int(whole)


def to_major(micros: int) -> float:
    """For a conversion's value, a JSON number; a double holds every amount under 4 billion to the last micro."""
    return float(Decimal(micros) / MICROS)
