"""The Graph API's dialect: where it is, how a request is signed, and how its lists are paged."""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.services.integrations.meta.errors import from_answer, regain_access_seconds
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.wire import Answer, Call, Line, Upload, Wire

PLATFORM = "meta"
_REFUSED = 400
_MOST_PAGES = 500
# A node, or a node's edge: an id with a query or a path in it would make of a harmless call another one.
_PATH = re.compile(r"[A-Za-z0-9_]+(/[a-z_]+)?")


class GraphDialect:
    platform = PLATFORM
    name = "Meta"

    def wait_seconds(self, headers: Mapping[str, str]) -> int:
        return regain_access_seconds(headers)

    def trace(self, answer: Answer) -> str | None:
        return answer.headers.get("x-fb-trace-id")

    def refusal(self, answer: Answer, *, mutating: bool) -> PlatformError | None:
        if isinstance(answer.body, dict) and "error" not in answer.body and answer.status < _REFUSED:
            return None
        return from_answer(answer.status, answer.headers, answer.body, mutating=mutating)


@dataclass(frozen=True, slots=True)
class Address:
    base_url: str
    version: str
    app_id: str | None
    app_secret: str | None


class GraphTransport:
    """Speaks for one token; `own_app` says that the token is our own app's, whose secret then signs each call."""

    def __init__(self, line: Line, address: Address) -> None:
        self._wire = Wire(line, GraphDialect())
        self._address = address
        self.may_leave = self._wire.may_leave

    async def read(
        self,
        operation: str,
        path: str,
        params: Mapping[str, str],
        *,
        token: str | None,
        own_app: bool = False,
    ) -> dict[str, Any]:
        """A GET, tried again while the fault is one that passes."""
        return await self._wire.read(self._call("GET", operation, path, params, token=token, own_app=own_app))

    async def ask(
        self, operation: str, path: str, params: Mapping[str, str], *, token: str, own_app: bool = False
    ) -> dict[str, Any]:
        """A GET that a write waits for."""
        return await self._wire.ask(self._call("GET", operation, path, params, token=token, own_app=own_app))

    async def pages(
        self, operation: str, path: str, params: Mapping[str, str], *, token: str, own_app: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        """Every row of a paged edge. The cursor is followed, never the address that the answer names."""
        wanted = dict(params)
        for _ in range(_MOST_PAGES):
            body = await self.read(operation, path, wanted, token=token, own_app=own_app)
            for row in _rows(body):
                yield row
            paging = body.get("paging")
            if not isinstance(paging, dict | None):
                raise _malformed("A list came without its pages.")
            if paging is None or not paging.get("next"):
                return
            cursors = paging.get("cursors")
            after = cursors.get("after") if isinstance(cursors, dict) else None
            if not isinstance(after, str) or not after:
                raise _malformed("A next page came without its cursor.")
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
        upload: Upload | None = None,
    ) -> dict[str, Any]:
        """A POST that changes an account; see `Wire.write`."""
        call = self._call("POST", operation, path, params, token=token, own_app=own_app, told=True)
        call = replace(call, upload=upload)
        return await self._wire.write(call, permit_id=permit_id, patient=patient)

    async def post(
        self, operation: str, path: str, params: Mapping[str, str], *, token: str, own_app: bool = False
    ) -> dict[str, Any]:
        """A POST that may be repeated: events that the platform deduplicates."""
        return await self._wire.once(
            self._call("POST", operation, path, params, token=token, own_app=own_app)
        )

    async def delete(
        self,
        operation: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        token: str,
        own_app: bool = False,
    ) -> dict[str, Any]:
        """A DELETE that may be repeated; parameters go into its body, since lists of people fit no address."""
        return await self._wire.once(
            self._call("DELETE", operation, path, params or {}, token=token, own_app=own_app)
        )

    def _call(
        self,
        method: str,
        operation: str,
        path: str,
        params: Mapping[str, str],
        *,
        token: str | None,
        own_app: bool,
        told: bool = False,
    ) -> Call:
        """`told`: the log keeps its parameters, as it does a GET's. People are never among those."""
        if not _PATH.fullmatch(path):
            raise PlatformError(
                PlatformErrorKind.INVALID, "meta.not_a_node", "This is no id of the platform's."
            )
        signed = self._signed(params, token, own_app=own_app)
        in_body = method == "POST" or (method == "DELETE" and bool(params))
        return Call(
            operation=operation,
            method=method,
            url=f"{self._address.base_url.rstrip('/')}/{self._address.version}/{path}",
            path=path,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            query=None if in_body else signed,
            form=signed if in_body else None,
            asked=dict(params) if told or method == "GET" else None,
        )

    def _signed(self, params: Mapping[str, str], token: str | None, *, own_app: bool) -> dict[str, str]:
        secret = self._address.app_secret
        if token is None or secret is None or not own_app:
            return dict(params)
        proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        return {**params, "appsecret_proof": proof}


def _rows(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = body.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _malformed("A list came without its rows.")
    return rows


def _malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "meta.malformed", message)
