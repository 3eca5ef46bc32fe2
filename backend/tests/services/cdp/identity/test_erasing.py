"""Whoever is joined to a person who is being erased keeps what is theirs, and nothing of the other."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.ids import uuid7
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import GraphChanges, GraphErasure
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.segments import Lab


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
    assert left == [(other, 1)]
    assert await lab.members(segment) == {other}
