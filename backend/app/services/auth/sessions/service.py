"""Signing in and out, and the sessions that last in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.auth import jwt
from app.auth.principals import Principal
from app.core.clock import real_now
from app.core.config import Settings
from app.core.context import origin
from app.core.ids import uuid7
from app.core.logging import get_logger
from app.core.metrics import SIGN_INS
from app.core.passwords import verify_password
from app.core.rate_limits import Limit, RateLimiter, neighbourhood
from app.core.security import constant_time_equal, token_hash
from app.db.session import Doors, TenantScope
from app.models.auth.sessions import UserSession
from app.models.users import User
from app.services.audit_logs.service import AuditLog
from app.services.auth.sessions import rules, tokens
from app.services.auth.sessions.ending import end_session, end_sessions
from app.services.auth.sessions.errors import (
    EmailNotVerified,
    InvalidCredentials,
    NeedsPerson,
    NotAMember,
    NoTenant,
    PasswordNeeded,
    RefreshReused,
    SessionEnded,
    WrongPassword,
)
from app.services.auth.sessions.repository import SessionRepository
from app.services.people.service import People, TenantOfPerson, actor_of

__all__ = [
    "SecondFactorNeeded",
    "SignInService",
    "SignedIn",
    "count_failure",
    "csrf_is_right",
    "end_sessions",
    "is_locked",
    "read_mfa_token",
    "still_has_password",
]

log = get_logger(__name__)

_BY_ADDRESS = Limit("sign_in.address", times=30, seconds=60)
_BY_ACCOUNT = Limit("sign_in.account", times=10, seconds=300)
_MFA_LIFETIME = timedelta(minutes=5)
_FRESH_FOR = timedelta(minutes=10)
"""So long after signing in nobody is asked for the password again."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Everything that a client holds of a session. `expires_in` is the access token's, in seconds.

    `refresh_token` is None where the client keeps the one that it has.
    """

    user: User
    tenant_id: int
    tenants: Sequence[TenantOfPerson]
    session_id: UUID
    access_token: str
    refresh_token: str | None
    csrf_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class SecondFactorNeeded:
    mfa_token: str


class SignInService:
    """Works before a tenant is known: no transaction is open while a password is being checked."""

    def __init__(self, doors: Doors, limiter: RateLimiter, settings: Settings) -> None:
        self._doors = doors
        self._limiter = limiter
        self._settings = settings
        self._idle = timedelta(days=settings.refresh_idle_days)

    async def sign_in(
        self, email: str, password: str, tenant_id: int | None
    ) -> SignedIn | SecondFactorNeeded:
        """The same answer, after the same work, to an unknown address, a wrong password and a locked account."""
        await self._limiter.enforce(_BY_ADDRESS, neighbourhood(origin.get().ip))
        await self._limiter.enforce(_BY_ACCOUNT, email)
        async with self._doors.globally() as session:
            known = await People(session).by_email(email)
        is_right = await verify_password(password, known.password_hash if known else None)
        async with self._doors.globally() as session:
            user = await People(session).lock(known.id if known else uuid7())
            unchanged = user is not None and known is not None and user.password_hash == known.password_hash
            admitted = _admit(user, is_right=is_right and unchanged)
        if admitted.mfa_enabled_at is not None:
            SIGN_INS.labels("second_factor").inc()
            return SecondFactorNeeded(self._mfa_token(admitted, tenant_id))
        return await self.begin(admitted, tenant_id)

    async def begin(self, user: User, tenant_id: int | None, *, factor: str = "password") -> SignedIn:
        """A new session for a person who has proved everything that is asked of them."""
        async with self._doors.globally() as session:
            tenants = await People(session).tenants(user)
            last = await SessionRepository(session).last_tenant(user.id)
        chosen = _choose(tenants, tenant_id, last)
        async with self._doors.tenant(chosen, actor=actor_of(user)) as scope:
            now, came_from = real_now(), origin.get()
            fresh = await People(scope.session).lock(user.id)
            if fresh is None:
                raise InvalidCredentials
            fresh.failed_logins, fresh.locked_until, fresh.last_login_at = 0, None, now
            session_id = uuid7()
            refresh_token = tokens.new_refresh_token(session_id)
            row = UserSession(
                id=session_id,
                user_id=user.id,
                tenant_id=chosen,
                refresh_hash=token_hash(refresh_token),
                expires_at=now + timedelta(days=self._settings.refresh_token_days),
                last_used_at=now,
                ip=came_from.ip,
                user_agent=came_from.user_agent,
            )
            SessionRepository(scope.session).add(row)
            await AuditLog(scope).record(
                "auth.signed_in", entity="auth.sessions", entity_id=session_id, after={"factor": factor}
            )
        SIGN_INS.labels("signed_in").inc()
        log.info("auth.signed_in", user_id=str(user.id), tenant_id=chosen, session_id=str(session_id))
        return self._signed_in(fresh, tenants, row, refresh_token)

    async def refresh(self, token: str, *, shared: bool) -> SignedIn:
        """The next pair of tokens. A token that was replaced ends its whole session: one of two holders stole it.

        Tabs of a browser are one holder: a cookie (`shared`) that another tab exchanged a moment ago gets that
        tab's token again.
        """
        claimed = rules.parse_refresh(token)
        async with self._doors.globally() as session:
            found = await SessionRepository(session).get(claimed.session_id) if claimed else None
            user = await People(session).find(found.user_id) if found else None
        if claimed is None or found is None or user is None:
            raise SessionEnded
        async with self._doors.tenant(found.tenant_id, actor=actor_of(user)) as scope:
            row = await self._live_session(scope, found.id, user)
            hashed = token_hash(token)
            tenants = await People(scope.session).tenants(user)
            if constant_time_equal(row.refresh_hash, hashed):
                next_token = _rotate(row, token)
            elif shared and (twin := _exchanged_a_moment_ago(row, token)) is not None:
                next_token = twin
            elif row.previous_hash == hashed or tokens.was_issued_by_us(claimed):
                # The last one is known whatever became of the secret key since; older ones by their seal.
                await end_session(scope, row, "reuse")
                raise RefreshReused(session_id=row.id)
            else:
                raise SessionEnded
        return self._signed_in(user, tenants, row, next_token)

    async def switch_tenant(self, principal: Principal, tenant_id: int) -> SignedIn:
        """The same session in another tenant of the person's; for a superadmin in any, and the audit trail says so.

        The refresh token stays: whoever holds a short-lived access token alone cannot trade it for a lasting one.
        """
        session_id = _own_session(principal)
        async with self._doors.globally() as session:
            user = await People(session).find(principal.user_id)
            tenants = await People(session).tenants(user) if user else ()
            tenant = await SessionRepository(session).tenant(tenant_id)
        is_member = tenant_id in {each.id for each in tenants}
        if user is None or not (is_member or (user.is_superadmin and tenant and tenant.is_active)):
            raise NotAMember(tenant_id=tenant_id)
        async with self._doors.tenant(tenant_id, actor=actor_of(user)) as scope:
            row = await SessionRepository(scope.session).for_update(session_id)
            if row is None or row.revoked_at is not None:
                raise SessionEnded
            before, row.tenant_id, row.last_used_at = row.tenant_id, tenant_id, real_now()
            await AuditLog(scope).record(
                "auth.tenant_entered" if is_member else "auth.superadmin_entered",
                entity="auth.sessions",
                entity_id=row.id,
                after={"is_member": is_member, "from_another_tenant": before != tenant_id},
            )
        return self._signed_in(user, tenants, row, None)

    async def sign_out(self, which: UUID | str) -> None:
        """End a session, named or by its current refresh token; where there is none to end nothing changes."""
        session_id = which if isinstance(which, UUID) else await self._session_of(which)
        async with self._doors.globally() as session:
            row = await SessionRepository(session).get(session_id) if session_id else None
            user = await People(session).find(row.user_id) if row else None
        if row is None or user is None:
            return
        async with self._doors.tenant(row.tenant_id, actor=actor_of(user)) as scope:
            locked = await SessionRepository(scope.session).for_update(row.id)
            if locked is not None and locked.revoked_at is None:
                await end_session(scope, locked, "signed_out")

    async def _session_of(self, token: str) -> UUID | None:
        claimed = rules.parse_refresh(token)
        if claimed is None:
            return None
        async with self._doors.globally() as session:
            row = await SessionRepository(session).get(claimed.session_id)
        is_current = row is not None and constant_time_equal(row.refresh_hash, token_hash(token))
        return claimed.session_id if is_current else None

    async def prove_password(self, user_id: UUID, password: str) -> User:
        """A signed-in person's own password; a wrong one counts towards the lock."""
        async with self._doors.globally() as session:
            known = await People(session).find(user_id)
        await self._limiter.enforce(_BY_ACCOUNT, known.email if known else str(user_id))
        is_right = await verify_password(password, known.password_hash if known else None)
        async with self._doors.globally() as session:
            user = await People(session).lock(user_id)
            if user is None:
                raise SessionEnded
            if rules.is_locked(user.locked_until, real_now()):
                raise WrongPassword
            if not is_right:
                count_failure(user)
                raise WrongPassword
            return user

    async def demand_fresh(self, principal: Principal, password: str | None) -> None:
        """What weakens or takes over an account needs a recent proof: the password now, or a sign-in of just now."""
        session_id = _own_session(principal)
        if password is not None:
            await self.prove_password(principal.user_id, password)
            return
        async with self._doors.globally() as session:
            row = await SessionRepository(session).get(session_id)
        if row is None or real_now() - row.created_at > _FRESH_FOR:
            raise PasswordNeeded

    def _mfa_token(self, user: User, tenant_id: int | None) -> str:
        claims = {"sub": str(user.id), "tid": tenant_id, "pwd": _password_stamp(user)}
        return jwt.encode(claims, kind=jwt.MFA, lifetime=_MFA_LIFETIME, config=self._settings)

    async def _live_session(self, scope: TenantScope, session_id: UUID, user: User) -> UserSession:
        sessions = SessionRepository(scope.session)
        row = await sessions.for_update(session_id)
        now = real_now()
        if (
            row is None
            or row.revoked_at is not None
            or row.expires_at <= now
            or now - row.last_used_at > self._idle
            or row.tenant_id != scope.tenant_id
        ):
            raise SessionEnded
        belongs = user.is_superadmin or await sessions.has_active_membership(user.id, scope.tenant_id)
        if not user.is_active or not belongs:
            await end_session(scope, row, "no_longer_a_member")
            raise SessionEnded
        return row

    def _signed_in(
        self, user: User, tenants: Sequence[TenantOfPerson], row: UserSession, refresh_token: str | None
    ) -> SignedIn:
        return SignedIn(
            user=user,
            tenant_id=row.tenant_id,
            tenants=tenants,
            session_id=row.id,
            access_token=jwt.create_access_token(user.id, row.tenant_id, row.id, self._settings),
            refresh_token=refresh_token,
            csrf_token=tokens.csrf_token(row.id),
            expires_in=self._settings.access_token_minutes * 60,
        )


def csrf_is_right(refresh_token: str, sent: str) -> bool:
    """Whether `sent` is the CSRF token of the session that the refresh token names."""
    claimed = rules.parse_refresh(refresh_token)
    if claimed is None:
        return False
    return tokens.is_csrf_token(claimed.session_id, sent)


def count_failure(user: User) -> None:
    """One more wrong password or code; the row is locked and its transaction commits."""
    now = real_now()
    lock = rules.after_failure(user.failed_logins, user.last_failed_login_at, now)
    user.failed_logins, user.last_failed_login_at, user.locked_until = lock.failures, now, lock.until
    SIGN_INS.labels("locked" if lock.until else "failed").inc()
    log.info("auth.failed", user_id=str(user.id), failures=lock.failures, locked=lock.until is not None)


def read_mfa_token(token: str, settings: Settings) -> tuple[UUID, int | None, int]:
    """Who proved a password, for which tenant, and when that password was set."""
    claims = jwt.decode(token, kind=jwt.MFA, config=settings)
    try:
        return UUID(claims["sub"]), claims["tid"], int(claims["pwd"])
    except (KeyError, ValueError, TypeError) as error:
        raise jwt.InvalidToken from error


def still_has_password(user: User, stamp: int) -> bool:
    return _password_stamp(user) == stamp


def is_locked(user: User) -> bool:
    return rules.is_locked(user.locked_until, real_now())


def _password_stamp(user: User) -> int:
    return int(user.password_changed_at.timestamp() * 1_000_000)


def _admit(user: User | None, *, is_right: bool) -> User:
    if user is None:
        SIGN_INS.labels("failed").inc()
        raise InvalidCredentials
    if is_locked(user):
        raise InvalidCredentials
    if not is_right or not user.is_active:
        count_failure(user)
        raise InvalidCredentials
    if user.email_verified_at is None:
        raise EmailNotVerified
    return user


def _choose(tenants: Sequence[TenantOfPerson], wanted: int | None, last: int | None) -> int:
    """The tenant that was asked for, else where the person last was, else the oldest."""
    ids = [each.id for each in tenants]
    if not ids:
        raise NoTenant
    if wanted is not None:
        if wanted not in ids:
            raise NotAMember(tenant_id=wanted)
        return wanted
    return last if last in ids else ids[0]


def _rotate(row: UserSession, spent: str) -> str:
    token, now, came_from = next(tokens.successors(row.id, spent)), real_now(), origin.get()
    row.previous_hash, row.refresh_hash = row.refresh_hash, token_hash(token)
    row.rotated_at = row.last_used_at = now
    row.ip, row.user_agent = came_from.ip, came_from.user_agent
    return token


def _exchanged_a_moment_ago(row: UserSession, spent: str) -> str | None:
    """What `spent` was exchanged for, unless that was long ago or has been exchanged itself."""
    if row.previous_hash != token_hash(spent) or row.rotated_at is None:
        return None
    if real_now() - row.rotated_at > rules.TABS_MEET_WITHIN:
        return None
    mine = (each for each in tokens.successors(row.id, spent) if token_hash(each) == row.refresh_hash)
    return next(mine, None)


def _own_session(principal: Principal) -> UUID:
    if principal.session_id is None:
        raise NeedsPerson
    return principal.session_id
