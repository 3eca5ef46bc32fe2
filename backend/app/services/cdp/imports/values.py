"""What the text of a cell comes to: numbers, times, yes and no. Pure.

An `Unfit` names what is wrong and how to mend it.
"""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_COMMA_NUMBER = re.compile(r"-?(?:[0-9]{1,3}(?:[. \u00a0\u202f][0-9]{3})+|[0-9]+)(?:,[0-9]+)?")
_DATE = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([AaPp])[Mm])?)?"
)
_EPOCH = re.compile(r"-?\d{9,14}(?:\.\d+)?")
_MILLISECONDS_FROM = 10**11
_NOON = 12
_YES = frozenset(
    {
        "true",
        "yes",
        "y",
        "1",
        "granted",
        "grant",
        "opt-in",
        "opted-in",
        "in",
        "allowed",
        "ja",
        "oui",
        "sí",
        "si",
    }
)
_NO = frozenset(
    {"false", "no", "n", "0", "refused", "denied", "deny", "opt-out", "opted-out", "out", "nein", "non"}
)


class Unfit(Exception):
    def __init__(self, message: str, code: str) -> None:
        self.message = message
        self.code = code
        super().__init__(message)


def number(text: str, *, decimal_comma: bool) -> int | float:
    plain = text.strip()
    if decimal_comma:
        if not _COMMA_NUMBER.fullmatch(plain):
            raise Unfit("This is no number: write it like 1.234,56.", "not_a_number")
        plain = re.sub(r"[. \u00a0\u202f]", "", plain).replace(",", ".")
        plain = re.sub(r"^(-?)0+(?=\d)", r"\1", plain)
    if not _NUMBER.fullmatch(plain):
        mend = "write 1234.5, or say that the file has decimal commas" if "," in plain else "write 1234.5"
        raise Unfit(f"This is no number: {mend}.", "not_a_number")
    try:
        value: int | float = msgspec.json.decode(plain)
    except msgspec.ValidationError as error:
        raise Unfit("This number is too large to keep: read the column as text.", "not_a_number") from error
    return value


def boolean(text: str) -> bool:
    plain = text.strip().lower()
    if plain in _YES:
        return True
    if plain in _NO:
        return False
    raise Unfit("This is neither yes nor no: write true or false.", "not_a_boolean")


def json_value(text: str) -> Any:
    try:
        return msgspec.json.decode(text.encode())
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unfit("This is no JSON: mend it, or read the column as text.", "not_json") from error


def moment(value: object, *, zone: ZoneInfo, date_order: str) -> datetime:
    """A time with its zone, UTC; a time without one is of `zone`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_epoch(value)
    text = str(value).strip()
    if _EPOCH.fullmatch(text):
        return _of_epoch(float(text))
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        said = _local(text, date_order)
    try:
        return (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _no_time() from error


def _of_epoch(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds / 1000 if abs(seconds) >= _MILLISECONDS_FROM else seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _no_time() from error


def _local(text: str, date_order: str) -> datetime:
    found = None if date_order == "ymd" else _DATE.fullmatch(text)
    if found is None:
        raise _no_time()
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    day, month = (first, second) if date_order == "dmy" else (second, first)
    hour, minute, second_of = (int(each or 0) for each in found.group(4, 5, 6))
    if found[7]:
        hour = hour % _NOON + (_NOON if found[7].lower() == "p" else 0)
    try:
        return datetime(year, month, day, hour, minute, second_of)  # noqa: DTZ001  (its zone is put on it)
    except ValueError as error:
        raise _no_time() from error


def _no_time() -> Unfit:
    return Unfit(
        "This is no time: write 2026-01-31T15:04:05Z, or choose the order of day and month.", "not_a_time"
    )


def fits_number(text: str) -> bool:
    """Whether a column of such texts is meant as numbers: no zero in front, no more digits than a number keeps."""
    return _NUMBER.fullmatch(text) is not None and len(text) <= 15  # noqa: PLR2004  (what a double holds exactly)
