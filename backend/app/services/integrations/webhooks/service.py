"""POSTs to addresses that customers gave: checked where they lead, bounded in time and in what is read back."""

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from app.services.integrations.gateway import gateway
from app.services.integrations.outgoing import AddressRefused, resolve
from app.services.integrations.webhooks.meta_rules import is_signed
from app.services.integrations.webhooks.rules import (
    SECRET_BYTES,
    address_fault,
    new_secret,
    signed_headers,
    wished_pause,
)

__all__ = [
    "GONE",
    "Answer",
    "is_signed",
    "made_secret",
    "post",
    "signed_headers",
    "usable",
    "where_it_leads",
    "wished_pause",
]

_ANSWER_SECONDS = 15.0
_CONNECT_SECONDS = 5.0
_RESOLVE_SECONDS = 5.0
_REST_SECONDS = 1.0
_MOST_BYTES = 65_536
GONE = 410
"""The receiver wants nothing more."""
_REDIRECTS = range(300, 400)
_TAKEN = range(200, 300)
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a POST: a status, or the reason why there is none."""

    status: int | None
    error: str | None
    duration_ms: int
    retry_after: str | None = None

    @property
    def is_taken(self) -> bool:
        return self.status in _TAKEN

    @property
    def fault(self) -> str | None:
        """In words, for people; None where it was taken."""
        if self.status is None:
            return self.error
        if self.is_taken:
            return None
        if self.status == GONE:
            return "It answered 410: it wants nothing more."
        if self.status in _REDIRECTS:
            return f"It answered {self.status}, a redirect, which is not followed: give the address that it leads to."
        return f"It answered {self.status}."


def made_secret() -> str:
    """A new one, from the system's own randomness."""
    return new_secret(secrets.token_bytes(SECRET_BYTES))


async def usable(url: str) -> str | None:
    """None for an address that can be called; else what is wrong with it. It is looked at again when it is called."""
    return address_fault(url, allow_plain=allows_private()) or await where_it_leads(url)


def allows_private() -> bool:
    """Whether the sandbox's own addresses may be called; never in production."""
    return gateway().settings.allow_private_addresses


async def where_it_leads(url: str) -> str | None:
    """None where the address leads to public hosts alone; else what is wrong with it, and how to mend it."""
    parts = urlsplit(url)
    port = parts.port or _PORTS[parts.scheme]
    try:
        async with asyncio.timeout(_RESOLVE_SECONDS):
            await resolve(parts.hostname or "", port, allow_private=allows_private())
    except AddressRefused:
        return "This address leads into a private network: use one that is reachable from the internet."
    except (socket.gaierror, UnicodeError):
        return f"There is no host {parts.hostname}: check how it is spelled."
    except (OSError, TimeoutError):
        return f"The host {parts.hostname} could not be looked up just now: try again."
    return None


async def post(
    url: str, headers: Mapping[str, str], body: bytes, *, seconds: float = _ANSWER_SECONDS
) -> Answer:
    """Send once; never raises for what the other side does.

    A redirect is an answer like any other, and not followed. What the receiver says counts as soon as its status is
    here: of the rest no more is read than lets the connection be used again.
    """
    started = time.perf_counter()
    status: int | None = None
    error: str | None = None
    retry_after: str | None = None
    try:
        async with (
            asyncio.timeout(seconds),
            gateway().receivers.stream(
                "POST",
                url,
                headers=dict(headers),
                content=body,
                timeout=httpx2.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS)),
            ) as answer,
        ):
            status, retry_after = answer.status_code, answer.headers.get("retry-after")
            await _read_some(answer)
    except AddressRefused:
        error = "The address leads into a private network now, which is never called."
    except (TimeoutError, httpx2.TimeoutException):
        error = f"No answer within {seconds:g} seconds."
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as failed:
        error = f"The connection failed: {str(failed) or type(failed).__name__}"[:300]
    if status is not None:
        error = None
    return Answer(status, error, round((time.perf_counter() - started) * 1_000), retry_after)


async def _read_some(answer: httpx2.Response) -> None:
    """Without unpacking it; a long or a slow rest costs the connection, not us."""
    read = 0
    with contextlib.suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(_REST_SECONDS):
            async for part in answer.aiter_raw():
                read += len(part)
                if read > _MOST_BYTES:
                    return
