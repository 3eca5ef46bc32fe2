"""HubSpot's dialect: its dated paths, how a request is signed, what its refusals mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.services.integrations.crm.ports import ValuesRefused
from app.services.integrations.hubspot.refusals import plainly, refusals_of
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.wire import Answer, Call, Line, Wire

PLATFORM = "hubspot"
VERSION = "2026-03"
_SERVER_ERROR, _REFUSED, _NO_CONTENT = 500, 400, 204
_LONGEST_WAIT = 3600
_WAITS = {"TEN_SECONDLY_ROLLING": 10, "SECONDLY": 1, "DAILY": 3600}
"""Seconds by the limit's policy: an answer says no other."""
_KINDS = {
    401: PlatformErrorKind.AUTH,
    403: PlatformErrorKind.PERMISSION,
    408: PlatformErrorKind.RATE_LIMITED,
    423: PlatformErrorKind.RATE_LIMITED,
    429: PlatformErrorKind.RATE_LIMITED,
    477: PlatformErrorKind.RATE_LIMITED,
}
_SHORT_WAITS = {408: 2, 423: 2, 477: 2}
"""Seconds after a time-out, while an object is locked, and while an account is moved, where no other are said."""
_GRANT_GONE = frozenset({"invalid_grant", "BAD_REFRESH_TOKEN", "BAD_AUTH_CODE"})
_WORD = re.compile(r"[A-Za-z0-9_.-]+")


class HubSpotDialect:
    platform = PLATFORM
    name = "HubSpot"

    def wait_seconds(self, headers: Mapping[str, str]) -> int:
        """Once nothing of the window is left, until it has rolled on."""
        left, window = (
            headers.get(f"x-hubspot-ratelimit-{name}", "") for name in ("remaining", "interval-milliseconds")
        )
        return -(-int(window) // 1000) if left == "0" and window.isdecimal() else 0

    def trace(self, answer: Answer) -> str | None:
        return _trace(answer.body) or answer.headers.get("x-hubspot-correlation-id")

    def refusal(self, answer: Answer, *, mutating: bool) -> PlatformError | None:
        body = answer.body if isinstance(answer.body, dict) else {}
        if answer.status == _NO_CONTENT or (answer.status < _REFUSED and isinstance(answer.body, dict)):
            return None
        kind = _kind(answer.status, body, mutating=mutating)
        code = str(body.get("error") or body.get("category") or f"http_{answer.status}")
        if not _WORD.fullmatch(code):
            code = f"http_{answer.status}"
        if kind is PlatformErrorKind.INVALID and (refusals := refusals_of(body)):
            return ValuesRefused(
                f"{PLATFORM}.{code}",
                plainly(refusals),
                refusals,
                status=answer.status,
                trace=_trace(body),
            )
        wait = None
        if kind is PlatformErrorKind.RATE_LIMITED:
            by_itself = _SHORT_WAITS.get(answer.status) or _WAITS.get(str(body.get("policyName")), 10)
            wait = _retry_after(answer.headers) or by_itself
        return PlatformError(
            kind,
            f"{PLATFORM}.{code}",
            str(body.get("message") or "The answer is none that HubSpot documents."),
            retry_after=wait,
            status=answer.status,
            trace=_trace(body),
        )


def _trace(body: Any) -> str | None:
    return str(body["correlationId"]) if isinstance(body, dict) and body.get("correlationId") else None


def _retry_after(headers: Mapping[str, str]) -> int:
    text = headers.get("retry-after", "").strip()
    return min(_LONGEST_WAIT, int(text)) if text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004  (past any wait)


def _kind(status: int, body: Mapping[str, Any], *, mutating: bool) -> PlatformErrorKind:
    if _GRANT_GONE & {str(body.get("error")), str(body.get("category")), str(body.get("status"))}:
        return PlatformErrorKind.AUTH
    if status in _KINDS:
        return _KINDS[status]
    if status >= _SERVER_ERROR or status < _REFUSED:
        return PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT
    return PlatformErrorKind.INVALID


@dataclass(frozen=True, slots=True)
class HubSpotTransport:
    """`token` is left out where an app speaks for itself."""

    line: Line
    base_url: str
    token: str | None = None

    async def get(self, operation: str, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        return await self._wire().read(self._call("GET", operation, path, query=query))

    async def ask(self, operation: str, path: str, body: Any) -> dict[str, Any]:
        """A question with a body: searches and batches that are read. It changes nothing, and may be repeated."""
        return await self._wire().read(self._call("POST", operation, path, body=body))

    async def post(self, operation: str, path: str, body: Any) -> dict[str, Any]:
        """Values of contacts: the caller may send them again, for they are what is to be there and no difference."""
        return await self._wire().once(self._call("POST", operation, path, body=body))

    async def exchange(self, form: Mapping[str, str], *, may_repeat: bool) -> dict[str, Any]:
        """At the token endpoint: a code is for one use, a refresh token for many."""
        call = self._call("POST", "exchange_token", f"oauth/{VERSION}/token", form=form)
        return await (self._wire().read(call) if may_repeat else self._wire().once(call))

    async def give_up(self, form: Mapping[str, str]) -> None:
        """HubSpot answers it with an empty 204."""
        await self._wire().once(
            self._call("POST", "revoke_token", f"oauth/{VERSION}/token/revoke", form=form)
        )

    def _wire(self) -> Wire:
        return Wire(self.line, HubSpotDialect())

    def _call(
        self,
        method: str,
        operation: str,
        path: str,
        *,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Call:
        return Call(
            operation=operation,
            method=method,
            url=f"{self.base_url.rstrip('/')}/{path}",
            path=path,
            headers={} if self.token is None else {"Authorization": f"Bearer {self.token}"},
            query=query,
            form=form,
            json=body,
        )
