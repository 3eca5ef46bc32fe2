"""Whatever happens, in whatever order, while time passes: following ends where computing everybody anew would.

The machine of segments, with computed traits beside it: each holds exactly the values that one statement over all
events gives, no timer is due, and segments that ask for them hold exactly those for whom their rule holds.
"""

import asyncio
import os
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from sqlalchemy import select

from app.core.config import Settings
from app.core.ids import uuid7
from app.models.cdp.traits import CdpTrait, CdpTraitTimer
from app.schemas.cdp.traits import TraitDefinition
from app.services.cdp.traits.service import TraitService
from tests.factories.access import Company
from tests.factories.traits import TraitLab
from tests.services.cdp.segments.test_always_equal import Segments, play

_WINDOW = st.one_of(st.none(), st.fixed_dictionaries({"kind": st.just("last"), "days": st.integers(1, 12)}))
_OF = st.one_of(
    st.fixed_dictionaries({"kind": st.sampled_from(["count", "exists"])}),
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["sum", "average", "min", "max"]), "property": st.just("n")}
    ),
    st.fixed_dictionaries({"kind": st.sampled_from(["sum", "max"]), "currency": st.just("EUR")}),
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["first", "last", "unique_count"]),
            "property": st.sampled_from(["size", "n"]),
        }
    ),
)
_DEFINITIONS = st.tuples(_OF, _WINDOW, st.sampled_from(["Viewed", "Added", "Order Completed"])).map(
    lambda parts: {**parts[0], "window": parts[1], "event": parts[2]}
)
_NUMBER = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["at_least", "less_than", "at_most", "more_than", "equals"]),
        "number": st.integers(0, 9),
    }
)
_MOVING = st.sampled_from(["churn.orders", "churn.days_since_last_order", "churn.ratio"])


class Traits(Segments):
    """Its people, segments and traits are its own."""

    lab: TraitLab

    def __init__(self) -> None:
        super().__init__()
        self.traits: list[UUID] = []

    @initialize(
        definitions=st.lists(_DEFINITIONS, min_size=2, max_size=4),
        test=_NUMBER,
        moving=_MOVING,
        times=_NUMBER,
    )
    def traits_begin(
        self, definitions: list[dict[str, Any]], test: dict[str, Any], moving: str, times: dict[str, Any]
    ) -> None:
        self.run(self.lab.begin())
        for each in definitions:
            name = f"t{uuid7().hex}"
            self.traits.append(self.run(self.lab.trait(name, **each)))
            self._segment({"kind": "computed", "name": name, "test": test})
        self._segment({"kind": "not", "of": {"kind": "computed", "name": moving, "test": times}})
        self.followed = False

    def _segment(self, asked: dict[str, Any]) -> None:
        self.segments.append(self.run(self.lab.segment(asked, f"{self.prefix} {uuid7()}")))

    @rule(which=st.integers(0, 3), another=st.one_of(st.none(), _DEFINITIONS))
    def a_trait_is_computed_whole(self, which: int, another: dict[str, Any] | None) -> None:
        if self.traits:
            self.run(self._recompute_trait(self.traits[which % len(self.traits)], another))
            self.followed = False

    async def _recompute_trait(self, trait: UUID, another: dict[str, Any] | None) -> None:
        async with self.lab.scopes() as scope:
            traits = TraitService(scope)
            if another is None:
                await traits.recompute(trait)
            else:
                asked = TraitDefinition.model_validate(another)
                await traits.change(trait, description=None, definition=asked)
        await self.lab.compute(trait)

    async def _compare(self) -> None:
        await super()._compare()
        async with self.lab.scopes() as scope:
            traits = (await scope.session.scalars(select(CdpTrait))).all()
            late = select(CdpTraitTimer).where(CdpTraitTimer.next_evaluation_at <= scope.now())
            assert (await scope.session.scalars(late)).all() == []
        for trait in traits:
            definition = None if trait.built_in else trait.definition
            assert await self.lab.stored(trait.name) == await self.lab.computed(definition), trait.definition

    async def _end(self) -> None:
        await super()._end()
        for trait in self.traits:
            async with self.lab.scopes() as scope:
                await TraitService(scope).remove(trait)
            await self.lab.compute(trait)


@pytest.fixture
def owner() -> str:
    return os.environ["DATABASE_OWNER_URL"]


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    """Of this test alone: the machine runs step by step, between which the session's loop stands."""
    with asyncio.Runner() as runner:
        yield runner


def test_following_is_computing_everybody(
    acme: Company, settings: Settings, owner: str, loop: asyncio.Runner
) -> None:
    play(acme, settings, owner, loop, 4, machine=Traits, lab=TraitLab)


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_following_is_computing_everybody_for_long(
    acme: Company, settings: Settings, owner: str, loop: asyncio.Runner
) -> None:
    play(acme, settings, owner, loop, 150, machine=Traits, lab=TraitLab)
