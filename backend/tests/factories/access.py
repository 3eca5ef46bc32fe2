"""Tenants and people to test with."""

import contextlib
import ipaddress
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from uuid import UUID

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.auth.jwt import create_access_token
from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.context import Actor, ActorKind
from app.core.ids import uuid7
from app.db.session import Scopes, open_global, open_scope, scopes_for
from app.models.auth.sessions import UserSession
from app.models.tenants import Membership, Tenant
from app.models.users import User

PASSWORD = "correct horse battery staple"


@cache
def password_hash() -> str:
    """Cheap to check: a hash carries its own cost, and the real one is a tenth of a second."""
    return PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),)).hash(PASSWORD)


def client_of(app: FastAPI, token: str | None = None, *, address: str | None = None) -> AsyncClient:
    """A caller with an address of its own, so that one test's attempts are not another's."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # raise_app_exceptions off: a test sees what a caller would see.
    transport = ASGITransport(app=app, raise_app_exceptions=False, client=(address or _an_address(), 123))
    return AsyncClient(transport=transport, base_url="http://testserver", headers=headers)


def _an_address() -> str:
    return str(ipaddress.IPv4Address(0x0A000000 + secrets.randbelow(1 << 24)))


@dataclass(frozen=True)
class Person:
    id: UUID
    email: str
    role: Role
    session_id: UUID
    token: str


@dataclass(frozen=True)
class Company:
    """A tenant with one person of every role, and a client for each."""

    id: int
    name: str
    people: dict[Role, Person]
    scopes: Scopes
    _clients: dict[Role, AsyncClient] = field(default_factory=dict)

    def client(self, role: Role = Role.ADMIN) -> AsyncClient:
        return self._clients[role]

    def person(self, role: Role = Role.ADMIN) -> Person:
        return self.people[role]


async def make_company(app: FastAPI, stack: contextlib.AsyncExitStack, name: str) -> Company:
    engine = app.state.engine
    async with open_global(engine) as session:
        tenant = Tenant(name=name, slug=f"{name.lower()}-{uuid7().hex}")
        session.add(tenant)
        await session.flush()
        tenant_id = tenant.id
        users = {role: _user(name, role) for role in Role}
        session.add_all(users.values())
        await session.flush()
        sessions = {role: _session(user.id, tenant_id) for role, user in users.items()}
        session.add_all(sessions.values())
    async with open_scope(engine, tenant_id) as scope:
        for role, user in users.items():
            member_role = Role.ADMIN if role is Role.SUPERADMIN else role
            scope.session.add(Membership(user_id=user.id, role=member_role))
    people = {
        role: Person(
            user.id,
            user.email,
            role,
            sessions[role].id,
            create_access_token(user.id, tenant_id, sessions[role].id),
        )
        for role, user in users.items()
    }
    clients = {
        role: await stack.enter_async_context(client_of(app, person.token)) for role, person in people.items()
    }
    actor = Actor(ActorKind.USER, people[Role.ADMIN].email, people[Role.ADMIN].id)
    return Company(
        tenant_id, name, people, scopes_for(engine, tenant_id, actor=actor, clock=app.state.clock), clients
    )


def _user(company: str, role: Role) -> User:
    return User(
        id=uuid7(),
        email=f"{role}.{uuid7().hex}@{company.lower()}.example",
        full_name=f"{role.title()} of {company}",
        password_hash=password_hash(),
        email_verified_at=real_now(),
        is_superadmin=role is Role.SUPERADMIN,
        mfa_backup_hashes=[],
    )


def _session(user_id: UUID, tenant_id: int) -> UserSession:
    return UserSession(
        id=uuid7(),
        user_id=user_id,
        tenant_id=tenant_id,
        refresh_hash=uuid7().bytes,
        expires_at=real_now() + timedelta(days=1),
    )
