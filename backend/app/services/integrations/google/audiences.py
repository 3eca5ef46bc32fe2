"""Customer Match lists at Google, by the Data Manager API.

`userLists` makes, tells and deletes lists; `audienceMembers:ingest`, `:remove` and `:removeAll` change who is in, up to
10,000 members a request. Google acknowledges a request, works through it later, and then tells how many of its records
failed (`requestStatus:retrieve`). A member stays 540 days at most. Of a match rate it tells a range or a percentage,
never a count. The terms of Customer Match are a person's to accept, in Google Ads: they are not accepted from here.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

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
    described,
)
from app.services.integrations.google.errors import PLATFORM
from app.services.integrations.google.normalisation import MEMBER_FIELDS, member_identifiers, region
from app.services.integrations.google.transport import GoogleTransport
from app.services.integrations.ports import PlatformError, PlatformErrorKind

_LONGEST = timedelta(days=540)
OFFER = AudienceOffer(
    identifiers=("email", "phone", "first_name", "last_name", "zip", "country"),
    leading=("email", "phone"),
    expires_after=_LONGEST,
    replaces=True,
    tells_matches=False,
)
_GRANTED = {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
_ON_A_PAGE = "1000"
_MOST_PAGES = 100
_FEWEST = 100
"""A list with fewer people in a network shows no ads there."""
_NOT_FOUND = 404
_WORKING = "PROCESSING"
_REASON = "PROCESSING_ERROR_REASON_"
Json = dict[str, Any]
Found = TypeVar("Found")


class GoogleAudiences:
    platform = PLATFORM
    most_rows = 10_000

    def __init__(self, transport: GoogleTransport, *, token: str, account: str, read_only: bool) -> None:
        self._transport = transport
        self._token = token
        self._account = account
        self.read_only = read_only

    def prepare(self, chosen: Sequence[str], person: Person) -> list[Row]:
        country = country_of(person, region)
        return entries(chosen, person, MEMBER_FIELDS, country=country, leading=OFFER.leading)

    async def list_audiences(self) -> list[RemoteAudience]:
        found: list[RemoteAudience] = []
        query = {"pageSize": _ON_A_PAGE}
        for _ in range(_MOST_PAGES):
            body = await self._lists("GET", "list_audiences", query=query)
            rows = body.get("userLists", [])
            if not isinstance(rows, list):
                raise _malformed("A list came without its rows.")
            found += [_remote(row) for row in rows if "ingestedUserListInfo" in row]
            if not body.get("nextPageToken"):
                return found
            query = {**query, "pageToken": str(body["nextPageToken"])}
        raise PlatformError(PlatformErrorKind.INVALID, f"{PLATFORM}.endless_paging", "The list does not end.")

    async def read_audience(self, external_id: str) -> RemoteAudience:
        try:
            return _remote(await self._lists("GET", "read_audience", external_id))
        except PlatformError as error:
            if error.status == _NOT_FOUND and error.kind is PlatformErrorKind.INVALID:
                raise _gone() from error
            raise

    async def create_audience(self, name: str, tag: str) -> str:
        self._demand_writing()
        wanted = {
            "displayName": name,
            "description": described(tag),
            "membershipDuration": f"{int(_LONGEST.total_seconds())}s",
            "ingestedUserListInfo": {
                "uploadKeyTypes": ["CONTACT_ID"],
                "contactIdInfo": {"dataSourceType": "DATA_SOURCE_TYPE_FIRST_PARTY"},
            },
        }
        found = (await self._lists("POST", "create_audience", body=wanted)).get("id")
        if not isinstance(found, str) or not found:
            raise _malformed("A list came without its id.")
        return found

    async def delete_audience(self, external_id: str) -> None:
        self._demand_writing()
        try:
            await self._lists("DELETE", "delete_audience", external_id)
        except PlatformError as error:
            if error.status != _NOT_FOUND or error.kind is not PlatformErrorKind.INVALID:
                raise

    async def add_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        del batch
        members = [{**_member(chosen, row), "consent": _GRANTED} for row in rows]
        receipt = await self._change("add_members", "ingest", external_id, members)
        return Taken(len(rows), 0, (receipt,))

    async def remove_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        del batch
        members = [_member(chosen, row) for row in rows]
        receipt = await self._change("remove_members", "remove", external_id, members)
        return Taken(len(rows), 0, (receipt,))

    async def replace_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        """The first part has everybody taken out who was in before: Google goes by the time of the request."""
        emptied: tuple[str, ...] = ()
        if batch.number == 1:
            emptied = (await self._change("empty_audience", "removeAll", external_id, None),)
        taken = await self.add_members(external_id, chosen, rows, batch)
        return Taken(taken.received, taken.invalid, (*emptied, *taken.receipts))

    async def read_upload(self, external_id: str, session: int) -> Matched | None:
        del external_id, session
        return None

    async def read_requests(self, receipts: Sequence[str]) -> list[Processed]:
        answers = [(each, await self._transport.request_status(each, token=self._token)) for each in receipts]
        found = [(each, _processed(each, answer)) for each, answer in answers]
        return [processed for _, processed in found if processed is not None]

    async def _change(
        self, operation: str, verb: str, external_id: str, members: Sequence[Json] | None
    ) -> str:
        """The id of the request, which Google has taken and not worked through yet."""
        self._demand_writing()

        async def ask(manager: str | None) -> Json:
            account = {"accountType": "GOOGLE_ADS", "accountId": self._account}
            destination = {
                "operatingAccount": account,
                "loginAccount": {**account, "accountId": manager or self._account},
                "productDestinationId": external_id,
            }
            body: Json = {"destinations": [destination]}
            if members is not None:
                body |= {"audienceMembers": members, "encoding": "HEX"}
            return await self._transport.change_members(operation, verb, body, token=self._token)

        receipt = (await self._by_manager(ask)).get("requestId")
        if not isinstance(receipt, str) or not receipt:
            raise _malformed("No id of a request came back.")
        return receipt

    async def _lists(
        self,
        method: str,
        operation: str,
        external_id: str | None = None,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
    ) -> Json:
        async def ask(manager: str | None) -> Json:
            return await self._transport.user_lists(
                method,
                operation,
                self._account,
                external_id,
                query=query,
                body=body,
                token=self._token,
                manager=manager,
            )

        return await self._by_manager(ask)

    async def _by_manager(self, ask: Callable[[str | None], Awaitable[Found]]) -> Found:
        """By the manager through whom the account is reached, who is looked for where the account says no."""
        known = self._transport.manager()
        try:
            return await ask(known)
        except PlatformError as error:
            if error.code != f"{PLATFORM}.permission_denied":
                raise
            found = await self._transport.found_manager(self._account, token=self._token)
            if found == known:
                raise
            return await ask(found)

    def _demand_writing(self) -> None:
        if self.read_only:
            raise PlatformError(
                PlatformErrorKind.PERMISSION, f"{PLATFORM}.read_only", "This connection may only read."
            )


def _member(chosen: Sequence[str], row: Row) -> Json:
    return {"userData": {"userIdentifiers": member_identifiers(dict(zip(chosen, row, strict=True)))}}


def _processed(receipt: str, answer: Mapping[str, Any]) -> Processed | None:
    """None while Google works at it. Its one destination is the list."""
    told = answer.get("requestStatusPerDestination")
    one = told[0] if isinstance(told, list) and told and isinstance(told[0], dict) else None
    if one is None:
        raise _malformed("A request's status came without its destination.")
    if one.get("requestStatus") in {None, _WORKING, "REQUEST_STATUS_UNKNOWN"}:
        return None
    counts = (one.get("errorInfo") or {}).get("errorCounts") or []
    failed = sum(int(each.get("recordCount", 0)) for each in counts)
    if one["requestStatus"] == "FAILED":
        failed = max(failed, 1)
    reasons = sorted(str(each.get("reason", "")).removeprefix(_REASON).lower() for each in counts)
    removal = "audienceMembersRemovalStatus" in one or "removeAllAudienceMembersStatus" in one
    return Processed(receipt, failed, removal, ", ".join(reasons) or None)


def _remote(row: Mapping[str, Any]) -> RemoteAudience:
    info = row.get("sizeInfo") if isinstance(row.get("sizeInfo"), dict) else {}
    counts = [
        found
        for name in ("searchNetworkMembersCount", "displayNetworkMembersCount")
        if (found := _whole((info or {}).get(name))) is not None
    ]
    ingested = row.get("ingestedUserListInfo")
    contact = ingested.get("contactIdInfo") if isinstance(ingested, dict) else None
    rate = _whole(contact.get("matchRatePercentage")) if isinstance(contact, dict) else None
    state = _state(row, counts)
    return RemoteAudience(
        external_id=str(row.get("id")),
        name=str(row.get("displayName") or ""),
        description=str(row.get("description") or "") or None,
        state=state,
        told=None if rate is None else f"Match rate: {rate} %",
        size_lower=min(counts) if counts else None,
        size_upper=max(counts) if counts else None,
    )


def _state(row: Mapping[str, Any], counts: Sequence[int]) -> AudienceState:
    """Google tells no list that is empty from one that is being filled."""
    if row.get("membershipStatus") == "CLOSED":
        return AudienceState.BLOCKED
    if not counts:
        return AudienceState.FILLING
    return AudienceState.READY if max(counts) >= _FEWEST else AudienceState.TOO_SMALL


def _whole(value: object) -> int | None:
    """A whole number: those of 64 bits are written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else None


def _malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, f"{PLATFORM}.malformed", message)


def _gone() -> PlatformError:
    return PlatformError(
        PlatformErrorKind.INVALID,
        f"{PLATFORM}.audience_gone",
        "The list is not there any more, or not this account's.",
    )
