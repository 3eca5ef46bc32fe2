"""Every error that a person or a program can meet: one class, one sentence, one stable code."""

import time
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one input, and how to mend it. `field` is a dotted path such as `body.name`."""

    field: str
    message: str
    code: str


class StratumError(Exception):
    """An unexpected error occurred."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    commits: ClassVar[bool] = False
    """True where the transaction that raised it must keep what it wrote (a failed login's counter)."""

    def __init__(
        self, detail: str | None = None, *, fields: list[FieldError] | None = None, **context: Any
    ) -> None:
        self.detail = detail or self.sentence()
        self.fields = fields
        self.context = context
        super().__init__(self.detail)

    @classmethod
    def sentence(cls) -> str:
        """What people read: the first line of the class's docstring."""
        return (cls.__doc__ or StratumError.__doc__ or "").strip().splitlines()[0]

    @property
    def headers(self) -> dict[str, str]:
        return {}


class Malformed(StratumError):
    """The request could not be read."""

    status = 400
    code = "malformed"


class Unauthorized(StratumError):
    """Sign in, or send a valid token or API key."""

    status = 401
    code = "unauthorized"

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class Forbidden(StratumError):
    """Your role does not allow this."""

    status = 403
    code = "forbidden"


class NotFound(StratumError):
    """There is no such thing here."""

    status = 404
    code = "not_found"


class Conflict(StratumError):
    """The current state does not allow this."""

    status = 409
    code = "conflict"


class Gone(StratumError):
    """This is no longer available."""

    status = 410
    code = "gone"


class TooLarge(StratumError):
    """The request body is too large."""

    status = 413
    code = "too_large"


class Invalid(StratumError):
    """Some of the input is not valid."""

    status = 422
    code = "invalid"


class TooManyRequests(StratumError):
    """Too many requests: wait, then try again."""

    status = 429
    code = "too_many_requests"

    def __init__(self, *, retry_after: int, detail: str | None = None) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.retry_after = max(1, retry_after)

    @property
    def headers(self) -> dict[str, str]:
        reset = int(time.time()) + self.retry_after
        return {"Retry-After": str(self.retry_after), "X-RateLimit-Reset": str(reset)}


class SenderMustWait(TooManyRequests):
    """Too many requests: send these events again shortly, none is lost."""

    code = "too_many_events"

    @property
    def headers(self) -> dict[str, str]:
        """As senders' SDKs read them.

        `Retry-After` in whole seconds: Segment's for Python, and for Node from 3.0. `X-RateLimit-Reset` in
        milliseconds since 1970: Segment's for Node 2.x subtracts `Date.now()` from it.
        """
        reset = int((time.time() + self.retry_after) * 1000)
        return {**super().headers, "X-RateLimit-Reset": str(reset)}


class Unavailable(StratumError):
    """A part that this needs is down: try again shortly."""

    status = 503
    code = "unavailable"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "5"}
