"""Custom audiences of customer lists at Meta.

Marketing API, Custom Audience and Customer File Custom Audiences: 10,000 entries a request; every key but EXTERN_ID
leaves as SHA-256 of its normal form; a size under a thousand is told as a thousand, an unknown one as -1. Members
do not expire; audiences that no ad set uses for two years do.
"""

import json
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
    described,
)
from app.services.integrations.meta.normalisation import FIELDS, country_code
from app.services.integrations.meta.transport import PLATFORM, GraphTransport
from app.services.integrations.ports import PlatformError, PlatformErrorKind

OFFER = AudienceOffer(
    identifiers=(
        *("email", "phone", "external_id"),
        *("first_name", "last_name", "city", "state", "zip", "country"),
    ),
    leading=("email", "phone", "external_id"),
    expires_after=None,
    replaces=True,
    tells_matches=True,
)
_KEYS = {
    "email": "EMAIL",
    "phone": "PHONE",
    "external_id": "EXTERN_ID",
    "first_name": "FN",
    "last_name": "LN",
    "city": "CT",
    "state": "ST",
    "zip": "ZIP",
    "country": "COUNTRY",
}
_FIELDS = (
    "id,account_id,name,description,approximate_count_lower_bound,approximate_count_upper_bound,"
    "operation_status,delivery_status"
)
_FEWEST = 1_000
_GONE = "meta.100.33"
_BUSY = "meta.2650.1870145"
_BUSY_SECONDS = 900
_BY_OPERATION = {
    410: AudienceState.EMPTY,
    441: AudienceState.FILLING,
    442: AudienceState.FILLING,
    471: AudienceState.BLOCKED,
}
_SMALL = 300


class MetaAudiences:
    platform = PLATFORM
    most_rows = 10_000

    def __init__(
        self, transport: GraphTransport, *, token: str, account: str, read_only: bool, own_app: bool
    ) -> None:
        self._transport = transport
        self._token = token
        self._account = account
        self._own_app = own_app
        self.read_only = read_only

    def prepare(self, chosen: Sequence[str], person: Person) -> list[Row]:
        country = country_of(person, country_code)
        return entries(chosen, person, FIELDS, country=country, leading=OFFER.leading)

    async def list_audiences(self) -> list[RemoteAudience]:
        params = {"fields": _FIELDS, "limit": "200"}
        pages = self._transport.pages(
            "list_audiences",
            f"act_{self._account}/customaudiences",
            params,
            token=self._token,
            own_app=self._own_app,
        )
        return [_remote(row) async for row in pages]

    async def read_audience(self, external_id: str) -> RemoteAudience:
        try:
            row = await self._transport.read(
                "read_audience", external_id, {"fields": _FIELDS}, token=self._token, own_app=self._own_app
            )
        except PlatformError as error:
            if error.code == _GONE:
                raise _gone() from error
            raise
        if str(row.get("account_id")) != self._account:
            raise _gone()
        return _remote(row)

    async def create_audience(self, name: str, tag: str) -> str:
        params = {
            "name": name,
            "description": described(tag),
            "subtype": "CUSTOM",
            "customer_file_source": "USER_PROVIDED_ONLY",
        }
        body = await self._post("create_audience", f"act_{self._account}/customaudiences", params)
        found = body.get("id")
        if not isinstance(found, str) or not found.isdigit():
            raise PlatformError(
                PlatformErrorKind.TRANSIENT, "meta.malformed", "An audience came without its id."
            )
        return found

    async def delete_audience(self, external_id: str) -> None:
        try:
            body = await self._delete("delete_audience", external_id, {})
        except PlatformError as error:
            if error.code != _GONE:
                raise
            return
        if body.get("success") is not True:
            raise PlatformError(
                PlatformErrorKind.TRANSIENT, "meta.no_success", "Meta did not say whether it was deleted."
            )

    async def add_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        params = _upload(chosen, rows, batch)
        return _taken(await self._post("add_members", f"{external_id}/users", params))

    async def remove_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        params = _upload(chosen, rows, batch)
        return _taken(await self._delete("remove_members", f"{external_id}/users", params))

    async def replace_members(
        self, external_id: str, chosen: Sequence[str], rows: Sequence[Row], batch: Batch
    ) -> Taken:
        params = _upload(chosen, rows, batch)
        try:
            return _taken(await self._post("replace_members", f"{external_id}/usersreplace", params))
        except PlatformError as error:
            if error.code != _BUSY:
                raise
            raise PlatformError(
                PlatformErrorKind.TRANSIENT, error.code, error.message, retry_after=_BUSY_SECONDS
            ) from error

    async def read_upload(self, external_id: str, session: int) -> Matched | None:
        params = {"session_id": str(session), "fields": "session_id,num_received,num_matched"}
        pages = self._transport.pages(
            "read_upload", f"{external_id}/sessions", params, token=self._token, own_app=self._own_app
        )
        async for row in pages:
            if str(row.get("session_id")) == str(session):
                return Matched(_whole(row.get("num_received")) or 0, _whole(row.get("num_matched")))
        return None

    async def read_requests(self, receipts: Sequence[str]) -> list[Processed]:
        del receipts  # it gives none: what it acknowledges is done
        return []

    async def _post(self, operation: str, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        self._demand_writing()
        return await self._transport.post(operation, path, params, token=self._token, own_app=self._own_app)

    async def _delete(self, operation: str, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        self._demand_writing()
        return await self._transport.delete(operation, path, params, token=self._token, own_app=self._own_app)

    def _demand_writing(self) -> None:
        if self.read_only:
            raise PlatformError(
                PlatformErrorKind.PERMISSION, "meta.read_only", "This connection may only read."
            )


def _upload(chosen: Sequence[str], rows: Sequence[Row], batch: Batch) -> dict[str, str]:
    session = {
        "session_id": batch.session,
        "batch_seq": batch.number,
        "last_batch_flag": batch.last,
        "estimated_num_total": batch.total,
    }
    payload = {"schema": [_KEYS[name] for name in chosen], "data": rows}
    return {"session": json.dumps(session), "payload": json.dumps(payload, separators=(",", ":"))}


def _taken(body: Mapping[str, Any]) -> Taken:
    received, invalid = _whole(body.get("num_received")), _whole(body.get("num_invalid_entries"))
    if received is None or invalid is None:
        raise PlatformError(PlatformErrorKind.TRANSIENT, "meta.malformed", "No count of entries came back.")
    return Taken(received, invalid)


def _remote(row: Mapping[str, Any]) -> RemoteAudience:
    lower = _whole(row.get("approximate_count_lower_bound"))
    upper = _whole(row.get("approximate_count_upper_bound"))
    if lower is None or upper is None or lower < 0 or upper < 0:
        lower = upper = None
    elif upper <= _FEWEST:
        lower = 0
    state, told = _state(row)
    return RemoteAudience(
        external_id=str(row.get("id")),
        name=str(row.get("name") or ""),
        description=row.get("description") or None,
        state=state,
        told=told,
        size_lower=lower,
        size_upper=upper,
    )


def _state(row: Mapping[str, Any]) -> tuple[AudienceState, str | None]:
    operation, delivery = row.get("operation_status") or {}, row.get("delivery_status") or {}
    found = _BY_OPERATION.get(_whole(operation.get("code")) or 0)
    if found is not None:
        return found, operation.get("description")
    if delivery.get("code") == _SMALL:
        return AudienceState.TOO_SMALL, delivery.get("description")
    if operation.get("code") == 200:  # noqa: PLR2004  (Meta's word for normal)
        return AudienceState.READY, delivery.get("description")
    return AudienceState.UNKNOWN, operation.get("description")


def _whole(value: object) -> int | None:
    """A whole number, which Meta writes as a number here and as text there."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.removeprefix("-").isdecimal() else None


def _gone() -> PlatformError:
    return PlatformError(
        PlatformErrorKind.INVALID,
        "meta.audience_gone",
        "The audience is not there any more, or not this account's.",
    )
