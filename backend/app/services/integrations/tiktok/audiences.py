"""Custom audiences of customers at TikTok, by its Streaming API.

`/segment/audience/` makes an empty audience, `/segment/mapping/` adds and deletes hashes; `dmp/custom_audience` tells
what became of it. TikTok's other way, files, refuses whatever leaves fewer than a thousand in: nobody could be taken
out of a small audience. It has no descriptions, so the tag stands in the name, which is cut after 67 characters. It
says neither how many entries it could read nor how many it knows of an upload.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.services.integrations.audiences.entries import country_of, entries
from app.services.integrations.audiences.ports import (
    AudienceOffer,
    AudienceState,
    Batch,
    Matched,
    Person,
    Processed,
    RemoteAudience,
    Row,
    Taken,
)
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.tiktok.normalisation import FIELDS, country_code
from app.services.integrations.tiktok.transport import PLATFORM, BusinessTransport, data_of

OFFER = AudienceOffer(
    identifiers=("email", "phone"),
    leading=("email", "phone"),
    expires_after=None,
    replaces=False,
    tells_matches=False,
)
_KINDS = {"email": "EMAIL_SHA256", "phone": "PHONE_SHA256"}
_LONGEST_OWN_NAME = 26
_MOST_ON_A_PAGE = 100
_FEWEST = 1_000
"""An audience with fewer people shows no ads."""


class TikTokAudiences:
    platform = PLATFORM
    most_rows = 1_000

    def __init__(self, transport: BusinessTransport, *, token: str, account: str, read_only: bool) -> None:
        self._transport = transport
        self._token = token
        self._account = account
        self.read_only = read_only

    def prepare(self, chosen: Sequence[str], person: Person) -> list[Row]:
        country = country_of(person, country_code)
        return entries(chosen, person, FIELDS, country=country, leading=OFFER.leading)

    async def list_audiences(self) -> list[RemoteAudience]:
        return await self._listed("list_audiences", {})

    async def read_audience(self, external_id: str) -> RemoteAudience:
        found = await self._listed("read_audience", {"custom_audience_ids": [external_id]})
        if not found:
            raise _gone()
        return found[0]

    async def create_audience(self, name: str, tag: str) -> str:
        body = {
            "advertiser_id": self._account,
            "action": "create",
            "custom_audience_name": f"{name[:_LONGEST_OWN_NAME]} ({tag})",
        }
        found = data_of(await self._post("create_audience", "segment/audience", body)).get("audience_id")
        if not isinstance(found, str) or not found:
            raise _malformed("An audience came without its id.")
        return found

    async def delete_audience(self, external_id: str) -> None:
        body = {"advertiser_id": self._account, "action": "delete", "delete_audience_id": external_id}
        try:
            await self._post("delete_audience", "segment/audience", body)
        except PlatformError as error:
            # Its refusals have one code for all that is wrong with a parameter.
            if error.kind is not PlatformErrorKind.INVALID or await self._is_there(external_id):
                raise

    async def add_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        del batch
        return await self._map("add_members", "add", external_id, chosen, rows)

    async def remove_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        del batch
        return await self._map("remove_members", "delete", external_id, chosen, rows)

    async def replace_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        del external_id, chosen, rows, batch
        raise PlatformError(
            PlatformErrorKind.UNSUPPORTED, "tiktok.no_replacing", "TikTok empties no audience of this kind."
        )

    async def read_upload(self, external_id: str, session: int) -> Matched | None:
        del external_id, session
        return None

    async def read_requests(self, receipts: Sequence[str]) -> list[Processed]:
        del receipts  # it gives none: what it acknowledges is done
        return []

    async def _map(
        self, operation: str, action: str, external_id: str, chosen: Sequence[str], rows: Sequence[Row]
    ) -> Taken:
        """All of it is taken or, with an error, sent again."""
        body = {
            "advertiser_ids": [self._account],
            "action": action,
            "id_schema": [_KINDS[name] for name in chosen],
            "batch_data": [
                [{"id": value, "audience_ids": [external_id]} if value else {} for value in row]
                for row in rows
            ],
        }
        await self._post(operation, "segment/mapping", body)
        return Taken(len(rows), 0)

    async def _listed(self, operation: str, params: Mapping[str, Any]) -> list[RemoteAudience]:
        """This account's own: those that others share with it cannot be written to."""
        wanted = {"advertiser_id": self._account, "page_size": _MOST_ON_A_PAGE, **params}
        pages = self._transport.pages(operation, "dmp/custom_audience/list", wanted, token=self._token)
        return [_remote(row) async for row in pages if row.get("is_creator", True)]

    async def _is_there(self, external_id: str) -> bool:
        return bool(await self._listed("read_audience", {"custom_audience_ids": [external_id]}))

    async def _post(self, operation: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if self.read_only:
            raise PlatformError(
                PlatformErrorKind.PERMISSION, "tiktok.read_only", "This connection may only read."
            )
        return await self._transport.post(operation, path, body, token=self._token)


def _remote(row: Mapping[str, Any]) -> RemoteAudience:
    covered, is_valid = row.get("cover_num"), row.get("is_valid") is True
    size = covered if is_valid and isinstance(covered, int) and not isinstance(covered, bool) else None
    return RemoteAudience(
        external_id=str(row.get("audience_id")),
        name=str(row.get("name") or ""),
        description=None,
        state=_state(row, size),
        told=str(row.get("error_msg") or row.get("msg") or "") or None,
        size_lower=size,
        size_upper=size,
    )


def _state(row: Mapping[str, Any], size: int | None) -> AudienceState:
    """One that is being computed, or has never been filled, is not valid yet; an expired one has an error."""
    if row.get("error_msg"):
        return AudienceState.BLOCKED
    if row.get("is_valid") is not True:
        return AudienceState.FILLING
    if size is None:
        return AudienceState.UNKNOWN
    return AudienceState.READY if size >= _FEWEST else AudienceState.TOO_SMALL


def _malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "tiktok.malformed", message)


def _gone() -> PlatformError:
    return PlatformError(
        PlatformErrorKind.INVALID,
        "tiktok.audience_gone",
        "The audience is not there any more, or not this account's.",
    )
