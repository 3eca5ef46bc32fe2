"""Links in messages that act: once, for the person they were sent to, with what that person may do now.

The token names its tenant and row, and is computed when a message is written: it lies nowhere. A link to a channel
of Slack names no person, for many read it: it acts for whoever is signed in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.auth.permissions import Role, permissions_of
from app.auth.principals import Principal
from app.core.clock import real_now
from app.core.context import Actor, origin
from app.core.errors import StratumError
from app.core.ids import LARGEST_TENANT, uuid7
from app.core.logging import get_logger
from app.core.rate_limits import Limit, RateLimiter, neighbourhood
from app.core.security import constant_time_equal, token_hash, vouchers
from app.db.session import Doors, TenantScope
from app.models.notifications import Notification
from app.models.notifications.kinds import LinkVerb, NotificationKind, NotificationSubject
from app.models.notifications.links import NotificationLink
from app.services.audit_logs.service import AuditLog
from app.services.autopilot.actions.service import AutopilotActions
from app.services.notifications.links.errors import (
    LinkExpired,
    LinkNeedsSignIn,
    LinkNotAllowed,
    LinkUnknown,
    LinkUsed,
    VerbNotOffered,
)
from app.services.notifications.links.repository import LinkRepository
from app.services.notifications.links.rules import (
    DISMISSED_BY_LINK,
    LABELS,
    LIFETIMES,
    PERMISSIONS,
    address,
    verbs_of,
)
from app.services.notifications.wording_rules import Worded, worded
from app.services.people.service import People, actor_of
from app.services.tenants.service import TenantService
from app.services.trust_engine.incidents.service import Incidents

__all__ = ["LABELS", "LinkAnswer", "LinkPreview", "LinkVerb", "Links", "address", "verbs_of"]

log = get_logger(__name__)

_PREFIX = "nal"
_BY_ADDRESS = Limit("notification_link.address", times=60, seconds=600)


@dataclass(frozen=True, slots=True)
class LinkPreview:
    """What the page shows before anything is done."""

    company: str
    worded: Worded
    kind: NotificationKind
    severity: str
    occurred_at: datetime
    verbs: tuple[LinkVerb, ...]
    person: str | None
    """Who it was sent to; None for one that wants a sign-in."""
    expires_at: datetime
    used_at: datetime | None
    used_verb: str | None
    state: str


class Links:
    """Making them, while a message is written."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = LinkRepository(scope)

    async def token(self, notification: Notification, user_id: UUID | None) -> str | None:
        """The live token of this person for it; None where its kind has none, or it was used or has expired."""
        lifetime = LIFETIMES.get(NotificationKind(notification.kind))
        if lifetime is None:
            return None
        link_id = uuid7()
        await self._rows.put(
            link_id,
            notification.id,
            user_id,
            token_hash=token_hash(next(_spellings(self._scope.tenant_id, link_id))),
            expires_at=real_now() + lifetime,
        )
        link = await self._rows.of(notification.id, user_id)
        if link.used_at is not None or link.expires_at <= real_now():
            return None
        spelt = _spellings(self._scope.tenant_id, link.id)
        return next((each for each in spelt if token_hash(each) == link.token_hash), None)


class LinkAnswer:
    """What the page behind a link does. Reading changes nothing: scanners open links before people do."""

    def __init__(self, doors: Doors, limiter: RateLimiter) -> None:
        self._doors = doors
        self._limiter = limiter

    async def preview(self, token: str) -> LinkPreview:
        tenant_id, link_id = await self._read(token)
        async with self._doors.tenant(tenant_id) as scope:
            link, notification = await _found(scope, link_id, token)
            person = await People(scope.session).find(link.user_id) if link.user_id else None
            return LinkPreview(
                company=(await TenantService(scope).current()).name,
                worded=_words(notification),
                kind=NotificationKind(notification.kind),
                severity=notification.severity,
                occurred_at=notification.occurred_at,
                verbs=verbs_of(NotificationKind(notification.kind)),
                person=person.email if person else None,
                expires_at=link.expires_at,
                used_at=link.used_at,
                used_verb=link.used_verb,
                state=await _state(scope, notification),
            )

    async def act(
        self, token: str, verb: LinkVerb, *, reason: str | None, caller: Principal | None
    ) -> LinkPreview:
        """Do it as the person, whose present role decides; the link is used up with the same commit."""
        tenant_id, link_id = await self._read(token)
        async with self._doors.tenant(tenant_id) as scope:
            link, _ = await _found(scope, link_id, token)
            actor, permissions = await _who(scope, link, caller)
        if PERMISSIONS[verb] not in permissions:
            raise LinkNotAllowed(permission=PERMISSIONS[verb])
        async with self._doors.tenant(tenant_id, actor=actor) as scope:
            link, notification = await _found(scope, link_id, token, for_update=True)
            if link.used_at is not None:
                raise LinkUsed
            if link.expires_at <= real_now():
                raise LinkExpired
            if verb not in verbs_of(NotificationKind(notification.kind)):
                raise VerbNotOffered
            await _do(scope, verb, notification, reason)
            LinkRepository(scope).use(link, verb=verb, by=actor.label, at=real_now())
            await AuditLog(scope).record(
                "notifications.links.used",
                entity="notifications",
                entity_id=notification.id,
                after={"verb": verb, "subject": notification.subject, "subject_id": notification.subject_id},
            )
        log.info("notifications.links.used", verb=verb, tenant_id=tenant_id)
        return await self.preview(token)

    async def _read(self, token: str) -> tuple[int, UUID]:
        await self._limiter.enforce(_BY_ADDRESS, neighbourhood(origin.get().ip))
        try:
            prefix, tenant, link_id, _ = token.split("_")
            if prefix != _PREFIX or not 0 < int(tenant) <= LARGEST_TENANT:
                raise LinkUnknown
            return int(tenant), UUID(hex=link_id)
        except ValueError as error:
            raise LinkUnknown from error


async def _found(
    scope: TenantScope, link_id: UUID, token: str, *, for_update: bool = False
) -> tuple[NotificationLink, Notification]:
    found = await LinkRepository(scope).find(link_id, for_update=for_update)
    if found is None or not constant_time_equal(found[0].token_hash, token_hash(token)):
        raise LinkUnknown
    return found


async def _who(
    scope: TenantScope, link: NotificationLink, caller: Principal | None
) -> tuple[Actor, frozenset[str]]:
    """Who acts, and what their role allows at this moment."""
    if link.user_id is None:
        if caller is None or caller.session_id is None or caller.tenant_id != scope.tenant_id:
            raise LinkNeedsSignIn
        return caller.actor, caller.permissions
    people = People(scope.session)
    user = await people.find(link.user_id)
    if user is None or not user.is_active:
        raise LinkNotAllowed
    role = next((each.role for each in await people.tenants(user) if each.id == scope.tenant_id), None)
    if role is None:
        raise LinkNotAllowed
    return actor_of(user), permissions_of(Role(role))


async def _do(scope: TenantScope, verb: LinkVerb, notification: Notification, reason: str | None) -> None:
    if notification.subject_id is None:
        raise VerbNotOffered
    if verb is LinkVerb.ACKNOWLEDGE:
        await Incidents(scope).acknowledge(notification.subject_id)
    elif verb is LinkVerb.APPROVE:
        await AutopilotActions(scope).approve(notification.subject_id, reason=reason)
    else:
        await AutopilotActions(scope).dismiss(notification.subject_id, reason=reason or DISMISSED_BY_LINK)


async def _state(scope: TenantScope, notification: Notification) -> str:
    """Of what it is about, now."""
    if notification.subject_id is None:
        return "unknown"
    try:
        if notification.subject == NotificationSubject.INCIDENT:
            return (await Incidents(scope).get(notification.subject_id)).status
        if notification.subject == NotificationSubject.ACTION:
            return (await AutopilotActions(scope).get(notification.subject_id)).state
    except StratumError:
        return "unknown"
    return "unknown"


def _words(notification: Notification) -> Worded:
    return worded(
        NotificationKind(notification.kind),
        notification.facts,
        subject=NotificationSubject(notification.subject),
        subject_id=notification.subject_id,
        times=notification.times,
    )


def _spellings(tenant_id: int, link_id: UUID) -> Iterator[str]:
    """Under the current secret key first: a message may be written after a rotation."""
    for voucher in vouchers(link_id.hex, purpose="notification_link", tenant_id=tenant_id):
        yield f"{_PREFIX}_{tenant_id}_{link_id.hex}_{voucher.hex()}"
