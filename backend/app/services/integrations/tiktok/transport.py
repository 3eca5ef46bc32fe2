"""The Business API's dialect: where it is, how a request is signed, and how its lists are paged."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.tiktok.errors import OK, code_of, from_answer, trace_of
from app.services.integrations.wire import Answer, Call, Line, Wire

PLATFORM = "tiktok"
VERSION = "v1.3"
_REFUSED = 400
_MOST_PAGES = 1_000


class BusinessDialect:
    platform = PLATFORM
    name = "TikTok"

    def wait_seconds(self, headers: Mapping[str, str]) -> int:
        """A good answer never asks for a wait: limits are told by refusing."""
        del headers
        return 0

    def trace(self, answer: Answer) -> str | None:
        return trace_of(answer.headers, answer.body)

    def refusal(self, answer: Answer, *, mutating: bool) -> PlatformError | None:
        if code_of(answer.body) == OK and answer.status < _REFUSED:
            return None
        return from_answer(answer.status, answer.headers, answer.body, mutating=mutating)


@dataclass(frozen=True, slots=True)
class Address:
    base_url: str
    app_id: str | None
    app_secret: str | None


class BusinessTransport:
    """Paths are this connector's own words; ids and all else go as parameters or JSON, and never into a path."""

    def __init__(self, line: Line, address: Address) -> None:
        self._wire = Wire(line, BusinessDialect())
        self._base = f"{address.base_url.rstrip('/')}/open_api/{VERSION}"
        self.may_leave = self._wire.may_leave

    async def read(
        self, operation: str, path: str, params: Mapping[str, Any], *, token: str
    ) -> dict[str, Any]:
        """A GET, tried again while the fault is one that passes; its `data`."""
        return _data(await self._wire.read(self._get(operation, path, params, token)))

    async def ask(
        self, operation: str, path: str, params: Mapping[str, Any], *, token: str
    ) -> dict[str, Any]:
        """A GET that a write waits for; its `data`."""
        return _data(await self._wire.ask(self._get(operation, path, params, token)))

    async def pages(
        self, operation: str, path: str, params: Mapping[str, Any], *, token: str, key: str = "list"
    ) -> AsyncIterator[dict[str, Any]]:
        """Every row of a list, page by page. One that changes as it is turned over is read again by the caller."""
        told: set[str] = set()
        for page in range(1, _MOST_PAGES + 1):
            data = await self.read(operation, path, {**params, "page": page}, token=token)
            rows, about = data.get(key), data.get("page_info")
            if not isinstance(rows, list) or not isinstance(about, dict):
                raise _malformed("A list came without its rows.")
            for row in rows:
                if not isinstance(row, dict):
                    raise _malformed("A list came without its rows.")
                told.add(json.dumps(row, sort_keys=True))
                yield row
            if page >= _whole(about.get("total_page")):
                if len(told) < _whole(about.get("total_number")):
                    raise PlatformError(
                        PlatformErrorKind.TRANSIENT,
                        "tiktok.list_moved",
                        "The list changed while it was read.",
                    )
                return
        raise PlatformError(PlatformErrorKind.INVALID, "tiktok.endless_paging", "The list does not end.")

    async def write(
        self,
        operation: str,
        path: str,
        body: Mapping[str, Any],
        *,
        token: str,
        permit_id: UUID | None = None,
        patient: bool = False,
    ) -> dict[str, Any]:
        """A POST that changes an account; see `Wire.write`."""
        call = self._post(operation, path, body, token, told=True)
        return await self._wire.write(call, permit_id=permit_id, patient=patient)

    async def post(
        self, operation: str, path: str, body: Mapping[str, Any], *, token: str | None
    ) -> dict[str, Any]:
        """A POST that changes no account: events that the platform deduplicates, tokens, a log that is to be made."""
        return await self._wire.once(self._post(operation, path, body, token))

    def _get(self, operation: str, path: str, params: Mapping[str, Any], token: str) -> Call:
        return Call(
            operation=operation,
            method="GET",
            url=f"{self._base}/{path}/",
            path=path,
            headers={"Access-Token": token},
            query={name: _text(value) for name, value in params.items()},
            asked=dict(params),
        )

    def _post(
        self,
        operation: str,
        path: str,
        body: Mapping[str, Any],
        token: str | None,
        *,
        told: bool = False,
    ) -> Call:
        return Call(
            operation=operation,
            method="POST",
            url=f"{self._base}/{path}/",
            path=path,
            headers={"Access-Token": token} if token else {},
            json=dict(body),
            asked=dict(body) if told else None,
        )


def data_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The `data` of a good answer; a TikTok with nothing to say leaves it out."""
    data = body.get("data")
    return data if isinstance(data, dict) else {}


def _data(body: Mapping[str, Any]) -> dict[str, Any]:
    data = body.get("data")
    if not isinstance(data, dict):
        raise _malformed("An answer came without its data.")
    return data


def _malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "tiktok.malformed", message)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _whole(told: Any) -> int:
    return told if isinstance(told, int) and not isinstance(told, bool) else 0
