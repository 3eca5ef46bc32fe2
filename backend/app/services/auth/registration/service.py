"""Registering a company and its first person. Nothing in the answer says whether the address was known."""

from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.context import SYSTEM, origin
from app.core.logging import get_logger
from app.core.pacing import at_least
from app.core.passwords import hash_password
from app.core.rate_limits import Limit, RateLimiter, neighbourhood
from app.db.session import Doors, TenantScope
from app.models.users import User
from app.services.audit_logs.service import AuditLog
from app.services.auth.one_time_tokens.service import OneTimeTokens, Purpose
from app.services.people.service import People, actor_of
from app.services.tenants.service import Tenants
from app.services.users.service import Members

log = get_logger(__name__)

_BY_ADDRESS = Limit("register.address", times=10, seconds=600)
_BY_ACCOUNT = Limit("register.account", times=5, seconds=3_600)
_VERIFY_BY_ADDRESS = Limit("verify_email.address", times=30, seconds=300)
_ANSWER_SECONDS = 0.5


class RegistrationService:
    def __init__(self, doors: Doors, limiter: RateLimiter) -> None:
        self._doors = doors
        self._limiter = limiter

    async def register(self, *, email: str, password: str, full_name: str, company: str) -> None:
        """Make the company with its first admin and send the link that verifies the address.

        A verified address gets a mail that says it has an account; an unverified one, a new link and the new
        password, so that whoever holds the mailbox decides.
        """
        await self._limiter.enforce(_BY_ADDRESS, neighbourhood(origin.get().ip))
        await self._limiter.enforce(_BY_ACCOUNT, email)
        async with at_least(_ANSWER_SECONDS):
            password_hash = await hash_password(password)
            async with self._doors.globally() as session:
                known = await People(session).by_email(email)
                tenant = None if known else await Tenants(session).create(company)
            if tenant is None or not await self._found(tenant.id, email, full_name, password_hash):
                await self._answer_again(email, full_name, password_hash)

    async def verify_email(self, token: str) -> None:
        await self._limiter.enforce(_VERIFY_BY_ADDRESS, neighbourhood(origin.get().ip))
        async with self._doors.globally() as session:
            user_id = await OneTimeTokens(session).redeem(token, Purpose.VERIFY_EMAIL)
            user = await People(session).lock(user_id)
            if user is not None and user.email_verified_at is None:
                user.email_verified_at = real_now()
        log.info("auth.email_verified", user_id=str(user_id))

    async def _found(self, tenant_id: int, email: str, full_name: str, password_hash: str) -> bool:
        """False when somebody registered the address at the same moment."""
        async with self._doors.tenant(tenant_id) as scope:
            user = await People(scope.session).create(
                email=email, full_name=full_name, password_hash=password_hash
            )
            if user is None:
                return False
            await Members(scope).join(user.id, Role.ADMIN)
            await AuditLog(scope).record(
                "auth.registered", entity="users", entity_id=user.id, after={"email": user.email}
            )
            await self._send_link(scope, user)
        log.info("auth.registered", user_id=str(user.id), tenant_id=tenant_id)
        return True

    async def _answer_again(self, email: str, full_name: str, password_hash: str) -> None:
        async with self._doors.globally() as session:
            user = await People(session).by_email(email)
            home = await People(session).home(user) if user else None
        if user is None or home is None:
            log.info("auth.registered_without_mailing")
            return
        async with self._doors.tenant(
            home, actor=SYSTEM if user.email_verified_at else actor_of(user)
        ) as scope:
            locked = await People(scope.session).lock(user.id)
            if locked is None:
                return
            if locked.email_verified_at is not None:
                payload = {"kind": "already_registered", "user_id": str(user.id)}
                await scope.enqueue("notifications.send_mail", payload)
                return
            People.set_password(locked, password_hash, real_now())
            locked.full_name = full_name
            await self._send_link(scope, locked)

    @staticmethod
    async def _send_link(scope: TenantScope, user: User) -> None:
        token_id = await OneTimeTokens(scope.session).issue(user.id, Purpose.VERIFY_EMAIL)
        payload = {"kind": "verify_email", "user_id": str(user.id), "token_id": str(token_id)}
        await scope.enqueue("notifications.send_mail", payload)
