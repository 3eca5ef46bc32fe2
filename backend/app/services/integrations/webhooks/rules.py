"""Secrets, signatures and addresses of webhooks. Pure; as Standard Webhooks says: https://www.standardwebhooks.com."""

import base64
import hmac
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

SECRET_PREFIX = "whsec_"  # noqa: S105  (how every secret begins)
SECRET_BYTES = 24


def wished_pause(header: str | None, now: datetime) -> float | None:
    """The seconds of a `Retry-After`, a whole number or an HTTP date; None where it says nothing that can be read."""
    text = (header or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, (at - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def new_secret(random: bytes) -> str:
    """At least 24 random bytes, as the scheme writes them."""
    if len(random) < SECRET_BYTES:
        raise ValueError("a secret has at least 24 bytes")
    return SECRET_PREFIX + base64.b64encode(random).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of `id.timestamp.body`."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def signed_headers(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """What goes beside the body; signed under each secret that is valid. `timestamp` is in seconds since 1970."""
    return {
        "content-type": "application/json",
        "user-agent": "Stratum-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in secrets),
    }


_LONGEST_HOST = 253
_SCHEMES = {False: frozenset({"https"}), True: frozenset({"https", "http"})}


def address_fault(url: str, *, allow_plain: bool) -> str | None:
    """What is wrong with how an address is written, and how to mend it; where it leads is seen elsewhere."""
    if any(character <= " " or character == "\x7f" for character in url):
        return "Leave spaces and line breaks out of the address."
    try:
        parts = urlsplit(url)
        is_complete = bool(parts.hostname) and len(parts.hostname or "") <= _LONGEST_HOST and parts.port != 0
    except ValueError:
        is_complete = False
    if not is_complete:
        return "This is no address: write it like https://example.com/webhooks."
    faults = {
        "Use an address that begins with https://.": parts.scheme not in _SCHEMES[allow_plain],
        "Leave user name and password out of the address: the signature proves who calls.": "@"
        in parts.netloc,
        "Leave out what follows the #: it is never sent.": bool(parts.fragment),
    }
    return next((sentence for sentence, holds in faults.items() if holds), None)
