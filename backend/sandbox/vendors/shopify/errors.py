"""Shopify's refusals: over GraphQL a 200 with `errors`, over plain HTTP a status with `errors`, a sign-in's `error`."""

from typing import Any


class GraphError(Exception):
    """One of `errors`, with its code; `cost` is what the answer's extensions say beside it."""

    def __init__(self, message: str, code: str | None = None, *, cost: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.cost = cost

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message}
        if self.code is not None:
            error["extensions"] = {"code": self.code}
        if self.code == "THROTTLED":
            error["extensions"]["documentation"] = "https://shopify.dev/api/usage/rate-limits"
        found: dict[str, Any] = {"errors": [error]}
        return found if self.cost is None else found | {"extensions": {"cost": self.cost}}


class HttpError(Exception):
    def __init__(self, status: int, errors: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(errors)
        self.status = status
        self.errors = errors
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        return {"errors": self.errors}


class OAuthError(Exception):
    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description

    def body(self) -> dict[str, Any]:
        return {"error": self.error, "error_description": self.description}


def bad_token() -> HttpError:
    return HttpError(401, "[API] Invalid API key or access token (unrecognized login or wrong password)")


def not_found() -> HttpError:
    return HttpError(404, "Not Found")
