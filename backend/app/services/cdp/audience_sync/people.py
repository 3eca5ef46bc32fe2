"""People as a platform is told of them: opened, brought into its form, hashed, sealed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from app.core.security import seal, unseal
from app.db.session import TenantScope
from app.models.cdp.audience_sync import CdpAudience
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.services.cdp.audience_sync import rules
from app.services.cdp.audience_sync.people_repository import PeopleRepository
from app.services.cdp.profiles.service import ProfileService
from app.services.integrations.audiences.ports import AudiencePlatform, Row

_PURPOSE = "cdp.audience_sync.entries"
_KEYED = frozenset({"email", "phone", "user_id"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would be sent of somebody, as they are now. No entries: nothing by which they could be found."""

    profile_id: UUID
    version: int
    at: datetime
    country: str | None
    rows: Sequence[Row]
    keys: Sequence[UUID]

    @property
    def fingerprint(self) -> bytes:
        return rules.fingerprint(self.rows)


class People:
    """Opens a page of profiles at a time."""

    def __init__(self, scope: TenantScope, audience: CdpAudience, platform: AudiencePlatform) -> None:
        self._scope = scope
        self._chosen = audience.identifiers
        self._platform = platform
        self._reading = PeopleRepository(scope)
        self._profiles = ProfileService(scope)

    async def prepared(self, profile_ids: Sequence[UUID]) -> dict[UUID, Prepared]:
        if not profile_ids:
            return {}
        profiles = await self._reading.profiles(profile_ids)
        identifiers = await self._reading.identifiers(profile_ids)
        found = await asyncio.to_thread(self._all, profiles, identifiers)
        self._reading.forget()
        return found

    def _all(
        self, profiles: Sequence[CdpProfile], identifiers: dict[UUID, list[CdpIdentifier]]
    ) -> dict[UUID, Prepared]:
        return {each.id: self._one(each, identifiers.get(each.id, [])) for each in profiles}

    def _one(self, profile: CdpProfile, identifiers: Sequence[CdpIdentifier]) -> Prepared:
        traits = {**profile.traits, **self._profiles.opened_traits(profile)}
        values = [(each.type, self._profiles.value(each)) for each in identifiers]
        person = rules.called(values, traits)
        country = next(iter(person.get("country", ())), None)
        rows = self._platform.prepare(self._chosen, person)
        keys = [each.key for each in identifiers if each.type in _KEYED]
        return Prepared(profile.id, profile.version, profile.updated_at, country, rows, keys)


def sealed(rows: Sequence[Row], tenant_id: int) -> bytes:
    return seal(msgspec.json.encode(rows).decode(), purpose=_PURPOSE, tenant_id=tenant_id)


def opened(entries: bytes, tenant_id: int) -> list[Row]:
    text = unseal(entries, purpose=_PURPOSE, tenant_id=tenant_id)
    return [tuple(row) for row in msgspec.json.decode(text)]
