"""Connecting a platform: by signing in there or with a pasted token; refreshing, ending."""

from collections.abc import Sequence
from uuid import UUID

from app.auth.streams import Listener
from app.core.errors import StratumError
from app.db.session import Doors, Scopes, TenantScope
from app.db.utils import Slice
from app.models.integrations.connections import Connection
from app.models.integrations.kinds import ConnectionStatus, Platform
from app.services.audit_logs.service import AuditLog
from app.services.integrations.account_repository import AdAccountRepository
from app.services.integrations.ad_accounts.service import AdAccountService
from app.services.integrations.connection_repository import ConnectionRepository
from app.services.integrations.connections.errors import TokenCannotWrite, TokenUnusable
from app.services.integrations.errors import ConnectionNotFound, as_answer
from app.services.integrations.ports import (
    Credentials,
    PlatformError,
    PlatformErrorKind,
    PlatformSignIn,
    RemoteAccount,
)
from app.services.integrations.service import IntegrationsService, Offer, offers
from app.services.integrations.signing_in import (
    SignIns,
    SignInState,
    Started,
    connected,
    forgotten,
    given_up,
    read_state,
    scopes_of,
)
from app.services.integrations.vendors import VENDORS, vendor_of

__all__ = ["ConnectionService", "Platform", "finish_sign_in", "read_state"]


async def finish_sign_in(
    doors: Doors, sealed: str, *, code: str, browser_secret: str | None, redirect_uri: str
) -> Connection:
    """Where the platform sent the browser, in the name of whoever began it."""
    state = read_state(sealed)
    scopes = await scopes_of(doors, state, where="platform")
    return await ConnectionService(scopes).finish(
        state, code=code, browser_secret=browser_secret, redirect_uri=redirect_uri
    )


class ConnectionService:
    """Takes a scope factory: the platform is called between transactions."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._integrations = IntegrationsService(scopes)

    async def page(
        self,
        *,
        page: int,
        limit: int,
        sort: str = "-created_at",
        platform: str | None = None,
        status: str | None = None,
    ) -> Slice[Connection]:
        async with self._scopes() as scope:
            return await ConnectionRepository(scope).page(
                page=page, limit=limit, sort=sort, platform=platform, status=status
            )

    async def all(self) -> Sequence[Connection]:
        """Up to 200, newest first."""
        return (await self.page(page=1, limit=200)).items

    @staticmethod
    def platforms() -> list[Offer]:
        return offers()

    async def start(
        self, platform: Platform, who: Listener, *, read_only: bool, redirect_uri: str
    ) -> Started:
        """Begin a sign-in at the platform, under the session or key of `who`."""
        sign_in = await self._integrations.sign_in(platform)
        return await SignIns(self._scopes).begin(
            platform,
            who,
            lambda state: sign_in.authorize_url(redirect_uri=redirect_uri, state=state, read_only=read_only),
            read_only=read_only,
        )

    async def finish(
        self, state: SignInState, *, code: str, browser_secret: str | None, redirect_uri: str
    ) -> Connection:
        """Redeem the platform's code, once, for the browser that began the sign-in."""
        attempt = await SignIns(self._scopes).redeem(state, at=VENDORS, browser_secret=browser_secret)
        sign_in = await self._integrations.sign_in(Platform(attempt.platform))
        try:
            credentials = await sign_in.exchange_code(code, redirect_uri=redirect_uri)
        except PlatformError as error:
            raise as_answer(error) from error
        return await self._keep(
            sign_in, credentials, read_only=attempt.read_only, pasted=False, by=attempt.started_by
        )

    async def paste(self, platform: Platform, token: str, *, read_only: bool) -> Connection:
        """Connect with a token that a person made at the platform."""
        sign_in = await self._integrations.sign_in(platform)
        try:
            credentials = await sign_in.inspect(token)
        except PlatformError as error:
            raise self._unusable(error) from error
        async with self._scopes() as scope:
            by = scope.actor.id
        return await self._keep(sign_in, credentials, read_only=read_only, pasted=True, by=by)

    async def disconnect(self, connection_id: UUID) -> Connection:
        """Forget the token here, and have the platform forget one that a sign-in gave us; the history stays."""
        async with self._scopes() as scope:
            connection = await ConnectionRepository(scope).for_update(connection_id)
            if connection is None or connection.platform not in VENDORS:
                raise ConnectionNotFound(connection_id=str(connection_id))
            if connection.status == ConnectionStatus.DISCONNECTED:
                return connection
            held = forgotten(connection, scope.tenant_id)
            await self._end(scope, connection)
        if held.token is not None and not connection.pasted:
            sign_in = await self._integrations.sign_in(Platform(connection.platform))
            await given_up(sign_in.revoke(held.token, held.refresh_token), connection)
        return connection

    async def refresh_expiring(self) -> None:
        await self._integrations.tokens.refresh_expiring(VENDORS)

    async def _keep(
        self,
        sign_in: PlatformSignIn,
        credentials: Credentials,
        *,
        read_only: bool,
        pasted: bool,
        by: UUID | None,
    ) -> Connection:
        if not read_only and vendor_of(sign_in.platform).writing_scope not in credentials.scopes:
            raise TokenCannotWrite
        try:
            accounts = await sign_in.list_accounts(credentials.token)
        except PlatformError as error:
            raise as_answer(error) from error
        async with self._scopes() as scope:
            connection = await connected(
                scope, sign_in.platform, credentials.external_user_id, credentials, by=by
            )
            connection.read_only, connection.pasted = read_only, pasted
            await self._discover(scope, connection, accounts)
            await AuditLog(scope).record(
                "integrations.connections.connected",
                entity="connections",
                entity_id=connection.id,
                after={
                    "platform": connection.platform,
                    "read_only": read_only,
                    "scopes": list(credentials.scopes),
                    "ad_accounts": len(accounts),
                },
            )
        return connection

    @staticmethod
    async def _discover(scope: TenantScope, connection: Connection, found: list[RemoteAccount]) -> None:
        await AdAccountRepository(scope).discover(connection.id, connection.platform, found)
        await scope.announce(
            "platform_status",
            {
                "platform": connection.platform,
                "connection_id": str(connection.id),
                "status": ConnectionStatus.ACTIVE,
            },
        )

    @staticmethod
    async def _end(scope: TenantScope, connection: Connection) -> None:
        await AdAccountService(scope).release_of(connection.id)
        await AuditLog(scope).record(
            "integrations.connections.disconnected", entity="connections", entity_id=connection.id
        )
        await scope.announce(
            "platform_status",
            {
                "platform": connection.platform,
                "connection_id": str(connection.id),
                "status": ConnectionStatus.DISCONNECTED,
            },
        )

    @staticmethod
    def _unusable(error: PlatformError) -> StratumError:
        if error.kind in {PlatformErrorKind.AUTH, PlatformErrorKind.INVALID, PlatformErrorKind.PERMISSION}:
            return TokenUnusable(error.message, platform_code=error.code)
        return as_answer(error)
