"""TikTok's own table of currencies: how fine a budget may be, and how far its limits are scaled."""

from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.vendors.tiktok.errors import wrong

_WHOLE = frozenset({"JPY", "KRW", "HUF", "CLP", "ISK", "IDR", "TWD", "PYG", "VND"})
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
_LEAST = {"campaign": 50, "adgroup": 20}
_MOST = 10_000_000


def ratio(currency: str) -> int:
    return _RATIO.get(currency, 1)


def number(value: float) -> int | float:
    """As JSON: a whole amount without decimals."""
    return int(value) if float(value).is_integer() else round(value, 2)


def budget(kind: str, value: Any, currency: str) -> float:
    """A budget that the account's currency and the object's level allow."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise wrong("budget: Not a valid number.")
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise wrong("budget: Not a valid number.") from error
    places = 0 if currency in _WHOLE else 2
    least, most = _LEAST[kind] * ratio(currency), _MOST * ratio(currency)
    if not amount.is_finite() or not least <= amount < most:
        raise wrong(f"budget: It must be at least {least} {currency} and less than {most} {currency}.")
    if amount != round(amount, places):
        raise wrong(f"budget: The precision of {currency} is {places} decimal places.")
    return float(amount)
