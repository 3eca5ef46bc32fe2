"""People of a segment whom a CRM does not know are created there, once, and only if they allow e-mail."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy import delete, select, update

from app.core.clock import real_now
from app.core.ids import uuid7
from app.models.integrations.crm import CrmAccount, CrmContact, CrmCreation, CrmPush
from app.services.cdp.consents.service import ConsentService, Decision, Purpose
from app.services.cdp.events.service import Ingestion
from app.services.cdp.privacy.erasing import Erasure
from app.services.cdp.segments.service import Recomputation, SegmentService
from app.services.integrations.crm.departure_repository import Departures
from app.services.integrations.crm.ports import Changed, CrmWriter, Gone, RowFault
from app.services.integrations.crm.service import CrmCreating, CrmService, CrmSyncService
from tests.factories.access import Company
from tests.factories.crm import HUBSPOT, SALESFORCE, CrmSubject
from tests.sandbox_process import Sandbox
from tests.services.integrations.crm.here import FAR, LIFECYCLE, Here
from tests.services.integrations.crm.there import SalesforceThere

NAME = {"property": "firstname", "to": "trait", "name": "first_name"}


@pytest.fixture
def here(acme: Company, hub: Sandbox, ingestion: Ingestion, crm: CrmSubject) -> Here:
    return Here(acme, hub, ingestion, crm)


def somebody() -> str:
    return f"{uuid7().hex}@people.example"


async def people(here: Here, *emails: str, consent: bool | None = True, **traits: str) -> UUID:
    """A segment of these, who allow e-mail."""
    for email in emails:
        await here.happens(type="identify", email=email, traits=traits)
        if consent is not None:
            decision = Decision.GRANTED if consent else Decision.REFUSED
            profile = await here.profile(email)
            async with here.scopes() as scope:
                await ConsentService(scope).record(profile, [Purpose.EMAIL], decision, proof="They said so.")
    async with here.scopes() as scope:
        found = [await here.profile(email) for email in emails]
        segment = await SegmentService(scope).create_list(f"Those {uuid7().hex}", "", found)
    await Recomputation(here.scopes).run(segment.id)
    return segment.id


async def switch_on(here: Here, segment: UUID, **facts: Any) -> None:
    """And read the CRM whole, as far as this test made it."""
    async with here.scopes() as scope:
        wanted = {"create_segment_id": segment} | facts
        await CrmService(scope).change(here.connected.account_id, wanted)
    await here.read()


async def created(here: Here) -> int:
    push = await CrmCreating(here.scopes).run(here.connected.account_id)
    assert push is None or push.error is None
    return 0 if push is None else push.created


async def states(here: Here) -> list[str]:
    async with here.scopes() as scope:
        return sorted(await scope.session.scalars(select(CrmCreation.state)))


async def preview(here: Here, client: AsyncClient, segment: UUID) -> dict[str, Any]:
    answer = await client.post(
        f"/api/v1/integrations/crm/{here.connected.account_id}/creation-preview",
        json={"segment_id": str(segment)},
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_who_is_not_known_there_is_created_once_and_then_written(
    here: Here, client: AsyncClient
) -> None:
    await here.connect(NAME, LIFECYCLE)
    _, known = here.contact()
    email = somebody()
    segment = await people(here, known, email, first_name="Grace")
    await here.read()
    assert await created(here) == 0, "off until somebody wants it"
    assert await preview(here, client, segment) == {
        "members": 2,
        "with_email": 2,
        "allowed": 2,
        "known": 1,
        "to_create": 1,
        "is_whole": True,
    }
    await switch_on(here, segment)
    assert await created(here) == 1
    [made] = here.crm_itself.found(email)
    assert here.there(made, "email", "firstname") == (email, "Grace")
    assert await created(here) == 0
    assert await states(here) == ["created", "known"]
    await here.read()
    await here.rest()
    assert here.there(made, "stratum_lifecycle") == ("known",)
    shown = (await client.get(f"/api/v1/integrations/crm/{here.connected.account_id}")).json()
    assert (shown["created"], shown["not_created"]) == (1, 0)
    assert (await preview(here, client, segment))["to_create"] == 0


async def test_nobody_is_created_again_whom_a_person_deleted_there(here: Here) -> None:
    await here.connect()
    contact, known = here.contact()
    email = somebody()
    segment = await people(here, known, email)
    await switch_on(here, segment)
    await created(here)
    [made] = here.crm_itself.found(email)
    here.delete(made)
    here.delete(contact)
    async with here.scopes() as scope:  # as a reading does it that notices
        await scope.session.execute(delete(CrmContact))
    assert await created(here) == 0
    assert here.crm_itself.found(email) == here.crm_itself.found(known) == []


async def test_nobody_is_created_whom_a_person_had_deleted_there_before_it_was_chosen(
    here: Here, client: AsyncClient
) -> None:
    await here.connect()
    contact, email = here.contact()
    await here.read()
    here.delete(contact)
    async with here.scopes() as scope:  # as a reading does it that notices
        assert await Departures(scope).left(here.connected.account_id, [Gone(contact, real_now())]) == 1
    segment = await people(here, email)
    await switch_on(here, segment)
    assert (await preview(here, client, segment))["known"] == 1
    assert await created(here) == 0
    assert here.crm_itself.found(email) == []


async def test_whom_the_crm_has_and_nobody_has_read_yet_is_not_created(here: Here) -> None:
    await here.connect()
    here.contact()
    email = somebody()
    segment = await people(here, email)
    await switch_on(here, segment)
    [theirs] = here.crm_itself.create({"email": email.upper(), "firstname": "Ada"})
    assert await created(here) == 0
    assert here.crm_itself.found(email) == [theirs]
    assert await states(here) == ["known"]


@pytest.mark.parametrize("consent", [False, None])
async def test_who_does_not_allow_email_is_not_created(here: Here, *, consent: bool | None) -> None:
    """Silence in a country that nobody knows is a refusal."""
    await here.connect()
    here.contact()
    email = somebody()
    segment = await people(here, email, consent=consent)
    await switch_on(here, segment)
    assert await created(here) == 0
    assert (here.crm_itself.found(email), await states(here)) == ([], [])


async def test_no_more_are_created_than_the_day_allows(here: Here) -> None:
    await here.connect()
    here.contact()
    emails = [somebody() for _ in range(5)]
    segment = await people(here, *emails)
    await switch_on(here, segment, create_per_day=3)
    assert await created(here) == 3
    assert await created(here) == 0
    assert len([each for each in emails if here.crm_itself.found(each)]) == 3


class Dies(CrmCreating):
    """Ends where a worker may be killed: behind the sending, before it is noted."""

    async def _settle(self, *_: Any) -> None:
        raise KeyboardInterrupt


async def test_a_death_behind_the_sending_creates_nobody_twice(here: Here) -> None:
    await here.connect()
    here.contact()
    email = somebody()
    segment = await people(here, email)
    await switch_on(here, segment)
    with pytest.raises(KeyboardInterrupt):
        await Dies(here.scopes).run(here.connected.account_id)
    assert await states(here) == ["creating"]
    assert await created(here) == 1
    assert len(here.crm_itself.found(email)) == 1
    assert await states(here) == ["created"]


async def test_a_crm_that_fails_creates_later_and_says_so(here: Here, hub: Sandbox) -> None:
    await here.connect()
    here.contact()
    email = somebody()
    segment = await people(here, email)
    await switch_on(here, segment)
    hub.control("POST", "faults", json={"kind": "server_error", "vendor": here.crm.provider})
    push = await CrmCreating(here.scopes).run(here.connected.account_id)
    hub.repair()
    assert push is not None
    assert (push.created, push.error_code) == (0, here.crm.unavailable)
    async with here.scopes() as scope:
        assert (await scope.session.scalars(select(CrmPush.error_code))).all() == [here.crm.unavailable]
    assert await created(here) == 1


async def test_an_erasure_forgets_that_somebody_was_created(here: Here, client: AsyncClient) -> None:
    await here.connect()
    here.contact()
    email = somebody()
    segment = await people(here, email)
    await switch_on(here, segment)
    await created(here)
    await here.erase(client, email)
    assert await states(here) == []


@pytest.mark.parametrize(
    ("facts", "writes", "field"),
    [
        ({}, False, "body.create_segment_id"),
        ({"create_segment_id": str(uuid7())}, True, "body.create_segment_id"),
    ],
)
async def test_what_could_not_be_created_is_not_switched_on(
    here: Here, client: AsyncClient, facts: dict[str, Any], *, writes: bool, field: str
) -> None:
    await here.connect(writes=writes)
    segment = await people(here, somebody())
    wanted = {"create_segment_id": str(segment)} | facts
    answer = await client.patch(f"/api/v1/integrations/crm/{here.connected.account_id}", json=wanted)
    assert answer.status_code == 422
    assert answer.json()["code"] == "integrations.crm.creation_invalid"
    assert answer.json()["fields"][0]["field"] == field


@pytest.mark.parametrize("crm", [HUBSPOT], ids=["hubspot"])
async def test_hubspot_has_no_leads_and_what_it_refuses_is_left_out(
    here: Here, hub: Sandbox, client: AsyncClient
) -> None:
    await here.connect(NAME)
    here.contact()
    emails = [somebody(), somebody()]
    segment = await people(here, *emails, first_name="Grace")
    wanted = {"create_segment_id": str(segment), "create_as": "lead"}
    answer = await client.patch(f"/api/v1/integrations/crm/{here.connected.account_id}", json=wanted)
    assert answer.json()["fields"][0]["field"] == "body.create_as"
    await switch_on(here, segment)
    hub.control("POST", "hubspot/properties", json={"locked": ["firstname"]})
    assert await created(here) == 2
    [made] = here.crm_itself.found(emails[0])
    assert here.there(made, "firstname") == (None,)


@pytest.mark.parametrize("crm", [SALESFORCE], ids=["salesforce"])
async def test_a_lead_at_salesforce_has_a_company_and_a_double_is_left(here: Here, hub: Sandbox) -> None:
    there = here.crm_itself
    assert isinstance(there, SalesforceThere)
    name = f"N{uuid7().hex}"
    await here.connect(NAME, {"property": "lastname", "to": "trait", "name": "last_name"})
    here.contact(firstname=name, lastname="Hopper")
    one, double = somebody(), somebody()
    first = await people(here, one, double, first_name=name, last_name="Hopper")
    await switch_on(here, first, create_as="lead")
    assert await created(here) == 0
    assert await states(here) == ["failed", "failed"], "whoever signed in may not see leads"
    await switch_on(here, first)
    hub.control("POST", "salesforce/permissions", json={})
    hub.control("POST", "salesforce/rules", json={"refuses_doubles": True})
    assert await created(here) == 0
    assert await states(here) == ["known", "known"]
    hub.control("POST", "salesforce/permissions", json={"hidden": ["Lead"]})
    other = somebody()
    await switch_on(here, await people(here, other))
    hub.control("POST", "salesforce/permissions", json={})
    assert await created(here) == 1
    [lead] = there.found(other, kind="Lead")
    seen = there.ask("GET", f"/sobjects/Lead/{lead}")
    assert (seen["LastName"], seen["Company"], seen["Email"]) == (other, "[not provided]", other)
    there.ask("DELETE", f"/sobjects/Lead/{lead}")


class ChosenMeanwhile(CrmSyncService):
    """A reading behind whose first page somebody chooses who is created."""

    def __init__(self, here: Here, segment: UUID) -> None:
        super().__init__(here.scopes)
        self._here = here
        self._segment = segment

    async def _advance(self, work: Any, *rest: Any, **facts: Any) -> bool:
        if work.account.create_segment_id is None:
            async with self._scopes() as scope:
                wanted = {"create_segment_id": self._segment}
                await CrmService(scope).change(self._here.connected.account_id, wanted)
        return await super()._advance(work, *rest, **facts)


async def test_nobody_is_created_by_a_reading_that_began_before_it_was_chosen(here: Here) -> None:
    """It kept nothing of the contacts that it had read by then: whom they name would be created a second time."""
    await here.connect({"property": "city", "to": "trait", "name": "city"})
    _, known = here.contact()
    segment = await people(here, known)
    place = {"since": None, "until": FAR.isoformat(), "after": here.crm_itself.before(here.first)}
    async with here.scopes() as scope:
        await scope.session.execute(update(CrmAccount).values(reading={"contacts": place}))
    await ChosenMeanwhile(here, segment).sync(here.connected.account_id)
    async with here.scopes() as scope:
        account = await scope.session.get_one(CrmAccount, (scope.tenant_id, here.connected.account_id))
        assert (account.contacts_until, account.reading.get("contacts")) == (None, None)
    assert await CrmCreating(here.scopes).run(here.connected.account_id) is None


async def test_nobody_is_created_whose_erasure_has_begun(here: Here, client: AsyncClient) -> None:
    await here.connect()
    here.contact()
    email = somebody()
    segment = await people(here, email)
    await switch_on(here, segment)
    request = await here.ask_erasure(client, email)
    erasure = Erasure(here.scopes)
    await erasure._step(request, erasure._bury)
    assert await created(here) == 0
    assert here.crm_itself.found(email) == []
    await here.carry_out(request)


class Erasing:
    """A writer before whose creation somebody is erased."""

    def __init__(self, writer: CrmWriter, here: Here, client: AsyncClient, email: str) -> None:
        self._writer = writer
        self._erased = (here, client, email)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    async def create_contacts(self, *asked: Any) -> Changed:
        here, client, email = self._erased
        await here.erase(client, email)
        return await self._writer.create_contacts(*asked)


async def test_who_is_erased_while_they_are_created_is_not_brought_back_by_it(
    here: Here, client: AsyncClient
) -> None:
    await here.connect()
    here.contact()
    email = somebody()
    segment = await people(here, email)
    await switch_on(here, segment)

    class Creating(CrmCreating):
        async def _create(self, work: Any, *rest: Any) -> None:
            writer = Erasing(work.writer, here, client, email)
            await super()._create(replace(work, writer=writer), *rest)

    await Creating(here.scopes).run(here.connected.account_id)
    assert len(here.crm_itself.found(email)) == 1, "it was sent already"
    await here.read()
    answer = await here.company.client().get("/api/v1/cdp/profiles", params={"identifier": email})
    assert answer.json()["items"] == []
    assert await states(here) == []


async def test_each_round_goes_on_where_the_last_one_was(here: Here) -> None:
    """A round that ends at its first page would never come to the others."""
    await here.connect()
    here.contact()
    emails = [somebody() for _ in range(3)]
    segment = await people(here, *emails)
    await switch_on(here, segment)
    for _ in range(3):
        await CrmCreating(here.scopes, seconds=0, page=1).run(here.connected.account_id)
    assert [len(here.crm_itself.found(each)) for each in emails] == [1, 1, 1]
    late = somebody()
    joined = await people(here, *emails, late)
    async with here.scopes() as scope:
        await CrmService(scope).change(here.connected.account_id, {"create_segment_id": joined})
    for _ in range(5):
        await CrmCreating(here.scopes, seconds=0, page=1).run(here.connected.account_id)
    assert len(here.crm_itself.found(late)) == 1, "another segment begins with its first"


class Locked:
    """A writer that takes somebody for a reason that passes not now."""

    def __init__(self, writer: CrmWriter, email: str) -> None:
        self._writer = writer
        self._email = email

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    async def create_contacts(self, people: Any, kind: Any) -> Changed:
        if any(each.id == self._email for each in people):
            return Changed({}, {each.id: RowFault("there.locked") for each in people})
        return await self._writer.create_contacts(people, kind)


async def test_who_fails_for_a_while_does_not_hold_up_the_others(here: Here) -> None:
    await here.connect()
    here.contact()
    emails = [somebody(), somebody()]
    segment = await people(here, *emails)
    ids = {each: await here.profile(each) for each in emails}
    first, second = sorted(emails, key=ids.__getitem__)
    await switch_on(here, segment, create_per_day=1)

    class Creating(CrmCreating):
        async def _create(self, work: Any, *rest: Any) -> None:
            await super()._create(replace(work, writer=Locked(work.writer, first)), *rest)

    for _ in range(2):
        await Creating(here.scopes).run(here.connected.account_id)
    assert (len(here.crm_itself.found(first)), len(here.crm_itself.found(second))) == (0, 1)
    assert await states(here) == ["created", "put_off"]
    async with here.scopes() as scope:
        await CrmService(scope).change(here.connected.account_id, {"create_per_day": 2})
    assert await created(here) == 1
    assert len(here.crm_itself.found(first)) == 1
