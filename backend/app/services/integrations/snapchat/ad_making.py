"""How ads come to be in an account at Snapchat, media, creative and ad, and how an ad is taken away again.

`SnapchatClient` hands all of it on to here; what leaves, leaves by the account that it is given.
"""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from app.services.integrations.campaigns.ports import (
    CREATE_AD,
    CREATE_CREATIVE,
    CREATED_STATUS,
    REMOVE_AD,
    REMOVED_STATUS,
    UPLOAD_IMAGE,
    Created,
    Made,
    MadeType,
    is_removal,
)
from app.services.integrations.ports import Applied, PlatformError, PlatformErrorKind
from app.services.integrations.snapchat import ad_creation
from app.services.integrations.snapchat.account import KINDS, SnapchatAccount, invalid, malformed, only
from app.services.integrations.snapchat.transport import rows
from app.services.integrations.wire import Upload
from app.services.trust_engine.gate.permits import Change, Permit

_ODD = (KeyError, ValueError, TypeError, AttributeError)


class SnapchatAdMaking:
    def __init__(self, account: SnapchatAccount) -> None:
        self._account = account

    async def upload_image(self, change: Change, permit: Permit, content: bytes) -> Created:
        """Names the entity, then fills it: one that an earlier attempt left unfilled is filled now."""
        self._account.demand_new(change, UPLOAD_IMAGE, "image")
        if hashlib.sha256(content).hexdigest() != change.after.get("sha256"):
            raise invalid("snapchat.other_file", "This is not the file that was meant.")
        try:
            row = ad_creation.media(change.after, self._account.number)
            upload = Upload("file", row["name"], content, f"image/{change.after['format']}")
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._account.may_leave()
        media = await self._unfilled(row["name"])
        if media is None:
            media = _only_id(await self._account.leave(change, permit, "POST", self._path, row), "image")
        else:
            await self._account.take(change, permit)
        await self._account.fill(media, upload, permit)
        return Created(media)

    async def create_creative(self, change: Change, permit: Permit) -> Created:
        self._account.demand_new(change, CREATE_CREATIVE, "creative")
        try:
            row = ad_creation.creative(change.after, self._account.number)
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._account.may_leave()
        body = await self._account.leave(change, permit, "POST", self._path, row)
        return Created(_only_id(body, "creative"))

    async def create_ad(self, change: Change, permit: Permit) -> Created:
        self._account.demand_new(change, CREATE_AD, "ad")
        try:
            row = ad_creation.ad(change.after)
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._account.may_leave()
        await self._account.demand_own_squad(row["ad_squad_id"])
        body = await self._account.leave(change, permit, "POST", f"adsquads/{row['ad_squad_id']}", row)
        return Created(_only_id(body, "ad"))

    async def remove_ad(self, change: Change, permit: Permit) -> Applied:
        self._account.demand_for_here(change, REMOVE_AD)
        if not is_removal(change, "ad"):
            raise invalid("snapchat.other_change", f"{REMOVE_AD} takes away an ad that stands paused.")
        await self._account.may_leave()
        await self._account.demand_own_squad(await self._squad_of(change.entity))
        # Asked last before it goes: somebody may have switched it on since the change was thought of.
        row = await self._account.ask(f"ads/{change.entity}", KINDS["ad"], is_stop=False)
        if str(row.get("status")).lower() != CREATED_STATUS:
            raise invalid("snapchat.not_paused", "Somebody has switched this ad on since: it stays.")
        await self._account.leave(change, permit, "DELETE", f"ads/{change.entity}", None)
        return Applied()

    async def find_made(self, kind: MadeType, name: str, parent: str | None = None) -> Made | None:
        """Of pictures one that has its file: what is not filled yet is nothing to show."""
        del parent
        async for row in self._account.listed("find_made", kind):
            if row.get("name") == name and (kind != "image" or ad_creation.is_filled(row)):
                return _read(kind, row)
        return None

    async def read_made(self, kind: MadeType, external_id: str) -> Made:
        try:
            return _read(kind, await self._row(kind, external_id))
        except PlatformError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return Made(external_id=external_id, name="", status=REMOVED_STATUS, facts={})

    @property
    def _path(self) -> str:
        return f"adaccounts/{self._account.number}"

    async def _unfilled(self, name: str) -> str | None:
        async for row in self._account.listed("find_made", "image"):
            if row.get("name") == name and not ad_creation.is_filled(row):
                return str(row["id"])
        return None

    async def _row(self, kind: MadeType, external_id: str) -> dict[str, Any]:
        found = only(
            await self._account.look("read_made", f"{KINDS[kind].plural}/{external_id}"), KINDS[kind]
        )
        if kind != "ad":
            self._account.demand_this(found)
        return found

    async def _squad_of(self, ad: str) -> str:
        return str((await self._row("ad", ad)).get("ad_squad_id", ""))


def _only_id(body: Mapping[str, Any], kind: MadeType) -> str:
    found = rows(body, KINDS[kind].plural, KINDS[kind].singular)
    if len(found) != 1 or not found[0].get("id"):
        raise PlatformError(
            PlatformErrorKind.AMBIGUOUS, "snapchat.no_id", "Snapchat did not say what it had created."
        )
    return str(found[0]["id"])


def _read(kind: MadeType, row: Mapping[str, Any]) -> Made:
    try:
        return ad_creation.made(kind, row)
    except _ODD as error:
        raise malformed(f"An object came without {error}.") from error


def _no_word(error: Exception) -> PlatformError:
    return invalid("snapchat.not_creatable", f"Snapchat has no word for this: {error}.")
