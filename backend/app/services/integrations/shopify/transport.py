"""Shopify's dialect: a shop's own host, one address for every question, refusals inside of good answers."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.wire import Answer, Call, Line, Wire

PLATFORM = "shopify"
VERSION = "2026-10"
_SERVER_ERROR, _REFUSED = 500, 400
_LONGEST_WAIT, _SHORTEST_WAIT = 3600, 1
_KINDS = {
    401: PlatformErrorKind.AUTH,
    402: PlatformErrorKind.PERMISSION,
    403: PlatformErrorKind.PERMISSION,
    423: PlatformErrorKind.PERMISSION,
    429: PlatformErrorKind.RATE_LIMITED,
    430: PlatformErrorKind.RATE_LIMITED,
}
_CODES = {
    "THROTTLED": PlatformErrorKind.RATE_LIMITED,
    "ACCESS_DENIED": PlatformErrorKind.PERMISSION,
    "SHOP_INACTIVE": PlatformErrorKind.PERMISSION,
    "INTERNAL_SERVER_ERROR": PlatformErrorKind.TRANSIENT,
}
_GRANT_GONE = frozenset({"invalid_grant", "invalid_request"})
_WORD = re.compile(r"[A-Za-z0-9_.-]+")
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


class ShopifyDialect:
    platform = PLATFORM
    name = "Shopify"

    def wait_seconds(self, headers: Mapping[str, str]) -> int:
        """What is left of the bucket stands in the body; there is nothing to wait for before it is empty."""
        del headers
        return 0

    def trace(self, answer: Answer) -> str | None:
        return answer.headers.get("x-request-id")

    def refusal(self, answer: Answer, *, mutating: bool) -> PlatformError | None:
        body = answer.body if isinstance(answer.body, dict) else {}
        errors = body.get("errors")
        if answer.status < _REFUSED and isinstance(answer.body, dict) and not errors:
            return None
        code, message = _worded(answer.status, body)
        kind = _kind(answer.status, code, body, mutating=mutating)
        wait = None
        if kind is PlatformErrorKind.RATE_LIMITED:
            wait = _retry_after(answer.headers) or _until_enough(body)
        return PlatformError(
            kind,
            f"{PLATFORM}.{code}",
            message,
            retry_after=wait,
            status=answer.status,
            trace=self.trace(answer),
        )


def _worded(status: int, body: Mapping[str, Any]) -> tuple[str, str]:
    errors = body.get("errors")
    code, message = f"http_{status}", "The answer is none that Shopify documents."
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        inner = errors[0].get("extensions")
        code = str(inner.get("code") if isinstance(inner, dict) and inner.get("code") else "refused")
        message = str(errors[0].get("message") or message)
    elif isinstance(errors, str):
        message = errors
    elif isinstance(body.get("error"), str):
        code, message = body["error"], str(body.get("error_description") or body["error"])
    return (code if _WORD.fullmatch(code) else f"http_{status}"), message


def _kind(status: int, code: str, body: Mapping[str, Any], *, mutating: bool) -> PlatformErrorKind:
    if code in _CODES:
        return _CODES[code]
    if "error" in body and code in _GRANT_GONE:
        return PlatformErrorKind.AUTH
    if status in _KINDS:
        return _KINDS[status]
    if status >= _SERVER_ERROR or (status < _REFUSED and not body.get("errors")):
        return PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT
    return PlatformErrorKind.INVALID


def _retry_after(headers: Mapping[str, str]) -> int:
    text = headers.get("retry-after", "").strip()
    return min(_LONGEST_WAIT, math.ceil(float(text))) if _SECONDS.fullmatch(text) else 0


def _until_enough(body: Mapping[str, Any]) -> int:
    """Until the bucket holds what the question costs."""
    try:
        cost = body["extensions"]["cost"]
        status = cost["throttleStatus"]
        missing = float(cost["requestedQueryCost"]) - float(status["currentlyAvailable"])
        return max(_SHORTEST_WAIT, min(_LONGEST_WAIT, math.ceil(missing / float(status["restoreRate"]))))
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return 2


@dataclass(frozen=True, slots=True)
class ShopifyTransport:
    """`base_url` is the shop's own; `token` is left out where an app speaks for itself."""

    line: Line
    base_url: str
    token: str | None = None

    async def ask(self, operation: str, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """A question: it changes nothing, and may be repeated. The `data` of the answer."""
        return _data(await self._wire().read(self._graph(operation, query, variables)))

    async def subscribe(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Of its webhooks: where one is there already, Shopify says so and adds none."""
        return _data(await self._wire().once(self._graph("subscribe", query, variables)))

    async def exchange(self, form: Mapping[str, str], *, may_repeat: bool) -> dict[str, Any]:
        """At the token endpoint: a code is for one use; a refresh token until what it yielded is used."""
        call = self._call("POST", "exchange_token", "admin/oauth/access_token", form=form)
        return await (self._wire().read(call) if may_repeat else self._wire().once(call))

    async def give_up(self) -> None:
        """Uninstalls our app: its tokens and its webhooks end."""
        await self._wire().once(self._call("DELETE", "revoke_token", "admin/api_permissions/current.json"))

    def _wire(self) -> Wire:
        return Wire(self.line, ShopifyDialect())

    def _graph(self, operation: str, query: str, variables: Mapping[str, Any]) -> Call:
        body = {"query": query, "variables": dict(variables)}
        return self._call("POST", operation, f"admin/api/{VERSION}/graphql.json", body=body)

    def _call(
        self,
        method: str,
        operation: str,
        path: str,
        *,
        body: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> Call:
        return Call(
            operation=operation,
            method=method,
            url=f"{self.base_url.rstrip('/')}/{path}",
            path=path,
            headers={} if self.token is None else {"X-Shopify-Access-Token": self.token},
            form=form,
            json=body,
        )


def _data(body: Mapping[str, Any]) -> dict[str, Any]:
    found = body.get("data")
    if not isinstance(found, dict):
        raise malformed("An answer came without its data.")
    return found


def malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "shopify.malformed", message)
