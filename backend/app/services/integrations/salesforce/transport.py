"""Salesforce's dialect: an org's own host, lists of errors, a day's calls."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.wire import Answer, Call, Line, Wire

PLATFORM = "salesforce"
VERSION = "v67.0"
DATA = f"services/data/{VERSION}"
_SERVER_ERROR, _REFUSED, _OK = 500, 400, 200
_DAY_IS_SPENT, _TOO_MANY_AT_ONCE = 900, 20
"""Seconds: Salesforce names none. The day's calls come back one by one as their twenty-four hours end."""
_KINDS = {401: PlatformErrorKind.AUTH, 403: PlatformErrorKind.PERMISSION}
_CODES = {
    "REQUEST_LIMIT_EXCEEDED": PlatformErrorKind.RATE_LIMITED,
    "rate_limit_exceeded": PlatformErrorKind.RATE_LIMITED,
    "QUERY_TIMEOUT": PlatformErrorKind.TRANSIENT,
    "SERVER_UNAVAILABLE": PlatformErrorKind.TRANSIENT,
    "invalid_grant": PlatformErrorKind.AUTH,
    "inactive_user": PlatformErrorKind.AUTH,
    "inactive_org": PlatformErrorKind.AUTH,
}
_WORD = re.compile(r"[A-Za-z0-9_.-]+")
_MORE = re.compile(r"/services/data/v\d{2,3}\.\d/query(?:All)?/[0-9A-Za-z-]{1,60}")


class SalesforceDialect:
    platform = PLATFORM
    name = "Salesforce"

    def __init__(self, *, empty: bool = False) -> None:
        """`empty`: a good answer has no body, as that to a token which is given up."""
        self._empty = empty

    def wait_seconds(self, headers: Mapping[str, str]) -> int:
        """How many of the day's calls are made stands there; that they are spent, a refusal says in clearer words."""
        del headers
        return 0

    def trace(self, answer: Answer) -> str | None:
        return answer.headers.get("x-sfdc-request-id")

    def refusal(self, answer: Answer, *, mutating: bool) -> PlatformError | None:
        if answer.status < _REFUSED and isinstance(answer.body, dict):
            return None
        if self._empty and answer.status == _OK:
            return None
        code, message = _worded(answer)
        kind = _kind(answer.status, code, mutating=mutating)
        wait = None
        if kind is PlatformErrorKind.RATE_LIMITED:
            wait = _DAY_IS_SPENT if message.startswith("TotalRequests") else _TOO_MANY_AT_ONCE
        return PlatformError(
            kind,
            f"{PLATFORM}.{code}",
            message,
            retry_after=wait,
            status=answer.status,
            trace=self.trace(answer),
        )


def _worded(answer: Answer) -> tuple[str, str]:
    """Of the data API's list, or of the sign-in's object."""
    body = answer.body[0] if isinstance(answer.body, list) and answer.body else answer.body
    body = body if isinstance(body, dict) else {}
    code = str(body.get("errorCode") or body.get("error") or "")
    message = str(body.get("message") or body.get("error_description") or "")
    plain = " ".join(message.split()) or "The answer is none that Salesforce documents."
    return (code if _WORD.fullmatch(code) else f"http_{answer.status}"), plain


def _kind(status: int, code: str, *, mutating: bool) -> PlatformErrorKind:
    if code in _CODES:
        return _CODES[code]
    if status in _KINDS:
        return _KINDS[status]
    if status >= _SERVER_ERROR or status < _REFUSED:
        return PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT
    return PlatformErrorKind.INVALID


@dataclass(frozen=True, slots=True)
class SalesforceTransport:
    """`base_url` is the sign-in's, or an org's own; `token` is left out where an app speaks for itself."""

    line: Line
    base_url: str
    token: str | None = None

    async def get(self, operation: str, path: str) -> dict[str, Any]:
        """Of the data API."""
        return await self._wire().read(self._call("GET", operation, f"{DATA}/{path}"))

    async def query(self, operation: str, soql: str, *, deleted: bool = False) -> dict[str, Any]:
        """`deleted`: rows in the bin too."""
        path = f"{DATA}/queryAll" if deleted else f"{DATA}/query"
        call = self._call("GET", operation, path, query={"q": soql})
        return await self._wire().read(call)

    async def more(self, operation: str, address: str) -> dict[str, Any]:
        """The rest of what a query found, at the address that its answer names."""
        if _MORE.fullmatch(address) is None:
            raise PlatformError(
                PlatformErrorKind.TRANSIENT,
                "salesforce.malformed",
                "The rest of a query has no address of the data API.",
            )
        return await self._wire().read(self._call("GET", operation, address.removeprefix("/")))

    async def exchange(self, form: Mapping[str, str], *, may_repeat: bool) -> dict[str, Any]:
        """At the token endpoint: a code is for one use, a refresh token for many."""
        call = self._call("POST", "exchange_token", "services/oauth2/token", form=form)
        return await (self._wire().read(call) if may_repeat else self._wire().once(call))

    async def look_at(self, form: Mapping[str, str]) -> dict[str, Any]:
        """What a token is."""
        call = self._call("POST", "introspect_token", "services/oauth2/introspect", form=form)
        return await self._wire().read(call)

    async def give_up(self, form: Mapping[str, str]) -> None:
        """Salesforce answers it with an empty 200."""
        call = self._call("POST", "revoke_token", "services/oauth2/revoke", form=form)
        await Wire(self.line, SalesforceDialect(empty=True)).once(call)

    def _wire(self) -> Wire:
        return Wire(self.line, SalesforceDialect())

    def _call(
        self,
        method: str,
        operation: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Call:
        return Call(
            operation=operation,
            method=method,
            url=f"{self.base_url.rstrip('/')}/{path}",
            path=path,
            headers={} if self.token is None else {"Authorization": f"Bearer {self.token}"},
            query=query,
            form=form,
        )
