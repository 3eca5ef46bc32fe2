"""Meta's own currency offsets: how many of the API's units make one unit of the currency (not ISO 4217)."""

_WHOLE = frozenset({"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"})


def offset(currency: str) -> int:
    return 1 if currency in _WHOLE else 100


def to_units(amount: float, currency: str) -> int:
    return round(amount * offset(currency))


def to_major(units: int, currency: str) -> float:
    return units / offset(currency)


def minimum_daily(currency: str) -> int:
    """The smallest daily budget, in the API's units."""
    return {"USD": 100, "EUR": 100, "HUF": 350}.get(currency, 100)
