"""New companies: an operator's at the command line, and a member's own next one."""

from dataclasses import dataclass
from uuid import UUID

from app.auth.permissions import Role, permissions_of, programs_part_of
from app.auth.principals import InvalidApiKey, Principal, principal_from_api_key
from app.core.clock import real_now
from app.core.context import Actor, ActorKind
from app.core.passwords import hash_password, verify_password
from app.core.rate_limits import Limit, RateLimiter
from app.db.session import Doors
from app.models.tenants import Tenant
from app.models.users import User
from app.services.api_keys.service import ApiKeyService
from app.services.audit_logs.service import AuditLog
from app.services.cdp.sources.errors import SourceDisabled, UnknownWriteKey
from app.services.cdp.sources.service import SourceKind, SourceService, WriteKeys
from app.services.onboarding.errors import EmailTaken, PasswordTooShort, PersonNeeded
from app.services.people.service import People, actor_of
from app.services.tenants.service import Tenants
from app.services.users.service import Members

_OPERATOR = Actor(ActorKind.SYSTEM, "command line")
_SHORTEST_PASSWORD = 12
_DEMO_SLUG = "acme-demo"
_DEMO_NAME = "Acme Demo"
_DEMO_EMAIL = "admin@acme.example"
_BY_PERSON = Limit("tenants.create", times=10, seconds=86_400)


@dataclass(frozen=True, slots=True)
class Demo:
    tenant_id: int
    email: str
    api_key: str
    write_key: str


class Onboarding:
    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def create_tenant(self, name: str, *, slug: str | None = None) -> Tenant:
        async with self._doors.globally() as session:
            tenant = await Tenants(session).create(name, slug=slug)
        async with self._doors.tenant(tenant.id, actor=_OPERATOR) as scope:
            await AuditLog(scope).record(
                "tenants.created", entity="tenants", entity_id=tenant.id, after={"name": name}
            )
        return tenant

    async def create_user(
        self,
        tenant_id: int,
        *,
        email: str,
        full_name: str,
        password: str,
        role: Role,
        is_protected: bool = False,
    ) -> User:
        """A person with a verified address, and their membership; a superadmin is an admin of this one too."""
        if len(password) < _SHORTEST_PASSWORD:
            raise PasswordTooShort
        is_superadmin = role is Role.SUPERADMIN
        password_hash = await hash_password(password)
        async with self._doors.tenant(tenant_id, actor=_OPERATOR) as scope:
            user = await People(scope.session).create(
                email=email,
                full_name=full_name,
                password_hash=password_hash,
                verified_at=real_now(),
                is_superadmin=is_superadmin,
                is_protected=is_protected,
            )
            if user is None:
                raise EmailTaken
            await Members(scope).join(user.id, Role.ADMIN if is_superadmin else role)
            await AuditLog(scope).record(
                "users.created", entity="users", entity_id=user.id,
                after={"email": email, "role": role},
            )  # fmt: skip
        return user

    async def ensure_demo(self, password: str, *, api_key: str | None, write_key: str | None) -> Demo:
        """The demo company, its admin with this password, and keys: those given, where they still work."""
        async with self._doors.globally() as session:
            tenant = await Tenants(session).by_slug(_DEMO_SLUG)
            admin = await People(session).by_email(_DEMO_EMAIL)
        if tenant is None:
            tenant = await self.create_tenant(_DEMO_NAME, slug=_DEMO_SLUG)
        if admin is None:
            admin = await self.create_user(
                tenant.id, email=_DEMO_EMAIL, full_name="Ada Admin", password=password, role=Role.ADMIN
            )
        elif not await verify_password(password, admin.password_hash):
            await self._set_password(tenant.id, admin.id, password)
        if api_key is None or not await self._works(api_key, tenant.id):
            api_key = await self._new_api_key(tenant.id, admin)
        if write_key is None or not await self._writes(write_key, tenant.id):
            write_key = await self._new_write_key(tenant.id)
        return Demo(tenant.id, admin.email, api_key, write_key)

    async def _set_password(self, tenant_id: int, user_id: UUID, password: str) -> None:
        password_hash = await hash_password(password)
        async with self._doors.tenant(tenant_id, actor=_OPERATOR) as scope:
            user = await People(scope.session).lock(user_id)
            if user is not None:
                People.set_password(user, password_hash, real_now())

    async def _works(self, api_key: str, tenant_id: int) -> bool:
        try:
            principal = await principal_from_api_key(self._doors.engine, api_key)
        except InvalidApiKey:
            return False
        return principal.tenant_id == tenant_id

    async def _new_api_key(self, tenant_id: int, admin: User) -> str:
        permissions = permissions_of(Role.ADMIN)
        maker = Principal(actor_of(admin), admin.id, tenant_id, Role.ADMIN, permissions)
        scopes = sorted(programs_part_of(Role.ADMIN))
        async with self._doors.tenant(tenant_id, actor=_OPERATOR) as scope:
            _, key = await ApiKeyService(scope).create(maker, "Demo", scopes, None)
        return key

    async def _writes(self, write_key: str, tenant_id: int) -> bool:
        try:
            sender = await WriteKeys(self._doors.tenant).sender(write_key)
        except (UnknownWriteKey, SourceDisabled):
            return False
        return sender.tenant_id == tenant_id

    async def _new_write_key(self, tenant_id: int) -> str:
        async with self._doors.tenant(tenant_id, actor=_OPERATOR) as scope:
            _, key = await SourceService(scope).create("Demo shop", SourceKind.SERVER)
        return str(key)


class NextCompany:
    """A further company of somebody who has one: an agency's next client."""

    def __init__(self, doors: Doors, limiter: RateLimiter) -> None:
        self._doors = doors
        self._limiter = limiter

    async def create(self, principal: Principal, name: str, **settings: str | None) -> Tenant:
        """The company, with its maker as its first admin; `settings` are time zone, currency and country."""
        if principal.session_id is None:
            raise PersonNeeded
        await self._limiter.enforce(_BY_PERSON, str(principal.user_id))
        async with self._doors.globally() as session:
            tenant = await Tenants(session).create(name, **settings)
        async with self._doors.tenant(tenant.id, actor=principal.actor) as scope:
            await Members(scope).join(principal.user_id, Role.ADMIN)
            await AuditLog(scope).record(
                "tenants.created", entity="tenants", entity_id=tenant.id, after={"name": name, **settings}
            )
        return tenant
