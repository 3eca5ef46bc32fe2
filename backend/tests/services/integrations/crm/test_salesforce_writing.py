"""What is Salesforce's alone when it is written: leads, rights to fields, a company's rules, a day's calls."""

from collections.abc import Iterator
from typing import Any

import pytest
from simple_salesforce.api import Salesforce

from app.services.cdp.events.service import Ingestion
from app.services.integrations.salesforce.transport import SalesforceDialect, Usage
from tests.factories.access import Company
from tests.factories.crm import SALESFORCE, CrmSubject
from tests.sandbox.salesforce.conftest import client_of
from tests.sandbox_process import Sandbox
from tests.services.integrations.crm.here import LIFECYCLE, Here
from tests.services.integrations.crm.there import SalesforceThere

COUNT = {"property": "stratum_order_count", "to": "trait", "name": "count", "direction": "to"}
SOURCE = {"property": "lifecyclestage", "to": "trait", "name": "source", "direction": "to"}
TITLE = {"property": "jobtitle", "to": "trait", "name": "title", "direction": "to"}
PATCH = "PATCH composite/sobjects"


@pytest.fixture
def crm() -> CrmSubject:
    return SALESFORCE


@pytest.fixture
def here(acme: Company, hub: Sandbox, ingestion: Ingestion, crm: CrmSubject) -> Here:
    return Here(acme, hub, ingestion, crm)


@pytest.fixture
def org(hub: Sandbox) -> Iterator[Salesforce]:
    """The well-known client, unmodified."""
    client = client_of(hub, str(hub.vendor("salesforce")["access_token"]))
    yield client
    client.session.close()


def patches(hub: Sandbox) -> int:
    found: int = hub.control("GET", "salesforce/calls").get(PATCH, 0)
    return found


async def refused(here: Here) -> dict[str, str]:
    answer = await here.company.client().get(f"/api/v1/integrations/crm/{here.connected.account_id}")
    return {each["property"]: each["code"] for each in answer.json()["refused"]}


async def test_two_hundred_are_written_in_one_request_and_another_client_sees_them(
    here: Here, hub: Sandbox, org: Any
) -> None:
    await here.connect(LIFECYCLE, COUNT)
    contacts = here.contacts(200)
    await here.read()
    await here.say_all({email: {"count": "12.345"} for email in contacts.values()})
    patches(hub)
    push = await here.wrote()
    assert patches(hub) == 1
    assert (push.written, push.values, push.failed) == (200, 400, 0)
    seen = org.Contact.get(list(contacts)[-1])
    assert (seen["Stratum_Lifecycle__c"], seen["Stratum_Order_Count__c"]) == ("known", 12.35)
    await here.rest()
    assert patches(hub) == 0, "what was rounded there is no edit of theirs"


async def test_leads_are_written_by_their_own_names_and_what_they_lack_is_left_out(
    here: Here, hub: Sandbox, org: Any
) -> None:
    there = here.crm_itself
    assert isinstance(there, SalesforceThere)
    hub.control("POST", "salesforce/permissions", json={})
    city = {"property": "city", "to": "trait", "name": "city", "direction": "both", "wins": "ours"}
    await here.connect(city, LIFECYCLE)
    email = f"lead-{here.company.id}@people.example"
    [lead] = there.create_as("Lead", {"email": email, "Company": "Byron"})
    owner, other = org.Lead.get(lead)["OwnerId"], org.query("SELECT Id FROM User ORDER BY Id DESC LIMIT 1")
    assert owner != other["records"][0]["Id"]
    rule = {"assigns_leads_to": other["records"][0]["Id"]}
    hub.control("POST", "salesforce/rules", json=rule)
    here.first = lead
    await here.read()
    await here.say(email, city="Paris")
    await here.make_looked(lead)
    push = await here.wrote()
    assert (push.written, push.values, push.failed) == (1, 1, 0)
    seen = org.Lead.get(lead)
    assert (seen["City"], seen["OwnerId"]) == ("Paris", owner), "the rule that gives leads away was not asked"
    await here.say(email, city="Rome")
    await here.wrote()
    assert org.Lead.get(lead)["City"] == "Rome"
    org.Lead.delete(lead)


@pytest.mark.parametrize(
    ("rights", "code"),
    [
        ({"hidden_fields": [["Contact", "Title"]]}, "integrations.crm.unknown_property"),
        ({"locked_fields": [["Contact", "Title"]]}, "integrations.crm.read_only"),
    ],
)
async def test_a_field_that_may_not_be_edited_is_refused_and_holds_up_nothing(
    here: Here, hub: Sandbox, rights: dict[str, Any], code: str
) -> None:
    await here.connect(TITLE, LIFECYCLE)
    contact, email = here.contact()
    await here.read()
    await here.say(email, title="Dr")
    hub.control("POST", "salesforce/permissions", json={"hidden": ["Lead"]} | rights)
    push = await here.wrote()
    assert (push.written, push.values, push.failed) == (1, 1, 0)
    assert await refused(here) == {"Title": code}
    hub.control("POST", "salesforce/permissions", json={"hidden": ["Lead"]})
    assert here.there(contact, "jobtitle", "stratum_lifecycle") == (None, "known")


@pytest.mark.parametrize("at_the_field", [True, False])
async def test_a_companys_rule_stops_the_row_that_breaks_it_alone(
    here: Here, hub: Sandbox, *, at_the_field: bool
) -> None:
    await here.connect(TITLE, LIFECYCLE)
    rule = {"field": "Title", "value": "Boss", "names_field": at_the_field}
    hub.control("POST", "salesforce/rules", json={"validations": [rule]})
    bad, email = here.contact()
    good, other = here.contact()
    await here.read()
    await here.say(email, title="Boss")
    await here.say(other, title="Dr")
    push = await here.wrote()
    assert push.failed == 1
    assert here.there(good, "jobtitle", "stratum_lifecycle") == ("Dr", "known")
    assert here.there(bad, "jobtitle", "stratum_lifecycle") == (None, "known" if at_the_field else None)
    [row] = await here.queue()
    blamed = ["Title"] if at_the_field else ["Stratum_Lifecycle__c", "Title"]
    assert (row.error_code, sorted(row.properties), row.next_at) == (
        "salesforce.FIELD_CUSTOM_VALIDATION_EXCEPTION",
        blamed,
        None,
    )
    await here.say(email, title="Chief")
    await here.wrote()
    assert here.there(bad, "jobtitle", "stratum_lifecycle") == ("Chief", "known")


async def test_a_list_takes_its_own_values_and_a_locked_row_is_tried_again(here: Here, hub: Sandbox) -> None:
    await here.connect(SOURCE, LIFECYCLE)
    contacts = here.contacts(3)
    await here.read()
    emails = list(contacts.values())
    await here.say_all({emails[0]: {"source": "Web"}, emails[1]: {"source": "Elsewhere"}})
    hub.control("POST", "faults", json={"kind": "partial_failure", "vendor": "salesforce", "severity": 0.34})
    push = await here.wrote()
    hub.repair()
    waits = {each.external_id: each for each in await here.queue()}
    assert push.failed == len(waits) == 2
    codes = {each.error_code: each.next_at is None for each in waits.values()}
    assert codes["salesforce.UNABLE_TO_LOCK_ROW"] is False
    await here.make_due()
    await here.write()
    names = list(contacts)
    assert here.there(names[0], "lifecyclestage", "stratum_lifecycle") == ("Web", "known")
    assert here.there(names[1], "lifecyclestage", "stratum_lifecycle") == (None, "known")


async def test_the_last_of_a_days_calls_are_kept_for_others(here: Here, hub: Sandbox) -> None:
    await here.connect(LIFECYCLE)
    contact, _ = here.contact()
    await here.read()
    hub.control("POST", "salesforce/quota", json={"calls_per_day": 2})
    push = await here.write()
    assert push is not None
    assert push.error_code == "salesforce.calls_kept_back"
    hub.control("POST", "salesforce/quota", json={})
    assert here.there(contact, "stratum_lifecycle") == (None,)
    await here.wrote()
    assert here.there(contact, "stratum_lifecycle") == ("known",)


@pytest.mark.parametrize(
    ("header", "scarce"),
    [
        ("api-usage=18/5000", False),
        ("api-usage=4500/5000; per-app-api-usage=17/250(appName=sample)", True),
        ("api-usage=5000/5000", True),
        ("none", False),
        ("", False),
    ],
)
def test_the_header_of_each_answer_says_how_many_calls_are_made(header: str, *, scarce: bool) -> None:
    usage = Usage()
    assert SalesforceDialect(usage).wait_seconds({"sforce-limit-info": header}) == 0
    assert usage.is_scarce is scarce
