"""Profiles: what is known of each person, found by what they are called, and what they did."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from app.core.errors import FieldError
from app.core.security import unseal
from app.db.session import TenantScope
from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentifier, CdpIdentityEdge
from app.models.cdp.profiles import CdpProfile
from app.services.audit_logs.service import AuditLog
from app.services.cdp.events import service as events
from app.services.cdp.identity.rules import IdentifierType, Lifecycle
from app.services.cdp.profiles.errors import ProfileNotFound, SegmentUnknown
from app.services.cdp.profiles.folding import Change, Gone, Member, ProfileFolding, tell
from app.services.cdp.profiles.repository import ProfileFilter, ProfileRepository
from app.services.cdp.profiles.rules import masked
from app.services.cdp.profiles.traits import IDENTIFIER_PURPOSE, TRAIT_PURPOSE, sealed_trait, trait_hash

__all__ = [
    "IDENTIFIER_PURPOSE",
    "TRAIT_PURPOSE",
    "Change",
    "Gone",
    "Graph",
    "IdentifierType",
    "Lifecycle",
    "Member",
    "ProfileFolding",
    "ProfileService",
    "keys_of",
    "sealed_trait",
    "tell",
    "trait_hash",
]

keys_of = events.keys_of


_NO_SEGMENT = FieldError("query.segment_id", "Give the id of one of this company's segments.", "unknown")


@dataclass(frozen=True, slots=True)
class Graph:
    """A profile's identifiers, and every link from or to them; who the others belong to."""

    profile: CdpProfile
    identifiers: Sequence[CdpIdentifier]
    links: Sequence[CdpIdentityEdge]
    owners: Mapping[UUID, UUID]


class ProfileService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._profiles = ProfileRepository(scope)

    async def newest(
        self,
        *,
        identifier: str | None = None,
        lifecycle: Lifecycle | None = None,
        trait: str | None = None,
        value: str | None = None,
        segment_id: UUID | None = None,
        rfm_cell: str | None = None,
        cursor: str | None,
        limit: int,
    ) -> tuple[Sequence[CdpProfile], str | None]:
        """Those that match all that is given, the last created first."""
        if segment_id is not None and not await self._profiles.segment_exists(segment_id):
            raise SegmentUnknown(fields=[_NO_SEGMENT])
        wanted = replace(
            self._wanted(identifier, lifecycle, trait, value), segment_id=segment_id, rfm_cell=rfm_cell
        )
        return await self._profiles.newest(wanted, cursor=cursor, limit=limit)

    def ids(self, *, lifecycle: Lifecycle | None, trait: str | None, value: str | None) -> Any:
        """A statement of the ids of those that match all that is given."""
        return self._profiles.ids(self._wanted(None, lifecycle, trait, value))

    def _wanted(
        self, identifier: str | None, lifecycle: Lifecycle | None, trait: str | None, value: str | None
    ) -> ProfileFilter:
        tenant_id = self._scope.tenant_id
        text = value or ""
        return ProfileFilter(
            keys=None if identifier is None else list(keys_of(identifier, tenant_id).values()),
            lifecycle=lifecycle,
            trait=trait,
            values=_readings(text),
            trait_hash=None if trait is None else trait_hash(trait, text, tenant_id),
        )

    async def current(self, profile_id: UUID) -> CdpProfile:
        """The profile with this id, or the one that it was merged into."""
        found = await self._profiles.current(profile_id)
        if found is None:
            raise ProfileNotFound(profile_id=str(profile_id))
        return found

    async def identifiers(self, profile: CdpProfile) -> Sequence[CdpIdentifier]:
        return await self._profiles.identifiers(profile.id)

    async def named(self, keys: Sequence[UUID]) -> set[UUID]:
        """The profiles that these identifiers belong to."""
        return set((await self._profiles.owners(keys)).values())

    async def values(self, keys: Sequence[UUID]) -> set[str]:
        """These identifiers in the clear, whosever they are."""
        found = await self._profiles.identifiers_by_keys(keys)
        return {value for each in found if (value := self.value(each))}

    async def timeline(
        self, profile_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpEvent], str | None]:
        profile = await self.current(profile_id)
        keys = [each.key for each in await self._profiles.identifiers(profile.id)]
        return await self._profiles.timeline(keys, cursor=cursor, limit=limit)

    async def graph(self, profile_id: UUID) -> Graph:
        profile = await self.current(profile_id)
        identifiers = await self._profiles.identifiers(profile.id)
        links = await self._profiles.links([each.key for each in identifiers])
        ends = {key for link in links for key in (link.a_key, link.b_key)}
        return Graph(profile, identifiers, links, await self._profiles.owners(list(ends)))

    async def personal(self, profile_id: UUID) -> tuple[CdpProfile, dict[str, Any], list[tuple[str, str]]]:
        """Traits and identifiers in the clear; who looked is written down."""
        profile = await self.current(profile_id)
        traits = self.opened_traits(profile)
        identifiers = [(each.type, self.value(each)) for each in await self._profiles.identifiers(profile.id)]
        await AuditLog(self._scope).record(
            "cdp.profiles.revealed",
            entity="cdp_profiles",
            entity_id=profile.id,
            after={"traits": sorted(traits)},
        )
        return profile, traits, identifiers

    def opened_traits(self, profile: CdpProfile) -> dict[str, Any]:
        """The traits that are sealed, in the clear: for a caller that writes down who looked."""
        return {
            name: msgspec.json.decode(
                unseal(base64.b64decode(sealed), purpose=TRAIT_PURPOSE, tenant_id=self._scope.tenant_id)
            )
            for name, sealed in profile.sealed_traits.items()
        }

    def country(self, profile: CdpProfile) -> str | None:
        """As the person's traits have it: by itself or in their address."""
        for traits in (profile.traits, self.opened_traits(profile)):
            address = traits.get("address")
            inside = address.get("country") if isinstance(address, dict) else None
            told = traits.get("country") or inside
            if isinstance(told, str):
                return told
        return None

    def value(self, identifier: CdpIdentifier) -> str:
        """An identifier in the clear."""
        if identifier.sealed is None:
            return ""
        return unseal(identifier.sealed, purpose=IDENTIFIER_PURPOSE, tenant_id=self._scope.tenant_id)

    def shown(self, identifier: CdpIdentifier) -> str:
        """An identifier as anybody may see it: e-mail addresses and phone numbers only hinted at."""
        return masked(self.value(identifier))


def _readings(text: str) -> list[Any]:
    """A query's text as the trait may hold it: as text, and as the number or truth value that it spells."""
    try:
        spelled = msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return [text]
    return [text, spelled] if isinstance(spelled, int | float | bool) else [text]
