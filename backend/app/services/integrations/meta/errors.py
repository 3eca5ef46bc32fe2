"""Meta's error bodies, codes and usage headers, in our words."""

import json
from collections.abc import Mapping
from typing import Any

from app.services.integrations.ports import PlatformError, PlatformErrorKind

_RATE_LIMITS = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
_AUTH = frozenset({102, 104, 190, 463, 467})
_PERMISSION = frozenset({3, 10, 294, 368, *range(200, 300)})
_TRANSIENT = frozenset({1, 2})
_UNSUPPORTED = frozenset({2635, 12})
_SERVER_ERROR = 500
_TOO_MUCH = "reduce the amount of data"
"""Meta's words for a report that is too large, under the number of an unknown error."""
TOO_MUCH = "meta.too_much"
_TOO_MANY = 429
_WAIT_WITHOUT_A_WORD = 60
_BUSINESS_USAGE = "x-business-use-case-usage"


def regain_access_seconds(headers: Mapping[str, str]) -> int:
    """How long `X-Business-Use-Case-Usage` asks us to wait; 0 when it does not. It speaks in minutes."""
    try:
        entries = [one for group in json.loads(headers[_BUSINESS_USAGE]).values() for one in group]
        return max((int(one.get("estimated_time_to_regain_access") or 0) for one in entries), default=0) * 60
    except (KeyError, ValueError, TypeError, AttributeError):
        return 0


def from_answer(status: int, headers: Mapping[str, str], body: Any, *, mutating: bool) -> PlatformError:
    """The error behind a refusal, or behind an answer that is none of Meta's."""
    error = body.get("error") if isinstance(body, dict) else None
    trace = headers.get("x-fb-trace-id")
    if not isinstance(error, dict):
        return _unreadable(status, trace, headers, mutating=mutating)
    number, subcode = _whole(error.get("code")), _whole(error.get("error_subcode"))
    code = ".".join(str(part) for part in ("meta", number, subcode) if part is not None)
    if not mutating and _TOO_MUCH in str(error.get("message")):
        said = str(error["message"])
        return PlatformError(PlatformErrorKind.INVALID, TOO_MUCH, said, status=status, trace=trace)
    kind = _kind(number, status, transient=error.get("is_transient") is True, mutating=mutating)
    message = str(error.get("error_user_msg") or error.get("message") or "Meta refused the request.")
    wait = None
    if kind is PlatformErrorKind.RATE_LIMITED:
        wait = regain_access_seconds(headers) or _WAIT_WITHOUT_A_WORD
    return PlatformError(
        kind,
        code,
        message,
        retry_after=wait,
        status=status,
        trace=str(error.get("fbtrace_id") or trace or "") or None,
    )


def _kind(number: int | None, status: int, *, transient: bool, mutating: bool) -> PlatformErrorKind:
    if number in _RATE_LIMITS:
        return PlatformErrorKind.RATE_LIMITED
    if number in _AUTH:
        return PlatformErrorKind.AUTH
    if number in _PERMISSION:
        return PlatformErrorKind.PERMISSION
    if number in _UNSUPPORTED:
        return PlatformErrorKind.UNSUPPORTED
    if number in _TRANSIENT or transient or status >= _SERVER_ERROR:
        # Meta answers "unknown error" to writes that it has applied.
        return PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT
    return PlatformErrorKind.INVALID


def _unreadable(
    status: int, trace: str | None, headers: Mapping[str, str], *, mutating: bool
) -> PlatformError:
    if status == _TOO_MANY:
        wait = regain_access_seconds(headers) or _WAIT_WITHOUT_A_WORD
        return PlatformError(
            PlatformErrorKind.RATE_LIMITED,
            "meta.http_429",
            "Too many calls.",
            retry_after=wait,
            status=status,
        )
    kind = PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT
    return PlatformError(
        kind, f"meta.http_{status}", "The answer is none that Meta documents.", status=status, trace=trace
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
