"""Whoever is joined to a person who is being erased keeps what is theirs, and nothing of the other."""

import asyncio
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.ids import uuid7
from app.models.cdp.identity import CdpIdentifier, CdpIdentityEdge, CdpProfileChange
from app.models.cdp.profiles import CdpProfile
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import GraphChanges, GraphErasure, Rules, Ruling
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.segments import Lab
from tests.workers.processes import eventually


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> Lab:
    return Lab(acme, engine, ingestion)


async def person_of(lab: Lab, identifier_type: str) -> UUID:
    async with lab.scopes() as scope:
        found = select(CdpIdentifier.profile_id).where(CdpIdentifier.type == identifier_type)
        return (await scope.session.scalars(found)).one()


@pytest.mark.parametrize("elder", ["user_id", "anonymous_id"])
async def test_who_was_merged_with_them_meanwhile_is_folded_without_them(lab: Lab, elder: str) -> None:
    """`elder` names the profile that both have: the erased person's own, or the other's."""
    said: dict[str, dict[str, Any]] = {
        "user_id": {"userId": "u-1"},
        "anonymous_id": {"userId": None, "anonymousId": "a-1"},
    }
    younger = ({*said} - {elder}).pop()
    await lab.send(
        {**track("Viewed", **said[elder]), "timestamp": lab.ago(days=2)},
        {**track("Viewed", **said[younger]), "timestamp": lab.ago(days=1)},
    )
    erased, other = await person_of(lab, "user_id"), await person_of(lab, "anonymous_id")
    segment = await lab.segment({"kind": "counter", "field": "event_count", "op": "equals", "value": 1})
    request = uuid7()
    async with lab.scopes() as scope:
        keys = await GraphErasure(scope).bury(erased, scope.now(), request)
    async with lab.scopes() as scope:
        await GraphChanges(scope).merge(erased, other, "The same.")
    await lab.follow()
    assert await lab.members(segment) == set()
    async with lab.scopes() as scope:
        await GraphErasure(scope).erase(keys, request)
    await lab.follow()
    async with lab.scopes() as scope:
        left = (await scope.session.execute(select(CdpProfile.id, CdpProfile.event_count))).all()
        told = select(CdpProfileChange.profile_ids).where(CdpProfileChange.reason == "erased")
        [gone] = await scope.session.scalars(told)
    assert left == [(other, 1)]
    assert gone == [erased]
    assert await lab.members(segment) == {other}


async def test_what_an_act_upon_others_kept_of_their_ids_is_gone_too(lab: Lab) -> None:
    """A split of others may have ended their profile for a while, and remembers what it was called."""
    await lab.send(*(track("Viewed", userId=f"u-{each}") for each in range(3)))
    erased, one, other = await lab_profiles(lab)
    request = uuid7()
    async with lab.scopes() as scope:
        await GraphChanges(scope).merge(one, other, "The same.")
        await scope.session.execute(update(CdpIdentityEdge).values(ended=[erased, other], founded=[erased]))
    async with lab.scopes() as scope:
        keys = await GraphErasure(scope).bury(erased, scope.now(), request)
    async with lab.scopes() as scope:
        await GraphErasure(scope).erase(keys, request)
        kept = (await scope.session.execute(select(CdpIdentityEdge.ended, CdpIdentityEdge.founded))).all()
    assert kept == [([other], [])]


_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'cdp_identifiers'::regclass)"


async def test_a_trial_of_rules_that_reads_while_they_are_erased_goes_by_who_is_left(
    lab: Lab, owner: asyncpg.Connection
) -> None:
    await lab.send(*(track("Viewed", userId=f"u-{each}", anonymousId=f"a-{each}") for each in range(2)))
    erased = await lab_profiles(lab)

    async def trial() -> int:
        async with lab.scopes() as scope:
            return (await Ruling(scope).dry_run(Rules())).profiles_before

    async with owner.transaction():
        await owner.execute("SELECT set_config('app.tenant_id', $1, true)", str(lab.company.id))
        await owner.execute("LOCK TABLE cdp_identifiers")
        trying = asyncio.create_task(trial())
        await eventually(partial(owner.fetchval, _WAITS))
        await owner.execute("DELETE FROM cdp_identity_edges WHERE a_key = $1 OR b_key = $1", erased[0])
        await owner.execute("DELETE FROM cdp_identifiers WHERE profile_id = $1", erased[0])
    assert await trying == 1


async def lab_profiles(lab: Lab) -> list[UUID]:
    async with lab.scopes() as scope:
        return list(await scope.session.scalars(select(CdpProfile.id)))
