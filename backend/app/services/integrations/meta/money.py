"""Meta's money: whole units of an offset that is Meta's own, never ISO 4217's.

The table is Meta's (developers.facebook.com/docs/marketing-api/currencies): a forint or a rupiah budget is in
whole units where ISO says two decimals, a dinar in hundredths where ISO says thousandths. A currency that the
table does not hold is refused: a guess would be a budget a hundred times too large.
"""

from decimal import Decimal, InvalidOperation

MICROS = 1_000_000

_HUNDREDTHS = (
    "AED ARS AUD BDT BGN BHD BOB BRL CAD CHF CNY CZK DKK DZD EGP EUR FBZ GBP GTQ HKD HNL HRK ILS INR JOD KES LTL LVL "
    "MOP MXN MYR NGN NIO NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD SKK THB TRY UAH USD UYU VEF VES ZAR"
)
_WHOLE = "CLP COP CRC HUF IDR ISK JPY KRW PYG TWD VND"

OFFSETS: dict[str, int] = dict.fromkeys(_HUNDREDTHS.split(), 100) | dict.fromkeys(_WHOLE.split(), 1)


class NotMoney(ValueError):
    """An amount that Meta's units cannot hold exactly, or a currency that Meta's table does not know."""


def offset(currency: str) -> int:
    """How many of Meta's units make one unit of the currency."""
    try:
        return OFFSETS[currency]
    except KeyError as error:
        raise NotMoney(f"Meta's table of currencies does not hold {currency}.") from error


def to_units(micros: int, currency: str) -> int:
    """Micros as Meta's budget units; an amount between two units is refused, never rounded.

    >>> to_units(12_340_000, "USD"), to_units(4500_000_000, "HUF"), to_units(1_230_000, "BHD")
    (1234, 4500, 123)
    """
    units, rest = divmod(micros * offset(currency), MICROS)
    if rest or micros < 0:
        raise NotMoney(f"{micros} micros are no whole number of Meta's units of {currency}.")
    return units


def from_units(units: int, currency: str) -> int:
    """Micros of a number of Meta's units.

    >>> from_units(1234, "USD"), from_units(4500, "JPY")
    (12340000, 4500000000)
    """
    return units * MICROS // offset(currency)


def from_decimal(text: str) -> int:
    """Spend and value come in the currency's major unit, as decimal text; micros, half a micro rounded to even.

    >>> from_decimal("12.34"), from_decimal("0.0000005")
    (12340000, 0)
    """
    try:
        return int((Decimal(text) * MICROS).to_integral_value())
    except InvalidOperation as error:
        raise NotMoney(f"{text!r} is no amount.") from error
