"""What a CRM says is told once, exactly, and never lost: whatever fails, and however much there is."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from httpx2 import AsyncClient
from sqlalchemy import func, select, update

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.cdp.events import CdpEvent
from app.models.integrations.connections import Connection
from app.models.integrations.conversions import ConversionDelivery
from app.models.integrations.crm import CrmAccount, CrmContact, CrmDeal, CrmSync
from app.services.cdp.consents.service import Consents
from app.services.cdp.identity.service import Resolver
from app.services.cdp.privacy.service import PrivacyWork
from app.services.integrations.conversions.service import ConversionSender, ConversionService
from app.services.integrations.crm.service import CrmService, CrmSyncService
from tests.factories.access import Company
from tests.factories.cdp import make_source
from tests.factories.crm import ConnectedCrm, CrmSubject, connect_crm
from tests.factories.snapchat import US_PIXEL
from tests.factories.snapchat import connect as connect_snapchat
from tests.sandbox_process import Sandbox


async def synced(scopes: Scopes, connected: ConnectedCrm) -> CrmSync:
    run = await CrmSyncService(scopes).sync(connected.account_id)
    assert run is not None
    return run


async def events(scopes: Scopes, name: str | None = None) -> Sequence[CdpEvent]:
    statement = select(CdpEvent).order_by(CdpEvent.received_at)
    if name is not None:
        statement = statement.where(CdpEvent.event_name == name)
    async with scopes() as scope:
        return (await scope.session.scalars(statement)).all()


async def rows_of(scopes: Scopes, table: Any) -> int:
    async with scopes() as scope:
        return int(await scope.session.scalar(select(func.count()).select_from(table)) or 0)


async def account_of(scopes: Scopes, connected: ConnectedCrm) -> CrmAccount:
    async with scopes() as scope:
        return await scope.session.get_one(CrmAccount, (scope.tenant_id, connected.account_id))


async def test_each_contact_is_told_once_with_its_values(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    first = await synced(scopes, connected)
    assert first.contacts_read == first.contacts_told == crm.people(hub)
    assert (first.contacts_unnamed, first.rejected, first.error_code) == (0, 0, None)
    told = [each for each in await events(scopes) if each.event_type == "identify"]
    assert len(told) == first.contacts_told == await rows_of(scopes, CrmContact)
    again = await synced(scopes, connected)
    assert (again.contacts_told, again.deals_told, again.rejected) == (0, 0, 0)
    assert len(await events(scopes)) == first.contacts_told + first.deals_told


async def test_a_change_is_told_and_one_that_is_not_mapped_is_not(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    await synced(scopes, connected)
    city = f"Town {connected.account_id.hex[:6]}"
    crm.edit(hub, crm.contact, **{crm.city: city})
    crm.edit(hub, crm.another, **{crm.unmapped: city})
    run = await synced(scopes, connected)
    assert run.contacts_told == 1
    newest = (await events(scopes))[-1]
    assert newest.message_id.startswith(f"{crm.provider}-{crm.account}-c{crm.contact}-")


async def test_another_mapping_tells_every_contact_again(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    """Those too of whom nothing is known there but the address."""
    first = await synced(scopes, connected)
    mapping = [
        {"property": crm.email, "to": "email", "name": None},
        {"property": crm.email, "to": "trait", "name": "written_to"},
    ]
    async with scopes() as scope:
        await CrmService(scope).change(connected.account_id, {"mapping": mapping})
    again = await synced(scopes, connected)
    assert again.contacts_told == first.contacts_told


async def test_a_reading_that_broke_off_goes_on_where_it_was(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    before = await CrmSyncService(scopes, seconds=0).sync(connected.account_id)
    assert before is not None
    page = before.contacts_read
    assert page == 200
    assert (await account_of(scopes, connected)).reading["contacts"]["after"]
    hub.control("POST", "faults", json={"kind": "server_error", "vendor": crm.provider})
    failed = await synced(scopes, connected)
    assert failed.error_code == crm.unavailable
    assert failed.contacts_read == 0
    hub.repair()
    rest = await synced(scopes, connected)
    assert rest.error_code is None
    assert page + rest.contacts_read == crm.people(hub)
    assert (await account_of(scopes, connected)).last_synced_at is not None


async def test_a_limit_that_is_reached_is_waited_for(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    hub.control("POST", f"{crm.provider}/quota", json=dict(crm.narrow))
    run = await synced(scopes, connected)
    assert run.error_code == crm.limited
    account = await account_of(scopes, connected)
    assert (account.error_code, account.last_synced_at) == (crm.limited, None)


async def test_a_token_that_is_taken_back_asks_for_a_sign_in(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    hub.control("POST", f"{crm.provider}/tokens", json={"action": "revoke"})
    run = await synced(scopes, connected)
    assert run.error_code == crm.refused
    async with scopes() as scope:
        row = await scope.session.get_one(Connection, (scope.tenant_id, connected.connection_id))
        await CrmService(scope).enqueue_due()
        assert row.status == "needs_sign_in"


async def test_a_deal_that_is_won_is_an_order_of_exactly_its_worth(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    deal = crm.deal(hub, "1234.56", currency="EUR")
    await synced(scopes, connected)
    assert deal not in {each.order_id for each in await events(scopes, "Order Completed")}
    crm.move(hub, deal, won=True)
    run = await synced(scopes, connected)
    assert run.deals_told == 1
    [order] = [e for e in await events(scopes, "Order Completed") if e.order_id == deal]
    assert (order.value_micros, order.currency) == (1_234_560_000, "EUR")
    assert order.message_id == f"{crm.provider}-{crm.account}-d{deal}-won-1"
    crm.edit(hub, deal, crm.deals, **{crm.text: "still won"})
    assert (await synced(scopes, connected)).deals_told == 0


async def test_a_deal_without_a_currency_is_counted_in_the_accounts(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    deal = crm.deal(hub, "80", won=True)
    await synced(scopes, connected)
    [order] = [e for e in await events(scopes, "Order Completed") if e.order_id == deal]
    assert (order.value_micros, order.currency) == (80_000_000, "USD")


async def test_a_deal_that_is_taken_back_is_a_refund_of_what_was_told(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    deal = crm.deal(hub, "500.00", won=True)
    await synced(scopes, connected)
    crm.move(hub, deal, won=False, **{crm.amount: "700.00"})
    assert (await synced(scopes, connected)).deals_told == 1
    [undone] = [e for e in await events(scopes, "Order Cancelled") if e.order_id == deal]
    assert undone.value_micros == 500_000_000
    crm.move(hub, deal, won=True)
    assert (await synced(scopes, connected)).deals_told == 1
    async with scopes() as scope:
        row = await scope.session.get_one(CrmDeal, (connected.account_id, deal, scope.tenant_id))
    assert (row.told, row.told_times, row.told_micros) == (True, 2, 700_000_000)


async def test_deals_are_not_told_where_nobody_wants_it(
    scopes: Scopes, crm: CrmSubject, hub: Sandbox
) -> None:
    connected = await connect_crm(scopes, hub, crm, won_event=None)
    crm.deal(hub, "90.00", won=True)
    run = await synced(scopes, connected)
    assert run.deals_read > 0
    assert run.deals_told == 0
    assert await events(scopes, "Order Completed") == []


async def test_an_erased_person_is_forgotten_and_does_not_come_back_by_themselves(
    scopes: Scopes, client: AsyncClient, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    deal = crm.deal(hub, "75.00", won=True)
    await synced(scopes, connected)
    await Resolver(scopes).drain()
    email = crm.email_of(hub)
    found = (await client.get("/api/v1/cdp/profiles", params={"identifier": email})).json()["items"]
    profile = found[0]["id"]
    body = {"kind": "erasure", "profile_id": profile, "reason": "They asked."}
    asked = await client.post("/api/v1/cdp/privacy/requests", json=body)
    assert asked.status_code == 202, asked.text
    await PrivacyWork(scopes).run(UUID(asked.json()["id"]))
    request = (await client.get(f"/api/v1/cdp/privacy/requests/{asked.json()['id']}")).json()
    stores = {each["store"]: each for each in request["steps"]}
    assert stores["crm_contacts"]["rows"] == 1
    assert stores[f"crm:{crm.provider}:{crm.name}"]["status"] == "untold"
    async with scopes() as scope:
        held = (connected.account_id, crm.contact, scope.tenant_id)
        assert await scope.session.get(CrmContact, held) is None
        sold = await scope.session.get_one(CrmDeal, (connected.account_id, deal, scope.tenant_id))
        assert sold.contacts == []
        await scope.session.execute(update(CrmAccount).values(contacts_until=None, deals_until=None))
    run = await synced(scopes, connected)
    assert run.rejected == 1
    async with scopes() as scope:
        assert await scope.session.get(CrmContact, held) is None


async def test_one_that_is_switched_off_is_not_read(scopes: Scopes, crm: CrmSubject, hub: Sandbox) -> None:
    connected = await connect_crm(scopes, hub, crm, enabled=False)
    assert await CrmSyncService(scopes).sync(connected.account_id) is None


async def test_a_won_deal_is_a_conversion_at_the_platform(
    acme: Company, scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    platform = await connect_snapchat(scopes, hub)
    await synced(scopes, connected)
    email = crm.email_of(hub)
    source, began = await make_source(acme), real_now() - timedelta(seconds=1)
    agreed = {
        "type": "identify",
        "messageId": f"agreed-{connected.account_id}",
        "anonymousId": "a-1",
        "traits": {"email": email},
        "context": {"consent": {"categoryPreferences": {"Advertising": True}}},
    }
    answer = await acme.client().post("/v1/batch", json={"batch": [agreed]}, auth=(source.key, ""))
    assert answer.status_code == 200, answer.text
    deal = crm.deal(hub, "321.09", won=True)
    await synced(scopes, connected)
    await Resolver(scopes).drain()
    async with scopes() as scope:
        await Consents(scope).take_in(began, real_now())
        await ConversionService(scope).queue_accepted(began, real_now())
    await ConversionSender(scopes).send_due(platform.dollars)
    key = f"{crm.provider}-{crm.account}-d{deal}-won-1"
    async with scopes() as scope:
        statement = select(ConversionDelivery).where(
            ConversionDelivery.dedupe_key == key, ConversionDelivery.ad_account_id == platform.dollars
        )
        [delivery] = await scope.session.scalars(statement)
    assert (delivery.status, delivery.reason) == ("acknowledged", None)
    events_there = hub.control("GET", "snapchat/events", params={"pixel": US_PIXEL})["events"]
    [arrived] = [each["event"] for each in events_there if each["event_id"] == key]
    assert (arrived["custom_data"]["value"], arrived["custom_data"]["currency"]) == (321.09, "USD")
    assert {"em", "ph", "fn", "ln", "ct", "st", "zp", "country"} <= arrived["user_data"].keys()
