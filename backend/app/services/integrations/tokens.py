"""A connection's tokens: sealed when kept, opened when used, exchanged ahead of their end.

Whoever uses a token that ends soon exchanges it first, one at a time: a vendor may take back a refresh token that
is redeemed twice. Times are real.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from app.core.clock import real_now
from app.core.logging import get_logger
from app.core.security import seal, unseal
from app.db.session import Scopes
from app.models.integrations.connections import Connection
from app.models.integrations.kinds import CallOutcome, ConnectionStatus
from app.services.integrations.connection_repository import ConnectionRepository
from app.services.integrations.errors import ConnectionNotFound
from app.services.integrations.ports import (
    CallLog,
    CallRecord,
    Credentials,
    PlatformError,
    PlatformErrorKind,
)
from app.services.integrations.vendors import vendor_of
from app.services.notifications.service import (
    Notice,
    NotificationKind,
    Notifications,
    NotificationSeverity,
    NotificationSubject,
)

log = get_logger(__name__)

TOKEN_PURPOSE = "integrations.token"  # noqa: S105  (names what is sealed)
_REFRESH_PURPOSE = "integrations.refresh_token"
_ONE_TRY = timedelta(seconds=60)
_LOOKS, _PAUSE_SECONDS = 40, 0.25

Ahead = Callable[[str], timedelta]


class Refreshing(Protocol):
    """What a sign-in is to its tokens."""

    async def refresh(self, token: str, refresh_token: str | None) -> Credentials: ...


SignIn = Callable[[str, UUID], Awaitable[Refreshing]]
"""The sign-in of a platform, its calls counted for a connection."""


def _lost(connection: Connection, code: str | None) -> Notice:
    return Notice(
        kind=NotificationKind.CONNECTION_NEEDS_SIGN_IN,
        severity=NotificationSeverity.WARNING,
        subject=NotificationSubject.CONNECTION,
        subject_id=connection.id,
        key=str(connection.id),
        facts={
            "platform": connection.platform.title(),
            "account": connection.external_user_name or "",
            "code": code or "the token has ended",
        },
    )


def keep(connection: Connection, credentials: Credentials, tenant_id: int) -> None:
    """Put what a sign-in or a refresh yielded into the row; a refresh token that did not come anew stays."""
    connection.status = ConnectionStatus.ACTIVE
    connection.external_user_name = credentials.external_user_name or connection.external_user_name
    connection.app_id = credentials.app_id
    connection.host = credentials.host or connection.host
    connection.scopes = list(credentials.scopes)
    connection.token_sealed = seal(credentials.token, purpose=TOKEN_PURPOSE, tenant_id=tenant_id)
    if credentials.refresh_token is not None:
        connection.refresh_token_sealed = seal(
            credentials.refresh_token, purpose=_REFRESH_PURPOSE, tenant_id=tenant_id
        )
    connection.expires_at = credentials.expires_at
    connection.refreshed_at = real_now()
    connection.last_error_code = connection.last_error_at = None


def opened(connection: Connection, tenant_id: int) -> str:
    """`PlatformError` (auth) while the connection does not hold."""
    token = opened_token(connection, tenant_id)
    if connection.status != ConnectionStatus.ACTIVE or token is None:
        raise PlatformError(
            PlatformErrorKind.AUTH,
            f"{connection.platform}.not_connected",
            "This connection needs a new sign-in.",
        )
    return token


def opened_token(connection: Connection, tenant_id: int) -> str | None:
    sealed = connection.token_sealed
    return None if sealed is None else unseal(sealed, purpose=TOKEN_PURPOSE, tenant_id=tenant_id)


def opened_refresh(connection: Connection, tenant_id: int) -> str | None:
    sealed = connection.refresh_token_sealed
    return None if sealed is None else unseal(sealed, purpose=_REFRESH_PURPOSE, tenant_id=tenant_id)


@dataclass(frozen=True, slots=True)
class Usable:
    """A token, and the connection as it was when it held it."""

    token: str = field(repr=False)
    connection: Connection


class Tokens:
    """Takes a scope factory: no transaction is open while a platform is asked."""

    def __init__(self, scopes: Scopes, sign_in: SignIn, *, ahead: Ahead | None = None) -> None:
        """`ahead` says how long before its end a token is exchanged; as the ad platform's vendor says without it."""
        self._scopes = scopes
        self._sign_in = sign_in
        self._ahead = ahead or (lambda platform: vendor_of(platform).refresh_ahead)

    async def usable(self, connection: Connection) -> Usable:
        """The connection's token, a new one where it ends soon; `PlatformError` when there is none to use."""
        async with self._scopes() as scope:
            tenant_id = scope.tenant_id
        token = opened(connection, tenant_id)
        if not _ends_before(connection, real_now() + self._ahead(connection.platform)):
            return Usable(token, connection)
        if await self.refresh(connection.id):
            found = await self._read(connection.id)
            return Usable(opened(found, tenant_id), found)
        if not _has_ended(connection):
            return Usable(token, connection)
        return await self._from_another(connection, tenant_id)

    async def refresh(self, connection_id: UUID) -> bool:
        """Exchange it, unless somebody does or tried a moment ago; True when the row holds a new token.

        What went wrong is in the row and in the calls: the old token may still be good.
        """
        async with self._scopes() as scope:
            connections = ConnectionRepository(scope)
            claimed = await connections.claim_refresh(connection_id, until=real_now() + _ONE_TRY)
            connection = await connections.find(connection_id)
            tenant_id = scope.tenant_id
        if connection is None or not claimed:
            return False
        sign_in = await self._sign_in(connection.platform, connection_id)
        try:
            fresh = await sign_in.refresh(
                opened(connection, tenant_id), opened_refresh(connection, tenant_id)
            )
        except PlatformError as error:
            # One that has ended with nothing to redeem it by would otherwise be waited for at every use.
            nothing_left = error.kind is PlatformErrorKind.UNSUPPORTED and _has_ended(connection)
            if error.kind is PlatformErrorKind.AUTH or nothing_left:
                await self._end(connection, error.code)
            log.warning(
                "integrations.connections.not_refreshed", connection_id=str(connection_id), code=error.code
            )
            return False
        async with self._scopes() as scope:
            row = await ConnectionRepository(scope).for_update(connection_id)
            if row is None or row.status == ConnectionStatus.DISCONNECTED:
                return False
            if row.token_sealed == connection.token_sealed:  # else a person signed in meanwhile
                keep(row, fresh, tenant_id)
        return True

    async def refresh_expiring(self, platforms: Iterable[str]) -> None:
        """Those that nobody uses; whoever uses one that ends soon exchanges it first."""
        due: list[UUID] = []
        async with self._scopes() as scope:
            connections = ConnectionRepository(scope)
            for platform in platforms:
                due += await connections.expiring(platform, real_now() + self._ahead(platform))
        for connection_id in due:
            await self.refresh(connection_id)

    def watching(self, write: CallLog, used: Connection) -> CallLog:
        """A log of calls that notes, besides, when the platform no longer takes the connection's token."""

        async def write_down(record: CallRecord) -> None:
            await write(record)
            if record.outcome is CallOutcome.AUTH:
                await self.refused(used, record.error_code)

        return write_down

    async def refused(self, used: Connection, code: str | None) -> None:
        """The platform did not take the token: a new one is fetched at the next use, or a person must sign in.

        One that was exchanged a moment ago and is refused all the same was not too old. `used` is the connection as
        it was when its token was taken: several may hold an old one, and what they hear says nothing of the new one.
        """
        connection = await self._read(used.id)
        if connection.token_sealed != used.token_sealed:
            return
        fresh = connection.refreshed_at is not None and connection.refreshed_at > real_now() - _ONE_TRY
        if connection.refresh_token_sealed is None or fresh:
            await self._end(connection, code)
        elif not _has_ended(connection):
            async with self._scopes() as scope:
                await ConnectionRepository(scope).ended_early(connection.id)

    async def _end(self, connection: Connection, code: str | None) -> None:
        async with self._scopes() as scope:
            if await ConnectionRepository(scope).needs_sign_in(
                connection.id, code=code, token_sealed=connection.token_sealed
            ):
                await scope.announce(
                    "platform_status",
                    {
                        "platform": connection.platform,
                        "connection_id": str(connection.id),
                        "status": ConnectionStatus.NEEDS_SIGN_IN,
                        "code": code,
                    },
                )
                await Notifications(scope).tell(_lost(connection, code))

    async def _from_another(self, connection: Connection, tenant_id: int) -> Usable:
        """The token that somebody else is fetching."""
        for _ in range(_LOOKS):
            found = await self._read(connection.id)
            if not _has_ended(found):
                return Usable(opened(found, tenant_id), found)
            opened(found, tenant_id)
            await asyncio.sleep(_PAUSE_SECONDS)
        raise PlatformError(
            PlatformErrorKind.TRANSIENT,
            f"{connection.platform}.not_refreshed",
            "The token has ended and no new one could be had yet.",
        )

    async def _read(self, connection_id: UUID) -> Connection:
        async with self._scopes() as scope:
            found = await ConnectionRepository(scope).find(connection_id)
        if found is None:
            raise ConnectionNotFound(connection_id=str(connection_id))
        return found


def _has_ended(connection: Connection) -> bool:
    return _ends_before(connection, real_now())


def _ends_before(connection: Connection, moment: datetime) -> bool:
    return connection.expires_at is not None and connection.expires_at < moment
