"""What was lost, or overdone, when something happens in the midst of writing: a new mapping, an erasure, a merge."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import update

from app.db.session import Scopes
from app.models.integrations.crm import CrmAccount
from app.services.cdp.events.service import Ingestion
from app.services.cdp.privacy.service import PrivacyWork
from app.services.integrations.crm.service import CrmWriting
from app.services.integrations.hubspot.transport import HubSpotDialect
from app.services.integrations.ports import PlatformErrorKind
from app.services.integrations.wire import Answer
from tests.factories.access import Company
from tests.factories.crm import CrmSubject
from tests.sandbox_process import Sandbox
from tests.services.integrations.crm.here import LIFECYCLE, Here, both


@pytest.fixture
def here(acme: Company, hub: Sandbox, ingestion: Ingestion, crm: CrmSubject) -> Here:
    return Here(acme, hub, ingestion, crm)


@pytest.fixture
def at_hubspot(acme: Company, hub: Sandbox, ingestion: Ingestion) -> Here:
    return Here(acme, hub, ingestion)


async def test_a_written_property_comes_to_mean_something_else(here: Here, client: AsyncClient) -> None:
    await here.connect(LIFECYCLE)
    contact, email = here.contact()
    await here.read()
    await here.rest()
    await here.say(email, title="Dr")
    other = {"property": "stratum_lifecycle", "to": "trait", "name": "title", "direction": "to"}
    answer = await client.patch(
        f"/api/v1/integrations/crm/{here.connected.account_id}", json={"mapping": here.mapping(other)}
    )
    assert answer.status_code == 200
    await here.read()
    await here.rest()
    assert here.there(contact, "stratum_lifecycle") == ("Dr",)


class Meanwhile(CrmWriting):
    """Something happens between the reading of the queue and what is asked of the CRM."""

    def __init__(self, scopes: Scopes, happens: Callable[[], Awaitable[object]]) -> None:
        super().__init__(scopes)
        self._happens = happens

    async def _compare(self, *asked: Any) -> None:
        await self._happens()
        await super()._compare(*asked)


async def test_an_erasure_in_the_midst_of_a_round_is_not_taken_for_the_rounds_own(
    here: Here, client: AsyncClient
) -> None:
    await here.connect(LIFECYCLE, clear_on_erasure=True)
    contact, email = here.contact()
    await here.read()
    await here.rest()
    request = await here.ask_erasure(client, email)
    await here.buys(contact, email)
    await Meanwhile(here.scopes, lambda: PrivacyWork(here.scopes).run(request)).run(here.connected.account_id)
    await here.write()
    assert await here.queue() == []
    assert here.there(contact, "stratum_lifecycle") == (None,)


async def test_a_contact_that_was_merged_into_another_holds_up_nobody(at_hubspot: Here) -> None:
    here = at_hubspot
    await here.connect(LIFECYCLE)
    goes, gone = here.contact()
    stays, _ = here.contact()
    other, email = here.contact()
    await here.read()
    await here.rest()
    await here.buys(goes, gone)
    await here.buys(other, email)
    merged = {"primaryObjectId": stays, "objectIdToMerge": goes}
    here.crm_itself.ask("POST", "/merge", merged)
    await here.wrote()
    assert here.there(other, "stratum_lifecycle") == ("customer",)
    assert await here.queue() == []


async def test_what_changed_while_nothing_was_written_is_written_afterwards(
    here: Here, client: AsyncClient
) -> None:
    await here.connect(LIFECYCLE)
    contact, email = here.contact()
    await here.read()
    await here.rest()
    account = f"/api/v1/integrations/crm/{here.connected.account_id}"
    await client.patch(account, json={"enabled": False})
    await here.buys(contact, email)
    await client.patch(account, json={"enabled": True})
    await here.wrote()
    assert here.there(contact, "stratum_lifecycle") == ("customer",)


async def test_who_has_lost_the_place_in_the_feed_compares_everybody(here: Here) -> None:
    await here.connect(LIFECYCLE)
    contact, email = here.contact()
    await here.read()
    await here.rest()
    await here.buys(contact, email)
    async with here.scopes() as scope:
        long_ago = datetime.now(UTC) - timedelta(days=31)
        await scope.session.execute(update(CrmAccount).values(followed_at=long_ago))
    await here.wrote()
    assert here.there(contact, "stratum_lifecycle") == ("customer",)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (408, {}, 2),
        (423, {}, 2),
        (477, {"retry-after": "900"}, 900),
        (477, {"retry-after": "86400"}, 3600),
        (429, {}, 10),
    ],
)
def test_what_passes_by_itself_is_waited_for(status: int, headers: dict[str, str], seconds: int) -> None:
    error = HubSpotDialect().refusal(Answer(status, headers, {"status": "error"}), mutating=True)
    assert error is not None
    assert (error.kind, error.retry_after) == (PlatformErrorKind.RATE_LIMITED, seconds)


async def test_what_an_erasure_has_promised_is_tried_again_whatever_was_answered(
    here: Here, hub: Sandbox, client: AsyncClient
) -> None:
    await here.connect(LIFECYCLE, clear_on_erasure=True)
    contact, email = here.contact()
    await here.read()
    await here.rest()
    await here.erase(client, email)
    hub.control(
        "POST",
        "faults",
        json={
            "kind": "server_error",
            "vendor": here.crm.provider,
            "status": 400,
            "path": here.crm_itself.update_path,
        },
    )
    push = await here.wrote()
    hub.repair()
    [row] = await here.queue()
    assert (push.failed, row.clears) == (1, [here.crm_itself.called("stratum_lifecycle")])
    assert row.next_at is not None
    assert row.next_at > datetime.now(UTC)
    await here.make_due()
    await here.wrote()
    assert here.there(contact, "stratum_lifecycle") == (None,)


async def test_news_that_is_not_taken_in_is_a_fault_and_not_told(at_hubspot: Here) -> None:
    here = at_hubspot
    title = {"property": "jobtitle", "to": "trait", "name": "title", "direction": "both", "wins": "newest"}
    await here.connect(title)
    contact, email = here.contact()
    await here.read()
    await here.rest()
    here.edit(contact, jobtitle="x" * 40_000)
    await here.read()
    push = await here.wrote()
    assert (push.told, push.failed) == (0, 1)
    [row] = await here.queue()
    assert (row.error_code, row.properties, row.next_at) == ("cdp.events.too_large", ["jobtitle"], None)
    here.edit(contact, jobtitle="Dr")
    await here.read()
    await here.wrote()
    await here.rest()
    assert await here.trait(email, "title") == "Dr"


async def test_what_somebody_there_set_meanwhile_is_not_emptied(here: Here, client: AsyncClient) -> None:
    await here.connect(LIFECYCLE, both(), clear_on_erasure=True)
    contact, email = here.contact()
    await here.read()
    await here.say(email, city="Ours")
    await here.rest()
    here.edit(contact, city="Typed")
    await here.erase(client, email)
    await here.wrote()
    assert here.there(contact, "city", "stratum_lifecycle") == ("Typed", None)
    assert await here.queue() == []


def to_trait(name: str) -> dict[str, str]:
    return {"property": "jobtitle", "to": "trait", "name": name, "direction": "to"}


@pytest.mark.parametrize("by_way_of_nothing", [False, True])
async def test_a_value_of_ours_does_not_outlive_what_it_stood_for(
    here: Here, *, by_way_of_nothing: bool
) -> None:
    await here.connect(to_trait("title"))
    contact, email = here.contact()
    edited, its = here.contact()
    await here.read()
    await here.say(email, title="Dr")
    await here.say(its, title="Dr")
    await here.rest()
    if by_way_of_nothing:
        await here.map()
    await here.map(to_trait("other"))
    here.edit(edited, jobtitle="Typed")
    await here.wrote()
    assert here.there(contact, "jobtitle") == (None,)
    assert here.there(edited, "jobtitle") == ("Typed",), "theirs is let be"
    await here.rest()


async def test_what_is_mapped_no_more_is_emptied_on_erasure_still(here: Here, client: AsyncClient) -> None:
    await here.connect(LIFECYCLE, to_trait("title"), clear_on_erasure=True)
    contact, email = here.contact()
    await here.read()
    await here.say(email, title="Dr")
    await here.rest()
    await here.map(LIFECYCLE)
    await here.erase(client, email)
    await here.wrote()
    assert here.there(contact, "jobtitle") == (None,)


class Before(Meanwhile):
    """Something happens behind the beginning of a round, before it takes its next batch."""

    async def _batch(self, *asked: Any) -> bool:
        await self._happens()
        return await super()._batch(*asked)


@pytest.mark.parametrize("change", [{"enabled": False}, {"mapping": None}])
async def test_a_round_ends_where_the_account_is_changed(
    here: Here, client: AsyncClient, change: dict[str, Any]
) -> None:
    await here.connect(LIFECYCLE)
    contact, _ = here.contact()
    await here.read()
    account = here.connected.account_id
    change = {name: value if value is not None else here.mapping() for name, value in change.items()}
    changes = Before(here.scopes, lambda: client.patch(f"/api/v1/integrations/crm/{account}", json=change))
    push = await changes.run(account)
    assert push is not None
    assert (push.written, here.there(contact, "stratum_lifecycle")) == (0, (None,))


async def test_a_batch_that_fails_as_a_whole_goes_behind_the_others(here: Here, hub: Sandbox) -> None:
    await here.connect(LIFECYCLE)
    here.contact()
    await here.read()
    hub.control(
        "POST",
        "faults",
        json={"kind": "server_error", "vendor": here.crm.provider, "path": here.crm_itself.update_path},
    )
    places = []
    for _ in range(2):
        push = await here.write()
        assert push is not None
        assert push.error_code == here.crm.unavailable
        [row] = await here.queue()
        assert row.next_at is not None
        places.append((row.version, row.next_at))
    hub.repair()
    (version, first), (same, second) = places
    assert (same, second > first) == (version, True)
