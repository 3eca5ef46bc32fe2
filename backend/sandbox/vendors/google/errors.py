"""What Google answers when it says no: `google.rpc.Status`, with the failure of the API that was asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any

STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
}
_GENERAL = {
    "INVALID_ARGUMENT": "Request contains an invalid argument.",
    "UNAUTHENTICATED": (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
        "valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project."
    ),
    "PERMISSION_DENIED": "The caller does not have permission",
    "NOT_FOUND": "Requested entity was not found.",
    "RESOURCE_EXHAUSTED": "Resource has been exhausted (e.g. check quota).",
    "INTERNAL": "Internal error encountered.",
    "UNIMPLEMENTED": "Operation is not implemented, or supported, or enabled.",
    "UNAVAILABLE": "The service is currently unavailable.",
}
Path = Sequence[tuple[str, int | None]]


def request_id() -> str:
    return token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of a `GoogleAdsFailure`; `kind` is the member of `errorCode`, such as `queryError`."""

    kind: str
    code: str
    message: str
    trigger: Any = None
    path: Path = ()
    details: dict[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"errorCode": {self.kind: self.code}, "message": self.message}
        if self.trigger is not None:
            key = "int64Value" if isinstance(self.trigger, int) else "stringValue"
            shown["trigger"] = {key: str(self.trigger)}
        if self.path:
            elements = [
                {"fieldName": name} | ({} if index is None else {"index": index}) for name, index in self.path
            ]
            shown["location"] = {"fieldPathElements": elements}
        if self.details:
            shown["details"] = self.details
        return shown

    def under(self, *prefix: tuple[str, int | None]) -> "Fault":
        """The same error, seen from the whole request."""
        return Fault(
            self.kind, self.code, self.message, self.trigger, [*prefix, *self.path], dict(self.details)
        )


class AdsError(Exception):
    """A refusal of the Ads API."""

    def __init__(self, status: str, *faults: Fault, http: int | None = None) -> None:
        super().__init__(status, *(fault.code for fault in faults))
        self.status = status
        self.faults = faults
        self.http = http or STATUSES[status]

    def body(self, version: str, request: str) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.http, "message": _GENERAL[self.status], "status": self.status}
        if self.faults:
            error["details"] = [failure(self.faults, version, request)]
        return {"error": error}


def failure(faults: Sequence[Fault], version: str, request: str) -> dict[str, Any]:
    return {
        "@type": f"type.googleapis.com/google.ads.googleads.{version}.errors.GoogleAdsFailure",
        "errors": [fault.body() for fault in faults],
        "requestId": request,
    }


class EventsError(Exception):
    """A refusal of the Data Manager API: any fault of a record refuses the whole request."""

    def __init__(
        self, status: str, message: str, reason: str, violations: Sequence[tuple[str, str, str]] = ()
    ) -> None:
        super().__init__(status, reason)
        self.status = status
        self.message = message
        self.reason = reason
        self.violations = violations

    @property
    def http(self) -> int:
        return STATUSES[self.status]

    def body(self, request: str) -> dict[str, Any]:
        details: list[dict[str, Any]] = [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": self.reason,
                "domain": "datamanager.googleapis.com",
            },
            {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": request},
        ]
        if self.violations:
            shown = [
                {"field": name, "description": text, "reason": reason}
                for name, text, reason in self.violations
            ]
            details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": shown})
        return {
            "error": {
                "code": self.http,
                "message": self.message,
                "status": self.status,
                "details": details,
            }
        }


class OAuthError(Exception):
    """A refusal of the token endpoint, in OAuth's own form."""

    def __init__(self, error: str, description: str, http: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.http = http

    def body(self) -> dict[str, Any]:
        return {"error": self.error, "error_description": self.description}


def fault(kind: str, code: str, message: str, *path: str, trigger: Any = None) -> AdsError:
    return AdsError("INVALID_ARGUMENT", Fault(kind, code, message, trigger, [(name, None) for name in path]))


def query_fault(code: str, message: str, trigger: str | None = None) -> AdsError:
    return AdsError("INVALID_ARGUMENT", Fault("queryError", code, message, trigger))


def request_fault(code: str, message: str, *, path: Path = ()) -> AdsError:
    return AdsError("INVALID_ARGUMENT", Fault("requestError", code, message, path=path))


def unauthenticated(code: str, message: str) -> AdsError:
    return AdsError("UNAUTHENTICATED", Fault("authenticationError", code, message))


def denied(code: str, message: str) -> AdsError:
    return AdsError("PERMISSION_DENIED", Fault("authorizationError", code, message))


def exhausted(seconds: int, rate_name: str, *, code: str = "RESOURCE_EXHAUSTED") -> AdsError:
    scope = "ACCOUNT" if code == "RESOURCE_TEMPORARILY_EXHAUSTED" else "DEVELOPER"
    details = {"rateScope": scope, "rateName": rate_name, "retryDelay": f"{seconds}s"}
    return AdsError(
        "RESOURCE_EXHAUSTED",
        Fault(
            "quotaError",
            code,
            f"Too many requests. Retry in {seconds} seconds.",
            details={"quotaErrorDetails": details},
        ),
    )


def unknown_method(path: str) -> bytes:
    """Google's front answers an unknown path in HTML; so do we, in our words."""
    return (
        "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)</title>"
        f"<p><b>404.</b> That's an error. <p>The requested URL <code>/{path}</code> was not found on this "
        "server. The sandbox emulates no more of Google than its README names.</html>"
    ).encode()
