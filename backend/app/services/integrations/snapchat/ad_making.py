"""What of `SnapchatClient` makes ads: media, creatives, ads, and an ad's removal."""

import hashlib
from collections.abc import AsyncIterator, Mapping
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
)
from app.services.integrations.ports import Applied, Permits, PlatformError, PlatformErrorKind, mutates
from app.services.integrations.snapchat import ad_creation
from app.services.integrations.snapchat.transport import SnapchatTransport, rows
from app.services.integrations.wire import Upload
from app.services.trust_engine.gate.permits import Change, Permit

_ODD = (KeyError, ValueError, TypeError, AttributeError)
_KINDS: Mapping[str, tuple[str, str]] = {
    "image": ("media", "media"),
    "creative": ("creatives", "creative"),
    "ad": ("ads", "ad"),
}


class SnapchatAdMaking:
    _transport: SnapchatTransport
    _permits: Permits
    _token: str
    _account: str

    @mutates
    async def upload_image(self, change: Change, permit: Permit, content: bytes) -> Created:
        """Names the entity, then fills it: one that an earlier attempt left unfilled is filled now."""
        self._is_new(change, UPLOAD_IMAGE, "image")
        if hashlib.sha256(content).hexdigest() != change.after.get("sha256"):
            raise _invalid("snapchat.other_file", "This is not the file that was meant.")
        try:
            row = ad_creation.media(change.after, self._account)
            upload = Upload("file", row["name"], content, f"image/{change.after['format']}")
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._transport.may_leave()
        media = await self._unfilled(row["name"])
        if media is None:
            body = await self._leave(change, permit, "POST", f"adaccounts/{self._account}", row)
            media = _only_id(body, "image")
        else:
            await self._permits.use(permit, change)
        await self._transport.fill(media, upload, token=self._token, permit_id=permit.id)
        return Created(media)

    @mutates
    async def create_creative(self, change: Change, permit: Permit) -> Created:
        self._is_new(change, CREATE_CREATIVE, "creative")
        try:
            row = ad_creation.creative(change.after, self._account)
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._transport.may_leave()
        body = await self._leave(change, permit, "POST", f"adaccounts/{self._account}", row)
        return Created(_only_id(body, "creative"))

    @mutates
    async def create_ad(self, change: Change, permit: Permit) -> Created:
        self._is_new(change, CREATE_AD, "ad")
        try:
            row = ad_creation.ad(change.after)
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._transport.may_leave()
        await self._demand_own_squad(row["ad_squad_id"])
        body = await self._leave(change, permit, "POST", f"adsquads/{row['ad_squad_id']}", row)
        return Created(_only_id(body, "ad"))

    @mutates
    async def remove_ad(self, change: Change, permit: Permit) -> Applied:
        self._is_for_here(change, REMOVE_AD)
        steps = ({"status": CREATED_STATUS}, {"status": REMOVED_STATUS})
        if change.entity_type != "ad" or (dict(change.before), dict(change.after)) != steps:
            raise _invalid("snapchat.other_change", f"{REMOVE_AD} takes away an ad that stands paused.")
        await self._transport.may_leave()
        row = await self._row("ad", change.entity)
        await self._demand_own_squad(str(row.get("ad_squad_id", "")))
        await self._leave(change, permit, "DELETE", f"ads/{change.entity}", None)
        return Applied()

    async def find_made(self, kind: MadeType, name: str, parent: str | None = None) -> Made | None:
        """Of pictures one that has its file: what is not filled yet is nothing to show."""
        del parent
        async for row in self._list("find_made", kind):
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

    async def _unfilled(self, name: str) -> str | None:
        async for row in self._list("find_made", "image"):
            if row.get("name") == name and not ad_creation.is_filled(row):
                return str(row["id"])
        return None

    async def _row(self, kind: MadeType, external_id: str) -> dict[str, Any]:
        plural, singular = _KINDS[kind]
        body = await self._transport.read("read_made", f"{plural}/{external_id}", token=self._token)
        found = rows(body, plural, singular)
        if len(found) != 1:
            raise PlatformError(
                PlatformErrorKind.TRANSIENT, "snapchat.malformed", "One object was asked for."
            )
        if kind != "ad" and str(found[0].get("ad_account_id")) != self._account:
            raise PlatformError(
                PlatformErrorKind.PERMISSION, "snapchat.other_account", "This belongs to another ad account."
            )
        return found[0]

    async def _demand_own_squad(self, squad: str) -> None:
        raise NotImplementedError

    def _is_new(self, change: Change, operation: str, entity_type: str) -> None:
        raise NotImplementedError

    def _is_for_here(self, change: Change, operation: str) -> None:
        raise NotImplementedError

    def _list(self, operation: str, entity_type: str, **query: str) -> AsyncIterator[dict[str, Any]]:
        raise NotImplementedError

    async def _leave(
        self,
        change: Change,
        permit: Permit,
        method: str,
        parent: str,
        row: Mapping[str, Any] | None,
        *,
        is_stop: bool = False,
    ) -> dict[str, Any]:
        raise NotImplementedError


def _only_id(body: Mapping[str, Any], kind: str) -> str:
    found = rows(body, *_KINDS[kind])
    if len(found) != 1 or not found[0].get("id"):
        raise PlatformError(
            PlatformErrorKind.AMBIGUOUS, "snapchat.no_id", "Snapchat did not say what it had created."
        )
    return str(found[0]["id"])


def _read(kind: MadeType, row: Mapping[str, Any]) -> Made:
    try:
        return ad_creation.made(kind, row)
    except _ODD as error:
        raise PlatformError(
            PlatformErrorKind.TRANSIENT, "snapchat.malformed", f"An object came without {error}."
        ) from error


def _invalid(code: str, message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.INVALID, code, message)


def _no_word(error: Exception) -> PlatformError:
    return _invalid("snapchat.not_creatable", f"Snapchat has no word for this: {error}.")
