"""What the world's currencies are worth: fixed, so that a world repeats; in units of each for one US dollar."""

_PER_DOLLAR = {
    "USD": 1.0,
    "EUR": 0.9,
    "GBP": 0.78,
    "CHF": 0.85,
    "PLN": 3.8,
    "CZK": 22.0,
    "HUF": 360.0,
    "RON": 4.5,
    "SEK": 10.0,
    "CAD": 1.37,
    "AUD": 1.5,
    "JPY": 150.0,
    "KRW": 1380.0,
    "TWD": 32.0,
    "VND": 25_500.0,
    "IDR": 16_200.0,
    "CLP": 950.0,
    "BHD": 0.376,
    "JOD": 0.709,
    "KWD": 0.307,
    "OMR": 0.385,
    "TND": 3.1,
}


def rate(from_currency: str, to_currency: str) -> float:
    """One unit of the first in units of the second; a KeyError for money that the world does not know."""
    if from_currency == to_currency:
        return 1.0
    return _PER_DOLLAR[to_currency] / _PER_DOLLAR[from_currency]
