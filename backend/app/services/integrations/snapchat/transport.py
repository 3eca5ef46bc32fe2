"""Snapchat's dialect: its three hosts, how a request is signed, how its lists are paged."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.snapchat import errors
from app.services.integrations.wire import Answer, Call, Line, Upload, Wire

PLATFORM = "snapchat"
_MOST_PAGES = 500
# Words and ids: one with a query or a way upwards in it would make of a harmless call another one.
_PATH = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


class SnapchatDialect:
    platform = PLATFORM
    name = "Snapchat"

    def wait_seconds(self, headers: Mapping[str, str]) -> int:
        """A good answer says nothing of the limits."""
        del headers
        return 0

    def trace(self, answer: Answer) -> str | None:
        return errors.trace(answer.body)

    def refusal(self, answer: Answer, *, mutating: bool) -> PlatformError | None:
        return errors.refusal(answer.status, answer.headers, answer.body, mutating=mutating)


@dataclass(frozen=True, slots=True)
class Address:
    api_url: str
    accounts_url: str
    events_url: str


class SnapchatTransport:
    def __init__(self, line: Line, address: Address) -> None:
        self._wire = Wire(line, SnapchatDialect())
        self._address = address
        self.may_leave = self._wire.may_leave

    async def read(
        self, operation: str, path: str, query: Mapping[str, str] | None = None, *, token: str
    ) -> dict[str, Any]:
        """A GET, tried again while the fault is one that passes."""
        return await self._wire.read(self._call("GET", operation, path, query=query, token=token))

    async def ask(self, operation: str, path: str, *, token: str, for_stop: bool = False) -> dict[str, Any]:
        """A GET that a write waits for."""
        return await self._wire.ask(self._call("GET", operation, path, token=token), for_stop=for_stop)

    async def pages(
        self, operation: str, path: str, query: Mapping[str, str], *, token: str
    ) -> AsyncIterator[dict[str, Any]]:
        """Every page's body. The cursor is followed, never the address that the answer names."""
        wanted = dict(query)
        for _ in range(_MOST_PAGES):
            body = await self.read(operation, path, wanted, token=token)
            yield body
            paging = body.get("paging")
            if not isinstance(paging, dict | None):
                raise _malformed("A list came without its pages.")
            link = (paging or {}).get("next_link")
            if not link:
                return
            cursor = parse_qs(urlsplit(str(link)).query).get("cursor")
            if not cursor:
                raise PlatformError(
                    PlatformErrorKind.TRANSIENT, "snapchat.malformed", "A next page came without its cursor."
                )
            wanted["cursor"] = cursor[0]
        raise PlatformError(PlatformErrorKind.INVALID, "snapchat.endless_paging", "The list does not end.")

    async def write(
        self,
        operation: str,
        path: str,
        body: Any,
        *,
        token: str,
        permit_id: UUID | None = None,
        patient: bool = False,
        method: str = "PUT",
    ) -> dict[str, Any]:
        """A PUT of a whole entity, or a POST of a new one; see `Wire.write`."""
        call = self._call(method, operation, path, body=body, token=token)
        return await self._wire.write(call, permit_id=permit_id, patient=patient)

    async def fill(
        self, media: str, upload: Upload, *, token: str, permit_id: UUID | None = None
    ) -> dict[str, Any]:
        """The file of a media entity, under the permit that its name was made with."""
        call = self._call("POST", "upload_image", f"media/{media}/upload", token=token)
        return await self._wire.write(replace(call, upload=upload), permit_id=permit_id)

    async def send(self, method: str, operation: str, path: str, body: Any, *, token: str) -> dict[str, Any]:
        """A request that changes nothing when it comes again: segments and who is in them. Its items are not judged."""
        return await self._wire.once(self._call(method, operation, path, body=body, token=token))

    async def post(self, asset: str, events: Sequence[Mapping[str, Any]], *, token: str) -> dict[str, Any]:
        """Conversions may be sent again: Snapchat deduplicates. Their host wants the token in the query."""
        path = _checked(f"v3/{asset}/events")
        return await self._wire.once(
            Call(
                operation="send_events",
                method="POST",
                url=f"{self._address.events_url.rstrip('/')}/{path}",
                path=path,
                query={"access_token": token},
                json={"data": [dict(one) for one in events]},
            )
        )

    async def exchange(self, form: Mapping[str, str], *, may_repeat: bool) -> dict[str, Any]:
        """At the token endpoint: a code is for one use, a refresh token for many."""
        call = Call(
            operation="exchange_token",
            method="POST",
            url=f"{self._address.accounts_url.rstrip('/')}/login/oauth2/access_token",
            path="login/oauth2/access_token",
            form=dict(form),
        )
        return await (self._wire.read(call) if may_repeat else self._wire.once(call))

    def _call(
        self,
        method: str,
        operation: str,
        path: str,
        *,
        token: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Call:
        return Call(
            operation=operation,
            method=method,
            url=f"{self._address.api_url.rstrip('/')}/v1/{_checked(path)}",
            path=path,
            headers={"Authorization": f"Bearer {token}"},
            query=dict(query) if query else None,
            json=body,
            asked=dict(query or {}) if body is None else body,
        )


def rows(body: Mapping[str, Any], plural: str, singular: str) -> list[dict[str, Any]]:
    """A list's entities. One that Snapchat could not tell makes the list none: what is missing looks deleted."""
    items = body.get(plural)
    if not isinstance(items, list):
        raise _malformed("A list came without its rows.")
    if reason := errors.failed_item(items):
        raise PlatformError(PlatformErrorKind.TRANSIENT, "snapchat.partial", reason)
    found = [item.get(singular) if isinstance(item, dict) else None for item in items]
    kept = [one for one in found if isinstance(one, dict)]
    if len(kept) != len(items):
        raise _malformed("A row came without its entity.")
    return kept


def _malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "snapchat.malformed", message)


def _checked(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise PlatformError(
            PlatformErrorKind.INVALID, "snapchat.not_an_id", "This is no id of the platform's."
        )
    return path
