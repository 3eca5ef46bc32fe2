"""What HubSpot says by itself is a hint: objects are looked at, in whatever order and however often they are named."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, update

from app.core.ids import uuid7
from app.db.outbox import OutboxMessage
from app.models.cdp.events import CdpEvent
from app.models.cdp.privacy import CdpPrivacyRequest
from app.models.integrations.crm import CrmContact, CrmDeal, CrmDeparture, CrmNotice, CrmWrite
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import Resolver
from app.services.cdp.privacy.service import PrivacyRequests
from app.services.cdp.tombstones.service import Tombstones
from app.services.integrations.crm.departure_repository import Departures
from app.services.integrations.crm.notice_repository import NoticeRepository
from app.services.integrations.crm.ports import Kind, Notice
from app.services.integrations.crm.service import CrmNotices, CrmNoticeWork, CrmService, CrmSyncService
from app.services.integrations.gateway import Gateway
from tests.factories.access import Company
from tests.sandbox_process import Sandbox
from tests.services.integrations.crm.here import FAR, LIFECYCLE, Here

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
async def here(
    acme: Company, sandbox: Sandbox, platforms: Gateway, ingestion: Ingestion
) -> AsyncIterator[Here]:
    here = Here(acme, sandbox, ingestion)
    await here.connect(LIFECYCLE, won_event="Order Completed")
    yield here
    sandbox.repair()


async def notice(here: Here, *ids: str, kind: Kind = "contacts", **facts: object) -> None:
    """HubSpot's word that something has happened to these."""
    told = [Notice("24680135", kind, each, NOW, f"{each}{facts}".encode(), **facts) for each in ids]  # type: ignore[arg-type]
    async with here.scopes() as scope:
        await CrmNotices(scope).keep({here.connected.account_id: told})


async def work(here: Here) -> int:
    settled = await CrmNoticeWork(here.scopes).run(here.connected.account_id)
    await Resolver(here.scopes).drain()
    return settled


async def known(here: Here) -> set[str]:
    async with here.scopes() as scope:
        return set(await scope.session.scalars(select(CrmContact.external_id)))


async def gone(here: Here) -> dict[str, tuple[str, str | None]]:
    async with here.scopes() as scope:
        found = await scope.session.scalars(select(CrmDeparture))
        return {each.external_id: (each.why, each.merged_into) for each in found}


async def waiting(here: Here) -> dict[str, int]:
    async with here.scopes() as scope:
        return {each.external_id: each.attempts for each in await scope.session.scalars(select(CrmNotice))}


async def told(here: Here, name: str) -> list[CdpEvent]:
    async with here.scopes() as scope:
        return list(await scope.session.scalars(select(CdpEvent).where(CdpEvent.event_name == name)))


async def proposals(here: Here) -> list[CdpPrivacyRequest]:
    """Once the outbox's proposals are made."""
    asked = select(OutboxMessage.payload).where(OutboxMessage.name == "cdp.privacy.propose")
    async with here.scopes() as scope:
        for each in await scope.session.scalars(asked):
            wanted = {"reason": each["reason"], "by": each["by"]}
            await PrivacyRequests(scope).propose(UUID(each["profile_id"]), **wanted)
        await scope.session.execute(
            update(OutboxMessage).where(OutboxMessage.name == "cdp.privacy.propose").values(name="done")
        )
        return list(await scope.session.scalars(select(CdpPrivacyRequest)))


async def test_a_contact_is_told_at_once_and_by_few_requests(here: Here, sandbox: Sandbox) -> None:
    contacts = [here.contact()[0] for _ in range(3)]
    await notice(here, *contacts)
    await notice(here, *contacts)
    assert await work(here) == 3
    assert await known(here) == set(contacts)
    assert await waiting(here) == {}
    assert await work(here) == 0


async def test_a_deleted_contact_is_not_written_any_more_and_says_so(here: Here, client: AsyncClient) -> None:
    contact, email = here.contact()
    await here.read()
    await here.wrote()
    here.delete(contact)
    await notice(here, contact)
    assert await work(here) == 1
    assert await gone(here) == {contact: ("deleted", None)}
    assert contact not in await known(here)
    await here.buys("order-1", email)
    assert await here.write() is None, "its lifecycle stage changed here, and nothing is written"
    async with here.scopes() as scope:
        assert list(await scope.session.scalars(select(CrmWrite))) == []
    url = f"/api/v1/integrations/crm/{here.connected.account_id}"
    assert (await client.get(url)).json()["departures"] == 1
    [shown] = (await client.get(f"{url}/departures")).json()["items"]
    assert (shown["contact"], shown["why"]) == (contact, "deleted")


async def test_deletion_and_restoration_in_any_order_end_where_the_crm_is(
    here: Here, sandbox: Sandbox
) -> None:
    contact, email = here.contact()
    await here.read()
    await here.buys("order-2", email)
    await here.wrote()
    before = await fields(here, contact)
    here.delete(contact)
    await notice(here, contact)
    await work(here)
    sandbox.control("POST", "hubspot/remove", json={"object_id": int(contact), "restore": True})
    await notice(here, contact)
    await notice(here, contact, privacy=True)
    assert await work(here) == 0, "it is said to be gone for good, and it is there: looked at again later"
    assert await gone(here) == {}
    assert await fields(here, contact) == before, "what was agreed counts on"
    assert await waiting(here) == {contact: 1}


async def fields(here: Here, contact: str) -> dict[str, list[str | None]]:
    async with here.scopes() as scope:
        row = await scope.session.get_one(CrmContact, (here.connected.account_id, contact, scope.tenant_id))
        return dict(row.fields)


async def test_what_was_agreed_under_another_meaning_does_not_return_with_a_contact(
    here: Here, sandbox: Sandbox
) -> None:
    """It would take one trait's agreement for another's, and write over what stands there."""
    await here.map({"property": "city", "to": "trait", "name": "city", "direction": "both", "wins": "theirs"})
    contact, _ = here.contact(city="Ghent")
    await here.rest()
    assert (await fields(here, contact))["city"][0] is not None
    here.delete(contact)
    await notice(here, contact)
    await work(here)
    await here.map({"property": "city", "to": "trait", "name": "town", "direction": "both", "wins": "theirs"})
    sandbox.control("POST", "hubspot/remove", json={"object_id": int(contact), "restore": True})
    await notice(here, contact)
    await work(here)
    assert "city" not in await fields(here, contact)
    await here.rest()
    assert here.there(contact, "city") == ("Ghent",)


async def test_a_merged_contact_is_gone_and_the_other_is_told(here: Here) -> None:
    (one, _), (other, _) = here.contact(), here.contact(city="Ghent")
    await here.read()
    here.merge(one, other)
    await notice(here, one)
    await notice(here, other, merged_into=one)
    await work(here)
    assert await gone(here) == {other: ("merged", one)}
    assert await known(here) == {one}


async def test_what_the_crm_did_not_answer_for_is_asked_again(here: Here, sandbox: Sandbox) -> None:
    contacts = sorted(here.contact()[0] for _ in range(4))
    await here.read()
    here.delete(contacts[0])
    order = {"kind": "partial_failure", "vendor": "hubspot", "severity": 0.5}
    sandbox.control("POST", "faults", json=order)
    await notice(here, *contacts)
    await work(here)
    assert contacts[0] in await gone(here), "of it HubSpot said that it is not there"
    unanswered = await waiting(here)
    assert len(unanswered) == 2
    assert set(unanswered.values()) == {1}
    assert not unanswered.keys() & (await gone(here)).keys()


async def test_a_crm_that_fails_loses_nothing(here: Here, sandbox: Sandbox) -> None:
    contact, _ = here.contact()
    await notice(here, contact)
    sandbox.control("POST", "hubspot/tokens", json={"action": "revoke"})
    try:
        assert await work(here) == 0
    finally:
        sandbox.control("POST", "hubspot/tokens", json={"action": "restore"})
    assert await waiting(here) == {contact: 0}


async def test_a_crm_that_fails_is_left_alone_however_much_it_has_said(here: Here, sandbox: Sandbox) -> None:
    await notice(here, *(str(500_000_000 + each) for each in range(250)))
    sandbox.control("POST", "faults", json={"kind": "server_error", "vendor": "hubspot"})
    try:
        assert await work(here) == 0
    finally:
        sandbox.repair()
    async with here.scopes() as scope:
        assert await NoticeRepository(scope).accounts_with_due() == []


async def test_a_privacy_deletion_is_proposed_and_done_once_somebody_confirms_it(
    here: Here, client: AsyncClient
) -> None:
    contact, email = here.contact()
    await here.read()
    profile = await here.profile(email)
    here.forget(contact)
    await notice(here, contact)
    await work(here)
    await notice(here, contact, privacy=True)
    await work(here)
    assert await gone(here) == {contact: ("privacy", None)}
    [request] = await proposals(here)
    assert (request.profile_id, request.status, request.requested_by) == (profile, "proposed", "HubSpot")
    assert await here.profile(email) == profile, "nothing is done of itself"
    url = f"/api/v1/cdp/privacy/requests/{request.id}"
    assert (await client.get(url)).json()["status"] == "proposed"
    await notice(here, contact, privacy=True)
    await work(here)
    assert len(await proposals(here)) == 1
    assert (await client.post(f"{url}/confirm")).json()["status"] == "queued"
    again = await client.post(f"{url}/dismiss")
    assert (again.status_code, again.json()["code"]) == (409, "cdp.privacy.not_proposed")
    await here.carry_out(request.id)
    assert (await client.get(url)).json()["status"] == "done"
    assert await gone(here) == {}, "the departure named them too"


async def test_a_dismissed_proposal_does_not_come_again(here: Here, client: AsyncClient) -> None:
    contact, email = here.contact()
    await here.read()
    here.forget(contact)
    await notice(here, contact, privacy=True)
    await work(here)
    [request] = await proposals(here)
    url = f"/api/v1/cdp/privacy/requests/{request.id}"
    assert (await client.post(f"{url}/dismiss")).json()["status"] == "dismissed"
    await here.carry_out(request.id)
    await notice(here, contact, privacy=True)
    await work(here)
    assert [each.status for each in await proposals(here)] == ["dismissed"]
    assert await here.profile(email) == request.profile_id


async def test_a_deal_that_is_deleted_is_taken_back_once(here: Here, sandbox: Sandbox) -> None:
    contact, _ = here.contact()
    await here.read()
    body = {"contact_id": int(contact), "amount": "250.00", "stage": "closedwon"}
    deal = str(sandbox.control("POST", "hubspot/deals", json=body)["id"])
    await notice(here, deal, kind="deals")
    await work(here)
    [order] = [each for each in await told(here, "Order Completed") if each.order_id == deal]
    assert order.value_micros == 250_000_000
    sandbox.control("POST", "hubspot/remove", json={"kind": "deals", "object_id": int(deal)})
    for _ in range(2):
        await notice(here, deal, kind="deals")
        await work(here)
    [undone] = [each for each in await told(here, "Order Cancelled") if each.order_id == deal]
    assert undone.value_micros == 250_000_000
    row = await deal_of(here, deal)
    assert (row.told, row.gone_at) == (False, NOW)
    sandbox.control("POST", "hubspot/remove", json={"kind": "deals", "object_id": int(deal), "restore": True})
    await notice(here, deal, kind="deals")
    await work(here)
    row = await deal_of(here, deal)
    assert (row.told, row.told_times, row.gone_at) == (True, 2, None)
    orders = [each for each in await told(here, "Order Completed") if each.order_id == deal]
    assert {each.properties["event_id"] for each in orders} == {f"hubspot-24680135-d{deal}-won-1"}


async def deal_of(here: Here, deal: str) -> CrmDeal:
    async with here.scopes() as scope:
        return await scope.session.get_one(CrmDeal, (here.connected.account_id, deal, scope.tenant_id))


async def test_what_nobody_told_of_is_found_by_the_sweep(here: Here, sandbox: Sandbox) -> None:
    contact, _ = here.contact()
    await here.read()
    here.delete(contact)
    run = await here.read()
    assert run.contacts_gone == 0, "it looked a moment ago"
    async with here.scopes() as scope:
        account = (await CrmService(scope).get(here.connected.account_id)).account
        assert account.next_sweep_at is not None
        account.next_sweep_at = None
    run = await here.read()
    assert (run.contacts_gone, await gone(here)) == (1, {contact: ("deleted", None)})
    async with here.scopes() as scope:
        (await CrmService(scope).get(here.connected.account_id)).account.next_sweep_at = None
    assert (await here.read()).contacts_gone == 0


async def test_a_sweep_that_breaks_off_goes_on_where_it_was(here: Here) -> None:
    contacts = [here.contact()[0] for _ in range(2)]
    await here.read()
    for each in contacts:
        here.delete(each)
    async with here.scopes() as scope:
        account = (await CrmService(scope).get(here.connected.account_id)).account
        account.next_sweep_at, account.contacts_until = None, FAR
    for _ in range(500):
        run = await CrmSyncService(here.scopes, seconds=0).sync(here.connected.account_id)
        assert run is not None
        assert run.error is None
        async with here.scopes() as scope:
            if (await CrmService(scope).get(here.connected.account_id)).account.next_sweep_at:
                break
    assert set(await gone(here)) == set(contacts)


async def test_one_that_is_switched_off_keeps_only_who_was_deleted_for_good(
    here: Here, client: AsyncClient
) -> None:
    """Whatever else happens meanwhile is read when it is switched on; of these nothing would tell again."""
    contact, _ = here.contact()
    other, _ = here.contact()
    await here.read()
    await client.patch(f"/api/v1/integrations/crm/{here.connected.account_id}", json={"enabled": False})
    asked = await asked_for(here)
    await notice(here, contact)
    assert (await waiting(here), await asked_for(here)) == ({}, asked)
    await notice(here, other, privacy=True)
    assert (await waiting(here), await asked_for(here)) == ({other: 0}, asked)


async def asked_for(here: Here) -> int:
    """How many tasks to look at notices there are."""
    statement = select(OutboxMessage.id).where(OutboxMessage.name == "integrations.crm.notices")
    async with here.scopes() as scope:
        return len((await scope.session.scalars(statement)).all())


async def test_whose_return_was_refused_stays_known_as_gone(here: Here, sandbox: Sandbox) -> None:
    """What was agreed of them, and whom they name, would be lost: an erasure would find nobody."""
    contact, _ = here.contact()
    await here.read()
    await here.wrote()
    here.delete(contact)
    await notice(here, contact)
    await work(here)
    async with here.scopes() as scope:
        [row] = await scope.session.scalars(select(CrmDeparture))
        await Tombstones(scope).bury(row.keys, FAR, uuid7())
    sandbox.control("POST", "hubspot/remove", json={"object_id": int(contact), "restore": True})
    await notice(here, contact)
    await work(here)
    assert contact not in await known(here)
    assert await gone(here) == {contact: ("deleted", None)}
    async with here.scopes() as scope:
        [departed] = await Departures(scope).erase(row.keys)
    assert (departed.external_id, list(departed.keys)) == (contact, row.keys)


async def test_who_bought_a_deleted_deal_is_asked_for_once(here: Here, sandbox: Sandbox) -> None:
    contact, _ = here.contact()
    await here.read()
    body = {"contact_id": int(contact), "amount": "250.00", "stage": "closedwon"}
    deal = str(sandbox.control("POST", "hubspot/deals", json=body)["id"])
    await notice(here, deal, kind="deals")
    await work(here)
    here.delete(contact)  # and nobody has told of that
    sandbox.control("POST", "hubspot/remove", json={"kind": "deals", "object_id": int(deal)})
    sandbox.control("GET", "hubspot/calls")
    counts = []
    for _ in range(3):
        await notice(here, deal, kind="deals")
        await work(here)
        calls = sandbox.control("GET", "hubspot/calls")
        counts.append(calls.get("crm/objects/2026-03/contacts/batch/read", 0))
    assert counts == [1, 0, 0]
    row = await deal_of(here, deal)
    assert (row.told, row.stays_told, row.gone_at) == (True, True, NOW)
    sandbox.control("POST", "hubspot/remove", json={"kind": "deals", "object_id": int(deal), "restore": True})
    await notice(here, deal, kind="deals")
    await work(here)
    row = await deal_of(here, deal)
    assert (row.told, row.stays_told, row.gone_at) == (True, False, None)


async def test_two_at_once_propose_one_erasure(here: Here) -> None:
    contact, email = here.contact()
    await here.read()
    profile = await here.profile(email)

    async def propose() -> CdpPrivacyRequest | None:
        async with here.scopes() as scope:
            return await PrivacyRequests(scope).propose(profile, f"Contact {contact}.", by="HubSpot")

    async with here.scopes() as scope:
        first = await PrivacyRequests(scope).propose(profile, "Another reason.", by="HubSpot")
        other = asyncio.create_task(propose())
        await asyncio.wait({other}, timeout=0.3)  # it waits for whoever came first
    assert first is not None
    assert await other is None
    assert [each.reason for each in await proposals(here)] == ["Another reason."]


async def test_a_proposal_is_closed_when_its_person_is_erased_otherwise(
    here: Here, client: AsyncClient
) -> None:
    _, email = here.contact()
    await here.read()
    profile = await here.profile(email)
    async with here.scopes() as scope:
        proposed = await PrivacyRequests(scope).propose(profile, "Deleted there.", by="HubSpot")
        assert proposed is not None
        name = proposed.id
    await here.erase(client, email)
    url = f"/api/v1/cdp/privacy/requests/{name}"
    shown = (await client.get(url)).json()
    assert (shown["status"], shown["overdue"]) == ("overtaken", False)
    assert shown["finished_at"] is not None
    assert (await client.post(f"{url}/confirm")).json()["code"] == "cdp.privacy.not_proposed"
