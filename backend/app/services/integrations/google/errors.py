"""What Google's three APIs answer when they say no, in our words."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.wire import Answer

PLATFORM = "google"
_WAIT_WITHOUT_A_WORD = 60
_LONGEST_WAIT = 24 * 3600
_SERVER_ERROR, _TOO_MANY, _NOT_FOUND = 500, 429, 404
_NO_SIGN_IN_HELPS = (
    "NOT_ADS_USER",
    "CUSTOMER_NOT_FOUND",
    "CLIENT_CUSTOMER_ID_INVALID",
    "TWO_STEP_VERIFICATION_NOT_ENROLLED",
    "ADVANCED_PROTECTION_NOT_ENROLLED",
    "ORGANIZATION_NOT_RECOGNIZED",
    "ORGANIZATION_NOT_APPROVED",
)
"""Google calls them errors of authentication; the token is good all the same."""
_PARTICULAR = {
    **dict.fromkeys(
        (("authenticationError", code) for code in _NO_SIGN_IN_HELPS), PlatformErrorKind.PERMISSION
    ),
    ("quotaError", "ACCESS_PROHIBITED"): PlatformErrorKind.PERMISSION,
    ("requestError", "UNSUPPORTED_VERSION"): PlatformErrorKind.UNSUPPORTED,
}
_BY_GROUP = {
    "authenticationError": PlatformErrorKind.AUTH,
    "authorizationError": PlatformErrorKind.PERMISSION,
    "quotaError": PlatformErrorKind.RATE_LIMITED,
    # Somebody else writes to it at this moment: nothing of ours was applied.
    "databaseError": PlatformErrorKind.TRANSIENT,
}
_TOKEN_ENDED = frozenset({"invalid_grant", "invalid_token", "access_denied", "admin_policy_enforced"})
_CLIENT_IS_WRONG = frozenset(
    {"invalid_client", "unauthorized_client", "deleted_client", "redirect_uri_mismatch"}
)
_BY_STATUS = {
    "UNAUTHENTICATED": PlatformErrorKind.AUTH,
    "PERMISSION_DENIED": PlatformErrorKind.PERMISSION,
    "RESOURCE_EXHAUSTED": PlatformErrorKind.RATE_LIMITED,
    "ABORTED": PlatformErrorKind.TRANSIENT,
}
_UNKNOWN_OUTCOME = frozenset({"INTERNAL", "UNAVAILABLE", "UNKNOWN", "DEADLINE_EXCEEDED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class _Told:
    """The first error of an answer: Google's word for it, its group, and what was said."""

    group: str
    code: str
    message: str
    wait: int | None = None


def invalid(code: str, message: str) -> PlatformError:
    """What Google would never take, said before anything leaves."""
    return PlatformError(PlatformErrorKind.INVALID, f"{PLATFORM}.{code}", message)


def refusal(answer: Answer, *, mutating: bool) -> PlatformError | None:
    """None for an answer that is one to go on with."""
    body = answer.body
    if isinstance(body, dict) and "error" not in body and answer.status < 400:  # noqa: PLR2004  (HTTP's)
        return None
    if not isinstance(body, dict) or "error" not in body:
        return _unreadable(answer, mutating=mutating)
    if isinstance(body["error"], str):
        return _of_sign_in(answer, body, mutating=mutating)
    return _of_api(answer, body["error"], mutating=mutating)


def trace_of(answer: Answer) -> str | None:
    """The request's id, from the header or from the failure itself."""
    if found := answer.headers.get("request-id"):
        return found
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    for detail in _details(error):
        if detail.get("requestId"):
            return str(detail["requestId"])
    requested = answer.body.get("requestId") if isinstance(answer.body, dict) else None
    return str(requested) if requested else None


def _of_sign_in(answer: Answer, body: Mapping[str, Any], *, mutating: bool) -> PlatformError:
    code = str(body["error"])
    message = str(body.get("error_description") or "Google refused the sign-in.")
    kind = PlatformErrorKind.INVALID
    if code in _TOKEN_ENDED:
        kind = PlatformErrorKind.AUTH
    elif code in _CLIENT_IS_WRONG:
        kind = PlatformErrorKind.PERMISSION
    elif answer.status >= _SERVER_ERROR:
        kind = _lost(mutating=mutating)
    return PlatformError(kind, f"{PLATFORM}.{code.lower()}", message, status=answer.status)


def _of_api(answer: Answer, error: Any, *, mutating: bool) -> PlatformError:
    error = error if isinstance(error, dict) else {}
    status = str(error.get("status") or "")
    told = _told(error, status)
    kind = _kind(told, status, answer.status, mutating=mutating)
    wait = None
    if kind is PlatformErrorKind.RATE_LIMITED:
        wait = min(_LONGEST_WAIT, told.wait or _retry_after(answer.headers) or _WAIT_WITHOUT_A_WORD)
    return PlatformError(
        kind,
        f"{PLATFORM}.{told.code.lower()}",
        told.message,
        retry_after=wait,
        status=answer.status,
        trace=trace_of(answer),
    )


def _kind(told: _Told, status: str, http: int, *, mutating: bool) -> PlatformErrorKind:
    if (told.group, told.code) in _PARTICULAR:
        return _PARTICULAR[told.group, told.code]
    if told.group in _BY_GROUP:
        return _BY_GROUP[told.group]
    if told.group == "internalError" or status in _UNKNOWN_OUTCOME or http >= _SERVER_ERROR:
        return _lost(mutating=mutating)
    return _BY_STATUS.get(status, PlatformErrorKind.INVALID)


def _told(error: Mapping[str, Any], status: str) -> _Told:
    message = str(error.get("message") or "Google refused the request.")
    details = list(_details(error))
    for detail in details:
        errors = detail.get("errors")
        if isinstance(errors, list) and errors and isinstance(errors[0], dict):
            return _of_failure(errors[0], message)
    for detail in details:
        violations = detail.get("fieldViolations")
        if isinstance(violations, list) and violations and isinstance(violations[0], dict):
            first = violations[0]
            text = f"{first.get('field')}: {first.get('description') or message}"
            return _Told("", str(first.get("reason") or status or "INVALID_ARGUMENT"), text)
    for detail in details:
        if detail.get("reason"):
            return _Told("", str(detail["reason"]), message)
    return _Told("", status or "refused", message)


def _of_failure(first: Mapping[str, Any], message: str) -> _Told:
    """One error of a `GoogleAdsFailure`; its field is named where it names one."""
    named = first.get("errorCode")
    group, code = next(iter(named.items())) if isinstance(named, dict) and named else ("", "UNKNOWN")
    text = str(first.get("message") or message)
    location = first.get("location")
    elements = location.get("fieldPathElements") if isinstance(location, dict) else None
    if isinstance(elements, list) and elements:
        path = ".".join(str(one.get("fieldName")) for one in elements if isinstance(one, dict))
        text = f"{text} ({path})"
    return _Told(str(group), str(code), text, _retry_delay(first))


def _retry_delay(first: Mapping[str, Any]) -> int | None:
    """`retryDelay` is a duration such as `30.5s`."""
    details = first.get("details")
    quota = details.get("quotaErrorDetails") if isinstance(details, dict) else None
    text = str(quota.get("retryDelay", "")) if isinstance(quota, dict) else ""
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        return None
    return max(1, math.ceil(seconds)) if math.isfinite(seconds) and seconds > 0 else None


def _retry_after(headers: Mapping[str, str]) -> int | None:
    text = headers.get("retry-after", "")
    return int(text) if text.isascii() and text.isdecimal() else None


def _unreadable(answer: Answer, *, mutating: bool) -> PlatformError:
    code = f"{PLATFORM}.http_{answer.status}"
    trace = trace_of(answer)
    if answer.status == _TOO_MANY:
        return PlatformError(
            PlatformErrorKind.RATE_LIMITED,
            code,
            "Too many calls.",
            retry_after=_retry_after(answer.headers) or _WAIT_WITHOUT_A_WORD,
            status=answer.status,
            trace=trace,
        )
    if answer.status == _NOT_FOUND:
        # Google's front says so in HTML, of a path or a version that it does not have.
        return PlatformError(
            PlatformErrorKind.UNSUPPORTED,
            code,
            "Google has no such method.",
            status=answer.status,
            trace=trace,
        )
    return PlatformError(
        _lost(mutating=mutating),
        code,
        "The answer is none that Google documents.",
        status=answer.status,
        trace=trace,
    )


def _lost(*, mutating: bool) -> PlatformErrorKind:
    """Google may say so of a write that it has applied."""
    return PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT


def _details(error: Any) -> Iterable[Mapping[str, Any]]:
    details = error.get("details") if isinstance(error, dict) else None
    return (one for one in (details if isinstance(details, list) else ()) if isinstance(one, dict))
