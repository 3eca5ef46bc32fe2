"""What an event must be to be stored; each refusal says why. Pure.

The texts of an event need no look for NUL characters: `check_shape` has found them all.
"""

import re

from app.services.cdp.events.dialects import Id, Item
from app.services.cdp.events.rules import (
    MAX_DEPTH,
    MAX_EVENT_BYTES,
    MAX_ID_CHARACTERS,
    MAX_NAME_CHARACTERS,
    EventType,
    Refused,
    VerdictCode,
)

_EVENT_TYPES = frozenset(EventType)
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_MAY_HAVE_EXPONENTS = re.compile(rb"[:,\[]\s*-?[0-9][0-9.]*[eE][+-]?[0-9]{2}")
_NUMBERS = bytes.maketrans(b"123456789.- \t\r\nE,[", b"000000000000000e::")
"""Digits are all one with what may stand among or before them, and so are the marks that a number follows."""
_EXPONENTS = re.compile(rb'"(?:[^"\\]|\\.)*"|[0-9][eE][+-]?([0-9]+)', re.DOTALL)
_LARGEST_EXPONENT = 400
_PAIRS = re.compile(rb"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}")


def check_shape(raw: bytes, *, beside: int = 0) -> None:
    """What PostgreSQL or a decoder would choke on: refused here, with a reason, before it spoils its batch.

    `beside` are the bytes of its batch's context, of which every event is given a copy.
    """
    if len(raw) + beside > MAX_EVENT_BYTES:
        raise Refused(VerdictCode.TOO_LARGE, f"{len(raw) + beside} bytes; at most {MAX_EVENT_BYTES}")
    if is_too_deep(raw):
        raise Refused(VerdictCode.TOO_DEEP, f"it is nested deeper than {MAX_DEPTH} levels")
    # The search for one byte is many times faster than that for two, and most events escape nothing.
    if b"\\" in raw and b"\\u" in raw:
        _check_escapes(raw)
    if _looks_like_an_exponent(raw) and _MAY_HAVE_EXPONENTS.search(raw):
        _check_exponents(raw)


def is_too_deep(raw: bytes) -> bool:
    return raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _depth(raw) > MAX_DEPTH


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for token in _STRUCTURE.finditer(raw):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
            deepest = max(deepest, depth)
        elif mark in (b"}", b"]"):
            depth -= 1
    return deepest


def _looks_like_an_exponent(raw: bytes) -> bool:
    """Never false where there is one; many times faster than the search, which weighs each byte."""
    plain = raw.translate(_NUMBERS)
    for mark in (b"0e00", b"0e+00"):
        at = plain.find(mark)
        while at >= 0:
            if plain[:at].rstrip(b"0")[-1:] == b":":
                return True
            at = plain.find(mark, at + 1)
    return False


def _check_exponents(raw: bytes) -> None:
    """PostgreSQL writes every zero of `1e-9000`: an event counts as what it will be read back as."""
    size = len(raw)
    for token in _EXPONENTS.finditer(raw):
        digits = (token[1] or b"").lstrip(b"0")
        if len(digits) > len(str(_LARGEST_EXPONENT)) or int(digits or b"0") > _LARGEST_EXPONENT:
            raise Refused(VerdictCode.ABSURD_NUMBER, "it holds a number too large or too small to keep")
        size += int(digits or b"0")
    if size > 2 * MAX_EVENT_BYTES:
        raise Refused(VerdictCode.TOO_LARGE, f"its numbers, written out, make it {size} bytes")


def _check_escapes(raw: bytes) -> None:
    if b"\\u0000" in raw and "0000" in _escapes(raw):
        raise Refused(VerdictCode.NUL_CHARACTER, "it holds a NUL character, which no text may")
    if (b"\\ud" in raw or b"\\uD" in raw) and _has_half_a_pair(raw):
        raise Refused(VerdictCode.NOT_UNICODE, "it holds half a surrogate pair")


def _escapes(raw: bytes) -> list[str]:
    r"""The four digits of each `\uXXXX`; an escaped backslash before a `u` is none."""
    return [
        escape[2:].decode("ascii", "replace").lower()
        for escape in _ESCAPE.findall(raw)
        if escape[1:2] == b"u" and len(escape) > 2  # noqa: PLR2004  (a backslash and one character)
    ]


def _has_half_a_pair(raw: bytes) -> bool:
    rest = _PAIRS.sub(b"", raw.replace(b"\\\\", b""))
    return any(digits[0] == "d" and digits[1] in "89abcdef" for digits in _escapes(rest))


def event_name(kind: str, item: Item) -> str:
    """The name of the event; a call that is no track goes by its type where it has no name."""
    if kind not in _EVENT_TYPES:
        raise Refused(VerdictCode.UNKNOWN_TYPE, f"{kind[:40] or 'no'} type; one of {', '.join(EventType)}")
    if kind == EventType.TRACK:
        name = item.event
        if not name or not name.strip():
            raise Refused(VerdictCode.EVENT_MISSING, "track needs event")
    else:
        name = item.name or kind
    if len(name) > MAX_NAME_CHARACTERS:
        raise Refused(VerdictCode.TOO_LONG, f"the name has {len(name)} characters; at most 500")
    return name


def plain_id(value: Id, what: str) -> str | None:
    """The id as a text; None for an empty one."""
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else str(value)
    if len(text) > MAX_NAME_CHARACTERS:
        raise Refused(VerdictCode.TOO_LONG, f"{what} has {len(text)} characters; at most 500")
    return text


def check_message_id(message_id: str) -> None:
    if len(message_id) >= MAX_ID_CHARACTERS:
        raise Refused(
            VerdictCode.MESSAGE_ID_TOO_LONG, f"messageId has {len(message_id)} characters; under 100"
        )
