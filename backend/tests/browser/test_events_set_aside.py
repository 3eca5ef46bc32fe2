"""An event that breaks the counting of people: missed, explained in its room, and counted once it is mended."""

import asyncio
import base64
import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import api, enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]

_FLIP = "set_byte({0}identifiers, 30, get_byte({0}identifiers, 30) # 1)"
_BREAKING = f"""
CREATE FUNCTION break_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.identifiers := {_FLIP.format("NEW.")}; RETURN NEW; END $$;
CREATE TRIGGER break_sealed BEFORE INSERT ON cdp_events FOR EACH ROW
WHEN (NEW.message_id LIKE 'broken-%') EXECUTE FUNCTION break_sealed();
"""
_MENDING = f"""
DROP TRIGGER IF EXISTS break_sealed ON cdp_events; DROP FUNCTION IF EXISTS break_sealed;
SELECT set_config('app.tenant_id', '%d', false);
UPDATE cdp_events SET identifiers = {_FLIP.format("")} WHERE message_id LIKE 'broken-%%';
"""  # noqa: S608  (constants)


def _as_owner(stack: Stack, statements: str) -> None:
    """As the database's owner, beside the browser: its driver has a loop of its own on this thread."""
    address = json.loads((stack.home / "environment.json").read_text())["DATABASE_OWNER_URL"]

    async def run() -> None:
        connection = await asyncpg.connect(address.replace("+asyncpg", ""))
        try:
            await connection.execute(statements)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as other:
        other.submit(lambda: asyncio.run(run())).result()


@pytest.fixture
def broken(stack: Stack) -> Iterator[Stack]:
    """A company of whose three events two cannot be opened again, as on a disk that alters what is written."""
    owner = neighbour(stack, f"Umbrella {secrets.token_hex(3)}")
    with api(owner) as theirs:
        source = (
            theirs.post("/cdp/sources", json={"name": "Shop", "kind": "server"}).raise_for_status().json()
        )
        basic = base64.b64encode(f"{source['write_key']}:".encode()).decode()
        sent = [
            {"type": "track", "event": "Cart Viewed", "userId": user, "messageId": f"{user}-{source['id']}"}
            for user in ("fine", "broken-1", "broken-2")
        ]
        _as_owner(stack, _BREAKING)
        try:
            httpx2.post(
                f"{owner.url}/v1/batch", json={"batch": sent}, headers={"Authorization": f"Basic {basic}"}
            ).raise_for_status()
            yield owner
        finally:
            _as_owner(stack, "DROP TRIGGER IF EXISTS break_sealed ON cdp_events")
            _as_owner(stack, "DROP FUNCTION IF EXISTS break_sealed")


def _tenant(owner: Stack) -> int:
    with api(owner) as theirs:
        return int(theirs.get("/tenants/current").raise_for_status().json()["id"])


def _look(page: Page, pictures: Pictures, name: str) -> None:
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        pictures.take(page, f"{name}-{size['width']}")
        assert sideways(page) <= 0, f"{name} is wider than {size['width']}"
    assert faults_of(page) == []


def test_events_that_could_not_be_counted_are_missed_explained_and_counted_again(
    page: Page, stack: Stack, broken: Stack, pictures: Pictures
) -> None:
    enter(page, broken)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/people")
    hint = page.get_by_text("2 events are stored, but counted for nobody")
    expect(hint).to_be_visible()
    expect(page.get_by_role("group", name="Profiles").get_by_role("row")).to_have_count(1 + 1)
    _look(page, pictures, "aside-hint")
    hint.get_by_role("link", name="See why").click()
    lines = page.get_by_role("list", name="Set aside").get_by_role("listitem")
    expect(lines).to_have_count(2)
    lines.first.get_by_text("Cart Viewed").click()
    expect(lines.first).to_contain_text("security.unsealable")
    expect(lines.first.get_by_role("region", name="Properties")).to_be_visible()
    _look(page, pictures, "aside")

    # Nothing is mended yet: it is tried, and comes back.
    lines.first.get_by_role("button", name="Count it again").click()
    expect(page.get_by_text("Counting 1 event again")).to_be_visible()
    expect(lines).to_have_count(2)

    _as_owner(stack, _MENDING % _tenant(broken))
    page.get_by_role("button", name="Count all again").click()
    expect(page.get_by_text("Every event was counted.")).to_be_visible()
    _look(page, pictures, "aside-none")
    page.goto("/people")
    expect(page.get_by_role("group", name="Profiles").get_by_role("row")).to_have_count(1 + 3)
    expect(page.get_by_text("counted for nobody")).to_have_count(0)
