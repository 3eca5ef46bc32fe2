"""Requests of people about their data: all of it handed over, or all of it erased."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope
from app.models.cdp.privacy import CdpPrivacyRequest
from app.services.audit_logs.service import AuditLog
from app.services.cdp.consents.service import country_code
from app.services.cdp.privacy.erasing import Erasure, signature
from app.services.cdp.privacy.errors import ExportExpired, NotProposed, NotReady, RequestNotFound
from app.services.cdp.privacy.exporting import Export, pieces
from app.services.cdp.privacy.repository import PrivacyRepository
from app.services.cdp.privacy.rules import OPEN, Law, RequestKind, RequestStatus, due, law_of
from app.services.cdp.privacy.settings import Forgetting, Keeping, PrivacySettings
from app.services.cdp.profiles.errors import ProfileNotFound
from app.services.cdp.profiles.service import ProfileService

__all__ = [
    "Certificate",
    "Deadline",
    "Forgetting",
    "Keeping",
    "Law",
    "PrivacyExports",
    "PrivacyRequests",
    "PrivacySettings",
    "PrivacyWork",
    "RequestKind",
]

_ERASURE_STEPS = 14


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an erasure did; `valid` says that nobody has altered it."""

    certificate: dict[str, Any]
    signature: str
    valid: bool


@dataclass(frozen=True, slots=True)
class Deadline:
    due_at: datetime
    overdue: bool


class PrivacyRequests:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = PrivacyRepository(scope)

    async def request(
        self, kind: RequestKind, profile_id: UUID, reason: str, law: Law | None = None
    ) -> CdpPrivacyRequest:
        """Have it done; the profile's aliases and all that was merged into it are meant too.

        Where no law is named, the one of the person's country counts, as far as that is known.
        """
        request = await self._new(kind, RequestStatus.QUEUED, profile_id, reason, law)
        await self._rows.add(request)
        await self._run(request)
        await self._record(f"cdp.privacy.{kind}_requested", request, reason=reason)
        return request

    async def propose(self, profile_id: UUID, reason: str, *, by: str) -> CdpPrivacyRequest | None:
        """An erasure that somebody has to confirm; None where the person is gone, or one is open or was dismissed."""
        try:
            request = await self._new(RequestKind.ERASURE, RequestStatus.PROPOSED, profile_id, reason)
        except ProfileNotFound:
            return None
        request.requested_by = by
        if await self._rows.is_decided(request.profile_id, reason):
            return None
        proposed = await self._rows.add_proposal(request)
        if proposed is not None:
            await self._record("cdp.privacy.erasure_proposed", proposed, reason=reason)
        return proposed

    async def confirm(self, request_id: UUID) -> CdpPrivacyRequest:
        """Have what was proposed done; it cannot be undone."""
        request = await self._proposed(request_id)
        request.status = RequestStatus.QUEUED
        await self._run(request)
        await self._record("cdp.privacy.erasure_confirmed", request)
        return request

    async def dismiss(self, request_id: UUID) -> CdpPrivacyRequest:
        """Leave the person as they are."""
        request = await self._proposed(request_id)
        request.status, request.finished_at = RequestStatus.DISMISSED, self._scope.now()
        await self._record("cdp.privacy.erasure_dismissed", request)
        return request

    async def _proposed(self, request_id: UUID) -> CdpPrivacyRequest:
        request = await self._rows.find(request_id, for_update=True)
        if request is None:
            raise RequestNotFound(request_id=str(request_id))
        if request.status != RequestStatus.PROPOSED:
            raise NotProposed(status=request.status)
        return request

    async def _run(self, request: CdpPrivacyRequest) -> None:
        await self._scope.enqueue("cdp.privacy.run", {"request_id": str(request.id)}, queue="cdp")

    async def _new(
        self,
        kind: RequestKind,
        status: RequestStatus,
        profile_id: UUID,
        reason: str,
        law: Law | None = None,
    ) -> CdpPrivacyRequest:
        profiles = ProfileService(self._scope)
        profile = await profiles.current(profile_id)
        return CdpPrivacyRequest(
            id=uuid7(),
            kind=kind,
            status=status,
            profile_id=profile.id,
            subject_keys=[],
            reason=reason,
            law=law or law_of(country_code(profiles.country(profile))),
            requested_by=self._scope.actor.label,
            requested_at=self._scope.now(),
            steps=[],
            steps_done=0,
            steps_total=_ERASURE_STEPS if kind is RequestKind.ERASURE else 0,
        )

    async def newest(
        self, *, kind: RequestKind | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpPrivacyRequest], str | None]:
        return await self._rows.newest(kind=kind, cursor=cursor, limit=limit)

    def deadline(self, request: CdpPrivacyRequest) -> Deadline:
        """By when the law wants it done, and whether that is past."""
        until = due(Law(request.law), request.requested_at)
        return Deadline(until, request.status in OPEN and self._scope.now() > until)

    async def one(self, request_id: UUID) -> CdpPrivacyRequest:
        found = await self._rows.find(request_id)
        if found is None:
            raise RequestNotFound(request_id=str(request_id))
        return found

    async def certificate(self, request_id: UUID) -> Certificate:
        request = await self.one(request_id)
        if request.certificate is None or request.signature is None:
            raise NotReady(status=request.status)
        valid = signature(request.certificate, self._scope.tenant_id) == request.signature
        return Certificate(msgspec.json.decode(request.certificate), request.signature, valid)

    async def fetchable(self, request_id: UUID) -> None:
        """See that the export is there, and write down who fetches it."""
        request = await self.one(request_id)
        if request.kind != RequestKind.EXPORT or request.status != RequestStatus.DONE:
            raise NotReady(status=request.status)
        there = await self._rows.part_numbers(request_id)
        if not there or request.expires_at is None or request.expires_at <= self._scope.now():
            raise ExportExpired
        await self._record("cdp.privacy.export_fetched", request)

    async def _record(self, action: str, request: CdpPrivacyRequest, **told: Any) -> None:
        await AuditLog(self._scope).record(
            action,
            entity="cdp_privacy_requests",
            entity_id=request.id,
            after={"profile_id": str(request.profile_id), **told},
        )


class PrivacyExports:
    """All of a person's data in the clear, a part at a time: as much as there is, without holding it."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def open(self, request_id: UUID) -> AsyncIterator[bytes]:
        """Whatever is wrong is raised before the first piece."""
        async with self._scopes() as scope:
            await PrivacyRequests(scope).fetchable(request_id)
        return pieces(self._scopes, request_id)


class PrivacyWork:
    """Does what was asked, in short transactions; running twice is harmless."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def run(self, request_id: UUID) -> None:
        async with self._scopes() as scope:
            request = await PrivacyRequests(scope).one(request_id)
        if request.status not in {RequestStatus.QUEUED, RequestStatus.RUNNING}:
            return
        work = Erasure if request.kind == RequestKind.ERASURE else Export
        await work(self._scopes).run(request_id)
