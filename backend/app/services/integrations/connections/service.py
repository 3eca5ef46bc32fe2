"""Connecting a platform: by signing in there or with a pasted token; refreshing, ending."""

import base64
import binascii
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec

from app.auth.streams import Listener, still_valid
from app.core.clock import real_now
from app.core.context import Actor, ActorKind
from app.core.errors import StratumError
from app.core.ids import uuid7
from app.core.logging import get_logger
from app.core.security import (
    Unsealable,
    constant_time_equal,
    random_token,
    seal,
    token_hash,
    unseal,
)
from app.db.session import Doors, Scopes, TenantScope
from app.db.utils import Slice
from app.models.integrations.connections import Connection, SignInAttempt
from app.models.integrations.kinds import ConnectionStatus, Platform
from app.services.audit_logs.service import AuditLog
from app.services.integrations.account_repository import AdAccountRepository
from app.services.integrations.ad_accounts.service import AdAccountService
from app.services.integrations.connection_repository import ConnectionRepository, SignInAttemptRepository
from app.services.integrations.connections.errors import SignInExpired, TokenCannotWrite, TokenUnusable
from app.services.integrations.errors import ConnectionNotFound, as_answer
from app.services.integrations.ports import (
    Credentials,
    PlatformError,
    PlatformErrorKind,
    PlatformSignIn,
    RemoteAccount,
)
from app.services.integrations.service import IntegrationsService, Offer, offers
from app.services.integrations.tokens import keep, opened_refresh, opened_token
from app.services.integrations.vendors import VENDORS, vendor_of

log = get_logger(__name__)

_STATE_PURPOSE = "integrations.sign_in_state"
_ATTEMPT_LIFETIME = timedelta(minutes=10)

__all__ = ["ConnectionService", "Platform", "Started", "finish_sign_in"]


class SignInState(msgspec.Struct, frozen=True):
    """What travels through the platform and back, sealed: whose sign-in this is."""

    tenant_id: int
    attempt_id: UUID
    user_id: UUID
    session_id: UUID | None
    api_key_id: UUID | None

    @property
    def who(self) -> Listener:
        return Listener(self.user_id, self.session_id, self.api_key_id)


@dataclass(frozen=True, slots=True)
class Started:
    authorize_url: str
    state: str
    browser_secret: str
    """Goes into a cookie: who finishes the sign-in must be the browser that began it."""


def read_state(state: str) -> SignInState:
    """Whose sign-in it is, before any tenant is known; `SignInExpired` for a state that we did not seal."""
    try:
        sealed = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
        clear = unseal(sealed, purpose=_STATE_PURPOSE, tenant_id=None)
        return msgspec.json.decode(clear, type=SignInState)
    except (binascii.Error, ValueError, Unsealable, msgspec.MsgspecError) as error:
        raise SignInExpired from error


async def finish_sign_in(
    doors: Doors, sealed_state: str, *, code: str, browser_secret: str | None, redirect_uri: str
) -> Connection:
    """Where the platform sent the browser: only the state says which tenant began this.

    It ends with the session that began it: whoever was signed out or removed meanwhile connects nothing.
    """
    state = read_state(sealed_state)
    if not await still_valid(doors.engine, state.tenant_id, {state.who}):
        raise SignInExpired
    actor = Actor(ActorKind.USER, "sign-in at the platform", state.user_id)

    def scopes() -> AbstractAsyncContextManager[TenantScope]:
        return doors.tenant(state.tenant_id, actor=actor)

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
        browser_secret = random_token()
        async with self._scopes() as scope:
            attempt = SignInAttempt(
                id=uuid7(),
                platform=platform,
                read_only=read_only,
                browser_hash=token_hash(browser_secret),
                started_by=scope.actor.id,
                expires_at=real_now() + _ATTEMPT_LIFETIME,
            )
            SignInAttemptRepository(scope).add(attempt)
            state = _sealed_state(
                SignInState(scope.tenant_id, attempt.id, who.user_id, who.session_id, who.api_key_id)
            )
        try:
            url = sign_in.authorize_url(redirect_uri=redirect_uri, state=state, read_only=read_only)
        except PlatformError as error:
            raise as_answer(error) from error
        return Started(url, state, browser_secret)

    async def finish(
        self, state: SignInState, *, code: str, browser_secret: str | None, redirect_uri: str
    ) -> Connection:
        """Redeem the platform's code, once, for the browser that began the sign-in."""
        async with self._scopes() as scope:
            attempt = await SignInAttemptRepository(scope).use(state.attempt_id)
        if attempt is None or not constant_time_equal(token_hash(browser_secret or ""), attempt.browser_hash):
            raise SignInExpired
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
            if connection is None:
                raise ConnectionNotFound(connection_id=str(connection_id))
            if connection.status == ConnectionStatus.DISCONNECTED:
                return connection
            token, refresh_token = (
                opened_token(connection, scope.tenant_id),
                opened_refresh(connection, scope.tenant_id),
            )
            await self._end(scope, connection)
        if token is not None and not connection.pasted:
            sign_in = await self._integrations.sign_in(Platform(connection.platform))
            try:
                await sign_in.revoke(token, refresh_token)
            except PlatformError as error:
                # The token is gone from here in any case; the platform's side runs out by itself.
                log.warning(
                    "integrations.connections.not_revoked", connection_id=str(connection_id), code=error.code
                )
        return connection

    async def refresh_expiring(self) -> None:
        """Those that nobody uses; whoever uses one that ends soon exchanges it first."""
        due: list[UUID] = []
        async with self._scopes() as scope:
            connections = ConnectionRepository(scope)
            for vendor in VENDORS.values():
                due += await connections.expiring(vendor.platform, real_now() + vendor.refresh_ahead)
        for connection_id in due:
            await self._integrations.tokens.refresh(connection_id)

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
            connection = await self._upsert(scope, sign_in.platform, credentials, by=by)
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

    async def _upsert(
        self, scope: TenantScope, platform: str, credentials: Credentials, *, by: UUID | None
    ) -> Connection:
        connections = ConnectionRepository(scope)
        connection = await connections.live_of(platform, credentials.external_user_id)
        if connection is None:
            connection = Connection(
                id=uuid7(),
                platform=platform,
                external_user_id=credentials.external_user_id,
                status=ConnectionStatus.ACTIVE,
                created_by=by,
            )
            connections.add(connection)
        keep(connection, credentials, scope.tenant_id)
        await scope.session.flush()
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
        connection.status = ConnectionStatus.DISCONNECTED
        connection.token_sealed = connection.refresh_token_sealed = None
        connection.disconnected_at = real_now()
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


def _sealed_state(state: SignInState) -> str:
    sealed = seal(msgspec.json.encode(state).decode(), purpose=_STATE_PURPOSE, tenant_id=None)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")
