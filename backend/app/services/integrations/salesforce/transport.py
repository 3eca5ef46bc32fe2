"""Salesforce's dialect: an org's own host, lists of errors, a day's calls."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
_API_USAGE = re.compile(r"api-usage=(\d{1,12})/(\d{1,12})", re.ASCII)
_OURS = 0.9
"""Of the day's calls: beyond it nothing is written."""
_WORD = re.compile(r"[A-Za-z0-9_.-]+")
_MORE = re.compile(r"/services/data/v\d{2,3}\.\d/query(?:All)?/[0-9A-Za-z-]{1,60}")


@dataclass(slots=True)
class Usage:
    """Of the calls that the company's programs together may make in a day, as the last answer told it."""

    used: int = 0
    most: int | None = None

    def read(self, headers: Mapping[str, str]) -> None:
        found = _API_USAGE.search(headers.get("sforce-limit-info", ""))
        if found:
            self.used, self.most = int(found[1]), int(found[2])

    @property
    def is_scarce(self) -> bool:
        """What is left is for others, and for reading."""
        return self.most is not None and self.used >= self.most * _OURS


class SalesforceDialect:
    platform = PLATFORM
    name = "Salesforce"

    def __init__(self, usage: Usage | None = None, *, empty: bool = False, rows: bool = False) -> None:
        """A good answer is `empty`, as that to a token which is given up, or a list of `rows`; else it is an object."""
        self._usage = usage
        self._empty = empty
        self._rows = rows

    def wait_seconds(self, headers: Mapping[str, str]) -> int:
        """How many of the day's calls are made stands there; that they are spent, a refusal says in clearer words."""
        if self._usage is not None:
            self._usage.read(headers)
        return 0

    def trace(self, answer: Answer) -> str | None:
        return answer.headers.get("x-sfdc-request-id")

    def refusal(self, answer: Answer, *, mutating: bool) -> PlatformError | None:
        if answer.status < _REFUSED and isinstance(answer.body, list if self._rows else dict):
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
    usage: Usage = field(default_factory=Usage)

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

    async def send(self, operation: str, method: str, rows: Sequence[Any]) -> list[Any]:
        """Of any types, each for itself; no company's rule gives a lead to somebody else for it.

        The caller may send a change again; a row that is new, once it is known that it is not there.
        """
        if self.usage.is_scarce:
            raise PlatformError(
                PlatformErrorKind.RATE_LIMITED,
                "salesforce.calls_kept_back",
                f"{self.usage.used} of the {self.usage.most} calls of a day are made: the rest is kept for others.",
                retry_after=_DAY_IS_SPENT,
            )
        call = self._call(
            method,
            operation,
            f"{DATA}/composite/sobjects",
            body={"allOrNone": False, "records": list(rows)},
            headers={"Sforce-Auto-Assign": "FALSE"},
        )
        answered: Any = await Wire(self.line, SalesforceDialect(self.usage, rows=True)).once(call)
        if len(answered) != len(rows) or not all(isinstance(each, dict) for each in answered):
            raise PlatformError(
                PlatformErrorKind.TRANSIENT,
                "salesforce.malformed",
                "A collection was not answered row by row.",
            )
        found: list[Any] = answered
        return found

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
        return Wire(self.line, SalesforceDialect(self.usage))

    def _call(
        self,
        method: str,
        operation: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Call:
        signed = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return Call(
            operation=operation,
            method=method,
            url=f"{self.base_url.rstrip('/')}/{path}",
            path=path,
            headers=signed | dict(headers or {}),
            query=query,
            form=form,
            json=body,
        )
