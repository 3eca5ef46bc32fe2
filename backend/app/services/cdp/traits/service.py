"""Computed traits: defined, previewed, followed, explained; and where customers stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from app.core.errors import FieldError
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.traits import CdpRfm, CdpTrait
from app.schemas.cdp.traits import RESERVED, TraitDefinition
from app.services.audit_logs.service import AuditLog
from app.services.cdp.conditions.service import PATIENCE, Named, answered_within, reaches_back, told
from app.services.cdp.events import service as events
from app.services.cdp.traits.errors import (
    NameTaken,
    ProfileNotFound,
    TooManyTraits,
    TraitInUse,
    TraitInvalid,
    TraitNotFound,
)
from app.services.cdp.traits.following import TraitFollowing, WholeTrait, begin, compute, follow_traits
from app.services.cdp.traits.repository import Preview, TraitRepository
from app.services.cdp.traits.rfm import Ranking
from app.services.cdp.traits.rfm_repository import RfmRepository
from app.services.cdp.traits.rules import MAX_TRAITS, NEEDED_CUSTOMERS, Churn, churn
from app.services.cdp.traits.values_repository import ValuesRepository, definition_of

__all__ = [
    "NEEDED_CUSTOMERS",
    "Preview",
    "ProfileTraits",
    "Ranking",
    "Standing",
    "TraitFollowing",
    "TraitNames",
    "TraitService",
    "TraitView",
    "WholeTrait",
    "Why",
    "follow_traits",
    "shown",
]

TraitView: TypeAlias = CdpTrait
"""By a name that endpoints may use, and so below."""
Standing: TypeAlias = CdpRfm
_EVIDENCE = 5


@dataclass(frozen=True, slots=True)
class Why:
    """A person's value now and as it is stored, and the newest events that it rests on, of how many."""

    name: str
    definition: Mapping[str, Any]
    value: Any
    stored: Any
    events: Sequence[tuple[UUID, datetime]]
    event_count: int


@dataclass(frozen=True, slots=True)
class ProfileTraits:
    """Everything computed of one person."""

    profile_id: UUID
    traits: Sequence[tuple[CdpTrait, Any]]
    rfm: Mapping[str, Any] | None
    rfm_computed_at: datetime | None
    churn: Churn | None


def shown(computed: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What is computed of a person, with what moves with time as of now."""
    if "churn" not in computed:
        return dict(computed)
    moving = churn(computed["churn"], now)
    told = {"days_since_last_order": moving.days_since_last_order, "ratio": moving.ratio}
    known = {name: value for name, value in told.items() if value is not None}
    return {**computed, "churn": {**computed["churn"], **known}}


class TraitNames:
    """Which computed traits there are, for those who ask for them."""

    def __init__(self, scope: TenantScope) -> None:
        self._traits = TraitRepository(scope)

    async def known(self, *, hold: bool) -> frozenset[str]:
        """Their names; with `hold`, none comes nor goes before this transaction ends."""
        if hold:
            await self._traits.hold_names(alone=False)
        return frozenset(each.name for each in await self._traits.all() if each.removed_at is None) | RESERVED


class TraitService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._traits = TraitRepository(scope)
        self._audit = AuditLog(scope)

    async def page(self, *, page: int, limit: int, sort: str, search: str | None) -> Slice[CdpTrait]:
        return await self._traits.page(page=page, limit=limit, sort=sort, search=search)

    async def one(self, trait_id: UUID) -> CdpTrait:
        return _there(await self._traits.one(trait_id), trait_id)

    async def preview(self, definition: TraitDefinition) -> Preview:
        """Exactly who would have a value now, and how these are spread; nothing is stored."""
        computable(definition)
        async with answered_within(self._scope, PATIENCE):
            return await self._traits.preview(definition, self._scope.now())

    async def create(self, name: str, description: str, definition: TraitDefinition) -> CdpTrait:
        """Everybody has it computed by a task, and it follows what they do from then on."""
        computable(definition)
        if name in RESERVED:
            raise NameTaken(f"`{name}` is always computed: choose another name.")
        await self._traits.hold_names(alone=True)
        if len(await self._traits.all()) > MAX_TRAITS:  # churn is among them
            raise TooManyTraits(
                f"There are {MAX_TRAITS} computed traits, and no more can be: delete one first."
            )
        now = self._scope.now()
        trait = CdpTrait(
            id=uuid7(), name=name, description=description, definition=_written(definition), version=1,
            built_in=False, created_by=self._scope.actor.id, created_at=now, updated_at=now,
        )  # fmt: skip
        await begin(self._scope)
        await self._traits.add(trait)
        await compute(self._scope, trait)
        await self._record("created", trait, after=_told(trait))
        return trait

    async def change(
        self, trait_id: UUID, *, description: str | None, definition: TraitDefinition | None
    ) -> CdpTrait:
        """Another definition is a new version: everybody is computed anew, by a task."""
        trait = await self._locked(trait_id)
        before = _told(trait)
        if description is not None:
            trait.description = description
        if definition is not None and _written(definition) != trait.definition:
            computable(definition)
            trait.definition = _written(definition)
            trait.version += 1
            await compute(self._scope, trait)
        if (after := _told(trait)) != before:
            trait.updated_at = self._scope.now()
            await self._record("changed", trait, before=before, after=after)
        return trait

    async def recompute(self, trait_id: UUID) -> CdpTrait:
        trait = await self._locked(trait_id)
        await compute(self._scope, trait)
        await self._record("recompute_asked", trait)
        return trait

    async def remove(self, trait_id: UUID) -> None:
        """Its values go with it, by a task. `TraitInUse` where segments ask for it."""
        await self._traits.hold_names(alone=True)
        trait = await self._locked(trait_id)
        readers = await self._traits.readers(trait.name)
        if readers:
            named = ", ".join(f"“{each}”" for each in readers)
            raise TraitInUse(
                f"Segments ask for `{trait.name}`: {named}. Change or archive them first.",
                segments=list(readers),
            )
        trait.removed_at = trait.updated_at = self._scope.now()
        await ValuesRepository(self._scope).forget_timers(trait.id)
        await compute(self._scope, trait)
        await self._record("removed", trait, before=_told(trait))

    async def why(self, trait_id: UUID, profile_id: UUID) -> Why:
        trait = await self.one(trait_id)
        definition = definition_of(trait)
        if definition is None:
            raise TraitNotFound(trait_id=str(trait_id))
        profile = await self._profile(profile_id)
        now = self._scope.now()
        rested, count = await self._traits.evidence(definition, profile.id, now, _EVIDENCE)
        value = await self._traits.value(definition, profile.id, now)
        return Why(trait.name, trait.definition, value, profile.computed.get(trait.name), rested, count)

    async def of_profile(self, profile_id: UUID) -> ProfileTraits:
        profile = await self._profile(profile_id)
        standing = await self.standing()
        stored = profile.computed
        traits = [
            (each, stored.get(each.name))
            for each in await self._traits.all()
            if not each.built_in and each.removed_at is None
        ]
        return ProfileTraits(
            profile.id,
            traits,
            stored.get("rfm"),
            standing.computed_at if standing else None,
            churn(stored["churn"], self._scope.now()) if "churn" in stored else None,
        )

    async def standing(self) -> CdpRfm | None:
        """The last ranking of the customers; None before anybody was there to rank."""
        return await RfmRepository(self._scope).standing()

    async def rank(self) -> CdpRfm | None:
        """Have the customers ranked now, by a task."""
        await begin(self._scope)
        await self._scope.enqueue("cdp.traits.rank", {}, queue="cdp", unless_pending=True)
        await self._audit.record("cdp.traits.rank_asked", entity="cdp_rfm", entity_id=self._scope.tenant_id)
        return await self.standing()

    async def forget(self, named: Named) -> int:
        """Take out of every definition what names a person who is erased; of how many. It is a new version then."""
        changed = 0
        for each in await self._traits.all():
            trait = await self._traits.one(each.id, for_update=True)
            if trait is None or trait.built_in or trait.removed_at is not None:
                continue
            before = (trait.description, trait.definition)
            after = (named.without(trait.description), named.taken_out(trait.definition))
            if after == before:
                continue
            changed += 1
            trait.description, asks = after
            if asks != trait.definition:
                trait.definition = asks
                trait.version += 1
                await compute(self._scope, trait)
            trait.updated_at = self._scope.now()
            await self._record("person_taken_out", trait)
        return changed

    async def events_forgotten(self, before: datetime) -> int:
        """Have those computed anew that read events received before then, which are gone; how many."""
        found = 0
        for each in await self._traits.all():
            definition = definition_of(each)
            if definition is None or reaches_back(definition.window, before, self._scope.now()):
                trait = await self._traits.one(each.id, for_update=True)
                if trait is not None and trait.removed_at is None:
                    await compute(self._scope, trait)
                    found += 1
        return found

    async def _profile(self, profile_id: UUID) -> CdpProfile:
        profile = await self._traits.profile(profile_id)
        if profile is None:
            raise ProfileNotFound(profile_id=str(profile_id))
        return profile

    async def _locked(self, trait_id: UUID) -> CdpTrait:
        return _there(await self._traits.one(trait_id, for_update=True), trait_id)

    async def _record(self, what: str, trait: CdpTrait, **told: dict[str, Any]) -> None:
        await self._audit.record(f"cdp.traits.{what}", entity="cdp_traits", entity_id=trait.id, **told)


def _there(trait: CdpTrait | None, trait_id: UUID) -> CdpTrait:
    if trait is None or trait.built_in or trait.removed_at is not None:
        raise TraitNotFound(trait_id=str(trait_id))
    return trait


def _written(definition: TraitDefinition) -> dict[str, Any]:
    return definition.model_dump(mode="json")


def _told(trait: CdpTrait) -> dict[str, Any]:
    return {
        "name": trait.name,
        "description": trait.description,
        "definition": told(trait.definition, trait.tenant_id),
        "version": trait.version,
    }


def computable(definition: TraitDefinition) -> None:
    """`TraitInvalid` where it looks into what is sealed in events."""
    asked = [(f"where.{number}.property", each.property) for number, each in enumerate(definition.where)]
    if definition.property is not None:
        asked.append(("property", definition.property))
    faults = [
        FieldError(
            f"body.definition.{member}",
            f"`{name}` names a person and is kept sealed in events: nothing can be computed of it.",
            "sealed",
        )
        for member, name in asked
        if events.is_personal(name.partition(".")[0], traits=False)
    ]
    if faults:
        raise TraitInvalid(fields=faults)
