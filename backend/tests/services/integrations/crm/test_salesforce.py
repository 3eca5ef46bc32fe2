"""What is Salesforce's alone: hosts of orgs, ids of two lengths, leads, days without hours, orgs of one currency."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.core.config import Settings
from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.models.integrations.connections import Connection
from app.models.integrations.crm import CrmContact
from app.services.integrations.crm.ports import Crm, Window
from app.services.integrations.crm.service import CrmSyncService
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.salesforce import client as client_module
from app.services.integrations.salesforce.client import SalesforceCrm
from app.services.integrations.salesforce.hosts import instance_of
from app.services.integrations.salesforce.ids import whole_id
from app.services.integrations.salesforce.sign_in import SalesforceSignIn
from app.services.integrations.salesforce.transport import SalesforceTransport
from app.services.integrations.wire import Line
from tests.factories.crm import SALESFORCE, connect_crm
from tests.sandbox_process import Sandbox
from tests.services.integrations.contract.raw import Raw, answering

LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def org(sandbox: Sandbox, platforms: Gateway) -> Iterator[Sandbox]:
    yield sandbox
    SALESFORCE.mend(sandbox)
    sandbox.control("POST", "salesforce/currencies", json={"several": True})
    sandbox.control("POST", "salesforce/permissions", json={})


async def unlogged(record: object) -> None:
    del record


def line(gateway: Gateway) -> Line:
    return Line(gateway.http, gateway.breaker, unlogged, f"t:0:circuit:salesforce:{uuid4()}")


def crm_of(gateway: Gateway, sandbox: Sandbox) -> SalesforceCrm:
    token = str(sandbox.vendor("salesforce")["access_token"])
    return SalesforceCrm(SalesforceTransport(line(gateway), f"{sandbox.url}/salesforce", token))


async def walked(crm: Crm, window: Window, *properties: str) -> list[Any]:
    found: list[Any] = []
    while page := await crm.contacts(window, found[-1].id if found else None, properties):
        found += page
        if len(page) < crm.page_size:
            break
    return found


@pytest.mark.parametrize(
    "url",
    [
        "https://northwind.my.salesforce.com",
        "https://northwind--full.sandbox.my.salesforce.com/",
        "https://northwind-dev-ed.develop.my.salesforce.com",
        "https://NA139.salesforce.com",
    ],
)
def test_an_org_answers_at_salesforces_hosts(settings: Settings, url: str) -> None:
    assert instance_of(url, settings) == url.lower().rstrip("/")


FOREIGN = (
    "",
    None,
    7,
    "https://salesforce.com.evil.example",
    "https://evilsalesforce.com",
    "http://northwind.my.salesforce.com",
    "https://northwind.my.salesforce.com:8443",
    "https://northwind.my.salesforce.com@evil.example",
    "https://a@northwind.my.salesforce.com",
    "https://evil.example/.my.salesforce.com",
    "https://northwind.my.salesforce.com/x",
    "https://northwind.my.salesforce.com#",
    "https://evil.example#.salesforce.com",
    "https://evil.example\\.salesforce.com",
    "https://evil.example\n.salesforce.com",
    "https://.salesforce.com",
    "https://-.salesforce.com",
    "https://127.0.0.1",
    "https://x.\u017falesforce.com",
    "https://" + "a." * 200 + "salesforce.com",
)


@pytest.mark.parametrize("url", FOREIGN)
def test_nothing_is_sent_to_any_other_host(settings: Settings, url: object) -> None:
    with pytest.raises(PlatformError) as caught:
        instance_of(url, settings)
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.INVALID, "salesforce.host_refused")


@given(st.text("0123456789ABCXYZabcxyz", min_size=15, max_size=15))
def test_ids_are_compared_whole(short: str) -> None:
    long = whole_id(short)
    assert (len(long), long[:15], whole_id(long)) == (18, short, long)
    other = short.swapcase()
    assert other == short or whole_id(other).upper() != long.upper(), "also where case is lost"


@pytest.mark.parametrize("value", [80.0, 1234.56, 0.1, 1.5e7, 999_999_999_999.99, 12, -4.2])
def test_amounts_are_exactly_what_was_sent(value: float) -> None:
    text = client_module._text(value)
    assert text is not None
    assert Decimal(text) == Decimal(repr(value))
    assert "E" not in text


def test_an_amount_that_json_has_rounded_is_no_amount() -> None:
    assert client_module._text(1234567890123456.78) is None


@pytest.fixture
async def elsewhere() -> AsyncIterator[Raw]:
    async with answering() as found:
        yield found


async def test_a_token_whose_org_is_elsewhere_is_not_kept_and_not_sent_there(
    settings: Settings, platforms: Gateway, elsewhere: Raw
) -> None:
    elsewhere.body = (
        b'{"access_token":"00D!stolen","instance_url":"https://salesforce.com.evil.example","exp":4000000000,'
        b'"id":"https://login.salesforce.com/id/00DbS0000000001UAA/005bS0000000001QAA"}'
    )
    mine = platforms.settings.model_copy(update={"salesforce_login_url": elsewhere.url})
    sign_in = SalesforceSignIn(SalesforceTransport(line(platforms), elsewhere.url), mine)
    with pytest.raises(PlatformError, match="host_refused"):
        await sign_in.exchange_code("c", redirect_uri="https://app.example.com", attempt=uuid4())


async def test_the_proof_of_an_attempt_is_its_own_and_in_no_address(platforms: Gateway, org: Sandbox) -> None:
    sign_in = SalesforceSignIn(
        SalesforceTransport(line(platforms), f"{org.url}/salesforce"), platforms.settings
    )
    one, other = uuid4(), uuid4()

    def challenge(attempt: UUID) -> str:
        url = sign_in.authorize_url(redirect_uri="https://a.example", state="s", attempt=attempt)
        query = parse_qs(urlsplit(url).query)
        assert query["code_challenge_method"] == ["S256"]
        return query["code_challenge"][0]

    assert challenge(one) == challenge(one) != challenge(other)
    with pytest.raises(PlatformError) as caught:
        await sign_in.exchange_code("gone", redirect_uri="https://a.example", attempt=one)
    assert (caught.value.code, caught.value.kind) == ("salesforce.invalid_grant", PlatformErrorKind.AUTH)


async def test_contacts_and_leads_are_walked_once_each_by_their_ids(platforms: Gateway, org: Sandbox) -> None:
    crm = crm_of(platforms, org)
    crm.page_size = 37
    newest = await crm.newest("contacts")
    assert newest is not None
    found = await walked(crm, Window(None, newest), "Email", "MailingCity", "Title")
    ids = [each.id for each in found]
    assert len(ids) == len(set(ids)) == SALESFORCE.people(org)
    assert ids == sorted(ids)
    leads = [each for each in found if each.id.startswith("00Q")]
    assert len(leads) == org.vendor("salesforce")["leads"] > 0
    assert all(each.properties["MailingCity"] for each in leads), "a lead has it under another name"


async def test_a_field_that_leads_do_not_have_is_no_fault(platforms: Gateway, org: Sandbox) -> None:
    email = f"{uuid4().hex[:8]}@example.com"
    lead = org.control("POST", "salesforce/leads", json={"email": email})["id"]
    crm = crm_of(platforms, org)
    found = await walked(crm, Window(None, LATER), "email", "Shop_Account__c")
    [mine] = [each for each in found if each.id == lead]
    assert mine.properties == {"email": email}, "under the name that was asked for, in its case"
    with pytest.raises(PlatformError, match="No such column 'Shoe__c' on entity 'Contact'"):
        await crm.contacts(Window(None, LATER), None, ["Shoe__c"])


async def test_who_may_not_see_leads_reads_contacts(platforms: Gateway, org: Sandbox) -> None:
    org.control("POST", "salesforce/permissions", json={"hidden": ["Lead"]})
    found = await walked(crm_of(platforms, org), Window(None, LATER), "Email", "Shop_Account__c")
    assert len(found) == org.vendor("salesforce")["contacts"]
    assert await crm_of(platforms, org).newest("contacts") is not None
    org.control("POST", "salesforce/permissions", json={"hidden": ["Contact"]})
    with pytest.raises(PlatformError, match="INVALID_TYPE"):
        await crm_of(platforms, org).newest("contacts")


async def test_a_field_that_is_hidden_on_leads_alone_ends_no_reading(
    platforms: Gateway, org: Sandbox
) -> None:
    hidden = [["Lead", "Title"], ["Lead", "City"]]
    org.control("POST", "salesforce/permissions", json={"hidden_fields": hidden})
    found = await walked(crm_of(platforms, org), Window(None, LATER), "Email", "Title", "MailingCity")
    leads = [each.properties for each in found if each.id.startswith("00Q")]
    assert len(leads) == org.vendor("salesforce")["leads"]
    assert {name for each in leads for name in each} == {"Email"}


async def test_rows_that_come_in_pieces_are_put_together(platforms: Gateway, org: Sandbox) -> None:
    crm = crm_of(platforms, org)
    whole = await crm.contacts(Window(None, LATER), None, ["Email"])
    org.control("POST", "faults", json={"kind": "short_pages", "vendor": "salesforce", "count": 30})
    crm.page_size = 9
    assert await crm.contacts(Window(None, LATER), None, ["Email"]) == whole[:9]


async def test_a_close_date_is_the_end_of_the_orgs_day(platforms: Gateway, org: Sandbox) -> None:
    deal = SALESFORCE.deal(org, "12.5", won=True, close_date="2026-01-15")
    summer = SALESFORCE.deal(org, "12.5", won=True, close_date="2026-07-15")
    found = {each.id: each for each in await _all_deals(crm_of(platforms, org))}
    assert found[deal].closed_at == datetime(2026, 1, 16, 4, 59, 59, tzinfo=UTC), "New York's, in winter"
    assert found[summer].closed_at == datetime(2026, 7, 16, 3, 59, 59, tzinfo=UTC)
    assert (found[deal].amount, found[deal].contacts) == ("12.5", (SALESFORCE.contact,))


async def _all_deals(crm: SalesforceCrm) -> list[Any]:
    found: list[Any] = []
    while page := await crm.deals(Window(None, LATER), found[-1].id if found else None):
        found += page
    return found


async def test_an_org_of_one_currency_is_read_in_its_own(platforms: Gateway, org: Sandbox) -> None:
    several, deal = crm_of(platforms, org), SALESFORCE.deal(org, "7", currency="GBP")
    assert (await several.account()).currency == "USD"
    assert {each.id: each.currency for each in await _all_deals(several)}[deal] == "GBP"
    org.control("POST", "salesforce/currencies", json={"several": False})
    one = crm_of(platforms, org)
    told = await one.account()
    assert (told.external_id, told.name, told.currency) == (SALESFORCE.account, "Salesforce Northwind", "USD")
    assert {each.currency for each in await _all_deals(one)} == {None}


async def test_a_lead_that_becomes_a_contact_is_not_told_twice(
    scopes: Scopes, platforms: Gateway, org: Sandbox
) -> None:
    """The converted ones are left out: there they stand as the contacts that they became."""
    connected = await connect_crm(scopes, org, SALESFORCE)
    run = await CrmSyncService(scopes).sync(connected.account_id)
    assert run is not None
    assert run.error_code is None
    async with scopes() as scope:
        ids = set(await scope.session.scalars(select(CrmContact.external_id)))
    found = org.vendor("salesforce")
    assert sum(each.startswith("00Q") for each in ids) == found["leads"]
    assert sum(each.startswith("003") for each in ids) == found["contacts"]


async def test_a_connection_without_a_host_sends_nothing(
    scopes: Scopes, platforms: Gateway, org: Sandbox
) -> None:
    connected = await connect_crm(scopes, org, SALESFORCE)
    async with scopes() as scope:
        row = await scope.session.get_one(Connection, (scope.tenant_id, connected.connection_id))
        row.host = "https://evil.example"
    run = await CrmSyncService(scopes).sync(connected.account_id)
    assert run is not None
    assert run.error_code == "salesforce.host_refused"
    async with scopes() as scope:
        assert list(await scope.session.scalars(select(PlatformCall))) == []


async def test_no_address_but_the_data_apis_is_followed(platforms: Gateway, org: Sandbox) -> None:
    transport = SalesforceTransport(line(platforms), f"{org.url}/salesforce", "t")
    for address in (
        "",
        "None",
        "//evil.example/",
        "/services/oauth2/token",
        "/services/data/v67.0/query/../limits",
    ):
        with pytest.raises(PlatformError, match="malformed"):
            await transport.more("list", address)
