"""What is worked out here stands at the CRM, once; what both change comes to agree; nothing goes round in circles."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, update

from app.core.ids import uuid7
from app.models.integrations.crm import CrmAccount, CrmContact
from app.services.cdp.events.service import Ingestion
from app.services.cdp.privacy.service import PrivacyWork
from app.services.cdp.segments.service import Recomputation, SegmentService
from app.services.integrations.crm.service import CrmService, CrmWriting
from tests.factories.access import Company
from tests.factories.crm import CrmSubject
from tests.sandbox_process import Sandbox
from tests.services.integrations.crm.here import LIFECYCLE, Here, both, in_segment


@pytest.fixture
def here(acme: Company, hub: Sandbox, ingestion: Ingestion, crm: CrmSubject) -> Here:
    return Here(acme, hub, ingestion, crm)


async def test_what_is_worked_out_here_stands_there_and_comes_back_as_no_news(here: Here) -> None:
    await here.connect(LIFECYCLE)
    one, email = here.contact()
    other, _ = here.contact()
    await here.read()
    push = await here.wrote()
    assert (push.written, push.values, push.failed) == (2, 2, 0)
    assert here.there(one, "stratum_lifecycle") == ("known",)
    again = await here.read()
    assert (again.contacts_told, await here.queue()) == (0, [])
    assert await here.write() is None
    bought = {"order_id": one, "total": 5, "currency": "USD"}
    await here.happens(type="track", event="Order Completed", email=email, properties=bought)
    push = await here.wrote()
    assert (push.compared, push.written) == (1, 1), "only of whom something changed"
    assert here.there(one, "stratum_lifecycle") == ("customer",)
    assert here.there(other, "stratum_lifecycle") == ("known",)


async def test_an_edit_there_of_what_only_we_say_is_put_right(here: Here) -> None:
    await here.connect(LIFECYCLE)
    contact, _ = here.contact()
    await here.read()
    await here.wrote()
    here.edit(contact, stratum_lifecycle="mine")
    await here.read()
    await here.wrote()
    assert here.there(contact, "stratum_lifecycle") == ("known",)
    await here.rest()


async def test_who_is_in_a_segment_is_said_when_they_come_and_when_they_go(here: Here) -> None:
    contact, email = here.contact()
    await here.connect()
    await here.read()
    profile = await here.profile(email)
    async with here.scopes() as scope:
        segment = (await SegmentService(scope).create_list("Friends", "", [uuid7()])).id
    await Recomputation(here.scopes).run(segment)
    await here.map(in_segment(segment))
    await here.read()
    await here.wrote()
    assert here.there(contact, "stratum_rfm") == ("false",)
    async with here.scopes() as scope:
        friends = await SegmentService(scope).create_list("Others", "", [profile])
        await scope.session.execute(update(CrmAccount).values(mapping=here.mapping(in_segment(friends.id))))
    await Recomputation(here.scopes).run(friends.id)
    await here.wrote()
    assert here.there(contact, "stratum_rfm") == ("true",)


@pytest.mark.parametrize(("wins", "stands"), [("crm", "There"), ("ours", "Here")])
async def test_both_ways_and_who_wins(here: Here, wins: str, stands: str) -> None:
    await here.connect(both(wins))
    contact, email = here.contact(city="Old")
    await here.read()
    await here.rest()
    assert await here.city(email) == "Old", "what was there comes here"
    await here.say(email, city="Ours")
    await here.rest()
    assert here.there(contact, "city") == ("Ours",)
    here.edit(contact, city="Theirs")
    await here.read()
    await here.rest()
    assert await here.city(email) == "Theirs"
    here.edit(contact, city="There")
    await here.say(email, city="Here")
    await here.rest()
    assert (here.there(contact, "city"), await here.city(email)) == ((stands,), stands)


async def test_the_newest_of_two_edits_stands(here: Here) -> None:
    await here.connect(both())
    contact, email = here.contact(city="Old")
    await here.read()
    await here.rest()
    here.edit(contact, city="There")
    await here.say(email, datetime.now(UTC) - timedelta(days=900), city="Before")
    await here.rest()
    assert (here.there(contact, "city"), await here.city(email)) == (("There",), "There")


class Dies(CrmWriting):
    """Ends where a worker may be killed: behind the write, before it is noted."""

    async def _record(self, *_: Any) -> None:
        raise KeyboardInterrupt


async def test_a_death_behind_the_write_loses_nothing_and_is_no_edit_of_theirs(here: Here) -> None:
    await here.connect(both("crm"))
    contact, email = here.contact(city="Old")
    await here.read()
    await here.rest()
    await here.say(email, city="New")
    with pytest.raises(KeyboardInterrupt):
        await Dies(here.scopes).run(here.connected.account_id)
    assert here.there(contact, "city") == ("New",)
    await here.say(email, city="Newer")
    push = await here.wrote()
    assert (push.written, push.told) == (1, 0)
    assert here.there(contact, "city") == ("Newer",)
    await here.rest()
    assert await here.city(email) == "Newer"


async def test_one_value_that_is_not_taken_holds_up_nothing_else(here: Here) -> None:
    number = {"property": "stratum_order_count", "to": "trait", "name": "city", "direction": "to"}
    await here.connect(LIFECYCLE, number)
    bad, email = here.contact()
    good, other = here.contact()
    await here.read()
    await here.say(email, city="many")
    await here.say(other, city="3")
    push = await here.wrote()
    assert (push.written, push.failed) == (2, 1)
    assert here.there(bad, "stratum_lifecycle", "stratum_order_count") == ("known", None)
    assert here.there(good, "stratum_lifecycle", "stratum_order_count") == ("known", "3")
    faults = (
        await here.company.client().get(f"/api/v1/integrations/crm/{here.connected.account_id}/faults")
    ).json()["items"]
    assert [(each["contact"], each["properties"], each["next_at"]) for each in faults] == [
        (bad, [here.crm_itself.called("stratum_order_count")], None)
    ]
    await here.say(email, city="4")
    assert (await here.wrote()).failed == 0
    assert here.there(bad, "stratum_order_count") == ("4",)
    assert await here.queue() == []


async def test_a_contact_that_is_gone_there_is_left(here: Here) -> None:
    await here.connect(LIFECYCLE)
    contact, _ = here.contact()
    await here.read()
    here.delete(contact)
    assert (await here.wrote()).written == 0
    assert await here.queue() == []


async def test_a_crm_that_fails_is_written_later(here: Here, hub: Sandbox) -> None:
    await here.connect(LIFECYCLE)
    contact, _ = here.contact()
    await here.read()
    hub.control("POST", "faults", json={"kind": "server_error", "vendor": here.crm.provider})
    push = await here.write()
    assert push is not None
    assert push.error_code == here.crm.unavailable
    hub.repair()
    await here.wrote()
    assert here.there(contact, "stratum_lifecycle") == ("known",)


async def test_a_connection_made_for_reading_writes_nothing(here: Here) -> None:
    await here.connect(LIFECYCLE, writes=False)
    contact, _ = here.contact()
    await here.read()
    assert await here.write() is None
    assert here.there(contact, "stratum_lifecycle") == (None,)
    account = await here.company.client().get(f"/api/v1/integrations/crm/{here.connected.account_id}")
    assert account.json()["can_write"] is False
    async with here.scopes() as scope:
        await CrmService(scope).enqueue_writes()


@pytest.mark.parametrize("clears", [False, True])
async def test_an_erased_person_is_not_written_again(
    here: Here, client: AsyncClient, *, clears: bool
) -> None:
    await here.connect(LIFECYCLE, both(), clear_on_erasure=clears)
    contact, email = here.contact(city="Theirs")
    await here.read()
    await here.rest()
    found = (await client.get("/api/v1/cdp/profiles", params={"identifier": email})).json()["items"]
    body = {"kind": "erasure", "profile_id": found[0]["id"], "reason": "They asked."}
    asked = await client.post("/api/v1/cdp/privacy/requests", json=body)
    await PrivacyWork(here.scopes).run(UUID(asked.json()["id"]))
    request = (await client.get(f"/api/v1/cdp/privacy/requests/{asked.json()['id']}")).json()
    [at_crm] = [
        each for each in request["steps"] if each["store"] == f"crm:{here.crm.provider}:{here.crm.name}"
    ]
    assert ("being emptied" in at_crm["detail"]) is clears
    await here.write()
    there = here.there(contact, "stratum_lifecycle", "city")
    assert there == (None if clears else "known", "Theirs"), "what the CRM had itself is left"
    await here.read()
    assert await here.write() is None
    async with here.scopes() as scope:
        assert (await scope.session.scalars(select(CrmContact))).all() == []
