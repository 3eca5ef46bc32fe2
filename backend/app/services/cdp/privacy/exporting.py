"""Everything that is held of a person, put together for them, sealed until it is fetched or expires."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from app.core.security import seal, unseal
from app.db.session import Scopes, TenantScope
from app.models.cdp.events import CdpEvent
from app.models.cdp.privacy import CdpPrivacyRequest
from app.services.cdp.audience_sync.service import audiences_of
from app.services.cdp.consents.service import ConsentService
from app.services.cdp.events.service import open_identifiers
from app.services.cdp.privacy.errors import ExportExpired, RequestNotFound
from app.services.cdp.privacy.repository import PrivacyRepository
from app.services.cdp.privacy.rules import RequestStatus
from app.services.cdp.privacy.settings import PrivacySettings
from app.services.cdp.profiles.errors import ProfileNotFound
from app.services.cdp.profiles.service import ProfileService
from app.services.cdp.traits.service import shown

_PURPOSE = "cdp.privacy.export"
_PAGE = 200


class Export:
    """One page of events a transaction; a run that dies is begun again, and writes over what it wrote."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def run(self, request_id: UUID) -> None:
        try:
            await self._run(request_id)
        except ProfileNotFound:  # erased meanwhile
            async with self._scopes() as scope:
                await PrivacyRepository(scope).end_export(request_id, scope.now())

    async def _run(self, request_id: UUID) -> None:
        number = 0
        async with self._scopes() as scope:
            request = await _unfinished(scope, request_id)
            if request is None:
                return
            profile_id = request.profile_id
            request.status = RequestStatus.RUNNING
            for section, value in (await _about(scope, profile_id)).items():
                await _keep(scope, request_id, number, section, value)
                number += 1
            async for receipts in _receipts(ConsentService(scope), profile_id):
                await _keep(scope, request_id, number, "consent_receipts", receipts)
                number += 1
            request.subject_keys = [
                each.key
                for each in await ProfileService(scope).identifiers(
                    await ProfileService(scope).current(profile_id)
                )
            ]
            request.steps_done = 1
        cursor: str | None = None
        while True:
            async with self._scopes() as scope:
                request = await _unfinished(scope, request_id)
                if request is None:
                    return
                events, cursor = await ProfileService(scope).timeline(profile_id, cursor=cursor, limit=_PAGE)
                await _keep(scope, request_id, number, "events", [_event(each, scope) for each in events])
                sent = await PrivacyRepository(scope).deliveries_of(events)
                await _keep(scope, request_id, number + 1, "deliveries", sent)
                number += 2
                if cursor is None:
                    await _finish(scope, request, number)
                    return


async def _unfinished(scope: TenantScope, request_id: UUID) -> CdpPrivacyRequest | None:
    """The request, held to the end of the transaction; None where an erasure has ended it."""
    request = await PrivacyRepository(scope).find(request_id, for_update=True)
    if request is None:
        raise RequestNotFound(request_id=str(request_id))
    return None if request.status == RequestStatus.DONE else request


async def _finish(scope: TenantScope, request: CdpPrivacyRequest, parts: int) -> None:
    hours = (await PrivacySettings(scope).current()).export_hours
    request.status, request.finished_at = RequestStatus.DONE, scope.now()
    request.expires_at = scope.now() + timedelta(hours=hours)
    request.steps_done = request.steps_total = parts


async def pieces(scopes: Scopes, request_id: UUID) -> AsyncIterator[bytes]:
    """The export as one JSON object, its lists put together again, a part at a time."""
    async with scopes() as scope:
        numbers = await PrivacyRepository(scope).part_numbers(request_id)
    yield b"{"
    for place, (section, theirs) in enumerate(numbers.items()):
        yield (b"," if place else b"") + msgspec.json.encode(section) + b":"
        parts = _opened(scopes, request_id, theirs)
        first = await anext(parts)
        if first[:1] != b"[":
            yield first
            continue
        yield b"["
        begun = len(first) > len(b"[]")
        yield first[1:-1]
        async for part in parts:
            if len(part) > len(b"[]"):
                yield (b"," if begun else b"") + part[1:-1]
                begun = True
        yield b"]"
    yield b"}"


async def _opened(scopes: Scopes, request_id: UUID, numbers: Sequence[int]) -> AsyncIterator[bytes]:
    for number in numbers:
        async with scopes() as scope:
            sealed = await PrivacyRepository(scope).part(request_id, number)
            tenant_id = scope.tenant_id
        if (
            sealed is None
        ):  # ended meanwhile: the connection breaks off, so that nobody takes it for the whole
            raise ExportExpired
        yield unseal(sealed, purpose=_PURPOSE, tenant_id=tenant_id).encode()


async def _keep(scope: TenantScope, request_id: UUID, number: int, section: str, value: Any) -> None:
    text = msgspec.json.encode(value, enc_hook=str).decode()
    sealed = seal(text, purpose=_PURPOSE, tenant_id=scope.tenant_id)
    await PrivacyRepository(scope).add_part(request_id, number, section, sealed)


async def _about(scope: TenantScope, profile_id: UUID) -> dict[str, Any]:
    profiles, consents = ProfileService(scope), ConsentService(scope)
    profile = await profiles.current(profile_id)
    standing = await consents.of_profile(profile.id)
    return {
        "profile": {
            "id": profile.id,
            "lifecycle": profile.lifecycle,
            "first_seen_at": profile.first_seen_at,
            "last_seen_at": profile.last_seen_at,
            "orders": profile.order_count,
            "revenue_micros": profile.revenue,
            "traits": {**profile.traits, **profiles.opened_traits(profile)},
            "computed": shown(profile.computed, scope.now()),
            "click_ids": profile.click_ids,
        },
        "identifiers": [
            {"type": each.type, "value": profiles.value(each), "first_seen_at": each.first_seen_at}
            for each in await profiles.identifiers(profile)
        ],
        "consents": {
            purpose: {"decision": each.decision, "because": each.because, "at": each.at}
            for purpose, each in standing.purposes.items()
        },
        "consent_strings": [
            {"kind": each.kind, "value": each.value, "at": each.at} for each in standing.strings
        ],
        "segments": await PrivacyRepository(scope).segments_of(profile.id),
        "audiences": await audiences_of(scope, profile.id),
    }


async def _receipts(consents: ConsentService, profile_id: UUID) -> AsyncIterator[list[dict[str, Any]]]:
    cursor: str | None = None
    while True:
        found, cursor = await consents.receipts(profile_id, cursor=cursor, limit=_PAGE)
        yield [
            {
                "purpose": each.purpose,
                "decision": each.decision,
                "at": each.at,
                "source": each.source,
                "wording_version": each.wording_version,
                "proof": each.proof,
            }
            for each in found
        ]
        if cursor is None:
            return


def _event(event: CdpEvent, scope: TenantScope) -> dict[str, Any]:
    return {
        "type": event.event_type,
        "event": event.event_name,
        "at": event.event_time,
        "received_at": event.received_at,
        "message_id": event.message_id,
        "anonymous_id": event.anonymous_id,
        "identifiers": open_identifiers(event.identifiers, scope.tenant_id),
        "properties": event.properties,
        "context": event.context,
        "click_ids": event.click_ids,
    }
