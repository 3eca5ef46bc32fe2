"""Bodies as clients send them: perhaps compressed, perhaps not quite JSON, never larger than allowed."""

import json
import re
import zlib
from typing import NoReturn

from app.services.cdp.events.errors import BadBatch, BadEncoding, BatchTooLarge
from app.services.cdp.events.rules import MAX_BATCH_BYTES

_GZIP = 16 + zlib.MAX_WBITS
_PLAIN = frozenset({"", "identity"})
# A text that never ends is a token too: it is read once, and not again from each quote inside it.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{},]', re.DOTALL)
_OPENING = frozenset({b"{", b"["})
_CLOSING = frozenset({b"}", b"]"})


def decompressed(body: bytes, encoding: str) -> bytes:
    """The body itself. Decompression stops at the limit: a small bomb cannot fill the memory."""
    name = encoding.strip().lower()
    if name in _PLAIN:
        plain = body
    elif name in {"gzip", "x-gzip", "deflate"}:
        inflater = zlib.decompressobj(zlib.MAX_WBITS if name == "deflate" else _GZIP)
        try:
            plain = inflater.decompress(body, MAX_BATCH_BYTES + 1)
        except zlib.error as error:
            raise BadEncoding from error
        if len(plain) <= MAX_BATCH_BYTES and not inflater.eof:
            raise BadEncoding("The compressed body is cut short.")
        if inflater.unused_data:
            raise BadEncoding("Something follows the compressed body.")
    else:
        raise BadEncoding(f"Send gzip or nothing: {name[:20]} is not understood.")
    if len(plain) > MAX_BATCH_BYTES:
        raise BatchTooLarge
    return plain


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def is_json(body: bytes) -> bool:
    """Whether the body is JSON at all, be it deep or with half a surrogate pair, which strict decoders refuse."""
    try:
        json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def members(body: bytes, name: bytes) -> tuple[dict[str, bytes], list[bytes]]:
    """The top-level members of an object, and the items of its array `name`, cut apart without being decoded.

    For bodies that are JSON and yet too odd to decode whole: one odd event must not spoil the others.
    """
    parts = _cut(body)
    found = dict(part.partition(b":")[::2] for part in parts)
    beside = {
        key.strip().strip(b'"').decode("utf-8", "replace"): value.strip() for key, value in found.items()
    }
    array = beside.get(name.decode(), b"")
    return beside, _cut(array) if array.startswith(b"[") else []


def _cut(container: bytes) -> list[bytes]:
    """What stands between the commas of one object's or array's own level."""
    pieces: list[bytes] = []
    depth = 0
    start = 1
    for token in _TOKEN.finditer(container):
        mark = token[0]
        depth += (mark in _OPENING) - (mark in _CLOSING)
        if (mark == b"," and depth == 1) or (mark in _CLOSING and depth == 0):
            piece = container[start : token.start()].strip()
            pieces += [piece] if piece else []
            start = token.end()
    if depth != 0:
        raise BadBatch
    return pieces
