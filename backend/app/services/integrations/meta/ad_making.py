"""What of `MetaClient` makes ads: images, creatives, ads, and their removal."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from app.services.integrations.campaigns.ports import (
    CREATE_AD,
    CREATE_CREATIVE,
    CREATED_STATUS,
    REMOVE_AD,
    REMOVE_CREATIVE,
    REMOVED_STATUS,
    UPLOAD_IMAGE,
    Created,
    Made,
    MadeType,
)
from app.services.integrations.meta import ad_creation
from app.services.integrations.meta.transport import GraphTransport
from app.services.integrations.ports import Applied, PlatformError, PlatformErrorKind, mutates
from app.services.integrations.wire import Upload
from app.services.trust_engine.gate.permits import Change, Permit

_ODD = (KeyError, ValueError, TypeError, AttributeError)
_NO_SUCH = "meta.100.33"
_PAGE = "100"
_TELLING: Mapping[MadeType, str] = {"ad": "adset_id", "creative": "object_story_spec"}
"""What nothing else has that bears an id."""


class MetaAdMaking:
    _transport: GraphTransport
    _token: str
    _account: str
    _own_app: bool

    @mutates
    async def upload_image(self, change: Change, permit: Permit, content: bytes) -> Created:
        self._is_new(change, UPLOAD_IMAGE)
        if hashlib.sha256(content).hexdigest() != change.after.get("sha256"):
            raise _invalid("meta.other_file", "This is not the file that was meant.")
        try:
            name = ad_creation.file_name(change.after)
            media_type = f"image/{change.after['format']}"
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._transport.may_leave()
        upload = Upload("filename", name, content, media_type)
        body = await self._send(change, permit, f"act_{self._account}/adimages", {}, upload=upload)
        found = ad_creation.uploaded(body)
        if found is None:
            raise _untold()
        return Created(found)

    @mutates
    async def create_creative(self, change: Change, permit: Permit) -> Created:
        self._is_new(change, CREATE_CREATIVE)
        try:
            params = ad_creation.creative(change.after)
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._transport.may_leave()
        return _created(await self._send(change, permit, f"act_{self._account}/adcreatives", params))

    @mutates
    async def create_ad(self, change: Change, permit: Permit) -> Created:
        self._is_new(change, CREATE_AD)
        try:
            params = ad_creation.ad(change.after)
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._transport.may_leave()
        await self._demand_own(params["adset_id"], is_stop=False)
        return _created(await self._send(change, permit, f"act_{self._account}/ads", params))

    @mutates
    async def remove_creative(self, change: Change, permit: Permit) -> Applied:
        return await self._remove(REMOVE_CREATIVE, "creative", change, permit)

    @mutates
    async def remove_ad(self, change: Change, permit: Permit) -> Applied:
        return await self._remove(REMOVE_AD, "ad", change, permit)

    async def find_made(self, kind: MadeType, name: str, parent: str | None = None) -> Made | None:
        path = parent if kind == "ad" and parent is not None else f"act_{self._account}"
        params = {"fields": ad_creation.FIELDS[kind], "limit": _PAGE}
        if kind == "image":
            params["name"] = name
        rows = self._pages("find_made", f"{path}/{ad_creation.EDGES[kind]}", params)
        async for row in rows:
            if row.get("name") == name and not (found := _read(kind, row)).is_gone:
                return found
        return None

    async def read_made(self, kind: MadeType, external_id: str) -> Made:
        """What the platform does not know any more is deleted."""
        fields = {"fields": ad_creation.FIELDS[kind]}
        if kind == "image":
            asked = {**fields, "hashes": json.dumps([external_id])}
            rows = self._pages("read_made", f"act_{self._account}/adimages", asked)
            found = [_read(kind, row) async for row in rows]
            return found[0] if found else _gone(external_id)
        try:
            row = await self._transport.read(
                "read_made", external_id, fields, token=self._token, own_app=self._own_app
            )
        except PlatformError as error:
            if error.code != _NO_SUCH:
                raise
            return _gone(external_id)
        self._demand_this_account(row)
        return _read(kind, row)

    async def _remove(self, operation: str, kind: MadeType, change: Change, permit: Permit) -> Applied:
        self._is_for_here(change, operation)
        steps = ({"status": CREATED_STATUS}, {"status": REMOVED_STATUS})
        if change.entity_type != kind or (dict(change.before), dict(change.after)) != steps:
            raise _invalid(
                "meta.other_change", f"{operation} takes away what stands paused, of its own kind."
            )
        await self._transport.may_leave()
        await self._demand_own(change.entity, is_stop=False)
        await self._demand_kind(change.entity, kind)
        body = await self._send(change, permit, change.entity, {"status": "DELETED"})
        if body.get("success") is not True:
            raise PlatformError(
                PlatformErrorKind.AMBIGUOUS, "meta.no_success", "Meta did not say whether it was removed."
            )
        return Applied()

    async def _demand_kind(self, entity: str, kind: MadeType) -> None:
        """An id says nothing of its own, and what deletes an ad deletes a campaign likewise."""
        fields = {"fields": ad_creation.FIELDS[kind]}
        row = await self._transport.read(
            "read_made", entity, fields, token=self._token, own_app=self._own_app
        )
        if _TELLING[kind] not in row:
            raise _invalid("meta.other_kind", f"{entity} is no {kind}.")

    def _is_new(self, change: Change, operation: str) -> None:
        raise NotImplementedError

    def _is_for_here(self, change: Change, operation: str) -> None:
        raise NotImplementedError

    def _demand_this_account(self, row: Mapping[str, Any]) -> None:
        raise NotImplementedError

    async def _demand_own(self, entity: str, *, is_stop: bool) -> None:
        raise NotImplementedError

    def _pages(self, operation: str, path: str, params: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        raise NotImplementedError

    async def _send(
        self,
        change: Change,
        permit: Permit,
        path: str,
        params: Mapping[str, str],
        *,
        patient: bool = False,
        upload: Upload | None = None,
    ) -> dict[str, Any]:
        raise NotImplementedError


def _created(body: Mapping[str, Any]) -> Created:
    if not str(body.get("id") or "").isdigit():
        raise _untold()
    return Created(str(body["id"]))


def _read(kind: MadeType, row: Mapping[str, Any]) -> Made:
    try:
        return ad_creation.made(kind, row)
    except _ODD as error:
        raise PlatformError(
            PlatformErrorKind.TRANSIENT, "meta.malformed", f"An object came without {error}."
        ) from error


def _gone(external_id: str) -> Made:
    return Made(external_id=external_id, name="", status=REMOVED_STATUS, facts={})


def _invalid(code: str, message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.INVALID, code, message)


def _no_word(error: Exception) -> PlatformError:
    return _invalid("meta.not_creatable", f"Meta has no word for this: {error}.")


def _untold() -> PlatformError:
    return PlatformError(PlatformErrorKind.AMBIGUOUS, "meta.no_id", "Meta did not say what it had created.")
