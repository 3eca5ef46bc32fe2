"""TikTok's answers when something is wrong: a return code in the body of a 200."""

from typing import Any

OK = 0
PERMISSION = 40001
PARAMETER = 40002
NO_SUCH_OBJECT = 40007
RATE_LIMIT = 40100
NO_SUCH_APP = 40101
TOKEN_EXPIRED = 40102
NO_TOKEN = 40104
BAD_TOKEN = 40105
BAD_CODE = 40110
SYSTEM = 50000
TIMED_OUT = 51010


class TikTokError(Exception):
    def __init__(self, code: int, message: str, *, status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def body(self, request_id: str) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "request_id": request_id, "data": {}}


def wrong(message: str) -> TikTokError:
    """A parameter that is missing, malformed, or not to be had."""
    return TikTokError(PARAMETER, message)


def missing(name: str) -> TikTokError:
    return wrong(f"{name}: Missing data for required field.")


def forbidden(message: str = "You don't have permission to perform this operation.") -> TikTokError:
    return TikTokError(PERMISSION, message)


def no_such(what: str) -> TikTokError:
    return TikTokError(NO_SUCH_OBJECT, what)


def unsupported(path: str) -> TikTokError:
    return no_such(f"The URL /{path} does not exist, or is not emulated by this sandbox.")


def rate_limited() -> TikTokError:
    return TikTokError(RATE_LIMIT, "Too many requests. Please retry in some time.")


def bad_token() -> TikTokError:
    return TikTokError(BAD_TOKEN, "Access token is incorrect or has been revoked.")


def expired_token() -> TikTokError:
    return TikTokError(TOKEN_EXPIRED, "Access token has expired.")


def system(status: int = 200) -> TikTokError:
    return TikTokError(SYSTEM, "System error. Please retry in some time.", status=status)
