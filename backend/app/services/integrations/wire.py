"""One request to a platform: guarded, counted, written down, and read as its dialect means it."""

import asyncio
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import httpx2
import stamina

from app.core.clock import real_now
from app.core.logging import REDACTED, get_logger
from app.models.integrations.kinds import CallOutcome
from app.services.integrations.breaker import Breaker
from app.services.integrations.outgoing import AddressRefused
from app.services.integrations.ports import CallLog, CallRecord, PlatformError, PlatformErrorKind

log = get_logger(__name__)

_MOST_BYTES = 32 * 1024 * 1024
_READ_ATTEMPTS = 3
_REDIRECTS = range(300, 400)
_SECRET_LENGTH = 8
_BREAKING = frozenset({PlatformErrorKind.TRANSIENT, PlatformErrorKind.AMBIGUOUS})
# These end before a byte of the request has left.
_NEVER_LEFT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MAY_BE_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


@dataclass(frozen=True, slots=True)
class _Patience:
    """Seconds for each step, and for the whole: who drips an answer is within every step's time for ever."""

    steps: httpx2.Timeout
    whole: float


_PATIENT = _Patience(httpx2.Timeout(30.0, connect=5.0), 120.0)
_SOON = _Patience(httpx2.Timeout(5.0, connect=1.0), 8.0)
_AT_ONCE = _Patience(httpx2.Timeout(30.0, pool=0.2, connect=0.4), 60.0)
"""A place in the pool, a connection, its encryption: a second together."""


@dataclass(frozen=True, slots=True)
class Line:
    """What every request of one account goes through. `circuit` names the breaker that its calls count against."""

    http: httpx2.AsyncClient
    breaker: Breaker
    log: CallLog
    circuit: str


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a form: the form's field that it is in, its name, its bytes, its media type."""

    form_field: str
    name: str
    content: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request. `path` is what the log shows of it: no host, no token, no parameter."""

    operation: str
    method: str
    url: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: Any = field(default=None, repr=False)
    upload: Upload | None = None
    """Sent with the form, as `multipart/form-data`; the log never keeps it."""
    asked: Mapping[str, Any] | None = field(default=None, repr=False)
    """What the log keeps of its parameters. A transport names it where nobody's data and no secret is among them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is the parsed JSON, or None where it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Dialect(Protocol):
    """How one vendor speaks."""

    platform: str
    name: str
    """The vendor's name, as people read it."""

    def wait_seconds(self, headers: Mapping[str, str]) -> int:
        """How long a good answer asks us to stay away; 0 when it does not."""
        ...

    def trace(self, answer: Answer) -> str | None:
        """The vendor's own id of the request."""
        ...

    def refusal(self, answer: Answer, *, mutating: bool) -> PlatformError | None:
        """What went wrong, or None for an answer whose body is a JSON object to go on with."""
        ...


class Wire:
    """Speaks with one vendor for one account."""

    def __init__(self, line: Line, dialect: Dialect) -> None:
        self._line = line
        self._dialect = dialect

    async def read(self, call: Call) -> dict[str, Any]:
        """What changes nothing: tried up to three times while the fault is one that passes."""
        async for attempt in stamina.retry_context(
            on=_passes, attempts=_READ_ATTEMPTS, timeout=60.0, wait_initial=0.1, wait_max=2.0, wait_jitter=0.2
        ):
            with attempt:
                return await self._request(call, attempt=attempt.num)
        raise AssertionError("a retry loop ends in an answer or an error")

    async def ask(self, call: Call, *, for_stop: bool = False) -> dict[str, Any]:
        """What a write waits for: once, and not for long. For a stop it leaves whatever the breaker says."""
        return await self._request(call, patience=_SOON, guarded=not for_stop)

    async def write(
        self, call: Call, *, permit_id: UUID | None = None, patient: bool = False
    ) -> dict[str, Any]:
        """What changes an account: sent once, whatever comes of it.

        It leaves within a second or never: its permit was good a moment ago, and somebody may have pulled the kill
        switch since. One that is `patient` (a stop) may wait for its connection. Ask `may_leave` before the permit.
        """
        patience = _PATIENT if patient else _AT_ONCE
        return await self._request(call, mutating=True, permit_id=permit_id, patience=patience)

    async def once(self, call: Call) -> dict[str, Any]:
        """What may be repeated by the caller, and is not by us: events that the platform deduplicates."""
        return await self._request(call)

    async def may_leave(self) -> None:
        """Raises while the circuit is open, or the platform asked us to wait.

        It does not take the one trial call of a circuit that is half open: the request that follows does.
        """
        await self._demand_way(trying=False)

    async def _demand_way(self, *, trying: bool) -> None:
        reason, seconds = await self._line.breaker.refused_for(self._line.circuit, trying=trying)
        name = self._dialect.name
        if reason == "rate_limit":
            raise self.error(
                PlatformErrorKind.RATE_LIMITED, "waiting", f"{name} asked us to wait.", retry_after=seconds
            )
        if reason == "circuit":
            raise self.error(
                PlatformErrorKind.RATE_LIMITED,
                "circuit_open",
                f"{name} fails at the moment: calls pause for a little.",
                retry_after=seconds,
            )

    def error(self, kind: PlatformErrorKind, code: str, message: str, **facts: Any) -> PlatformError:
        """An error of ours about this platform, such as `meta.timeout`."""
        return PlatformError(kind, f"{self._dialect.platform}.{code}", message, **facts)

    async def _request(
        self,
        call: Call,
        *,
        mutating: bool = False,
        permit_id: UUID | None = None,
        patience: _Patience = _PATIENT,
        attempt: int = 1,
        guarded: bool = True,
    ) -> dict[str, Any]:
        if guarded and not mutating:
            await self._demand_way(trying=True)
        started_at, started = real_now(), time.perf_counter()
        error: PlatformError | None = None
        answer: Answer | None = None
        try:
            answer = await self._exchange(call, patience, mutating=mutating)
            if wait := self._dialect.wait_seconds(answer.headers):
                await self._line.breaker.wait(self._line.circuit, wait)
            body = self._accepted(answer, mutating=mutating)
        except PlatformError as raised:
            error = raised
            raise
        except asyncio.CancelledError:
            error = self.error(_unknown(mutating=mutating), "cancelled", "The caller stopped waiting.")
            raise
        except Exception as raised:
            # Whatever could not be read of it: what was sent may have been done.
            log.exception("integrations.answer_not_read", operation=call.operation)
            error = self.error(_unknown(mutating=mutating), "unreadable", type(raised).__name__)
            raise error from raised
        else:
            return body
        finally:
            await self._settle(error)
            await self._write_down(
                CallRecord(
                    started_at=started_at,
                    platform=self._dialect.platform,
                    operation=call.operation,
                    method=call.method,
                    path=call.path,
                    mutating=mutating,
                    attempt=attempt,
                    duration_ms=round((time.perf_counter() - started) * 1000),
                    outcome=error.outcome if error else CallOutcome.OK,
                    status=answer.status if answer else error.status if error else None,
                    error_code=error.code if error else None,
                    error_message=error.message if error else None,
                    trace=(error.trace if error else None)
                    or (self._dialect.trace(answer) if answer else None),
                    permit_id=permit_id,
                    asked=call.asked,
                )
            )

    def _accepted(self, answer: Answer, *, mutating: bool) -> dict[str, Any]:
        if error := self._dialect.refusal(answer, mutating=mutating):
            raise error
        body: dict[str, Any] = answer.body
        return body

    async def _write_down(self, record: CallRecord) -> None:
        try:
            await self._line.log(record)
        except Exception:
            # The answer matters more than its log entry: a write that was applied must not look failed.
            log.exception("integrations.call_not_logged", operation=record.operation, outcome=record.outcome)

    async def _settle(self, error: PlatformError | None) -> None:
        breaker, circuit = self._line.breaker, self._line.circuit
        if error is None:
            await breaker.succeeded(circuit)
        elif error.kind in _BREAKING:
            await breaker.failed(circuit)
        elif error.kind is PlatformErrorKind.RATE_LIMITED and error.retry_after:
            await breaker.wait(circuit, error.retry_after)
        else:
            # It answered: a refusal is no outage.
            await breaker.succeeded(circuit)

    async def _exchange(self, call: Call, patience: _Patience, *, mutating: bool) -> Answer:
        try:
            async with (
                asyncio.timeout(patience.whole),
                self._line.http.stream(
                    call.method,
                    call.url,
                    headers=dict(call.headers),
                    timeout=patience.steps,
                    params=None if call.query is None else dict(call.query),
                    data=None if call.form is None else dict(call.form),
                    files=None if call.upload is None else _file(call.upload),
                    json=call.json,
                ) as answer,
            ):
                raw = await _bounded(answer)
        except AddressRefused as error:
            raise PlatformError(PlatformErrorKind.INVALID, error.code, error.detail) from error
        except _NEVER_LEFT as error:
            raise self.error(PlatformErrorKind.TRANSIENT, "unreachable", _told(error, call)) from error
        except TimeoutError as error:
            raise self.error(_unknown(mutating=mutating), "timeout", "The answer did not end.") from error
        except httpx2.HTTPError as error:
            raise self.error(_unknown(mutating=mutating), _name(error), _told(error, call)) from error
        if answer.status_code in _REDIRECTS:
            raise self.error(
                PlatformErrorKind.INVALID,
                "redirected",
                "The platform's address answered with a redirect, which is not followed.",
                status=answer.status_code,
            )
        return Answer(answer.status_code, answer.headers, _parsed(raw))


def _file(upload: Upload) -> dict[str, tuple[str, bytes, str]]:
    return {upload.form_field: (upload.name, upload.content, upload.media_type)}


def _unknown(*, mutating: bool) -> PlatformErrorKind:
    """What no answer means: nothing for a read, anything for a write."""
    return PlatformErrorKind.AMBIGUOUS if mutating else PlatformErrorKind.TRANSIENT


async def _bounded(answer: httpx2.Response) -> bytes:
    raw = bytearray()
    async for part in answer.aiter_bytes():
        raw += part
        if len(raw) > _MOST_BYTES:
            raise httpx2.ReadError("the answer is larger than any that is expected")
    return bytes(raw)


def _parsed(raw: bytes) -> Any:
    """The body, or None where it is no JSON; without characters that no text of ours can hold."""
    try:
        found = json.loads(raw, parse_constant=_refuse)
        return _storable(found) if _MAY_BE_UNSTORABLE.search(raw) else found
    except (ValueError, RecursionError):
        return None


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON's")


def _storable(value: Any) -> Any:
    """NUL and halves of characters, which PostgreSQL refuses with the whole of a listing, become a mark."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(one) for name, one in value.items()}
    return value


def _passes(error: Exception) -> bool:
    return isinstance(error, PlatformError) and error.kind is PlatformErrorKind.TRANSIENT


def _name(error: httpx2.HTTPError) -> str:
    return "timeout" if isinstance(error, httpx2.TimeoutException) else "connection_lost"


def _told(error: Exception, call: Call) -> str:
    """What went wrong, without what the request held: libraries quote a header that they cannot write."""
    text = str(error) or type(error).__name__
    held = {*call.headers.values(), *(call.query or {}).values(), *(call.form or {}).values()}
    for secret in sorted(held, key=len, reverse=True):
        for part in secret.split():
            text = text.replace(part, REDACTED) if len(part) >= _SECRET_LENGTH else text
    return text
