"""Snapchat's error bodies, in our words: the Marketing API's envelope, OAuth's form, the Conversions API's."""

from collections.abc import Mapping
from typing import Any

from app.services.integrations.ports import PlatformError, PlatformErrorKind

_KINDS = {
    401: PlatformErrorKind.AUTH,
    403: PlatformErrorKind.PERMISSION,
    405: PlatformErrorKind.UNSUPPORTED,
    429: PlatformErrorKind.RATE_LIMITED,
}
_NOT_ALLOWED = "E3002"
_SERVER_ERROR = 500
_REFUSED = 400
_WAIT_WITHOUT_A_WORD = 10
"""The limits are averages over a second, and no header is documented: a little longer than that."""
_LONGEST_WAIT = 3600
# RFC 6749: the code or the refresh token is worth nothing any more. What else it names is our own mistake.
_GRANT_GONE = frozenset({"invalid_grant", "invalid_token", "access_denied"})


def retry_after(headers: Mapping[str, str]) -> int:
    """The seconds that `Retry-After` asks for, where it is there at all; 0 when it is not."""
    text = headers.get("retry-after", "").strip()
    return min(_LONGEST_WAIT, int(text)) if text.isdecimal() else 0


def refusal(status: int, headers: Mapping[str, str], body: Any, *, mutating: bool) -> PlatformError | None:
    """None for an answer that says success. A write is refused too by the verdict on what it held."""
    if not isinstance(body, dict):
        return _unreadable(status, headers, mutating=mutating)
    reason = _first_failure(body) if mutating else None
    if reason is not None and status < _SERVER_ERROR:
        return not_taken(reason, status, body)
    if status < _REFUSED and not _says_no(body):
        return None
    code, message = _told(body)
    kind = _kind(status, body, mutating=mutating)
    wait = (retry_after(headers) or _WAIT_WITHOUT_A_WORD) if kind is PlatformErrorKind.RATE_LIMITED else None
    return PlatformError(
        kind,
        f"snapchat.{code or f'http_{status}'}",
        message or "Snapchat refused the request.",
        retry_after=wait,
        status=status,
        trace=trace(body),
    )


def trace(body: Any) -> str | None:
    return str(body["request_id"]) if isinstance(body, dict) and body.get("request_id") else None


def failed_item(items: Any) -> str | None:
    """Why the first entity of a request was not taken; None where all were."""
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and str(item.get("sub_request_status", "")).upper() not in {"", "SUCCESS"}:
            return str(item.get("sub_request_error_reason") or "Snapchat did not take it.")
    return None


def _says_no(body: Mapping[str, Any]) -> bool:
    envelope = str(body.get("request_status", "SUCCESS")).upper()
    return envelope != "SUCCESS" or str(body.get("status", "")).upper() == "INVALID" or "error" in body


def _first_failure(body: Mapping[str, Any]) -> str | None:
    found = (failed_item(value) for value in body.values())
    return next((reason for reason in found if reason is not None), None)


def not_taken(reason: str, status: int, body: Mapping[str, Any]) -> PlatformError:
    """The verdict on the one entity that was sent: not applied. Without a code it is Snapchat's own trouble."""
    code, colon, _ = reason.partition(":")
    known = bool(colon) and code.startswith("E") and code[1:].isdecimal()
    if code == _NOT_ALLOWED:
        kind = PlatformErrorKind.PERMISSION
    else:
        kind = PlatformErrorKind.INVALID if known else PlatformErrorKind.TRANSIENT
    name = f"snapchat.{code if known else 'not_taken'}"
    return PlatformError(kind, name, reason, status=status, trace=trace(body))


def _told(body: Mapping[str, Any]) -> tuple[str, str]:
    """A stable code, and the sentence."""
    if "error" in body:
        return str(body["error"]), str(body.get("error_description") or "")
    if "reason" in body:
        errors = body.get("errors")
        codes = errors.get("codes") if isinstance(errors, dict) else None
        return (f"event_{codes[0]}" if codes else ""), str(body["reason"])
    return str(body.get("error_code") or ""), str(
        body.get("debug_message") or body.get("display_message") or ""
    )


def _kind(status: int, body: Mapping[str, Any], *, mutating: bool) -> PlatformErrorKind:
    if "error" in body:
        gone = str(body["error"]) in _GRANT_GONE
        if status < _SERVER_ERROR:
            return PlatformErrorKind.AUTH if gone else PlatformErrorKind.INVALID
    if status in _KINDS:
        return _KINDS[status]
    if status >= _SERVER_ERROR:
        # A server that fails may have applied it before.
        return PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT
    return PlatformErrorKind.INVALID


def _unreadable(status: int, headers: Mapping[str, str], *, mutating: bool) -> PlatformError:
    kind = _KINDS.get(status)
    if kind is None:
        kind = PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT
    wait = (retry_after(headers) or _WAIT_WITHOUT_A_WORD) if kind is PlatformErrorKind.RATE_LIMITED else None
    message = "The answer is none that Snapchat documents."
    return PlatformError(kind, f"snapchat.http_{status}", message, retry_after=wait, status=status)
