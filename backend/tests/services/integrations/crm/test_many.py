"""More people than a CRM shows of one question, in a sandbox of their own: everybody else's stays small."""

from collections.abc import Iterator

import pytest

from app.db.session import Scopes
from app.models.integrations.crm import CrmContact
from app.services.integrations.crm.service import CrmService
from tests.factories.crm import ConnectedCrm, CrmSubject
from tests.sandbox_process import Sandbox, running_sandbox
from tests.services.integrations.crm.test_sync import account_of, rows_of, synced


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox("--seed", "7", "--history", "2") as running:
        yield running


async def test_more_than_a_search_shows_of_one_moment_are_all_read(
    scopes: Scopes, crm: CrmSubject, connected: ConnectedCrm, hub: Sandbox
) -> None:
    """HubSpot's search ends at ten thousand, Salesforce's OFFSET at two; an import writes all in one moment."""
    hub.control("POST", f"{crm.provider}/archive", json={"contacts": crm.more})
    there = crm.people(hub)
    assert there > crm.more
    mapping = [{"property": crm.email, "to": "email", "name": None}]
    async with scopes() as scope:
        await CrmService(scope).change(connected.account_id, {"mapping": mapping})
    run = await synced(scopes, connected)
    while (await account_of(scopes, connected)).reading:
        run = await synced(scopes, connected)
    assert run.error_code is None
    assert await rows_of(scopes, CrmContact) == there
