"""From events to people, through the real store."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from httpx2 import AsyncClient
from sqlalchemy import select

from app.models.cdp.identity import CdpIdentifier, CdpIdentityEdge, CdpIdentityQueueItem, CdpProfileChange
from app.models.cdp.profiles import CdpProfile
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import Resolver
from app.services.cdp.sources.service import Sender
from tests.factories.access import Company
from tests.factories.cdp import ingest, track


async def send(company: Company, ingestion: Ingestion, *events: dict[str, Any]) -> None:
    outcome = await ingest(ingestion, Sender(company.id, None), *events)
    assert not outcome.rejected
    await Resolver(company.scopes).drain()


async def rows(company: Company, model: Any) -> Sequence[Any]:
    async with company.scopes() as scope:
        return (await scope.session.scalars(select(model))).all()


async def people(company: Company) -> dict[UUID, CdpProfile]:
    return {profile.id: profile for profile in await rows(company, CdpProfile)}


async def test_a_visitor_who_signs_in_is_one_person_with_all_of_the_events(
    acme: Company, ingestion: Ingestion
) -> None:
    await send(
        acme,
        ingestion,
        track(userId=None, anonymousId="a-1"),
        track(userId=None, anonymousId="a-1"),
        track(userId="u-1", anonymousId="a-1"),
        track(
            "Order Completed", userId="u-1", properties={"order_id": "o", "revenue": 9.5, "currency": "EUR"}
        ),
    )
    [person] = (await people(acme)).values()
    assert (person.event_count, person.order_count, person.revenue) == (4, 1, {"EUR": 9_500_000})
    assert (person.lifecycle, person.identifier_count) == ("customer", 2)
    assert {each.profile_id for each in await rows(acme, CdpIdentifier)} == {person.id}
    assert await rows(acme, CdpIdentityQueueItem) == []


async def test_two_people_who_share_a_device_stay_two(acme: Company, ingestion: Ingestion) -> None:
    shared = {"device": {"id": "kiosk"}}
    await send(acme, ingestion, track(userId="u-1", context=shared), track(userId="u-2", context=shared))
    assert len(await people(acme)) == 2
    refused = [edge for edge in await rows(acme, CdpIdentityEdge) if not edge.joined]
    assert [edge.reason for edge in refused] == ["different_users"]


async def test_traits_are_kept_and_what_names_a_person_is_sealed(acme: Company, ingestion: Ingestion) -> None:
    first = {"plan": "free", "email": "Jo@Example.com", "firstName": "Jo"}
    await send(acme, ingestion, {"type": "identify", "userId": "u-1", "traits": first})
    await send(acme, ingestion, {"type": "identify", "userId": "u-1", "traits": {"plan": "pro"}})
    [person] = (await people(acme)).values()
    assert person.traits == {"plan": "pro"}
    assert set(person.sealed_traits) == {"email", "firstName"} == set(person.trait_hashes)
    assert person.lifecycle == "known"
    assert "Example" not in str(person.sealed_traits)


async def test_the_feed_says_who_changed_and_by_what(acme: Company, ingestion: Ingestion) -> None:
    await send(acme, ingestion, track("Viewed", userId=None, anonymousId="a-1"))
    await send(acme, ingestion, track("Viewed", userId="u-1"))
    before = await people(acme)
    await send(acme, ingestion, track("Signed In", userId="u-1", anonymousId="a-1"))
    [survivor] = await people(acme)
    changes = sorted(await rows(acme, CdpProfileChange), key=lambda change: change.seq)[2:]
    said = {change.reason: (change.profile_ids, change.event_names) for change in changes}
    assert said["events"] == ([survivor], ["Signed In"])
    assert said["graph"] == ([survivor], [])
    assert said["ended"] == (list(before.keys() - {survivor}), [])


async def test_a_companys_address_makes_no_one_of_its_people(acme: Company, ingestion: Ingestion) -> None:
    company = {
        "type": "group",
        "groupId": "g-1",
        "traits": {"email": "info@firm.example", "phone": "+49301234567"},
    }
    visitors = [{**company, "anonymousId": f"a-{number}", "messageId": f"g-{number}"} for number in range(2)]
    await send(acme, ingestion, *visitors)
    assert [each.lifecycle for each in (await people(acme)).values()] == ["anonymous"] * 2


async def test_a_trait_in_the_form_of_a_sealed_one_is_a_value_like_any_other(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    """Whoever knows a write key sends it: everybody else's events are resolved all the same."""
    forged: list[dict[str, Any]] = [{"$sealed": "bm9uZQ=="}, {"$sealed": "x", "$hash": "y"}, {"$sealed": 7}]
    await send(
        acme,
        ingestion,
        *(
            {**track(userId=f"u-{number}"), "type": "identify", "traits": {"plan": value}}
            for number, value in enumerate(forged)
        ),
        track(userId="u-other"),
    )
    found = await people(acme)
    assert len(found) == len(forged) + 1
    for person in found.values():
        answer = await client.get(f"/api/v1/cdp/profiles/{person.id}/personal")
        assert answer.status_code == 200, answer.text
        assert answer.json()["traits"].get("plan") in (None, *forged)
