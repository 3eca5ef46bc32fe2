"""Our side of a contact: whom its identifiers name, and what we have of them for each property that is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.security import keyed_hash
from app.db.session import TenantScope
from app.models.cdp.profiles import CdpProfile
from app.services.cdp.profiles.service import ProfileService
from app.services.integrations.crm import write_rules
from app.services.integrations.crm.rules import Field, clean
from app.services.integrations.crm.writing_repository import WritingRepository

_PURPOSE = "integrations.crm.values"


@dataclass(frozen=True, slots=True)
class Ours:
    """Of one person, by property: the value as text, and since when a trait has been so."""

    values: Mapping[str, str | None]
    since: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Found:
    """Who a contact is here: one person, nobody (yet), or more than one, among whom nobody chooses.

    Of a deal also by which contact of it; `keeps`: what stands there of a value that is not known any more stays.
    """

    ours: Ours | None
    is_ambiguous: bool = False
    contact: str | None = None
    keeps: bool = False


def value_hash(value: str | None, tenant_id: int) -> str:
    """Equal values meet, and nobody can enumerate them."""
    text = clean(value)
    if text is None:
        return write_rules.NOTHING
    return keyed_hash(text, purpose=_PURPOSE, tenant_id=tenant_id)[:16].hex()


class OurSide:
    def __init__(self, scope: TenantScope, fields: Sequence[Field]) -> None:
        self._fields = fields
        self._rows = WritingRepository(scope)
        self._profiles = ProfileService(scope)

    async def of(self, contacts: Mapping[str, Sequence[UUID]]) -> dict[str, Found]:
        """By contact, each given with the keys of the identifiers that it tells."""
        owners = await self._rows.owners({key for keys in contacts.values() for key in keys})
        named = {name: {owners[key] for key in keys if key in owners} for name, keys in contacts.items()}
        people = {next(iter(ids)) for ids in named.values() if len(ids) == 1}
        ours = await self._people(people)
        return {
            name: Found(ours.get(next(iter(ids)))) if len(ids) == 1 else Found(None, bool(ids))
            for name, ids in named.items()
        }

    async def _people(self, ids: set[UUID]) -> dict[UUID, Ours]:
        profiles = await self._rows.profiles(ids)
        names = [each.name for each in self._fields if each.to == "trait" and each.name]
        since = await self._rows.since(profiles, names)
        segments = [UUID(each.name) for each in self._fields if each.to == "segment" and each.name]
        members = await self._rows.memberships(profiles, segments) if segments else set()
        computed = [each.name for each in self._fields if each.to == "computed" and each.name]
        money = await self._rows.money_traits(computed) if computed else set()
        found = {}
        for profile_id, profile in profiles.items():
            traits = {**profile.traits, **self._profiles.opened_traits(profile)}
            values = {
                each.property: self._value(each, profile, traits, members, money) for each in self._fields
            }
            times = {
                each.property: since[profile_id, each.name]
                for each in self._fields
                if each.to == "trait" and each.name and (profile_id, each.name) in since
            }
            found[profile_id] = Ours(values, times)
        return found

    @staticmethod
    def _value(
        field: Field,
        profile: CdpProfile,
        traits: Mapping[str, Any],
        members: set[tuple[UUID, UUID]],
        money: set[str],
    ) -> str | None:
        name = field.name or ""
        if field.to == "lifecycle":
            return profile.lifecycle
        if field.to == "segment":
            return "true" if (profile.id, UUID(name)) in members else "false"
        if field.to == "trait":
            return clean(write_rules.text_of(traits.get(name)))
        first, dot, rest = name.partition(".")
        value = profile.computed.get(first)
        if dot:
            value = value.get(rest) if isinstance(value, dict) else None
        return write_rules.text_of(value, is_money=name in money)
