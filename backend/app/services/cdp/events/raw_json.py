"""Pieces of JSON passed on as they came, and decoded only where we read them ourselves.

Re-encoding would cost time and change numbers: `1.10` would be stored as `1.1`.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from app.services.cdp.events.rules import Refused, VerdictCode

NONE = Raw(b"")
"""No such member."""

_ABSENT = frozenset({b"", b"null"})

_decode: Callable[[bytes | Raw], Any] = msgspec.json.Decoder().decode
members: Callable[[bytes | Raw], dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw]).decode
encode = msgspec.json.Encoder().encode


def object_in(raw: bytes | Raw, what: str) -> dict[str, Any]:
    """The object, empty where there is none. Decoded whole, so that PostgreSQL finds nothing to refuse later."""
    if raw is NONE:
        return {}
    try:
        value: Any = _decode(raw)
    except msgspec.ValidationError as error:
        raise Refused(VerdictCode.ABSURD_NUMBER, "it holds a number too large to keep") from error
    if value.__class__ is dict:
        found: dict[str, Any] = value
        return found
    if value is None:
        return {}
    raise Refused(VerdictCode.WRONG_TYPE, f"{what} is not an object")


def bytes_of(raw: Raw) -> bytes:
    """The member's JSON; empty where there is none, or null."""
    if raw is NONE:
        return b""
    text = bytes(raw)
    return b"" if text in _ABSENT else text


def loose_members(raw: bytes) -> dict[str, Raw]:
    """The members of an object; none where it is no object, or too odd to tell."""
    try:
        return members(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}


def text_of(raw: Raw | None) -> str | None:
    """The text of a JSON string or number, exact; None for anything else."""
    if raw is None or (data := bytes(raw)) in _ABSENT:
        return None
    if data[:1] != b'"':
        return data.decode("ascii", "replace") if data[:1] in b"-0123456789" else None
    try:
        text: Any = _decode(data)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return text if isinstance(text, str) else None
