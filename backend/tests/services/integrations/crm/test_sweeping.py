"""What is deleted or merged in a CRM is found where nobody tells of it, once, and comes back if it does there."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from app.db.session import Scopes
from app.models.cdp.events import CdpEvent
from app.models.integrations.crm import CrmAccount, CrmContact, CrmDeal, CrmDeparture, CrmSync
from app.services.integrations.crm import rules
from app.services.integrations.crm.connecting import CrmDoor
from app.services.integrations.crm.departure_repository import Departures
from app.services.integrations.crm.ports import Gone
from app.services.integrations.crm.service import CrmService, CrmSyncService
from app.services.integrations.crm.telling import CrmTelling, Work, ingestion_of, new_run
from tests.factories.crm import SALESFORCE, ConnectedCrm, CrmSubject
from tests.sandbox_process import Sandbox


async def synced(scopes: Scopes, connected: ConnectedCrm) -> CrmSync:
    """With the time come to look for what is gone."""
    async with scopes() as scope:
        await scope.session.execute(update(CrmAccount).values(next_sweep_at=None))
    run = await CrmSyncService(scopes).sync(connected.account_id)
    assert run is not None
    assert run.error is None
    return run


async def gone(scopes: Scopes) -> dict[str, tuple[str, str | None]]:
    async with scopes() as scope:
        rows = await scope.session.scalars(select(CrmDeparture))
        return {each.external_id: (each.why, each.merged_into) for each in rows}


async def known(scopes: Scopes, contact: str) -> bool:
    async with scopes() as scope:
        found = select(CrmContact.external_id).where(CrmContact.external_id == contact)
        return await scope.session.scalar(found) is not None


async def test_a_deleted_deal_is_taken_back_once(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    deal = crm.deal(hub, "330.00", won=True)
    await synced(scopes, connected)
    crm.remove(hub, deal, crm.deals)
    assert (await synced(scopes, connected)).deals_gone == 1
    assert (await synced(scopes, connected)).deals_gone == 0
    async with scopes() as scope:
        statement = select(CdpEvent).where(
            CdpEvent.order_id == deal, CdpEvent.event_name == "Order Cancelled"
        )
        [undone] = await scope.session.scalars(statement)
        row = await scope.session.get_one(CrmDeal, (connected.account_id, deal, scope.tenant_id))
    assert undone.value_micros == 330_000_000
    assert row.gone_at is not None
    assert not row.told


async def test_salesforces_merges_name_the_one_that_is_left(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    if crm is not SALESFORCE:
        pytest.skip("HubSpot's list of what is archived names no other: its webhooks do")
    others, leads = new_leads(hub), new_leads(hub)
    await synced(scopes, connected)
    hub.control(
        "POST", "salesforce/merge", json={"kind": "Lead", "master_id": leads[0], "merged_id": leads[1]}
    )
    hub.control("POST", "salesforce/edit", json={"kind": "Lead", "object_id": others[0], "delete": True})
    run = await synced(scopes, connected)
    assert run.contacts_gone == 2
    assert await gone(scopes) == {leads[1]: ("merged", leads[0]), others[0]: ("deleted", None)}
    assert await known(scopes, leads[0])
    assert not await known(scopes, leads[1])
    assert (await synced(scopes, connected)).contacts_gone == 0


async def read_again(scopes: Scopes, connected: ConnectedCrm) -> CrmSync:
    """As a search shows it that has not heard of anything since."""
    run = await CrmSyncService(scopes).sync(connected.account_id)
    assert run is not None
    assert run.error is None
    return run


async def test_a_deal_is_not_sold_again_by_a_search_that_lags(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    """Somebody told of its deletion, and the search, which is asked for the last minutes again, has it still."""
    deal = crm.deal(hub, "330.00", won=True)
    await synced(scopes, connected)
    async with scopes() as scope:
        row = await scope.session.get_one(CrmDeal, (connected.account_id, deal, scope.tenant_id))
    at = row.modified_at + timedelta(milliseconds=1)
    await went(scopes, connected, deal, at)
    run = await read_again(scopes, connected)
    assert run.deals_read
    async with scopes() as scope:
        row = await scope.session.get_one(CrmDeal, (connected.account_id, deal, scope.tenant_id))
        sold = select(CdpEvent).where(CdpEvent.order_id == deal, CdpEvent.event_name == "Order Completed")
        assert len((await scope.session.scalars(sold)).all()) == 1
    assert (row.told, row.told_times, row.gone_at) == (False, 1, at)
    crm.edit(hub, deal, crm.deals, **{crm.amount: "340.00"})
    await read_again(scopes, connected)
    async with scopes() as scope:
        row = await scope.session.get_one(CrmDeal, (connected.account_id, deal, scope.tenant_id))
    assert (row.told, row.told_times, row.gone_at) == (True, 2, None), "it was modified since: it is back"


async def test_a_contact_does_not_come_back_by_a_search_that_lags(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    crm.edit(hub, crm.contact, **{crm.city: uuid4().hex})
    await synced(scopes, connected)
    async with scopes() as scope:
        assert await Departures(scope).left(connected.account_id, [Gone(crm.contact, LATER)]) == 1
    run = await read_again(scopes, connected)
    assert run.contacts_read
    assert await gone(scopes) == {crm.contact: ("deleted", None)}
    assert not await known(scopes, crm.contact)


LATER = datetime(2099, 1, 1, tzinfo=UTC)


async def went(scopes: Scopes, connected: ConnectedCrm, deal: str, at: datetime) -> None:
    """As a notice tells it."""
    async with scopes() as scope:
        account = (await CrmService(scope).get(connected.account_id)).account
        ingestion = ingestion_of(scope)
    crm = await CrmDoor(scopes).crm(account)
    work = Work(
        account,
        account.tenant_id,
        crm,
        ingestion,
        new_run(account, at),
        rules.fields_of(account.mapping),
    )
    try:
        await CrmTelling(scopes).tell_gone_deals(work, [Gone(deal, at)])
    finally:
        await ingestion.close()


def new_leads(hub: Sandbox) -> list[str]:
    return [
        str(hub.control("POST", "salesforce/leads", json={"email": f"{uuid4().hex}@people.example"})["id"])
        for _ in range(2)
    ]
