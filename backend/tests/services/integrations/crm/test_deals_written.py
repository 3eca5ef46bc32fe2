"""A deal holds how its person came before it ended, and what they are worth: nothing that is not known, no loops."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, update

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.integrations.connections import Connection
from app.models.integrations.crm import CrmAccount, CrmContact, CrmDeal, CrmPush
from app.services.cdp.events.service import Ingestion, Outcome
from app.services.integrations.crm.service import CrmSyncService, CrmWriting
from app.services.integrations.crm.telling import CrmTelling, Work
from tests.factories.access import Company
from tests.factories.crm import HUBSPOT, SALESFORCE, CrmSubject
from tests.sandbox_process import Sandbox
from tests.services.integrations.crm.here import FAR, LIFECYCLE, Here

_NAMES: Mapping[str, str] = {
    "stratum_first_source": "Stratum_First_Source__c",
    "stratum_first_campaign": "Stratum_First_Campaign__c",
    "stratum_last_source": "Stratum_Last_Source__c",
    "stratum_last_platform": "Stratum_Last_Platform__c",
    "stratum_lifetime_value": "Stratum_Lifetime_Value__c",
}
_DAY = timedelta(days=1)


class Dealing(Here):
    """And deals of that company's."""

    hub: Sandbox
    deals: list[str]

    def named(self, name: str) -> str:
        return name if self.crm is HUBSPOT else _NAMES[name]

    def field(self, name: str, to: str, part: str | None = None) -> dict[str, Any]:
        return {"property": self.named(name), "to": to, "name": part}

    @property
    def all_fields(self) -> list[dict[str, Any]]:
        return [
            self.field("stratum_first_source", "first_touch", "source"),
            self.field("stratum_first_campaign", "first_touch", "campaign"),
            self.field("stratum_last_source", "last_touch", "source"),
            self.field("stratum_last_platform", "last_touch", "platform"),
            self.field("stratum_lifetime_value", "lifetime_value"),
        ]

    def deal_of(self, contact: str, *, won: datetime | None = None) -> str:
        """One that was won at that time; None is open."""
        body: dict[str, Any] = {"contact_id": contact, "stage": self.crm.won if won else self.crm.open}
        if self.crm is not HUBSPOT:
            body["amount"] = 1200.0
            body |= {"close_date": won.date().isoformat()} if won else {}
        deal = str(self.hub.control("POST", f"{self.crm.provider}/deals", json=body)["id"])
        if won and self.crm is HUBSPOT:
            self.crm.edit(self.hub, deal, "deals", closedate=won.isoformat())
        self.deals.append(deal)
        return deal

    def at(self, deal: str, *names: str) -> tuple[str | None, ...]:
        told = self.hub.control("GET", f"{self.crm.provider}/{self.crm.deals}/{deal}")
        found = told.get("properties") or told.get("fields")
        return tuple(
            None if (value := found.get(self.named(each))) is None else str(value).removesuffix(".0")
            for each in names
        )

    def edit_deal(self, deal: str, **values: str) -> None:
        changed = {self.named(name): value for name, value in values.items()}
        self.crm.edit(self.hub, deal, self.crm.deals, **changed)

    async def read_all(self) -> None:
        """The contacts and the deals that this test made."""
        await self.place()
        run = await CrmSyncService(self.scopes).sync(self.connected.account_id)
        assert run is not None
        assert run.error is None

    async def place(self) -> None:
        """Where the next reading begins."""
        first = min(self.deals, default=None)
        async with self.scopes() as scope:
            for account in await scope.session.scalars(select(CrmAccount)):
                until = {"since": None, "until": FAR.isoformat()}
                places = {"contacts": until | {"after": self.crm_itself.before(self.first)}}
                if first is not None:
                    places["deals"] = until | {"after": self.crm_itself.before(first)}
                account.reading, account.deals_until = places, FAR
                account.next_sweep_at = FAR

    async def visit(self, email: str, at: datetime, **context: Any) -> None:
        await self.happens(
            type="page", name="Landing", email=email, context=context, timestamp=at.isoformat()
        )

    async def chosen(self, client: AsyncClient, fields: list[dict[str, Any]]) -> Any:
        url = f"/api/v1/integrations/crm/{self.connected.account_id}"
        return await client.patch(url, json={"deal_mapping": fields})

    async def shown(self, client: AsyncClient) -> dict[str, Any]:
        url = f"/api/v1/integrations/crm/{self.connected.account_id}"
        found: dict[str, Any] = (await client.get(url)).json()
        return found

    async def row(self, deal: str) -> CrmDeal:
        async with self.scopes() as scope:
            key = (self.connected.account_id, deal, scope.tenant_id)
            return await scope.session.get_one(CrmDeal, key)


@pytest.fixture
def here(acme: Company, hub: Sandbox, ingestion: Ingestion, crm: CrmSubject) -> Dealing:
    here = Dealing(acme, hub, ingestion, crm)
    here.hub, here.deals = hub, []
    return here


def ago(days: float) -> datetime:
    return real_now() - days * _DAY


async def test_a_won_deal_holds_how_its_person_came_before_it_and_what_they_are_worth(
    here: Dealing, client: AsyncClient
) -> None:
    await here.connect()
    contact, email = here.contact()
    other, _ = here.contact()
    won, unknown = here.deal_of(contact, won=ago(5)), here.deal_of(other, won=ago(5))
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "news", "name": "spring", "medium": "email"})
    url = "https://shop.example/?utm_source=google&utm_campaign=brand%20ads&gclid=abc"
    await here.visit(email, ago(8), page={"url": url})
    await here.visit(email, ago(1), campaign={"source": "too late"})
    await here.buys("order-1", email)
    assert await here.write() is None, "off until somebody chooses it"
    answer = await here.chosen(client, here.all_fields)
    assert answer.status_code == 200, answer.text
    await here.read_all()
    push = await here.wrote()
    assert (push.deals, push.failed, push.written) == (1, 0, 0)
    assert here.at(won, *_NAMES) == ("news", "spring", "google", "google", "5")
    assert here.at(unknown, *_NAMES) == (None,) * 5, "who came from nowhere that is known has nothing"
    ended = (await here.row(won)).ended_at
    await here.read_all()
    assert await here.queue() == [], "what was written comes back as no news"
    assert (await here.row(won)).ended_at == ended, "and does not end the deal later"
    assert await here.write() is None


async def test_the_last_visit_of_an_open_deal_follows_and_of_one_that_is_lost_stays(
    here: Dealing, client: AsyncClient
) -> None:
    await here.connect()
    contact, email = here.contact()
    deal = here.deal_of(contact)
    await here.read_all()
    await here.chosen(client, [here.field("stratum_last_source", "last_touch", "source")])
    await here.read_all()
    await here.visit(email, ago(3), campaign={"source": "one"})
    assert (await here.wrote()).deals == 1
    await here.visit(email, ago(2), campaign={"source": "two"})
    assert (await here.wrote()).deals == 1
    assert here.at(deal, "stratum_last_source") == ("two",)
    before = await here.row(deal)
    assert (before.ended_at, before.written_of) == (None, contact)
    await here.visit(email, ago(1.5), campaign={"source": ""})
    await here.buys("order-2", email)
    push = await here.write()
    assert push is None or push.deals == 0, "that says nothing of where they came from"


async def test_a_campaign_that_is_no_object_says_nothing_and_holds_up_no_deal(
    here: Dealing, client: AsyncClient
) -> None:
    """Anybody can send it, and a template that was not filled in is one."""
    await here.connect()
    contact, email = here.contact()
    deal = here.deal_of(contact)
    await here.read_all()
    await here.chosen(client, [here.field("stratum_last_source", "last_touch", "source")])
    await here.read_all()
    page = {"url": "https://shop.example/?utm_source=google"}
    await here.visit(email, ago(3), campaign="{{campaign.name}}", page=page)
    assert (await here.wrote()).deals == 1
    assert here.at(deal, "stratum_last_source") == ("google",)


async def test_what_somebody_there_writes_over_ours_is_put_right_and_theirs_is_left(
    here: Dealing, client: AsyncClient
) -> None:
    await here.connect()
    contact, email = here.contact()
    deal = here.deal_of(contact, won=ago(5))
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "news"})
    await here.chosen(client, [here.field("stratum_first_source", "first_touch", "source")])
    here.edit_deal(deal, stratum_first_campaign="theirs")
    await here.read_all()
    await here.wrote()
    here.edit_deal(deal, stratum_first_source="mine")
    await here.read_all()
    assert [(each.kind, each.external_id) for each in await here.queue()] == [("deals", deal)]
    await here.wrote()
    assert here.at(deal, "stratum_first_source", "stratum_first_campaign") == ("news", "theirs")


async def test_only_what_somebody_made_for_it_is_written(here: Dealing, client: AsyncClient) -> None:
    await here.connect()
    there = await client.get(
        f"/api/v1/integrations/crm/{here.connected.account_id}/properties", params={"kind": "deals"}
    )
    standard = {each["name"]: each["is_standard"] for each in there.json()["items"]}
    assert standard[here.crm.amount] is standard[here.crm.stage] is True
    assert standard[here.named("stratum_first_source")] is False
    wrong = [
        {"property": here.crm.amount, "to": "lifetime_value"},
        {"property": "nothing_such", "to": "first_touch", "name": "source"},
    ]
    answer = await here.chosen(client, wrong)
    assert answer.json()["code"] == "integrations.crm.mapping_invalid"
    assert [(each["field"], each["code"]) for each in answer.json()["fields"]] == [
        ("body.deal_mapping.0.property", "standard"),
        ("body.deal_mapping.1.property", "unknown_property"),
    ]
    number = here.field("stratum_lifetime_value", "first_touch", "source")
    assert (await here.chosen(client, [number])).json()["fields"][0]["code"] == "wrong_type"
    twice = [here.field("stratum_first_source", "first_touch", "source")] * 2
    assert (await here.chosen(client, twice)).json()["fields"][0]["code"] == "twice"
    partless = [here.field("stratum_first_source", "first_touch")]
    assert (await here.chosen(client, partless)).json()["fields"][0]["code"] == "missing"
    assert (await here.shown(client))["deal_mapping"] == []


async def test_a_property_that_is_not_taken_holds_up_no_other_and_is_said(
    here: Dealing, client: AsyncClient, hub: Sandbox
) -> None:
    await here.connect()
    contact, email = here.contact()
    deal = here.deal_of(contact, won=ago(5))
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "news", "name": "spring"})
    fields = [
        here.field("stratum_first_source", "first_touch", "source"),
        here.field("stratum_first_campaign", "first_touch", "campaign"),
    ]
    await here.chosen(client, fields)
    await here.read_all()
    locked = here.named("stratum_first_source")
    if here.crm is HUBSPOT:
        hub.control("POST", "hubspot/properties", json={"locked": [locked]})
    else:
        hub.control("POST", "salesforce/permissions", json={"locked_fields": [["Opportunity", locked]]})
    await here.wrote()
    assert here.at(deal, "stratum_first_source", "stratum_first_campaign") == (None, "spring")
    shown = await here.shown(client)
    assert [each["property"] for each in shown["deal_refused"]] == [locked]
    assert shown["refused"] == []
    here.crm.mend(hub)
    await here.chosen(client, fields)
    await here.read_all()
    await here.wrote()
    assert here.at(deal, "stratum_first_source") == ("news",)
    assert (await here.shown(client))["deal_refused"] == []


@pytest.mark.parametrize("clears", [False, True])
async def test_an_erasure_empties_what_was_written_where_the_account_says_so(
    here: Dealing, client: AsyncClient, *, clears: bool
) -> None:
    await here.connect(clear_on_erasure=clears)
    contact, email = here.contact()
    deal = here.deal_of(contact, won=ago(5))
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "news", "name": "spring"})
    await here.chosen(
        client,
        [
            here.field("stratum_first_source", "first_touch", "source"),
            here.field("stratum_first_campaign", "first_touch", "campaign"),
        ],
    )
    await here.read_all()
    await here.wrote()
    here.edit_deal(deal, stratum_first_campaign="theirs")
    request = await here.erase(client, email)
    row = await here.row(deal)
    assert (row.fields, row.written_of, row.contacts) == ({}, None, [])
    told = (await client.get(f"/api/v1/cdp/privacy/requests/{request}")).json()
    at_crm = next(each for each in told["steps"] if each["store"].startswith("crm:"))
    assert ("being emptied" in at_crm["detail"]) is clears
    await here.write()
    expected = (None, "theirs") if clears else ("news", "theirs")
    assert here.at(deal, "stratum_first_source", "stratum_first_campaign") == expected
    await here.read_all()
    push = await here.write()
    assert push is None or push.deals == 0
    assert here.at(deal, "stratum_first_source", "stratum_first_campaign") == expected
    assert await here.queue() == []


async def test_a_deal_whose_first_contact_is_erased_is_the_next_ones(
    here: Dealing, client: AsyncClient
) -> None:
    await here.connect()
    contact, email = here.contact()
    other, address = here.contact()
    deal = here.deal_of(contact, won=ago(5))
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "first one"})
    await here.visit(address, ago(9), campaign={"source": "second one"})
    await here.chosen(client, [here.field("stratum_first_source", "first_touch", "source")])
    await here.read_all()
    await here.wrote()
    assert here.at(deal, "stratum_first_source") == ("first one",)
    async with here.scopes() as scope:  # as a reading does it that finds both
        both = update(CrmDeal).where(CrmDeal.external_id == deal)
        await scope.session.execute(both.values(contacts=[contact, other]))
    await here.erase(client, email)
    row = await here.row(deal)
    assert (row.contacts, row.written_of) == ([other], None)


class Dies(CrmWriting):
    """Ends where a worker may be killed: behind the write, before it is noted."""

    async def _record(self, *_: Any) -> None:
        raise KeyboardInterrupt


async def test_a_death_behind_the_write_leaves_the_value_known_as_ours(
    here: Dealing, client: AsyncClient
) -> None:
    await here.connect()
    contact, email = here.contact()
    deal = here.deal_of(contact)
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "news"})
    await here.chosen(client, [here.field("stratum_last_source", "last_touch", "source")])
    await here.read_all()
    with pytest.raises(KeyboardInterrupt):
        await Dies(here.scopes).run(here.connected.account_id)
    assert here.at(deal, "stratum_last_source") == ("news",)
    await here.read_all()
    await here.wrote()
    assert await here.queue() == []
    kept = (await here.row(deal)).fields[here.named("stratum_last_source")]
    assert kept[0] == kept[1], "both have the same, and it is known to be ours"
    assert kept[5] == "wrote"


async def test_contacts_and_deals_are_written_by_one_round(here: Dealing, client: AsyncClient) -> None:
    await here.connect(LIFECYCLE)
    contact, email = here.contact()
    deal = here.deal_of(contact, won=ago(5))
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "news"})
    await here.chosen(client, [here.field("stratum_first_source", "first_touch", "source")])
    await here.read_all()
    push = await here.wrote()
    assert (push.written, push.deals, push.values) == (1, 1, 2)
    async with here.scopes() as scope:
        assert (await scope.session.scalars(select(CrmPush.deals))).all() == [1]
    shown = await here.shown(client)
    assert (shown["waiting"], shown["faults"], shown["can_write_deals"]) == (0, 0, True)
    assert here.at(deal, "stratum_first_source") == ("news",)


@pytest.mark.parametrize("crm", [SALESFORCE], ids=["salesforce"])
async def test_contacts_that_cannot_be_read_keep_no_deal_back(
    here: Dealing, client: AsyncClient, hub: Sandbox
) -> None:
    await here.connect(LIFECYCLE)
    contact, email = here.contact()
    deal = here.deal_of(contact, won=ago(5))
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "news"})
    await here.chosen(client, [here.field("stratum_first_source", "first_touch", "source")])
    await here.read_all()
    hub.control("POST", "salesforce/permissions", json={"hidden": ["Contact"]})
    push = await here.write()
    assert push is not None
    assert (push.written, push.deals) == (0, 1)
    assert push.error_code == "salesforce.NOT_FOUND", "and that they could not is said"
    assert here.at(deal, "stratum_first_source") == ("news",)
    here.crm.mend(hub)
    await here.make_due()
    assert (await here.wrote()).written == 1


@pytest.mark.parametrize("crm", [HUBSPOT], ids=["hubspot"])
async def test_what_an_erasure_has_promised_waits_for_the_right_and_is_shown(
    here: Dealing, client: AsyncClient
) -> None:
    await here.connect(clear_on_erasure=True)
    contact, email = here.contact()
    deal = here.deal_of(contact, won=ago(5))
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "news"})
    await here.chosen(client, [here.field("stratum_first_source", "first_touch", "source")])
    await here.read_all()
    await here.wrote()
    await here.erase(client, email)
    async with here.scopes() as scope:
        [may] = await scope.session.scalars(select(Connection.scopes))
        await scope.session.execute(update(Connection).values(scopes=["crm.objects.contacts.write"]))
    assert await here.write() is None
    [waits] = await here.queue()
    assert waits.next_at is not None
    assert waits.next_at > real_now(), "it is not asked for every few seconds"
    found = await client.get(f"/api/v1/integrations/crm/{here.connected.account_id}/faults")
    assert [each["code"] for each in found.json()["items"]] == ["integrations.crm.no_right"]
    async with here.scopes() as scope:
        await scope.session.execute(update(Connection).values(scopes=may))
    await here.make_due()
    await here.wrote()
    assert here.at(deal, "stratum_first_source") == (None,)
    assert await here.queue() == []


class Meanwhile(CrmTelling):
    """Something happens once between the telling of what was read and its keeping."""

    def __init__(self, scopes: Scopes, happens: Callable[[], Awaitable[object]]) -> None:
        super().__init__(scopes)
        self._happens: Callable[[], Awaitable[object]] | None = happens

    async def _receive(self, work: Work, events: list[bytes]) -> tuple[Outcome, set[str | None]]:
        told = await super()._receive(work, events)
        if events and self._happens is not None:
            happens, self._happens = self._happens, None
            await happens()
        return told


async def test_who_is_erased_while_they_are_read_does_not_come_back(
    here: Dealing, client: AsyncClient
) -> None:
    await here.connect({"property": "city", "to": "trait", "name": "city"})
    contact, email = here.contact()
    deal = here.deal_of(contact, won=ago(5))
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "news"})
    here.edit(contact, city="Pécs")
    await here.place()
    sync = CrmSyncService(here.scopes)
    sync._telling = Meanwhile(here.scopes, lambda: here.erase(client, email))
    await sync.sync(here.connected.account_id)
    async with here.scopes() as scope:
        kept = await scope.session.scalars(select(CrmContact.external_id))
        assert contact not in kept.all()
    assert (await here.row(deal)).contacts == []


async def test_a_deal_does_not_become_theirs_again_who_is_erased_meanwhile(
    here: Dealing, client: AsyncClient
) -> None:
    await here.connect(won_event="Order Completed")
    contact, email = here.contact()
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "news"})
    deal = here.deal_of(contact, won=ago(5))
    await here.place()
    sync = CrmSyncService(here.scopes)
    sync._telling = Meanwhile(here.scopes, lambda: here.erase(client, email))
    await sync.sync(here.connected.account_id)
    assert (await here.row(deal)).contacts == []


@pytest.mark.parametrize("crm", [HUBSPOT], ids=["hubspot"])
async def test_a_sign_in_for_contacts_alone_writes_no_deals(here: Dealing, client: AsyncClient) -> None:
    """Salesforce knows no right that is smaller than all that its user may do."""
    await here.connect()
    async with here.scopes() as scope:
        await scope.session.execute(update(Connection).values(scopes=["crm.objects.contacts.write"]))
    contact, email = here.contact()
    deal = here.deal_of(contact, won=ago(5))
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "news"})
    await here.chosen(client, [here.field("stratum_first_source", "first_touch", "source")])
    await here.read_all()
    assert await here.write() is None
    shown = await here.shown(client)
    assert (shown["can_write"], shown["can_write_deals"], shown["waiting"]) == (True, False, 0)
    assert here.at(deal, "stratum_first_source") == (None,)


async def test_a_contact_that_names_two_people_gives_its_deal_to_nobody(
    here: Dealing, client: AsyncClient
) -> None:
    await here.connect()
    async with here.scopes() as scope:
        account = await scope.session.get_one(CrmAccount, (scope.tenant_id, here.connected.account_id))
        name = here.crm_itself.called("jobtitle")
        account.mapping = [*account.mapping, {"property": name, "to": "user_id", "name": None}]
    mine = uuid7().hex
    contact, email = here.contact()
    deal = here.deal_of(contact, won=ago(5))
    await here.read_all()
    await here.visit(email, ago(9), campaign={"source": "news"})
    await here.happens(type="identify", userId=mine, email=email)
    await here.happens(type="identify", userId=f"other {mine}")
    here.edit(contact, jobtitle=f"other {mine}")
    await here.chosen(client, [here.field("stratum_first_source", "first_touch", "source")])
    await here.read_all()
    await here.write()
    assert here.at(deal, "stratum_first_source") == (None,)
    found = await client.get(f"/api/v1/integrations/crm/{here.connected.account_id}/faults")
    [fault] = found.json()["items"]
    assert (fault["kind"], fault["contact"], fault["code"]) == (
        "deals",
        deal,
        "integrations.crm.ambiguous",
    )
