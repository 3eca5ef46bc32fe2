"""How ads come to be in an account at Google, image and ad, and how an ad is taken away again.

`GoogleClient` hands all of it on to here; what leaves, leaves by the account that it is given. An ad that is removed
stays in Google's books as that; an image stays for ever.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from app.services.integrations.campaigns.ports import (
    CREATE_AD,
    CREATED_STATUS,
    REMOVE_AD,
    REMOVED_STATUS,
    UPLOAD_IMAGE,
    Created,
    Made,
    MadeType,
    is_removal,
)
from app.services.integrations.google import ad_creation, queries
from app.services.integrations.google.account import GoogleAccount, malformed, number_of, the_one
from app.services.integrations.google.errors import PLATFORM, invalid
from app.services.integrations.google.mapping import status
from app.services.integrations.ports import Applied, PlatformError, PlatformErrorKind
from app.services.trust_engine.gate.permits import Change, Permit

_ODD = (KeyError, ValueError, TypeError, AttributeError)
_AD_ID = re.compile(r"[0-9]{1,19}~[0-9]{1,19}")
_SAFE_NAME = re.compile(r"[0-9A-Za-z._-]{1,255}")
"""What a query may hold between quotes; our images' names are all of it."""


class GoogleAdMaking:
    def __init__(self, account: GoogleAccount) -> None:
        self._account = account

    async def upload_image(self, change: Change, permit: Permit, content: bytes) -> Created:
        self._account.demand_new(change, UPLOAD_IMAGE, "image")
        if hashlib.sha256(content).hexdigest() != change.after.get("sha256"):
            raise invalid("other_file", "This is not the file that was meant.")
        try:
            operation = ad_creation.image(change.after, content)
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._account.may_leave()
        await self._account.reserve()
        told = [ad_creation.without_data(operation)]
        body = await self._account.send(change, permit, "googleAds", [operation], told=told)
        return Created(ad_creation.created(body, "assetResult", self._account.name("assets", "")))

    async def create_ad(self, change: Change, permit: Permit) -> Created:
        self._account.demand_new(change, CREATE_AD, "ad")
        try:
            operation = ad_creation.ad(change.after, self._account.number)
        except (KeyError, ValueError) as error:
            raise _no_word(error) from error
        await self._account.may_leave()
        await self._account.reserve()
        group = queries.entity("ad_set", number_of(str(change.after["ad_set"])))
        the_one(await self._account.ask("read_owner", group))
        body = await self._account.send(change, permit, "googleAds", [operation])
        prefix = self._account.name("adGroupAds", "")
        return Created(ad_creation.created(body, "adGroupAdResult", prefix))

    async def remove_ad(self, change: Change, permit: Permit) -> Applied:
        self._account.demand_for_here(change, REMOVE_AD)
        if not is_removal(change, "ad"):
            raise invalid("other_change", f"{REMOVE_AD} takes away an ad that stands paused.")
        name = self._account.name("adGroupAds", _ad_id(change.entity))
        await self._account.may_leave()
        await self._account.reserve()
        # Asked last before it goes: somebody may have switched it on since the change was thought of.
        row = the_one(await self._account.ask("read_made", queries.one_ad(*change.entity.split("~"))))
        if status((row.get("adGroupAd") or {}).get("status")) != CREATED_STATUS:
            raise invalid("not_paused", "Somebody has switched this ad on since: it stays.")
        body = await self._account.send(change, permit, "googleAds", [ad_creation.removal(name)])
        found = ad_creation.created(body, "adGroupAdResult", self._account.name("adGroupAds", ""))
        if found != change.entity:
            raise PlatformError(
                PlatformErrorKind.AMBIGUOUS,
                f"{PLATFORM}.no_result",
                "Google did not say whether it was removed.",
            )
        return Applied()

    async def find_made(self, kind: MadeType, name: str, parent: str | None = None) -> Made | None:
        if kind == "image":
            if not _SAFE_NAME.fullmatch(name):
                raise invalid("not_a_name", "This is no name of an image of ours.")
            query = queries.images_named(name)
        else:
            query = queries.ads_of(None if parent is None else number_of(parent))
        found = (_read(kind, row) for row in await self._account.rows("find_made", query))
        return next((each for each in found if each.name == name), None)

    async def read_made(self, kind: MadeType, external_id: str) -> Made:
        """What the account does not have is deleted."""
        if kind == "image":
            query = queries.one_image(number_of(external_id))
        else:
            query = queries.one_ad(*_ad_id(external_id).split("~"))
        rows = await self._account.rows("read_made", query)
        if not rows:
            return Made(external_id=external_id, name="", status=REMOVED_STATUS, facts={})
        return _read(kind, rows[0])


def _read(kind: MadeType, row: Mapping[str, Any]) -> Made:
    try:
        return ad_creation.made_image(row) if kind == "image" else ad_creation.made_ad(row)
    except _ODD as error:
        raise malformed(error) from error


def _ad_id(text: str) -> str:
    if not _AD_ID.fullmatch(text):
        raise invalid("not_an_id", "This is no id of the platform's.")
    return text


def _no_word(error: Exception) -> PlatformError:
    return invalid("not_creatable", f"Google has no word for this: {error}.")
