"""A yes given beforehand in a real browser: its terms are read back as they were meant, and it is taken back."""

import json
import secrets

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import api, enter
from tests.browser.screens import DESK, PHONE, Pictures, faults_of, sideways
from tests.browser.stack import Stack, neighbour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]


@pytest.fixture
def person(stack: Stack) -> Stack:
    """Of a company of its own, with the sandbox's two accounts."""
    demo = json.loads((stack.home / "demo.json").read_text())
    person = neighbour(stack, f"Sleepers {secrets.token_hex(3)}")
    with api(person) as client:
        body = {"platform": "meta", "access_token": demo["sandbox_meta_token"], "read_only": False}
        client.post("/integrations/connections", json=body).raise_for_status()
    return person


def test_a_yes_is_given_for_a_night_and_taken_back(page: Page, person: Stack, pictures: Pictures) -> None:
    enter(page, person)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto("/autopilot/limits")
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Approve beforehand…").click()
    dialog = page.get_by_role("dialog", name="Approve beforehand")
    dialog.get_by_label("Ad account").select_option("Northwind Outfitters US")
    dialog.get_by_label("No campaign over, a day, USD").fill("120.50")
    dialog.get_by_label("All raises together, until it ends, USD").fill("40")
    dialog.get_by_label("Reason").fill("I sleep until eight")
    _looks_right(page, pictures, "envelope-dialog")
    dialog.get_by_role("button", name="Approve beforehand").click()

    panel = page.get_by_role("region", name="Approved beforehand")
    expect(panel.get_by_text("Up to $120.50 a day each; $0.00 of $40.00 raised.")).to_be_visible()
    expect(panel.get_by_text("Holds")).to_be_visible()
    _looks_right(page, pictures, "envelope")
    with api(person) as client:
        [given] = client.get("/autopilot/envelopes").json()["items"]
    terms = (given["most_daily_micros"], given["most_raised_micros"], given["campaign_ids"])
    assert terms == (120_500_000, 40_000_000, [])

    page.set_viewport_size(DESK)
    panel.get_by_role("button", name="Take back").click()
    dialog = page.get_by_role("dialog", name="Take the approval back?")
    dialog.get_by_label("Reason").fill("I am awake")
    dialog.get_by_role("button", name="Take back").click()
    expect(panel.get_by_text("Revoked")).to_be_visible()
    expect(panel.get_by_role("button", name="Take back")).to_have_count(0)
    _looks_right(page, pictures, "envelope-revoked")


def _looks_right(page: Page, pictures: Pictures, name: str) -> None:
    assert sideways(page) == 0
    assert faults_of(page) == []
    pictures.take(page, name)
