"""Snapchat's refusals: an envelope with a status, two sentences and a code; OAuth's own form at the sign-in."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

DISPLAY = "We're sorry, but the requested resource is not available at this time"
_RESET_SECONDS = 1


def request_id() -> str:
    return uuid4().hex


class SnapError(Exception):
    """What the Marketing API answers in place of a result."""

    def __init__(
        self,
        debug: str,
        code: str | None,
        *,
        status: int = 400,
        display: str = DISPLAY,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(debug)
        self.debug = debug
        self.code = code
        self.status = status
        self.display = display
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        found = {
            "request_status": "ERROR",
            "request_id": request_id(),
            "debug_message": self.debug,
            "display_message": self.display,
        }
        return found if self.code is None else found | {"error_code": self.code}


class EventsError(Exception):
    """What the Conversions API answers in place of a result."""

    def __init__(
        self, reason: str, *, status: int = 400, index: int | None = None, code: str = "400"
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.index = index
        self.code = code

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = {"status": "INVALID", "reason": self.reason}
        if self.index is not None:
            found |= {
                "event": self.index,
                "errors": {"codes": [self.code], "error_msgs": [self.reason]},
            }
        return found


class OAuthError(Exception):
    """RFC 6749's, as the sign-in answers it."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status

    def body(self) -> dict[str, Any]:
        return {"error": self.error, "error_description": self.description}


def not_found() -> SnapError:
    return SnapError("Resource can not be found", "E3003", status=404)


def forbidden() -> SnapError:
    return SnapError("Caller does not have permission", "E3002", status=403)


def unsupported(method: str, path: str) -> SnapError:
    return SnapError(f"{method} is not supported for {path}", None, status=405)


def invalid(debug: str) -> SnapError:
    return SnapError(debug, "E1001")


def bad_token(why: str) -> SnapError:
    sentence = f"The access token provided is {why}"
    challenge = f'Bearer error="invalid_token", error_description="{sentence}"'
    return SnapError(sentence, None, status=401, headers={"WWW-Authenticate": challenge})


def rate_limited(seconds: int | None = None, status: int | None = None) -> SnapError:
    """The documentation promises no header; `Retry-After` comes only where a fault orders seconds."""
    headers = {} if seconds is None else {"Retry-After": str(max(_RESET_SECONDS, seconds))}
    return SnapError("Rate limit exceeded", None, status=status or 429, headers=headers)


def unsupported_stats(why: str) -> SnapError:
    return SnapError(f"Unsupported Stats Query: {why}", "E1008")
