"""TikTok's money: decimals of the account's currency, to the precision that TikTok allows it.

The table is TikTok's (Budget verification ratio and precision of each currency): a forint, a rupiah or a New Taiwan
dollar budget has no decimals where ISO 4217 says two, a colón and a Colombian peso have two. A currency that the
table does not hold is refused.
"""

from decimal import Decimal, InvalidOperation

MICROS = 1_000_000

_HUNDREDTHS = (
    "AED ARS AUD BDT BOB BRL CAD CHF CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL ILS INR KES MOP MXN MYR NGN NIO "
    "NOK NZD PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB TRY UAH USD UYU VEF ZAR"
)
_WHOLE = "CLP HUF IDR ISK JPY KRW PYG TWD VND"
_MOST_MICROS = 10**18
"""A trillion: TikTok's largest budget, that of the bolívar; a double still holds its hundredths."""

DECIMALS: dict[str, int] = dict.fromkeys(_HUNDREDTHS.split(), 2) | dict.fromkeys(_WHOLE.split(), 0)


class NotMoney(ValueError):
    """An amount that TikTok's precision cannot hold exactly, or a currency that TikTok's table does not know."""


_RATIOS = {
    4: "PLN",
    10: "HKD ZAR DKK SEK NOK TRY MXN THB CNY BOB CZK EGP GTQ HNL MOP TWD NIO UAH UYU",
    50: "PHP",
    100: "JPY RUB DZD BDT ISK INR KES NGN PKR",
    1_000: "KRW CLP COP CRC",
    10_000: "IDR PYG VND",
    100_000: "VEF",
}
_RATIO = {code: ratio for ratio, codes in _RATIOS.items() for code in codes.split()}
_LEAST = {"campaign": 50, "ad_set": 20}


def least_daily(entity_type: str, currency: str) -> int | None:
    """The smallest daily budget at that level, in micros: TikTok's 50 and 20, by its ratio of the currency.

    >>> least_daily("campaign", "USD"), least_daily("ad_set", "JPY")
    (50000000, 2000000000)
    """
    known = currency in DECIMALS
    return _LEAST[entity_type] * _RATIO.get(currency, 1) * MICROS if known else None


def smallest(currency: str) -> int:
    """The smallest step of a budget, in micros."""
    try:
        return int(MICROS // 10 ** DECIMALS[currency])
    except KeyError as error:
        raise NotMoney(f"TikTok's table of currencies does not hold {currency}.") from error


def to_budget(micros: int, currency: str) -> int | float:
    """Micros as the JSON number of a budget; an amount between two steps is refused, never rounded.

    >>> to_budget(12_340_000, "USD"), to_budget(4500_000_000, "HUF"), to_budget(20_000_000, "EUR")
    (12.34, 4500, 20)
    """
    if micros % smallest(currency) or not 0 <= micros < _MOST_MICROS:
        raise NotMoney(f"{micros} micros are no amount to TikTok's precision of {currency}.")
    whole, rest = divmod(micros, MICROS)
    return float(Decimal(micros) / MICROS) if rest else whole


def from_budget(amount: object, currency: str) -> int:
    """Micros of a budget as TikTok tells it, in whatever spelling of a number.

    >>> from_budget(12.34, "USD"), from_budget(4500.0, "HUF"), from_budget("50.00", "USD")
    (12340000, 4500000000, 50000000)
    """
    micros = from_decimal(str(amount)) if not isinstance(amount, bool) else -1
    if micros < 0 or micros % smallest(currency):
        raise NotMoney(f"{amount!r} is no budget in {currency}.")
    return micros


def from_decimal(text: str) -> int:
    """Spend and value come as decimal text of the currency's major unit; micros, half a micro rounded to even.

    >>> from_decimal("12.34"), from_decimal("0.0000005")
    (12340000, 0)
    """
    try:
        return int((Decimal(text) * MICROS).to_integral_value())
    except (InvalidOperation, OverflowError, ValueError) as error:
        raise NotMoney(f"{text!r} is no amount.") from error
