"""Who is calling: a signed-in person or an API key, checked against the database at most two seconds ago."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from weakref import WeakValueDictionary

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.jwt import InvalidToken, read_access_token
from app.auth.permissions import Role, permissions_of
from app.core.clock import real_now
from app.core.context import Actor, ActorKind
from app.core.errors import Unauthorized
from app.core.ids import LARGEST_TENANT
from app.core.security import constant_time_equal, token_hash
from app.db.session import open_scope
from app.models.api_keys import ApiKey
from app.models.auth.sessions import UserSession
from app.models.tenants import Membership, Tenant
from app.models.users import User

_CACHE_SECONDS = 2.0
_CACHE_ENTRIES = 10_000
_LAST_USED_GRAIN = timedelta(minutes=1)
API_KEY_PREFIX = "sk"


class InvalidApiKey(Unauthorized):
    """The API key is unknown, expired or revoked."""

    code = "auth.invalid_api_key"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of one request. An API key acts within its scopes and its maker's role, whichever is less."""

    actor: Actor
    user_id: UUID
    tenant_id: int
    role: Role
    permissions: frozenset[str]
    session_id: UUID | None = None
    api_key_id: UUID | None = None
    expires_at: datetime | None = None

    def may(self, permission: str) -> bool:
        return permission in self.permissions


class PrincipalCache:
    """Positive answers alone, for two seconds: a revoked token stops working within them."""

    def __init__(self) -> None:
        self._entries: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()
        self._asking: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    def asking(self, credential: bytes) -> asyncio.Lock:
        """Held by the one who asks the database; the others of that moment wait, and find the answer here."""
        return self._asking.setdefault(credential, asyncio.Lock())

    def get(self, credential: bytes) -> Principal | None:
        entry = self._entries.get(credential)
        if entry is None or entry[0] < time.monotonic():
            return None
        return entry[1]

    def put(self, credential: bytes, principal: Principal) -> None:
        self._entries[credential] = (time.monotonic() + _CACHE_SECONDS, principal)
        self._entries.move_to_end(credential)
        while len(self._entries) > _CACHE_ENTRIES:
            self._entries.popitem(last=False)


async def principal_from_token(engine: AsyncEngine, token: str) -> Principal:
    """The person behind an access token, while session, account, membership and tenant are all live.

    A superadmin needs no membership; entering a tenant without one stands in its audit trail.
    """
    claims = read_access_token(token)
    statement = (
        select(User.email, User.is_superadmin, Membership.role)
        .join(UserSession, UserSession.user_id == User.id)
        .join(Tenant, Tenant.id == UserSession.tenant_id)
        .outerjoin(Membership, (Membership.user_id == User.id) & (Membership.tenant_id == Tenant.id))
        .where(
            User.id == claims.user_id,
            User.is_active,
            or_(Membership.is_active, User.is_superadmin),
            Tenant.is_active,
            UserSession.id == claims.session_id,
            UserSession.tenant_id == claims.tenant_id,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > real_now(),
        )
    )
    async with open_scope(engine, claims.tenant_id) as scope:
        found = (await scope.session.execute(statement)).one_or_none()
    if found is None:
        raise InvalidToken
    role = Role.SUPERADMIN if found.is_superadmin else Role(found.role)
    return Principal(
        actor=Actor(
            ActorKind.SUPERADMIN if found.is_superadmin else ActorKind.USER, found.email, claims.user_id
        ),
        user_id=claims.user_id,
        tenant_id=claims.tenant_id,
        role=role,
        permissions=permissions_of(role),
        session_id=claims.session_id,
        expires_at=claims.expires_at,
    )


def parse_api_key(key: str) -> tuple[int, UUID, str]:
    """`sk_<tenant>_<id>_<secret>`: the tenant and the row stand in the key, so that no look-up crosses tenants."""
    try:
        prefix, tenant, key_id, secret = key.split("_", 3)
        if prefix != API_KEY_PREFIX or not secret:
            raise InvalidApiKey
        if not 0 < int(tenant) <= LARGEST_TENANT:
            raise InvalidApiKey
        return int(tenant), UUID(hex=key_id), secret
    except ValueError as error:
        raise InvalidApiKey from error


async def principal_from_api_key(engine: AsyncEngine, key: str) -> Principal:
    tenant_id, key_id, secret = parse_api_key(key)
    now = real_now()
    statement = (
        select(ApiKey, Membership.role)
        .join(User, User.id == ApiKey.created_by)
        .join(Membership, (Membership.user_id == User.id) & (Membership.tenant_id == ApiKey.tenant_id))
        .join(Tenant, Tenant.id == ApiKey.tenant_id)
        .where(ApiKey.id == key_id, User.is_active, Membership.is_active, Tenant.is_active)
    )
    async with open_scope(engine, tenant_id) as scope:
        found = (await scope.session.execute(statement)).one_or_none()
        if found is None:
            raise InvalidApiKey
        row: ApiKey = found.ApiKey
        live = row.revoked_at is None and (row.expires_at is None or row.expires_at > now)
        if not constant_time_equal(row.secret_hash, token_hash(secret)) or not live:
            raise InvalidApiKey
        if row.last_used_at is None or now - row.last_used_at > _LAST_USED_GRAIN:
            await scope.session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now))
        role = Role(found.role)
        return Principal(
            actor=Actor(ActorKind.API_KEY, row.name, row.id),
            user_id=row.created_by,
            tenant_id=tenant_id,
            role=role,
            permissions=permissions_of(role) & frozenset(row.scopes),
            api_key_id=row.id,
            expires_at=row.expires_at,
        )
