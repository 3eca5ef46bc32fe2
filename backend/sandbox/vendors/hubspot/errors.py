"""HubSpot's refusals: a status, a `category` that programs read, and a `correlationId` for its support."""

import json
from typing import Any
from uuid import uuid4


class HubError(Exception):
    """`facts` stand beside the message in the body, such as `context`, `errors` and `policyName`."""

    def __init__(
        self,
        message: str,
        category: str = "VALIDATION_ERROR",
        *,
        status: int = 400,
        headers: dict[str, str] | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.category = category
        self.status = status
        self.headers = headers or {}
        self.facts = facts

    def body(self) -> dict[str, Any]:
        found = {"status": "error", "message": self.message, "correlationId": str(uuid4())}
        return found | {"category": self.category} | self.facts


class OAuthError(HubError):
    """The token endpoint says RFC 6749's word beside its own."""

    def __init__(self, error: str, message: str, *, status: int = 400) -> None:
        category = {"invalid_grant": "BAD_REFRESH_TOKEN"}.get(error, "VALIDATION_ERROR")
        super().__init__(message, category, status=status, error=error, error_description=message)


def not_found(what: str = "resource not found") -> HubError:
    return HubError(what, "OBJECT_NOT_FOUND", status=404)


def not_supported(method: str, path: str) -> HubError:
    return HubError(f"The sandbox does not emulate {method} {path}.", "UNSUPPORTED", status=404)


def bad_token(why: str) -> HubError:
    category = "EXPIRED_AUTHENTICATION" if why == "expired" else "INVALID_AUTHENTICATION"
    return HubError(
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
        "details in HubSpot's documentation."
        if why == "missing"
        else f"The OAuth token used to make this call is {why}.",
        category,
        status=401,
    )


def missing_scopes(scope: str) -> HubError:
    return HubError(
        "This app hasn't been granted all required scopes to make this call.",
        "MISSING_SCOPES",
        status=403,
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": [scope]},
            }
        ],
    )


def rate_limited(policy: str, headers: dict[str, str] | None = None) -> HubError:
    return HubError(
        f"You have reached your {policy.lower()} limit.",
        "RATE_LIMITS",
        status=429,
        headers=headers,
        errorType="RATE_LIMIT",
        policyName=policy,
    )


def invalid_properties(faults: list[dict[str, Any]]) -> HubError:
    """The message goes on with the faults as JSON; each fault names its property, and no object."""
    told = [
        {
            "isValid": False,
            "message": each["message"],
            "error": each["code"],
            "name": each["context"]["propertyName"][0],
        }
        for each in faults
    ]
    return HubError(f"Property values were not valid: {json.dumps(told)}", errors=faults)


def property_fault(name: str, code: str, message: str) -> dict[str, Any]:
    return {"message": message, "code": code, "context": {"propertyName": [name]}}
