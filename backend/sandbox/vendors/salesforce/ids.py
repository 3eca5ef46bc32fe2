"""Record ids: fifteen characters whose case counts, and three more that make them safe where it does not."""

import re

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE = "bS0"
_SHORT, _LONG, _NUMBER = 15, 18, 9
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


def whole(short: str) -> str:
    """All eighteen characters: for each five, which of them are capitals.

    >>> whole("001xx000003DGb1")
    '001xx000003DGb1AAG'
    """
    checks = (
        sum(1 << place for place, each in enumerate(short[start : start + 5]) if "A" <= each <= "Z")
        for start in (0, 5, 10)
    )
    return short + "".join(_CHECKS[each] for each in checks)


def make(prefix: str, number: int) -> str:
    """The id of an object by its type's three characters and its number there; higher numbers sort later."""
    text = ""
    for _ in range(_NUMBER):
        number, rest = divmod(number, len(_DIGITS))
        text = _DIGITS[rest] + text
    return whole(prefix + _INSTANCE + text)


def number_of(name: str) -> int:
    """What `make` made it of."""
    found = 0
    for each in name[_SHORT - _NUMBER : _SHORT]:
        found = found * len(_DIGITS) + _DIGITS.index(each)
    return found


def read(text: object) -> str | None:
    """An id of either length, whole; None for what is none."""
    if not isinstance(text, str) or _ID.fullmatch(text) is None:
        return None
    found = whole(text[:_SHORT])
    return found if len(text) == _SHORT or text == found else None
