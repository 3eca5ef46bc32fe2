"""Operators in a real browser: a platform connected by its own sign-in, two companies, an event put through again."""

import json
import re
import secrets

import httpx2
import pytest
from playwright.sync_api import Page, expect

from launcher.demo import Story
from tests.browser.people import api, enter
from tests.browser.stack import Stack, colleague, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]


def test_the_first_run_leads_to_the_first_event_and_a_platform_that_is_read(page: Page, stack: Stack) -> None:
    enter(page, neighbour(stack, f"Fabrikam {secrets.token_hex(3)}"))
    page.get_by_role("link", name="Create it").click()
    page.get_by_role("button", name="Make a source").click()
    expect(page.get_by_text("Waiting for the first event")).to_be_visible()
    write_key = page.locator("code", has_text="wk_").first.inner_text()
    expect(page.get_by_label("The snippet", exact=True)).to_contain_text(write_key)
    sent = {"userId": "u-1", "event": "Order Completed"}
    httpx2.post(f"{stack.url}/v1/track", json=sent, auth=(write_key, ""), timeout=30).raise_for_status()
    expect(page.get_by_text("Receiving")).to_be_visible()

    page.get_by_role("button", name="Connect Meta").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("Meta is connected.")).to_be_visible()
    expect(page.get_by_text("read only", exact=True)).to_be_visible()
    dollars = page.get_by_role("row", name="Northwind Outfitters US")
    expect(page.get_by_text("Nothing is read yet")).to_be_visible()
    dollars.get_by_label("Read and score it").click()
    expect(dollars.get_by_label("Read and score it")).to_be_checked()
    expect(page.get_by_text("Nothing is read yet")).to_have_count(0)
    expect(dollars.locator("time")).to_be_visible()

    page.get_by_role("button", name="Disconnect").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Our access token is erased.")).to_be_visible()
    dialog.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Disconnected", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Connect Meta")).to_be_visible()


def test_who_works_for_two_companies_switches_and_sees_only_the_others_data(
    page: Page, stack: Stack, story: Story
) -> None:
    name = f"Globex {secrets.token_hex(3)}"
    person, owner = colleague(stack), neighbour(stack, name)
    mark = f"Only at {name}"
    with api(owner) as theirs:
        theirs.post("/cdp/events", json={"event_name": mark, "user_id": "u-1"}).raise_for_status()
        theirs.post("/invitations", json={"email": person.email, "role": "viewer"}).raise_for_status()
    mail = story._until("the invitation", lambda: story._control("GET", f"mailbox?to={person.email}"))
    found = re.search(r"accept-invitation\?token=([\w.~%-]+)", json.dumps(mail))
    assert found is not None
    httpx2.post(
        f"{stack.url}/api/v1/invitations/accept", json={"token": found[1]}, timeout=30
    ).raise_for_status()

    enter(page, person)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/events")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_text(mark)).to_have_count(0)
    page.get_by_role("button", name="Company:").click()
    page.get_by_role("menuitemradio", name=name).click()
    expect(page.get_by_role("button", name=f"Company: {name}")).to_be_visible()
    page.get_by_role("link", name="Events", exact=True).click()
    expect(page.get_by_text(mark)).to_be_visible()
    assert page.locator("li details").count() == 1
    expect(page.get_by_role("button", name="Kill switch")).to_have_count(0)


def test_a_refused_event_is_seen_put_right_and_stored(page: Page, stack: Stack) -> None:
    person = neighbour(stack, f"Initech {secrets.token_hex(3)}")
    with api(person) as own:
        sent = {"event_name": "", "message_id": "m-1", "user_id": "u-1"}
        assert len(own.post("/cdp/events", json=sent).json()["rejected"]) == 1
    enter(page, person)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/events?show=rejected")
    page.locator("summary").click()
    expect(page.get_by_text("event_missing")).to_be_visible()
    page.get_by_role("button", name="Send it through again").click()
    expect(page.get_by_text("Refused again")).to_be_visible()

    page.get_by_role("button", name="Put it right first").click()
    written = page.get_by_label("The event, as JSON")
    written.fill(
        json.dumps(json.loads(written.input_value()) | {"event_name": "Signed Up", "user_id": "u-1"})
    )
    page.get_by_role("button", name="Send it through", exact=True).click()
    expect(page.get_by_text("Stored since")).to_be_visible()
    page.get_by_role("link", name="Stored", exact=True).click()
    expect(page.get_by_text("Signed Up")).to_be_visible()
