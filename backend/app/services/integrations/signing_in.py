"""A sign-in at whoever we call: begun under a session, finished once by the browser that began it, kept, forgotten."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import msgspec

from app.auth.streams import Listener, still_valid
from app.core.clock import real_now
from app.core.context import Actor, ActorKind
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
from app.models.integrations.connections import Connection, SignInAttempt
from app.models.integrations.kinds import ConnectionStatus
from app.services.integrations.connection_repository import ConnectionRepository, SignInAttemptRepository
from app.services.integrations.connections.errors import SignInExpired
from app.services.integrations.errors import as_answer
from app.services.integrations.ports import Credentials, PlatformError
from app.services.integrations.tokens import keep, opened_refresh, opened_token

log = get_logger(__name__)

_STATE_PURPOSE = "integrations.sign_in_state"
_ATTEMPT_LIFETIME = timedelta(minutes=10)


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


def sealed_state(state: SignInState) -> str:
    """What travels through the platform; `read_state` reads it."""
    sealed = seal(msgspec.json.encode(state).decode(), purpose=_STATE_PURPOSE, tenant_id=None)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read_state(state: str) -> SignInState:
    """Whose sign-in it is, before any tenant is known; `SignInExpired` for a state that we did not seal."""
    try:
        sealed = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
        clear = unseal(sealed, purpose=_STATE_PURPOSE, tenant_id=None)
        return msgspec.json.decode(clear, type=SignInState)
    except (binascii.Error, ValueError, Unsealable, msgspec.MsgspecError) as error:
        raise SignInExpired from error


async def scopes_of(doors: Doors, state: SignInState, *, where: str) -> Scopes:
    """The tenant of whoever began it, in their name: only the state says which.

    It ends with the session that began it: whoever was signed out or removed meanwhile connects nothing.
    """
    if not await still_valid(doors.engine, state.tenant_id, {state.who}):
        raise SignInExpired
    actor = Actor(ActorKind.USER, f"sign-in at the {where}", state.user_id)

    def scopes() -> AbstractAsyncContextManager[TenantScope]:
        return doors.tenant(state.tenant_id, actor=actor)

    return scopes


class SignIns:
    """Attempts to sign in. One may be `bound` to more than its browser: to one shop, say."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def begin(
        self,
        platform: str,
        who: Listener,
        authorize_url: Callable[[str], str],
        *,
        read_only: bool,
        bound: str = "",
    ) -> Started:
        """Under the session or key of `who`; `authorize_url` is given the state."""
        browser_secret = random_token()
        async with self._scopes() as scope:
            attempt = SignInAttempt(
                id=uuid7(),
                platform=platform,
                read_only=read_only,
                browser_hash=token_hash(browser_secret + bound),
                started_by=scope.actor.id,
                expires_at=real_now() + _ATTEMPT_LIFETIME,
            )
            SignInAttemptRepository(scope).add(attempt)
            state = sealed_state(
                SignInState(scope.tenant_id, attempt.id, who.user_id, who.session_id, who.api_key_id)
            )
        try:
            return Started(authorize_url(state), state, browser_secret)
        except PlatformError as error:
            raise as_answer(error) from error

    async def redeem(
        self, state: SignInState, *, at: Collection[str], browser_secret: str | None, bound: str = ""
    ) -> SignInAttempt:
        """The attempt, once, for the browser that began it at one of these; `SignInExpired` for any other."""
        async with self._scopes() as scope:
            attempt = await SignInAttemptRepository(scope).use(state.attempt_id)
        if attempt is None or attempt.platform not in at:
            raise SignInExpired
        if not constant_time_equal(token_hash((browser_secret or "") + bound), attempt.browser_hash):
            raise SignInExpired
        return attempt


async def connected(
    scope: TenantScope, platform: str, external_id: str, credentials: Credentials, *, by: UUID | None
) -> Connection:
    """The one live connection with that account, holding these credentials."""
    connections = ConnectionRepository(scope)
    connection = await connections.live_of(platform, external_id)
    if connection is None:
        connection = Connection(
            id=uuid7(),
            platform=platform,
            external_user_id=external_id,
            status=ConnectionStatus.ACTIVE,
            created_by=by,
        )
        connections.add(connection)
    keep(connection, credentials, scope.tenant_id)
    await scope.session.flush()
    return connection


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a connection held until now; None where it held nothing."""

    token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)


def forgotten(connection: Connection, tenant_id: int) -> Forgotten:
    """End it here; whoever it is with is told after this transaction (`given_up`)."""
    held = Forgotten(opened_token(connection, tenant_id), opened_refresh(connection, tenant_id))
    connection.status = ConnectionStatus.DISCONNECTED
    connection.token_sealed = connection.refresh_token_sealed = None
    connection.disconnected_at = real_now()
    return held


async def given_up(revoking: Awaitable[None], connection: Connection) -> None:
    """A token is gone from here in any case: where it cannot be taken back, it runs out by itself."""
    try:
        await revoking
    except PlatformError as error:
        log.warning("integrations.connections.not_revoked", connection_id=str(connection.id), code=error.code)
