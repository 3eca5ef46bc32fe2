"""Invitations to a tenant.

The token names its tenant, so that no look-up crosses tenants; like every link it is computed when its mail is
written, and lies nowhere.
"""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from app.auth.permissions import Role
from app.auth.principals import Principal
from app.core.clock import real_now
from app.core.context import Actor, ActorKind, origin
from app.core.ids import LARGEST_TENANT, uuid7
from app.core.logging import get_logger
from app.core.passwords import hash_password
from app.core.rate_limits import Limit, RateLimiter, neighbourhood
from app.core.security import constant_time_equal, token_hash, vouchers
from app.db.session import Doors, TenantScope
from app.db.utils import Slice
from app.models.invitations import Invitation
from app.models.users import User
from app.services.audit_logs.service import AuditLog
from app.services.invitations.errors import (
    AccountNeeded,
    AlreadyMember,
    InvitationInvalid,
    InvitationNotFound,
)
from app.services.invitations.repository import InvitationRepository
from app.services.people.service import People
from app.services.users.service import Members, demand_within

log = get_logger(__name__)

_LIFETIME = timedelta(days=7)
_BY_ADDRESS = Limit("accept_invitation.address", times=20, seconds=600)
_BY_TENANT = Limit("invite.tenant", times=100, seconds=3_600)


class InvitationService:
    def __init__(self, scope: TenantScope, principal: Principal, limiter: RateLimiter) -> None:
        self._scope = scope
        self._principal = principal
        self._limiter = limiter
        self._invitations = InvitationRepository(scope)

    async def page(
        self, *, page: int, limit: int, sort: str, is_open: bool | None = None
    ) -> Slice[Invitation]:
        """`is_open` keeps those that can still be answered, or the others."""
        return await self._invitations.page(
            page=page, limit=limit, sort=sort, is_open=is_open, now=real_now()
        )

    async def invite(self, email: str, role: Role) -> Invitation:
        """Mail a link that makes its reader a member; an earlier open invitation of the address is replaced."""
        demand_within(self._principal, role)
        await self._limiter.enforce(_BY_TENANT, str(self._scope.tenant_id))
        if await Members(self._scope).has_email(email):
            raise AlreadyMember
        now, invitation_id = real_now(), uuid7()
        await self._invitations.revoke_open(email, now)
        invitation = Invitation(
            id=invitation_id,
            email=email,
            role=role,
            token_hash=token_hash(next(_spellings(self._scope.tenant_id, invitation_id))),
            invited_by=self._principal.user_id,
            expires_at=now + _LIFETIME,
            created_at=now,
        )
        self._invitations.add(invitation)
        await AuditLog(self._scope).record(
            "invitations.created", entity="invitations", entity_id=invitation_id,
            after={"email": email, "role": role},
        )  # fmt: skip
        payload = {"kind": "invitation", "invitation_id": str(invitation_id)}
        await self._scope.enqueue("notifications.send_mail", payload)
        return invitation

    async def revoke(self, invitation_id: UUID) -> None:
        invitation = await self._invitations.for_update(invitation_id)
        if invitation is None or not is_open(invitation):
            raise InvitationNotFound
        invitation.revoked_at = real_now()
        await AuditLog(self._scope).record(
            "invitations.revoked", entity="invitations", entity_id=invitation_id
        )


class InvitationAnswer:
    """Whoever holds the mail accepts; nobody is signed in by it."""

    def __init__(self, doors: Doors, limiter: RateLimiter) -> None:
        self._doors = doors
        self._limiter = limiter

    async def accept(self, token: str, *, full_name: str | None, password: str | None) -> str:
        """Answers the e-mail address that is a member now.

        A verified account needs nothing more. An unknown or unverified address sets its name and password: the
        mailbox is proved by the token, what stood in an unverified account before is not.
        """
        await self._limiter.enforce(_BY_ADDRESS, neighbourhood(origin.get().ip))
        tenant_id, invitation_id = _read(token)
        async with self._doors.tenant(tenant_id) as scope:
            invitation = _checked(await InvitationRepository(scope).get(invitation_id), token)
            known = await People(scope.session).by_email(invitation.email)
        needs_account = known is None or known.email_verified_at is None
        if needs_account and (password is None or full_name is None):
            raise AccountNeeded
        password_hash = await hash_password(password) if needs_account and password else None
        actor = Actor(ActorKind.USER, invitation.email, known.id if known else None)
        async with self._doors.tenant(tenant_id, actor=actor) as scope:
            invitation = _checked(await InvitationRepository(scope).for_update(invitation_id), token)
            user = await self._account(scope, invitation.email, full_name, password_hash)
            if not user.is_active:
                raise InvitationInvalid
            invitation.accepted_at = real_now()
            if not await Members(scope).join(user.id, Role(invitation.role)):
                raise AlreadyMember
            await AuditLog(scope).record(
                "invitations.accepted", entity="invitations", entity_id=invitation_id,
                after={"user_id": user.id, "role": invitation.role},
            )  # fmt: skip
        log.info("invitations.accepted", user_id=str(user.id), tenant_id=tenant_id)
        return user.email

    @staticmethod
    async def _account(
        scope: TenantScope, email: str, full_name: str | None, password_hash: str | None
    ) -> User:
        people, now = People(scope.session), real_now()
        if full_name is not None and password_hash is not None:
            made = await people.create(
                email=email, full_name=full_name, password_hash=password_hash, verified_at=now
            )
            if made is not None:
                return made
        known = await people.by_email(email)
        user = await people.lock(known.id) if known else None
        if user is None:
            raise InvitationInvalid
        if user.email_verified_at is None:
            if full_name is None or password_hash is None:
                raise AccountNeeded
            People.set_password(user, password_hash, now)
            user.full_name, user.email_verified_at = full_name, now
        return user


async def spell_invitation(scope: TenantScope, invitation_id: UUID) -> tuple[Invitation, str] | None:
    """The invitation and its token, for its mail; None where it is no longer open."""
    invitation = await InvitationRepository(scope).get(invitation_id)
    if invitation is None or not is_open(invitation):
        return None
    spelt = _spellings(scope.tenant_id, invitation_id)
    token = next((each for each in spelt if token_hash(each) == invitation.token_hash), None)
    return None if token is None else (invitation, token)


def is_open(invitation: Invitation) -> bool:
    answered = invitation.accepted_at is not None or invitation.revoked_at is not None
    return not answered and invitation.expires_at > real_now()


def _checked(invitation: Invitation | None, token: str) -> Invitation:
    if invitation is None or not is_open(invitation):
        raise InvitationInvalid
    if not constant_time_equal(invitation.token_hash, token_hash(token)):
        raise InvitationInvalid
    return invitation


def _spellings(tenant_id: int, invitation_id: UUID) -> Iterator[str]:
    """Under the current secret key first: a mail may be written after a rotation."""
    for voucher in vouchers(invitation_id.hex, purpose="invitation", tenant_id=tenant_id):
        yield f"inv_{tenant_id}_{invitation_id.hex}_{voucher.hex()}"


def _read(token: str) -> tuple[int, UUID]:
    try:
        prefix, tenant, invitation_id, _ = token.split("_")
        if prefix != "inv" or not 0 < int(tenant) <= LARGEST_TENANT:
            raise InvitationInvalid
        return int(tenant), UUID(hex=invitation_id)
    except ValueError as error:
        raise InvitationInvalid from error
