"""Registering a company and its first person. Nothing in the answer says whether the address was known."""

from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.context import origin
from app.core.logging import get_logger
from app.core.pacing import at_least
from app.core.passwords import hash_password, verify_password
from app.core.rate_limits import Limit, RateLimiter, neighbourhood
from app.db.session import Doors, TenantScope
from app.models.users import User
from app.services.audit_logs.service import AuditLog
from app.services.auth.one_time_tokens.errors import LinkInvalid
from app.services.auth.one_time_tokens.service import OneTimeTokens, Purpose, Wish
from app.services.auth.registration.errors import NotItsPassword
from app.services.people.service import People, actor_of
from app.services.tenants.service import Tenants, TenantService
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

        A verified address gets a mail that says it has an account. For an unverified one nothing changes until a
        link is opened: each registration's link brings that registration's own password, name and company.
        """
        await self._limiter.enforce(_BY_ADDRESS, neighbourhood(origin.get().ip))
        await self._limiter.enforce(_BY_ACCOUNT, email)
        async with at_least(_ANSWER_SECONDS):
            wish = Wish(await hash_password(password), full_name, company)
            async with self._doors.globally() as session:
                known = await People(session).by_email(email)
                tenant = None if known else await Tenants(session).create(company)
            if tenant is None or not await self._found(tenant.id, email, wish):
                await self._answer_again(email, wish)

    async def verify_email(self, token: str, password: str) -> None:
        """The account becomes that of whoever holds the mailbox and knows the password of the link's registration.

        The link alone is not enough: somebody else may have registered the address, and their link lies in the
        same mailbox.
        """
        await self._limiter.enforce(_VERIFY_BY_ADDRESS, neighbourhood(origin.get().ip))
        async with self._doors.globally() as session:
            found = await OneTimeTokens(session).peek(token, Purpose.VERIFY_EMAIL)
            user = await People(session).find(found.user_id)
            home = await People(session).home(user) if user else None
        if user is None or home is None or found.wish is None:
            raise LinkInvalid
        if not await verify_password(password, found.wish.password_hash):
            raise NotItsPassword
        async with self._doors.tenant(home, actor=actor_of(user)) as scope:
            await self._prove(scope, token)
        log.info("auth.email_verified", user_id=str(user.id))

    @staticmethod
    async def _prove(scope: TenantScope, token: str) -> None:
        tokens = OneTimeTokens(scope.session)
        redeemed = await tokens.redeem(token, Purpose.VERIFY_EMAIL)
        user, wish = await People(scope.session).lock(redeemed.user_id), redeemed.wish
        if user is None or wish is None or user.email_verified_at is not None:
            raise LinkInvalid
        await tokens.void(user.id, Purpose.VERIFY_EMAIL)
        now = real_now()
        People.set_password(user, wish.password_hash, now)
        user.full_name, user.email_verified_at = wish.full_name, now
        company = TenantService(scope)
        if (await company.current()).name != wish.company:
            await company.change({"name": wish.company})
        await AuditLog(scope).record("auth.email_verified", entity="users", entity_id=user.id)

    async def _found(self, tenant_id: int, email: str, wish: Wish) -> bool:
        """False when somebody registered the address at the same moment."""
        async with self._doors.tenant(tenant_id) as scope:
            user = await People(scope.session).create(
                email=email, full_name=wish.full_name, password_hash=wish.password_hash
            )
            if user is None:
                return False
            await Members(scope).join(user.id, Role.ADMIN)
            await AuditLog(scope).record(
                "auth.registered", entity="users", entity_id=user.id, after={"email": user.email}
            )
            await self._send_link(scope, user, wish)
        log.info("auth.registered", user_id=str(user.id), tenant_id=tenant_id)
        return True

    async def _answer_again(self, email: str, wish: Wish) -> None:
        async with self._doors.globally() as session:
            user = await People(session).by_email(email)
            home = await People(session).home(user) if user else None
        if user is None or home is None:
            log.info("auth.registered_without_mailing")
            return
        async with self._doors.tenant(home) as scope:
            locked = await People(scope.session).lock(user.id)
            if locked is None:
                return
            if locked.email_verified_at is not None:
                payload = {"kind": "already_registered", "user_id": str(user.id)}
                await scope.enqueue("notifications.send_mail", payload)
                return
            await self._send_link(scope, locked, wish)

    @staticmethod
    async def _send_link(scope: TenantScope, user: User, wish: Wish) -> None:
        token_id = OneTimeTokens(scope.session).issue_for(user.id, wish)
        payload = {"kind": "verify_email", "user_id": str(user.id), "token_id": str(token_id)}
        await scope.enqueue("notifications.send_mail", payload)
