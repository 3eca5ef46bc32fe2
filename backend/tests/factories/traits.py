"""Computed traits to test with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.models.cdp.profiles import CdpProfile
from app.models.cdp.traits import CdpTrait
from app.schemas.cdp.traits import TraitDefinition
from app.services.cdp.traits.computing_repository import rhythm, values
from app.services.cdp.traits.following import begin
from app.services.cdp.traits.service import Ranking, TraitFollowing, TraitService, WholeTrait
from tests.factories.segments import Lab


@dataclass
class TraitLab(Lab):
    """A lab whose computed traits are followed before its segments are."""

    async def begin(self) -> None:
        """What the clockwork does for a new tenant."""
        async with self.scopes() as scope:
            await begin(scope)
        await self.compute(await self.id_of("churn"))

    async def follow(self) -> int:
        done = await TraitFollowing(self.scopes, at_once=50).drain()
        return done + await super().follow()

    async def trait(self, name: str, **definition: Any) -> UUID:
        """A computed trait that everybody has."""
        async with self.scopes() as scope:
            made = await TraitService(scope).create(name, "", TraitDefinition.model_validate(definition))
        await self.compute(made.id)
        return made.id

    async def compute(self, trait_id: UUID) -> None:
        await WholeTrait(self.scopes, at_once=2).run(trait_id)

    async def rank(self) -> None:
        await Ranking(self.scopes, at_once=7).run()

    async def id_of(self, name: str) -> UUID:
        async with self.scopes() as scope:
            found = await scope.session.scalar(select(CdpTrait.id).where(CdpTrait.name == name))
        assert found is not None
        return found

    async def stored(self, name: str) -> dict[UUID, Any]:
        """Everybody's value."""
        async with self.scopes() as scope:
            rows = await scope.session.execute(select(CdpProfile.id, CdpProfile.computed))
            return {profile_id: held[name] for profile_id, held in rows if name in held}

    async def computed(self, definition: Mapping[str, Any] | None) -> dict[UUID, Any]:
        """What everybody's value ought to be, computed of all at once; None for their rhythm."""
        async with self.scopes() as scope:
            if definition is None:
                rows = rhythm(self.company.id)
            else:
                asked = TraitDefinition.model_validate(definition)
                rows = values(asked, self.company.id, self.clock.now())
            return {row.profile_id: row.value for row in await scope.session.execute(rows)}
