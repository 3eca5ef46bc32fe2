"""One request to the Graph API: guarded, counted, written down, and read as Meta means it."""

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import stamina

from app.core.clock import real_now
from app.core.logging import get_logger
from app.models.integrations.kinds import CallOutcome
from app.services.integrations.breaker import Breaker
from app.services.integrations.meta.errors import from_answer, regain_access_seconds
from app.services.integrations.outgoing import AddressRefused
from app.services.integrations.ports import CallLog, CallRecord, PlatformError, PlatformErrorKind

log = get_logger(__name__)

PLATFORM = "meta"
_REFUSED = 400
_MOST_BYTES = 32 * 1024 * 1024
_MOST_PAGES = 500
_READ_ATTEMPTS = 3
_REDIRECTS = range(300, 400)
# A node, or a node's edge: an id with a query or a path in it would make of a harmless call another one.
_PATH = re.compile(r"[A-Za-z0-9_]+(/[a-z_]+)?")
_BREAKING = frozenset({PlatformErrorKind.TRANSIENT, PlatformErrorKind.AMBIGUOUS})
_PATIENT = httpx2.Timeout(30.0, connect=5.0)
_SOON = httpx2.Timeout(5.0, connect=1.0)
_AT_ONCE = httpx2.Timeout(30.0, pool=0.2, connect=0.4)
"""A place in the pool, a connection, its encryption: a second together."""
# These end before a byte of the request has left.
_NEVER_LEFT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Address:
    base_url: str
    version: str
    app_id: str | None
    app_secret: str | None


class GraphTransport:
    """Speaks for one token. `circuit` names the breaker of the account that the calls count against."""

    def __init__(
        self, http: httpx2.AsyncClient, address: Address, breaker: Breaker, log: CallLog, *, circuit: str
    ) -> None:
        self._http = http
        self._address = address
        self._breaker = breaker
        self._log = log
        self._circuit = circuit

    async def read(
        self,
        operation: str,
        path: str,
        params: Mapping[str, str],
        *,
        token: str | None,
        own_app: bool = False,
    ) -> dict[str, Any]:
        """A GET, tried up to three times while the fault is one that passes."""
        async for attempt in stamina.retry_context(
            on=_passes, attempts=_READ_ATTEMPTS, timeout=60.0, wait_initial=0.1, wait_max=2.0, wait_jitter=0.2
        ):
            with attempt:
                return await self._request(
                    operation, "GET", path, params, token=token, own_app=own_app, attempt=attempt.num
                )
        raise AssertionError("a retry loop ends in an answer or an error")

    async def ask(
        self, operation: str, path: str, params: Mapping[str, str], *, token: str, own_app: bool = False
    ) -> dict[str, Any]:
        """A GET that a write waits for: once, and not for long."""
        return await self._request(
            operation, "GET", path, params, token=token, own_app=own_app, timeout=_SOON
        )

    async def pages(
        self, operation: str, path: str, params: Mapping[str, str], *, token: str, own_app: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        """Every row of a paged edge. The cursor is followed, never the address that the answer names."""
        wanted = dict(params)
        for _ in range(_MOST_PAGES):
            body = await self.read(operation, path, wanted, token=token, own_app=own_app)
            for row in _rows(body):
                yield row
            paging = body.get("paging") or {}
            after = (paging.get("cursors") or {}).get("after")
            if not paging.get("next") or not after:
                return
            wanted["after"] = after
        raise PlatformError(PlatformErrorKind.INVALID, "meta.endless_paging", "The list does not end.")

    async def write(
        self,
        operation: str,
        path: str,
        params: Mapping[str, str],
        *,
        token: str,
        own_app: bool = False,
        permit_id: UUID | None = None,
        patient: bool = False,
    ) -> dict[str, Any]:
        """A POST that changes what an account does: sent once, whatever comes of it.

        It leaves within a second or never: its permit was good a moment ago, and somebody may have pulled the kill
        switch since. One that is `patient` (a stop) may wait for its connection. Ask `may_leave` before the permit.
        """
        return await self._request(
            operation,
            "POST",
            path,
            params,
            token=token,
            own_app=own_app,
            mutating=True,
            permit_id=permit_id,
            timeout=_PATIENT if patient else _AT_ONCE,
        )

    async def post(
        self, operation: str, path: str, params: Mapping[str, str], *, token: str, own_app: bool = False
    ) -> dict[str, Any]:
        """A POST that may be repeated: events that the platform deduplicates."""
        return await self._request(operation, "POST", path, params, token=token, own_app=own_app)

    async def delete(self, operation: str, path: str, *, token: str) -> dict[str, Any]:
        return await self._request(operation, "DELETE", path, {}, token=token)

    async def _request(
        self,
        operation: str,
        method: str,
        path: str,
        params: Mapping[str, str],
        *,
        token: str | None,
        own_app: bool = False,
        mutating: bool = False,
        permit_id: UUID | None = None,
        timeout: httpx2.Timeout = _PATIENT,  # noqa: ASYNC109  (how long each of its steps may take)
        attempt: int = 1,
    ) -> dict[str, Any]:
        if not _PATH.fullmatch(path):
            raise PlatformError(
                PlatformErrorKind.INVALID, "meta.not_a_node", "This is no id of the platform's."
            )
        if not mutating:
            await self.may_leave()
        started_at, started = real_now(), time.perf_counter()
        error: PlatformError | None = None
        status: int | None = None
        trace: str | None = None
        try:
            status, headers, body = await self._exchange(
                method,
                path,
                self._signed(params, token, own_app=own_app),
                token,
                mutating=mutating,
                timeout=timeout,
            )
            trace = headers.get("x-fb-trace-id")
            if wait := regain_access_seconds(headers):
                await self._breaker.wait(self._circuit, wait)
            if not isinstance(body, dict) or "error" in body or status >= _REFUSED:
                error = from_answer(status, headers, body, mutating=mutating)
                raise error
        except PlatformError as raised:
            error = raised
            raise
        except asyncio.CancelledError:
            kind = PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT
            error = PlatformError(kind, "meta.cancelled", "The caller stopped waiting.")
            raise
        else:
            return body
        finally:
            await self._settle(error)
            await self._write_down(
                CallRecord(
                    started_at=started_at,
                    platform=PLATFORM,
                    operation=operation,
                    method=method,
                    path=path,
                    mutating=mutating,
                    attempt=attempt,
                    duration_ms=round((time.perf_counter() - started) * 1000),
                    outcome=error.outcome if error else CallOutcome.OK,
                    status=status if status is not None or error is None else error.status,
                    error_code=error.code if error else None,
                    error_message=error.message if error else None,
                    trace=(error.trace if error else None) or trace,
                    permit_id=permit_id,
                )
            )

    async def _write_down(self, record: CallRecord) -> None:
        try:
            await self._log(record)
        except Exception:
            # The answer matters more than its log entry: a write that was applied must not look failed.
            log.exception("integrations.call_not_logged", operation=record.operation, outcome=record.outcome)

    async def may_leave(self) -> None:
        """Raises while the circuit is open, or the platform asked us to wait."""
        reason, seconds = await self._breaker.refused_for(self._circuit)
        if reason == "rate_limit":
            raise PlatformError(
                PlatformErrorKind.RATE_LIMITED, "meta.waiting", "Meta asked us to wait.", retry_after=seconds
            )
        if reason == "circuit":
            raise PlatformError(
                PlatformErrorKind.RATE_LIMITED,
                "meta.circuit_open",
                "Meta fails at the moment: calls pause for a little.",
                retry_after=seconds,
            )

    async def _settle(self, error: PlatformError | None) -> None:
        if error is None:
            await self._breaker.succeeded(self._circuit)
        elif error.kind in _BREAKING:
            await self._breaker.failed(self._circuit)
        elif error.kind is PlatformErrorKind.RATE_LIMITED and error.retry_after:
            await self._breaker.wait(self._circuit, error.retry_after)
        else:
            # It answered: a refusal is no outage.
            await self._breaker.succeeded(self._circuit)

    def _signed(self, params: Mapping[str, str], token: str | None, *, own_app: bool) -> dict[str, str]:
        secret = self._address.app_secret
        if token is None or secret is None or not own_app:
            return dict(params)
        proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        return {**params, "appsecret_proof": proof}

    async def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        token: str | None,
        *,
        mutating: bool,
        timeout: httpx2.Timeout,  # noqa: ASYNC109  (as above)
    ) -> tuple[int, Mapping[str, str], Any]:
        url = f"{self._address.base_url.rstrip('/')}/{self._address.version}/{path}"
        in_body = method == "POST"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with self._http.stream(
                method,
                url,
                headers=headers,
                timeout=timeout,
                data=dict(params) if in_body else None,
                params=None if in_body else dict(params),
            ) as answer:
                raw = await _bounded(answer)
        except AddressRefused as error:
            raise PlatformError(PlatformErrorKind.INVALID, error.code, error.detail) from error
        except _NEVER_LEFT as error:
            raise PlatformError(PlatformErrorKind.TRANSIENT, "meta.unreachable", _told(error)) from error
        except httpx2.HTTPError as error:
            kind = PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT
            raise PlatformError(kind, f"meta.{_name(error)}", _told(error)) from error
        if answer.status_code in _REDIRECTS:
            raise PlatformError(
                PlatformErrorKind.INVALID,
                "meta.redirected",
                "The platform's address answered with a redirect, which is not followed.",
                status=answer.status_code,
            )
        return answer.status_code, answer.headers, _parsed(raw)


async def _bounded(answer: httpx2.Response) -> bytes:
    raw = bytearray()
    async for part in answer.aiter_bytes():
        raw += part
        if len(raw) > _MOST_BYTES:
            raise httpx2.ReadError("the answer is larger than any that is expected")
    return bytes(raw)


def _parsed(raw: bytes) -> Any:
    """The body, or None where it is no JSON."""
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _rows(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = body.get("data")
    if not isinstance(rows, list):
        raise PlatformError(PlatformErrorKind.TRANSIENT, "meta.malformed", "A list came without its rows.")
    return rows


def _passes(error: Exception) -> bool:
    return isinstance(error, PlatformError) and error.kind is PlatformErrorKind.TRANSIENT


def _name(error: httpx2.HTTPError) -> str:
    return "timeout" if isinstance(error, httpx2.TimeoutException) else "connection_lost"


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
