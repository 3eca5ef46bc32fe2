"""Forgotten and changed passwords. A new password ends every session."""

from app.auth.principals import Principal
from app.core.clock import real_now
from app.core.context import Actor, ActorKind, origin
from app.core.logging import get_logger
from app.core.pacing import at_least
from app.core.passwords import hash_password
from app.core.rate_limits import Limit, RateLimiter, neighbourhood
from app.db.session import Doors
from app.services.audit_logs.service import AuditLog
from app.services.auth.one_time_tokens.errors import LinkInvalid
from app.services.auth.one_time_tokens.service import OneTimeTokens, Purpose
from app.services.auth.sessions.errors import NeedsPerson, SessionEnded
from app.services.auth.sessions.service import SignInService, end_sessions
from app.services.people.service import People, actor_of

log = get_logger(__name__)

_BY_ADDRESS = Limit("forgot.address", times=10, seconds=600)
_BY_ACCOUNT = Limit("forgot.account", times=3, seconds=900)
_RESET_BY_ADDRESS = Limit("reset.address", times=20, seconds=600)
_ANSWER_SECONDS = 0.3
_FORGOTTEN = Actor(ActorKind.SYSTEM, "forgotten password")


class PasswordService:
    def __init__(self, doors: Doors, limiter: RateLimiter, sign_in: SignInService) -> None:
        self._doors = doors
        self._limiter = limiter
        self._sign_in = sign_in

    async def forgot(self, email: str) -> None:
        """Mail a link to whoever has the account; the answer and its time are the same where nobody does."""
        await self._limiter.enforce(_BY_ADDRESS, neighbourhood(origin.get().ip))
        await self._limiter.enforce(_BY_ACCOUNT, email)
        async with at_least(_ANSWER_SECONDS):
            async with self._doors.globally() as session:
                user = await People(session).by_email(email)
                home = await People(session).home(user) if user and user.is_active else None
            if user is None or home is None:
                return
            async with self._doors.tenant(home, actor=_FORGOTTEN) as scope:
                token_id = await OneTimeTokens(scope.session).issue(user.id, Purpose.RESET_PASSWORD)
                payload = {"kind": "reset_password", "user_id": str(user.id), "token_id": str(token_id)}
                await scope.enqueue("notifications.send_mail", payload)
                await AuditLog(scope).record("auth.password_forgotten", entity="users", entity_id=user.id)

    async def reset(self, token: str, password: str) -> None:
        """Set the password of whoever holds the mailbox: their address is verified with it, their lock lifted."""
        await self._limiter.enforce(_RESET_BY_ADDRESS, neighbourhood(origin.get().ip))
        async with self._doors.globally() as session:
            found = await OneTimeTokens(session).peek(token, Purpose.RESET_PASSWORD)
            user = await People(session).find(found.user_id)
            home = await People(session).home(user) if user else None
        if user is None or home is None:
            raise LinkInvalid
        password_hash = await hash_password(password)
        async with self._doors.tenant(home, actor=actor_of(user)) as scope:
            await OneTimeTokens(scope.session).redeem(token, Purpose.RESET_PASSWORD)
            locked = await People(scope.session).lock(user.id)
            if locked is None:
                raise LinkInvalid
            People.set_password(locked, password_hash, real_now())
            locked.email_verified_at = locked.email_verified_at or real_now()
            await end_sessions(scope.session, user.id, "password_reset")
            await AuditLog(scope).record("auth.password_reset", entity="users", entity_id=user.id)
        log.info("auth.password_reset", user_id=str(user.id))

    async def change(self, principal: Principal, current: str, new: str) -> None:
        if principal.session_id is None:
            raise NeedsPerson
        await self._sign_in.prove_password(principal.user_id, current)
        password_hash = await hash_password(new)
        async with self._doors.tenant(principal.tenant_id, actor=principal.actor) as scope:
            user = await People(scope.session).lock(principal.user_id)
            if user is None:
                raise SessionEnded
            People.set_password(user, password_hash, real_now())
            await end_sessions(scope.session, user.id, "password_changed")
            await AuditLog(scope).record("auth.password_changed", entity="users", entity_id=user.id)
            payload = {"kind": "password_changed", "user_id": str(user.id)}
            await scope.enqueue("notifications.send_mail", payload)
        log.info("auth.password_changed", user_id=str(user.id))
