"""One ad account at Snapchat: how it is asked, and the one way by which it is changed."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.services.integrations.ports import Permits, PlatformError, PlatformErrorKind
from app.services.integrations.snapchat.transport import PLATFORM, SnapchatTransport, rows
from app.services.integrations.vendor import Speaker
from app.services.integrations.wire import Upload
from app.services.trust_engine.gate.permits import Change, Permit

_PAGE = "1000"
_STOP_TRIES = 3
_PASSING = frozenset({PlatformErrorKind.TRANSIENT, PlatformErrorKind.RATE_LIMITED})


@dataclass(frozen=True, slots=True)
class Kind:
    """Snapchat's words for many and for one."""

    plural: str
    singular: str


BUDGETED: Mapping[str, Kind] = {
    "campaign": Kind("campaigns", "campaign"),
    "ad_set": Kind("adsquads", "adsquad"),
}
KINDS: Mapping[str, Kind] = {
    **BUDGETED,
    "account": Kind("adaccounts", "adaccount"),
    "ad": Kind("ads", "ad"),
    "creative": Kind("creatives", "creative"),
    "image": Kind("media", "media"),
}


class SnapchatAccount:
    def __init__(self, transport: SnapchatTransport, permits: Permits, speaker: Speaker) -> None:
        self._transport = transport
        self._permits = permits
        self._token = speaker.token
        self.number = speaker.account
        self.read_only = speaker.read_only
        self.may_leave = transport.may_leave

    async def look(self, operation: str, path: str) -> dict[str, Any]:
        return await self._transport.read(operation, path, token=self._token)

    async def listed(self, operation: str, entity_type: str, **query: str) -> AsyncIterator[dict[str, Any]]:
        kind = KINDS[entity_type]
        path = f"adaccounts/{self.number}/{kind.plural}"
        async for body in self.pages(operation, path, {"limit": _PAGE, **query}):
            for row in rows(body, kind.plural, kind.singular):
                yield row

    def pages(self, operation: str, path: str, query: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        return self._transport.pages(operation, path, query, token=self._token)

    async def ask(self, path: str, kind: Kind, *, is_stop: bool) -> dict[str, Any]:
        """The one entity there, which a write waits for; a stop asks whatever our own limits say."""
        tries = _STOP_TRIES if is_stop else 1
        while True:
            tries -= 1
            try:
                body = await self._transport.ask("read_owner", path, token=self._token, for_stop=is_stop)
            except PlatformError as error:
                if not tries or error.kind not in _PASSING:
                    raise
            else:
                return only(body, kind)

    async def leave(
        self,
        change: Change,
        permit: Permit,
        method: str,
        parent: str,
        row: Mapping[str, Any] | None,
        *,
        is_stop: bool = False,
    ) -> dict[str, Any]:
        """What changes something there, and the permit that it takes; without a row `parent` itself is meant."""
        plural = KINDS[change.entity_type].plural
        path, body = (parent, None) if row is None else (f"{parent}/{plural}", {plural: [dict(row)]})
        await self._permits.use(permit, change)
        return await self._transport.write(
            change.operation,
            path,
            body,
            method=method,
            token=self._token,
            permit_id=permit.id,
            patient=is_stop,
        )

    async def take(self, change: Change, permit: Permit) -> None:
        """Use the permit up for a file alone: `fill` sends no other thing under it."""
        await self._permits.use(permit, change)

    async def fill(self, media: str, upload: Upload, permit: Permit) -> None:
        """The file of a media entity, under the permit that `leave` or `take` has used up for it."""
        await self._transport.fill(media, upload, token=self._token, permit_id=permit.id)

    async def demand_own_squad(self, squad: str) -> None:
        row = await self.ask(f"adsquads/{squad}", BUDGETED["ad_set"], is_stop=False)
        path = f"campaigns/{campaign_of(row)}"
        self.demand_this(await self.ask(path, BUDGETED["campaign"], is_stop=False))

    def demand_this(self, row: Mapping[str, Any]) -> None:
        if str(row.get("ad_account_id")) != self.number:
            raise PlatformError(
                PlatformErrorKind.PERMISSION, "snapchat.other_account", "This belongs to another ad account."
            )

    def demand_new(self, change: Change, operation: str, entity_type: str) -> None:
        """Refuse, before a permit is spent, what creates nothing of this kind in this account."""
        self.demand_for_here(change, operation)
        if change.entity_type != entity_type or change.before:
            raise invalid("snapchat.other_change", f"{operation} creates what was not there.")

    def demand_for_here(self, change: Change, operation: str) -> None:
        if self.read_only:
            raise may_only_read()
        if (change.platform, change.account, change.operation) != (PLATFORM, self.number, operation):
            raise invalid("snapchat.other_change", "This change is for another account or operation.")


def only(body: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    found = rows(body, kind.plural, kind.singular)
    if len(found) != 1 or "id" not in found[0]:
        raise malformed("One object was asked for, and another number of them came.")
    return found[0]


def campaign_of(squad: Mapping[str, Any]) -> str:
    campaign = squad.get("campaign_id")
    if not campaign:
        raise malformed("An ad squad came without its campaign.")
    return str(campaign)


def invalid(code: str, message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.INVALID, code, message)


def may_only_read() -> PlatformError:
    return PlatformError(PlatformErrorKind.PERMISSION, "snapchat.read_only", "This connection may only read.")


def malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "snapchat.malformed", message)
