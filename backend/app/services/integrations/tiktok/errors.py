"""TikTok's return codes in our words. They come in a body whose HTTP status is 200."""

from collections.abc import Mapping
from typing import Any

from app.services.integrations.ports import PlatformError, PlatformErrorKind

OK = 0
_PARTLY = 20001
_PERMISSION = frozenset({40001, 40003})
_RATE_LIMITS = frozenset({40100, 40016, 51021})
_AUTH = frozenset({40101, 40102, 40103, 40104, 40105, 40106, 40107})
_FIRST_OF_THEIRS = 50_000
"""From here on it is TikTok's own fault: 50000 system error, 51010 time-out of an inner service, and so on."""
_SERVER_ERROR = 500
_TOO_MANY = 429
_WAITS = {"QPS": 2, "QPM": 60, "QPD": 3600}
"""Limits are by the second, the minute and the day; which one was hit is told in words alone, if at all."""
_WAIT_WITHOUT_A_WORD = 60


def from_answer(status: int, headers: Mapping[str, str], body: Any, *, mutating: bool) -> PlatformError:
    """The error behind a refusal, or behind an answer that is none of TikTok's."""
    number = code_of(body)
    if number is None or number == OK:
        return _unreadable(status, headers, mutating=mutating)
    kind = _kind(number, mutating=mutating)
    message = str(body.get("message") or "TikTok refused the request.")
    wait = _wait(message, headers) if kind is PlatformErrorKind.RATE_LIMITED else None
    return PlatformError(
        kind, f"tiktok.{number}", message, retry_after=wait, status=status, trace=trace_of(headers, body)
    )


def code_of(body: Any) -> int | None:
    """TikTok's return code; None in an answer that is none of TikTok's."""
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def trace_of(headers: Mapping[str, str], body: Any) -> str | None:
    told = body.get("request_id") if isinstance(body, dict) else None
    return str(told or headers.get("x-tt-logid") or "") or None


def _kind(number: int, *, mutating: bool) -> PlatformErrorKind:
    if number in _RATE_LIMITS:
        return PlatformErrorKind.RATE_LIMITED
    if number in _AUTH:
        return PlatformErrorKind.AUTH
    if number in _PERMISSION:
        return PlatformErrorKind.PERMISSION
    if number >= _FIRST_OF_THEIRS or number == _PARTLY:
        return PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT
    return PlatformErrorKind.INVALID


def _unreadable(status: int, headers: Mapping[str, str], *, mutating: bool) -> PlatformError:
    if status == _TOO_MANY:
        return PlatformError(
            PlatformErrorKind.RATE_LIMITED,
            "tiktok.http_429",
            "Too many calls.",
            retry_after=_wait("", headers),
            status=status,
        )
    kind = PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT
    text = "The answer is none that TikTok documents."
    if status >= _SERVER_ERROR:
        text = "TikTok answered with a server's error."
    return PlatformError(kind, f"tiktok.http_{status}", text, status=status, trace=trace_of(headers, None))


def _wait(message: str, headers: Mapping[str, str]) -> int:
    told = headers.get("retry-after", "")
    if told.isdecimal() and int(told):
        return min(int(told), 86_400)
    words = (seconds for word, seconds in _WAITS.items() if word in message)
    return next(words, _WAIT_WITHOUT_A_WORD)
