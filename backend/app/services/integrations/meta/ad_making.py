"""How ads come to be in an account at Meta, image, creative and ad, and how they are taken away again.

`MetaClient` hands all of it on to here; what leaves, leaves by the account that it is given.
"""

import hashlib
import json
from collections.abc import Mapping
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
    is_removal,
)
from app.services.integrations.meta import ad_creation
from app.services.integrations.meta.account import MetaAccount, invalid
from app.services.integrations.ports import Applied, PlatformError, PlatformErrorKind
from app.services.integrations.wire import Upload
from app.services.trust_engine.gate.permits import Change, Permit

_ODD = (KeyError, ValueError, TypeError, AttributeError)
_NO_SUCH = "meta.100.33"
_PAGE = "100"
_TELLING: Mapping[MadeType, str] = {"ad": "adset_id", "creative": "object_story_spec"}
"""What nothing else has that bears an id."""
_ASKED: Mapping[MadeType, str] = {kind: f"account_id,status,{told}" for kind, told in _TELLING.items()}
"""Of what is to be removed."""


class MetaAdMaking:
    def __init__(self, account: MetaAccount) -> None:
        self._account = account

    async def upload_image(self, change: Change, permit: Permit, content: bytes) -> Created:
        self._account.demand_new(change, UPLOAD_IMAGE, "image")
        if hashlib.sha256(content).hexdigest() != change.after.get("sha256"):
            raise invalid("meta.other_file", "This is not the file that was meant.")
        try:
            name = ad_creation.file_name(change.after)
            media_type = f"image/{change.after['format']}"
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._account.may_leave()
        upload = Upload("filename", name, content, media_type)
        path = f"{self._account.node}/adimages"
        found = ad_creation.uploaded(await self._account.send(change, permit, path, {}, upload=upload))
        if found is None:
            raise _untold()
        return Created(found)

    async def create_creative(self, change: Change, permit: Permit) -> Created:
        self._account.demand_new(change, CREATE_CREATIVE, "creative")
        try:
            params = ad_creation.creative(change.after)
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._account.may_leave()
        return _created(await self._account.send(change, permit, f"{self._account.node}/adcreatives", params))

    async def create_ad(self, change: Change, permit: Permit) -> Created:
        self._account.demand_new(change, CREATE_AD, "ad")
        try:
            params = ad_creation.ad(change.after)
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._account.may_leave()
        await self._account.demand_own(params["adset_id"], is_stop=False)
        return _created(await self._account.send(change, permit, f"{self._account.node}/ads", params))

    async def remove_creative(self, change: Change, permit: Permit) -> Applied:
        return await self._remove(REMOVE_CREATIVE, "creative", change, permit)

    async def remove_ad(self, change: Change, permit: Permit) -> Applied:
        return await self._remove(REMOVE_AD, "ad", change, permit)

    async def find_made(self, kind: MadeType, name: str, parent: str | None = None) -> Made | None:
        path = parent if kind == "ad" and parent is not None else self._account.node
        params = {"fields": ad_creation.FIELDS[kind], "limit": _PAGE}
        if kind == "image":
            params["name"] = name
        rows = self._account.pages("find_made", f"{path}/{ad_creation.EDGES[kind]}", params)
        async for row in rows:
            if row.get("name") == name and not (found := _read(kind, row)).is_gone:
                return found
        return None

    async def read_made(self, kind: MadeType, external_id: str) -> Made:
        """What the platform does not know any more is deleted."""
        fields = {"fields": ad_creation.FIELDS[kind]}
        if kind == "image":
            asked = {**fields, "hashes": json.dumps([external_id])}
            rows = self._account.pages("read_made", f"{self._account.node}/adimages", asked)
            found = [_read(kind, row) async for row in rows]
            return found[0] if found else _gone(external_id)
        try:
            row = await self._account.look("read_made", external_id, fields)
        except PlatformError as error:
            if error.code != _NO_SUCH:
                raise
            return _gone(external_id)
        self._account.demand_this(row)
        return _read(kind, row)

    async def _remove(self, operation: str, kind: MadeType, change: Change, permit: Permit) -> Applied:
        self._account.demand_for_here(change, operation)
        if not is_removal(change, kind):
            raise invalid("meta.other_change", f"{operation} takes away what stands paused, of its own kind.")
        await self._account.may_leave()
        await self._demand_as_meant(change.entity, kind)
        body = await self._account.send(change, permit, change.entity, {"status": "DELETED"})
        if body.get("success") is not True:
            raise PlatformError(
                PlatformErrorKind.AMBIGUOUS, "meta.no_success", "Meta did not say whether it was removed."
            )
        return Applied()

    async def _demand_as_meant(self, entity: str, kind: MadeType) -> None:
        """Asked last before it goes: whose it is, that it is of its kind, and that nobody has switched it on.

        An id says nothing of its own, and what deletes an ad deletes a campaign likewise.
        """
        row = await self._account.ask("read_made", entity, {"fields": _ASKED[kind]})
        self._account.demand_this(row)
        if _TELLING[kind] not in row:
            raise invalid("meta.other_kind", f"{entity} is no {kind}.")
        if kind == "ad" and str(row.get("status")).lower() != CREATED_STATUS:
            raise invalid("meta.not_paused", "Somebody has switched this ad on since: it stays.")


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


def _no_word(error: Exception) -> PlatformError:
    return invalid("meta.not_creatable", f"Meta has no word for this: {error}.")


def _untold() -> PlatformError:
    return PlatformError(PlatformErrorKind.AMBIGUOUS, "meta.no_id", "Meta did not say what it had created.")
