"""Customer lists at Snapchat, which are segments of an ad account.

Marketing API, Customer Lists: an upload holds one kind of identifier, at most 100,000 of them; a segment may hold
several kinds. Members stay for ever unless a retention says otherwise; a segment with fewer than a thousand people
shows no ads. It tells how many identifiers it could read, never how many it knows of an upload.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.services.integrations.audiences.entries import apart, country_of, entries
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
    described,
)
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.snapchat import errors
from app.services.integrations.snapchat.normalisation import FIELDS, country_code
from app.services.integrations.snapchat.transport import PLATFORM, SnapchatTransport, rows

OFFER = AudienceOffer(
    identifiers=("email", "phone"),
    leading=("email", "phone"),
    expires_after=None,
    replaces=True,
    tells_matches=False,
)
_KINDS = {"email": "EMAIL_SHA256", "phone": "PHONE_SHA256"}
_FOR_EVER = 9_999
"""Days of retention that Snapchat takes for ever."""
_ON_A_PAGE = "200"
_GONE = "snapchat.E3003"
_STATES = {
    "READY": AudienceState.READY,
    "TOO_FEW_USERS": AudienceState.TOO_SMALL,
    "NOT_READY": AudienceState.FILLING,
}


class SnapchatAudiences:
    platform = PLATFORM
    most_rows = 100_000

    def __init__(self, transport: SnapchatTransport, *, token: str, account: str, read_only: bool) -> None:
        self._transport = transport
        self._token = token
        self._account = account
        self.read_only = read_only

    def prepare(self, chosen: Sequence[str], person: Person) -> list[Row]:
        country = country_of(person, country_code)
        return apart(entries(chosen, person, FIELDS, country=country, leading=OFFER.leading))

    async def list_audiences(self) -> list[RemoteAudience]:
        pages = self._transport.pages(
            "list_audiences", f"adaccounts/{self._account}/segments", {"limit": _ON_A_PAGE}, token=self._token
        )
        return [_remote(row) async for body in pages for row in rows(body, "segments", "segment")]

    async def read_audience(self, external_id: str) -> RemoteAudience:
        try:
            body = await self._transport.read("read_audience", f"segments/{external_id}", token=self._token)
        except PlatformError as error:
            if error.code == _GONE:
                raise _gone() from error
            raise
        found = rows(body, "segments", "segment")
        if not found or found[0].get("ad_account_id") != self._account:
            raise _gone()
        return _remote(found[0])

    async def create_audience(self, name: str, tag: str) -> str:
        segment = {
            "name": name,
            "description": described(tag),
            "source_type": "FIRST_PARTY",
            "retention_in_days": _FOR_EVER,
            "ad_account_id": self._account,
        }
        path = f"adaccounts/{self._account}/segments"
        body = await self._send("POST", "create_audience", path, {"segments": [segment]})
        found = [row.get("id") for row in _taken_rows(body, "segments", "segment")]
        if not found or not isinstance(found[0], str):
            raise _malformed("A segment came without its id.")
        return found[0]

    async def delete_audience(self, external_id: str) -> None:
        try:
            await self._send("DELETE", "delete_audience", f"segments/{external_id}", None)
        except PlatformError as error:
            if error.code != _GONE:
                raise

    async def add_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        del batch
        return await self._change("POST", "add_members", external_id, chosen, rows)

    async def remove_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        del batch
        return await self._change("DELETE", "remove_members", external_id, chosen, rows)

    async def replace_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        """The first part finds the segment emptied."""
        if batch.number == 1:
            await self._send("DELETE", "empty_audience", f"segments/{external_id}/all_users", None)
        return await self._change("POST", "replace_members", external_id, chosen, rows)

    async def read_upload(self, external_id: str, session: int) -> Matched | None:
        del external_id, session
        return None

    async def read_requests(self, receipts: Sequence[str]) -> list[Processed]:
        del receipts  # it gives none: what it acknowledges is done
        return []

    async def _change(
        self, method: str, operation: str, external_id: str, chosen: Sequence[str], rows: Sequence[Row]
    ) -> Taken:
        """A request for each kind of identifier; one that fails has the whole batch sent again."""
        taken = 0
        for place, name in enumerate(chosen):
            data = [[row[place]] for row in rows if row[place]]
            if data:
                users = {"users": [{"schema": [_KINDS[name]], "data": data}]}
                body = await self._send(method, operation, f"segments/{external_id}/users", users)
                taken += sum(_count(row) for row in _taken_rows(body, "users", "user"))
        return Taken(len(rows), max(0, len(rows) - taken))

    async def _send(self, method: str, operation: str, path: str, body: Any) -> dict[str, Any]:
        if self.read_only:
            raise PlatformError(
                PlatformErrorKind.PERMISSION, "snapchat.read_only", "This connection may only read."
            )
        return await self._transport.send(method, operation, path, body, token=self._token)


def _taken_rows(body: Mapping[str, Any], plural: str, singular: str) -> list[dict[str, Any]]:
    """What became of each item of a request; one that was not taken is an error."""
    if reason := errors.failed_item(body.get(plural)):
        raise errors.not_taken(reason, 200, body)
    return rows(body, plural, singular)


def _count(row: Mapping[str, Any]) -> int:
    found = row.get("number_uploaded_users")
    if not isinstance(found, int) or isinstance(found, bool):
        raise _malformed("No count of identifiers came back.")
    return found


def _remote(row: Mapping[str, Any]) -> RemoteAudience:
    told = str(row.get("targetable_status") or "")
    state = _STATES.get(told, AudienceState.UNKNOWN)
    if row.get("upload_status") == "NO_UPLOAD":
        state = AudienceState.EMPTY
    size = row.get("approximate_number_users")
    known = state in {AudienceState.READY, AudienceState.TOO_SMALL} and isinstance(size, int)
    return RemoteAudience(
        external_id=str(row.get("id")),
        name=str(row.get("name") or ""),
        description=str(row.get("description") or "") or None,
        state=state,
        told=told or None,
        size_lower=size if known else None,
        size_upper=size if known else None,
    )


def _malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "snapchat.malformed", message)


def _gone() -> PlatformError:
    return PlatformError(
        PlatformErrorKind.INVALID,
        "snapchat.audience_gone",
        "The segment is not there any more, or not this account's.",
    )
