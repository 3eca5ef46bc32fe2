"""Telephone numbers as people write them, in E.164."""

import phonenumbers


def e164(text: str, country: str | None = None) -> str | None:
    """`+` and digits; None for what cannot be a number. `country` (two letters) reads one that names none itself.

    What the country itself dials before a foreign number stands for the `+`, and so does a double zero anywhere; a
    zero that makes a number impossible is left out.

    >>> e164("(650)555-1212", "us"), e164("0036 20 123 4567"), e164("+001 616 954 7888"), e164("650 555 1212")
    ('+16505551212', '+36201234567', '+16169547888', None)
    """
    written = text.strip()
    bare = written.lstrip("+").lstrip("0")
    found = _parsed(written, country)
    if found is None and written.startswith(("00", "+0")):
        found = _parsed(f"+{bare}", None)
    if found is None and written.startswith("0"):
        found = _parsed(bare, country)
    return found


def _parsed(text: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, country.upper() if country else None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
