"""What a CRM does not take is left out and said, within few requests; the rest is written."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import AsyncClient

from app.services.cdp.events.service import Ingestion
from app.services.integrations.crm.sending import MOST_REQUESTS
from app.services.integrations.crm.service import CrmWriting
from app.services.integrations.hubspot.refusals import plainly, refusals_of
from tests.factories.access import Company
from tests.factories.crm import HUBSPOT, CrmSubject
from tests.sandbox_process import Sandbox
from tests.services.integrations.crm.here import LIFECYCLE, READ, Here, both

UPDATE = "crm/objects/2026-03/contacts/batch/update"
STAGE = {"property": "lifecyclestage", "to": "trait", "name": "stage", "direction": "to"}
COUNT = {"property": "stratum_order_count", "to": "trait", "name": "count", "direction": "to"}


@pytest.fixture
def crm() -> CrmSubject:
    return HUBSPOT


@pytest.fixture
def hub(hub: Sandbox) -> Iterator[Sandbox]:
    yield hub
    hub.control("POST", "hubspot/properties", json={})


@pytest.fixture
def here(acme: Company, hub: Sandbox, ingestion: Ingestion) -> Here:
    return Here(acme, hub, ingestion)


def updates(hub: Sandbox) -> int:
    """How many requests of writing the sandbox was sent since this was asked last."""
    found: int = hub.control("GET", "hubspot/calls").get(UPDATE, 0)
    return found


async def shown(here: Here) -> dict[str, Any]:
    answer = await here.company.client().get(f"/api/v1/integrations/crm/{here.connected.account_id}")
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"locked": ["stratum_lifecycle"]}, "integrations.crm.read_only"),
        ({"archived": ["stratum_lifecycle"]}, "integrations.crm.unknown_property"),
    ],
)
async def test_a_property_that_takes_nothing_is_not_sent_and_is_said(
    here: Here, hub: Sandbox, client: AsyncClient, change: dict[str, Any], code: str
) -> None:
    await here.connect(LIFECYCLE, COUNT)
    contacts = here.contacts(100, lifecyclestage="lead")
    await here.read()
    await here.say_all({email: {"count": "3"} for email in contacts.values()})
    hub.control("POST", "hubspot/properties", json=change)
    updates(hub)
    push = await here.wrote()
    assert updates(hub) == 1
    assert (push.written, push.values, push.failed) == (100, 100, 0)
    first = next(iter(contacts))
    assert here.there(first, "stratum_order_count") == ("3",)
    [refused] = (await shown(here))["refused"]
    assert (refused["property"], refused["code"]) == ("stratum_lifecycle", code)
    assert await here.queue() == []
    await here.buys(first, contacts[first])
    await here.write()
    assert updates(hub) == 0, "it is not tried again by itself"
    hub.control("POST", "hubspot/properties", json={})
    mapping = [*READ, LIFECYCLE, COUNT]
    saved = await client.patch(
        f"/api/v1/integrations/crm/{here.connected.account_id}", json={"mapping": mapping}
    )
    assert saved.json()["refused"] == []
    await here.wrote()
    assert here.there(first, "stratum_lifecycle") == ("customer",)


class Locks(CrmWriting):
    """Somebody locks a property between the look at the properties and the write."""

    hub: Sandbox

    async def _tell(self, *asked: Any) -> None:
        self.hub.control("POST", "hubspot/properties", json={"locked": ["stratum_lifecycle"]})
        await super()._tell(*asked)


async def test_a_property_that_was_locked_meanwhile_costs_one_request_more(here: Here, hub: Sandbox) -> None:
    await here.connect(LIFECYCLE, COUNT)
    contacts = here.contacts(100, lifecyclestage="lead")
    await here.read()
    await here.say_all({email: {"count": "3"} for email in contacts.values()})
    updates(hub)
    writing = Locks(here.scopes)
    writing.hub = hub
    push = await writing.run(here.connected.account_id)
    assert push is not None
    assert updates(hub) == 2
    assert (push.written, push.values, push.failed) == (100, 100, 0)
    [refused] = (await shown(here))["refused"]
    assert refused["code"] == "hubspot.READ_ONLY_VALUE"
    assert "read only" in refused["message"]
    assert await here.queue() == []


async def test_a_property_that_is_gone_is_not_one_that_was_emptied(here: Here, hub: Sandbox) -> None:
    await here.connect(both("crm"))
    contact, email = here.contact(city="Paris")
    await here.read()
    await here.rest()
    hub.control("POST", "hubspot/properties", json={"archived": ["city"]})
    here.edit(contact, firstname="Bea")
    await here.make_looked(contact)
    await here.write()
    assert await here.city(email) == "Paris"


async def test_a_value_that_is_no_option_is_left_out_of_whoever_has_it(here: Here, hub: Sandbox) -> None:
    await here.connect(STAGE, LIFECYCLE)
    contacts = here.contacts(100, lifecyclestage="lead")
    await here.read()
    emails = list(contacts.values())
    wrong = {emails[7]: "vip", emails[30]: "vip", emails[80]: "gold"}
    await here.say_all({email: {"stage": wrong.get(email, "customer")} for email in emails})
    updates(hub)
    push = await here.wrote()
    assert updates(hub) == 3
    assert (push.written, push.failed) == (100, 3), (
        "the others' values are written, and theirs of other properties"
    )
    names = {email: name for name, email in contacts.items()}
    faults = {row.external_id: (row.error_code, row.properties) for row in await here.queue()}
    assert faults == {names[each]: ("hubspot.INVALID_OPTION", ["lifecyclestage"]) for each in wrong}
    assert here.there(names[emails[7]], "lifecyclestage", "stratum_lifecycle") == ("lead", "known")
    assert (await shown(here))["refused"] == []


async def test_however_many_values_are_wrong_the_requests_are_bounded(here: Here, hub: Sandbox) -> None:
    await here.connect(COUNT, LIFECYCLE)
    contacts = here.contacts(100, lifecyclestage="lead")
    await here.read()
    await here.say_all({email: {"count": f"many {place}"} for place, email in enumerate(contacts.values())})
    updates(hub)
    push = await here.wrote()
    assert updates(hub) <= MOST_REQUESTS
    assert (push.written, push.failed) == (100, 100)
    assert here.there(list(contacts)[-1], "stratum_lifecycle") == ("known",)


async def test_where_the_answer_names_nothing_the_batch_is_halved(here: Here, hub: Sandbox) -> None:
    await here.connect(COUNT, LIFECYCLE)
    contacts = here.contacts(100, lifecyclestage="lead")
    await here.read()
    emails = list(contacts.values())
    await here.say_all({email: {"count": "few" if email == emails[41] else "2"} for email in emails})
    hub.control("POST", "hubspot/properties", json={"terse": True})
    updates(hub)
    push = await here.wrote()
    assert updates(hub) <= MOST_REQUESTS
    assert (push.written, push.values, push.failed) == (100, 199, 1)
    [row] = await here.queue()
    assert (row.error_code, row.properties) == ("hubspot.VALIDATION_ERROR", ["stratum_order_count"])


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"property": "Email", "to": "trait", "name": "x"}, "unknown_property"),
        ({"property": "shoe_size", "to": "trait", "name": "x"}, "unknown_property"),
        ({"property": "lastmodifieddate", "to": "trait", "name": "x", "direction": "to"}, "read_only"),
        ({"property": "stratum_order_count", "to": "lifecycle", "direction": "to"}, "wrong_type"),
        ({"property": "lifecyclestage", "to": "lifecycle", "direction": "to"}, "lacks_options"),
    ],
)
async def test_a_mapping_that_the_crm_would_refuse_is_not_saved(
    here: Here, client: AsyncClient, entry: dict[str, str], code: str
) -> None:
    await here.connect()
    answer = await client.patch(
        f"/api/v1/integrations/crm/{here.connected.account_id}", json={"mapping": here.mapping(entry)}
    )
    assert answer.status_code == 422
    [fault] = answer.json()["fields"]
    assert (fault["field"], fault["code"]) == ("body.mapping.1.property", code)
    assert entry["property"] in fault["message"]


def test_the_message_alone_names_them_too_and_the_log_holds_no_value() -> None:
    """As HubSpot writes it: the faults stand in the message as JSON, and may stand nowhere else."""
    told = (
        'Property values were not valid: [{"isValid":false,"message":"Ada was not one of the allowed options: [a, b]",'
        '"error":"INVALID_OPTION","name":"rank"}]'
    )
    [refusal] = refusals_of({"category": "VALIDATION_ERROR", "message": told})
    assert (refusal.property, refusal.code, refusal.is_whole) == ("rank", "hubspot.INVALID_OPTION", False)
    assert "Ada" not in plainly([refusal])
    assert refusals_of({"message": "[{"}) == refusals_of({"errors": [7, {"context": 7}]}) == []
