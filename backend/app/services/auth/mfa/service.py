"""The second factor: set up, asked for at every sign-in, taken away only with password and code."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.auth import mfa
from app.auth.jwt import InvalidToken
from app.auth.principals import Principal
from app.core.clock import real_now
from app.core.config import Settings
from app.core.context import origin
from app.core.rate_limits import Limit, RateLimiter, neighbourhood
from app.db.session import Doors, TenantScope
from app.models.users import User
from app.services.audit_logs.service import AuditLog
from app.services.auth.mfa.errors import AlreadyEnabled, CodeRejected, NotEnrolled, WrongCode
from app.services.auth.sessions.errors import NeedsPerson, SessionEnded
from app.services.auth.sessions.service import (
    SignedIn,
    SignInService,
    count_failure,
    is_locked,
    read_mfa_token,
    still_has_password,
)
from app.services.people.service import People

_BY_ADDRESS = Limit("mfa.address", times=30, seconds=60)
_BY_ACCOUNT = Limit("mfa.account", times=10, seconds=300)


@dataclass(frozen=True, slots=True)
class Enrolment:
    secret: str
    otpauth_uri: str
    qr_svg: str


class SecondFactorSignIn:
    def __init__(
        self, doors: Doors, limiter: RateLimiter, sign_in: SignInService, settings: Settings
    ) -> None:
        self._doors = doors
        self._limiter = limiter
        self._sign_in = sign_in
        self._settings = settings

    async def verify(self, mfa_token: str, code: str) -> SignedIn:
        """Finish a sign-in; a wrong code counts towards the same lock as a wrong password."""
        await self._limiter.enforce(_BY_ADDRESS, neighbourhood(origin.get().ip))
        user_id, tenant_id, stamp = read_mfa_token(mfa_token, self._settings)
        await self._limiter.enforce(_BY_ACCOUNT, str(user_id))
        async with self._doors.globally() as session:
            user = await People(session).lock(user_id)
            if user is None or not user.is_active or not still_has_password(user, stamp):
                raise InvalidToken
            if not _accepts(user, code):
                raise WrongCode
        return await self._sign_in.begin(user, tenant_id, factor="second_factor")


class MfaService:
    """A signed-in person's own second factor."""

    def __init__(
        self, doors: Doors, principal: Principal, sign_in: SignInService, settings: Settings
    ) -> None:
        self._doors = doors
        self._principal = principal
        self._sign_in = sign_in
        self._issuer = settings.app_name

    async def enroll(self, password: str | None) -> Enrolment:
        """A new secret, which counts for nothing until a code of it is confirmed.

        Only after a recent proof: whoever finds an open session must not lock its owner out with a factor.
        """
        await self._sign_in.demand_fresh(self._principal, password)
        async with self._locked() as (_, user):
            if user.mfa_enabled_at is not None:
                raise AlreadyEnabled
            secret = mfa.new_secret()
            user.mfa_secret, user.mfa_last_step = mfa.seal_secret(secret, user.id), None
        uri = mfa.otpauth_uri(secret, account=user.email, issuer=self._issuer)
        return Enrolment(secret, uri, mfa.qr_svg(uri))

    async def confirm(self, code: str) -> list[str]:
        """Turn it on; answers the backup codes, which are never shown again."""
        async with self._locked() as (scope, user):
            if user.mfa_enabled_at is not None:
                raise AlreadyEnabled
            if user.mfa_secret is None:
                raise NotEnrolled
            if not _accepts(user, code):
                raise CodeRejected
            user.mfa_enabled_at = real_now()
            await AuditLog(scope).record("auth.mfa_enabled", entity="users", entity_id=user.id)
            return _new_backup_codes(user)

    async def renew_backup_codes(self, password: str | None, code: str) -> list[str]:
        await self._sign_in.demand_fresh(self._principal, password)
        async with self._locked() as (scope, user):
            _demand(user, code)
            await AuditLog(scope).record("auth.mfa_codes_renewed", entity="users", entity_id=user.id)
            return _new_backup_codes(user)

    async def disable(self, password: str, code: str) -> None:
        await self._sign_in.prove_password(self._principal.user_id, password)
        async with self._locked() as (scope, user):
            _demand(user, code)
            user.mfa_secret, user.mfa_enabled_at, user.mfa_last_step = None, None, None
            user.mfa_backup_hashes = []
            await AuditLog(scope).record("auth.mfa_disabled", entity="users", entity_id=user.id)

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[tuple[TenantScope, User]]:
        """The person's own row, held, in a transaction of its own."""
        if self._principal.session_id is None:
            raise NeedsPerson
        async with self._doors.tenant(self._principal.tenant_id, actor=self._principal.actor) as scope:
            user = await People(scope.session).lock(self._principal.user_id)
            if user is None:
                raise SessionEnded
            yield scope, user


def _demand(user: User, code: str) -> None:
    if user.mfa_enabled_at is None:
        raise NotEnrolled
    if not _accepts(user, code):
        raise CodeRejected


def _accepts(user: User, code: str) -> bool:
    """Use the code up; a wrong one is counted. The person's row is locked."""
    if is_locked(user) or user.mfa_secret is None:
        return False
    secret = mfa.open_secret(user.mfa_secret, user.id)
    step = mfa.matching_step(secret, code, real_now(), after=user.mfa_last_step)
    if step is not None:
        user.mfa_last_step = step
        return True
    hashed = mfa.backup_hash(code, user.id)
    if hashed in user.mfa_backup_hashes:
        user.mfa_backup_hashes = [each for each in user.mfa_backup_hashes if each != hashed]
        return True
    count_failure(user)
    return False


def _new_backup_codes(user: User) -> list[str]:
    codes = mfa.new_backup_codes()
    user.mfa_backup_hashes = [mfa.backup_hash(code, user.id) for code in codes]
    return codes
